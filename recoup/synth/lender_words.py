"""
Names, numbers and addresses of people who never existed.

China reserves no telephone numbers for tests, so numbers come from ranges that are not allotted:
154 for borrowers and 164 for the people around them. They pass the product's check of a phone
number (`1[3-9]` and nine digits) and reach nobody. E-mail is at example.com and example.cn,
identity numbers begin with 99, which is no region's code, and streets are invented.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.simulator.chance import Keys, uniform

Ints = NDArray[np.int64]

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余"
    "于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建文志国海春梅秀云辉鹏飞宇浩然"
    "子轩欣怡雨佳琪嘉晨思雅梦洁婷雪慧琳佩玲倩颖俊凯峰斌波宁东晓天龙林森立新永康安乐成"
)
PLACES: tuple[tuple[str, str, str], ...] = (
    ("广东", "广东省深圳市", "宝安区"), ("广东", "广东省广州市", "天河区"),
    ("广东", "广东省佛山市", "顺德区"), ("江苏", "江苏省苏州市", "吴中区"),
    ("江苏", "江苏省南京市", "江宁区"), ("浙江", "浙江省杭州市", "余杭区"),
    ("浙江", "浙江省宁波市", "鄞州区"), ("山东", "山东省济南市", "历下区"),
    ("山东", "山东省青岛市", "市北区"), ("河南", "河南省郑州市", "金水区"),
    ("河南", "河南省洛阳市", "涧西区"), ("四川", "四川省成都市", "武侯区"),
    ("四川", "四川省绵阳市", "涪城区"), ("湖北", "湖北省武汉市", "洪山区"),
    ("湖南", "湖南省长沙市", "岳麓区"), ("河北", "河北省石家庄市", "长安区"),
    ("安徽", "安徽省合肥市", "蜀山区"), ("福建", "福建省厦门市", "集美区"),
    ("江西", "江西省南昌市", "青山湖区"), ("陕西", "陕西省西安市", "雁塔区"),
    ("辽宁", "辽宁省沈阳市", "铁西区"), ("黑龙江", "黑龙江省哈尔滨市", "南岗区"),
    ("吉林", "吉林省长春市", "朝阳区"), ("云南", "云南省昆明市", "五华区"),
    ("贵州", "贵州省贵阳市", "云岩区"), ("广西", "广西壮族自治区南宁市", "青秀区"),
    ("重庆", "重庆市", "渝北区"), ("上海", "上海市", "浦东新区"),
    ("北京", "北京市", "朝阳区"), ("新疆", "新疆维吾尔自治区乌鲁木齐市", "天山区"),
)  # fmt: skip
STREETS = (
    "归诚路", "知还街", "守信巷", "云栖里", "望山路", "听雨街", "晴川道", "竹影路", "石桥弄",
    "半亩街", "星桥路", "长亭街",
)  # fmt: skip
LARGEST = 10**8  # numbered borrowers that a lender can have
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def pick(words: Sequence[str], chance: NDArray[np.float64]) -> pl.Series:
    """One of the words for each chance in [0, 1)."""
    index = (chance * len(words)).astype(np.int64)
    return pl.Series(list(words)).gather(index)


def references(numbers: Ints) -> pl.Series:
    """The lender's customer numbers. They have gaps: those who paid are not in its file."""
    return "B" + pl.Series(numbers).cast(pl.String).str.zfill(9)


def phones(numbers: Ints, prefix: str = "154") -> pl.Series:
    """A phone number for each numbered borrower; no two share one."""
    body = (numbers * 61_803_399 + 27_182_818) % LARGEST
    return prefix + pl.Series(body).cast(pl.String).str.zfill(8)


def emails(numbers: Ints) -> pl.Series:
    """An e-mail address for each numbered borrower."""
    domain = pl.Series(["example.com", "example.cn"]).gather(numbers % 2)
    return "b" + pl.Series(numbers).cast(pl.String) + "@" + domain


def names(keys: Keys, stream: int = 60) -> pl.Series:
    """A name of two or three characters for each key; common surnames are more common."""
    surname = pick(SURNAMES, uniform(keys, stream) ** 1.8)
    second = pick(GIVEN, uniform(keys, stream + 1))
    third = pick(("", *GIVEN, *GIVEN), uniform(keys, stream + 2))
    return surname + second + third


def identities(numbers: Ints, birth_year: Ints) -> pl.Series:
    """Identity numbers that are right in form and check digit, of a region that does not exist."""
    body = (
        990_000 * 10**11 + birth_year * 10**7 + (1 + numbers % 12) * 10**5
        + (1 + numbers % 28) * 10**3 + numbers % 1000
    )  # fmt: skip
    total = np.zeros(len(numbers), dtype=np.int64)
    for place, weight in enumerate(_WEIGHTS):
        total += weight * (body // 10 ** (16 - place) % 10)
    check = pl.Series(list("10X98765432")).gather(total % 11)
    return pl.Series(body).cast(pl.String) + check


def regions(keys: Keys) -> Ints:
    """The place (index into `PLACES`) of each key."""
    return (uniform(keys, 66) * len(PLACES)).astype(np.int64)


def addresses(keys: Keys, place: Ints) -> pl.Series:
    """A full postal address in a real city and an invented street."""
    city = pl.Series([whole + district for _, whole, district in PLACES]).gather(place)
    number = pl.Series((1 + uniform(keys, 67) * 299).astype(np.int64)).cast(pl.String)
    room = pl.Series((101 + uniform(keys, 68) * 1899).astype(np.int64)).cast(pl.String)
    return city + pick(STREETS, uniform(keys, 69)) + number + "号" + room + "室"
