"""What the word lists of China find, and what they let pass."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from recoup.rulebook import content

TEMPLATES = sorted(Path(__file__).parents[2].glob("gate/templates/cn/*.yaml"))

FORBIDDEN = {
    "threat_violence": [
        "不还款后果自负", "再拖我们找人弄你", "我知道你家在哪", "知道你住哪", "信不信打断你的腿",
        "我们是道上的兄弟", "我们都知道你在哪", "让你全家不得安宁", "出门小心点", "后 果 自 负", "弄·死·你",
        "We know where you live.",
    ],
    "threat_illegal_action": [
        "马上抓你", "不还就坐牢", "冻结全家银行卡", "你的孩子不能上学", "警察明天上门拘留你",
        "将追究您的刑事责任", "取消你父母的养老金", "影响三代", "You will be arrested.",
    ],
    "impersonate_state": [
        "我是法院的王法官", "这里是公安局经侦大队", "【朝阳区人民法院】请回电", "我们是司法局调解中心",
        "派出所通知您到场", "[仲裁委] notice", "我 是 公 安",
    ],
    "impersonate_lawyer": [
        "我司法务部将介入", "律师团已受理", "【正义律所】请回电", "我是张律师", "This is a lawyer.",
    ],
    "impersonate_lender": ["我是建设银行总行", "我们是某某银行的工作人员", "我是总行的"],
    "insult": [
        "你这个老赖", "骗子", "不要脸", "老癞", "老 赖", "畜牲", "傻逼", "你他妈的", "滚蛋",
        "You deadbeat",
    ],
    "shame_public": [
        "我们会通知你单位", "让全村都知道", "发到家长群", "曝光", "爆你通讯录", "告诉您的领导",
        "上门贴公告", "叫所有人都知道", "We will tell your employer.",
    ],
    "press_third": [
        "你替他还了吧", "你是他家属要负责还款", "父债子还", "您作为紧急联系人有义务代偿",
        "家属必须替还", "帮他先垫上",
    ],
    "false_amount": ["再不还就翻倍", "将加收手续费", "利滚利", "金额翻几番", "It will double."],
    "false_legal_state": [
        "你已立案", "法院已判决", "已上失信", "您已被列入失信", "已移交公安", "强制执行通知",
        "网上追逃", "传票已送达,签发传票", "已经向法院起诉",
    ],
    "false_urgency": [
        "今天5点前不还就上报", "今日17:00前未处理将升级", "最后通牒", "最后两小时",
        "立即还款,否则后果严重", "Final warning",
    ],
    "false_bureau": [
        "把你拉入黑名单", "永久征信污点", "征信黑户", "全网封杀", "不良信用数据库",
        "上 黑 名 单", "You will be blacklisted.",
    ],
    "bureau_repair": [
        "付费洗白", "还清即可修复征信", "征信可以帮您消除", "帮您删除逾期记录",
        "We clear your credit record.",
    ],
    "bureau_term": [
        "征信记录保留10年", "不良记录会跟随一辈子", "征信影响二十年", "不良信息保存七年",
        "征信永久保留", "信用报告上留2年",
    ],
    "induce_borrow": [
        "去别的平台借一笔", "套信用卡还", "先找朋友借", "以贷养贷", "卖肾也要还", "跟亲戚周转一下",
        "Take another loan",
    ],
    "other_payee": [
        "转我微信", "转个人卡", "打到我的支付宝", "加我微信", "扫我的收款码", "转账给我卡上",
        "付到业务员私人账户", "Send it to my account",
    ],
    "extra_fee": ["需支付上门费", "撤案费500", "先交停催费", "a collection fee applies"],
    "time_barred_suit": [
        "我们将起诉您", "提起诉讼", "法庭见", "申请仲裁", "告到法院", "We will sue you.",
    ],
    "hide_identity": [
        "您有快递待领", "您有一份法律文书待签收", "我是你同学", "恭喜您中奖", "包裹待领取",
    ],
    "minor": [
        "我们去找你孩子", "找您家儿子谈谈", "孩子的学校我知道", "联系你女儿", "your child's school",
    ],
    "vulnerable_press": [
        "住院也要还", "死了也得还", "跳楼也要先还钱", "别拿自杀吓我", "装病没用",
    ],
    "marketing": [
        "送您优惠券", "您的额度已提升", "最高可借20万元", "办理新信用卡", "限时优惠",
        "A special offer",
    ],
}  # fmt: skip

# Texts that nobody has to be ashamed of.
PLAIN = [
    "【归诚银行】您有一项服务事项待您本人确认。请致电 400-800-1234。回复TD退订。",
    "请仅通过官方还款渠道还款,不要向任何个人账户转账。我们不收取任何额外费用。",
    "您可以拨打该电话投诉,也可以提出异议;对金额有异议的,我们在核实期间暂停主动联系。",
    "如您暂时无力偿还,可以申请延期或分期,我们一起商量适合您的安排。",
    "请您核对账户明细。逾期金额为1200.00元,截至2026-11-23。",
    "谨防骗子冒充工作人员,如有疑问请拨打官方客服。",
    "不良信息自不良行为终止之日起保存5年。",
    "诉讼时效届满后,您可以不履行;是否还款由您决定。",
    "本次通话将被录音。我是归诚的智能语音机器人。",
    "我们受某某银行委托与您联系。",
    "您可以随时要求转接人工。",
    "请问您能否转告王先生回电?",
    "麻烦您告知您的朋友尽快与我们联系。",
    "请通知您的儿子回电。",
    "我们可以调整您的还款安排,请您今天抓紧联系我们。",
    "您是否知道您在哪里可以查询账单?",
    "请不要向其他平台借款来还款。",
    "如您有轻生的念头,您还可以拨打心理援助热线,我们会暂停联系。",
    "对征信记录有异议的,可以申请更正或者删除错误信息。",
    "付款请勿转入个人账户,请添加我司官方微信公众号核实。",
    "您可申请减免200元;您申请的贷款由某某银行发放。办理信用卡分期请登录官网。",
    "We will not contact you again today. You can complain at the same number.",
]


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in FORBIDDEN.items() for text in texts]
)
def test_a_forbidden_text_is_found(kind: str, text: str) -> None:
    assert kind in content.read(text, jurisdiction="CN").found


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_text_passes(text: str) -> None:
    found = content.read(text, jurisdiction="CN", institution="归诚").found - {"time_barred_suit"}

    assert found == frozenset()


def test_limitation_is_not_a_threat_of_suit() -> None:
    assert content.read(PLAIN[7], jurisdiction="CN").found == frozenset()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_shipped_text_holds_a_forbidden_word(path: Path) -> None:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    body = f"{raw.get('subject', '')}\n{raw['text']}"
    for lender in ("归诚银行", "某某小额贷款有限公司", "正义消费金融公司"):
        filled = body.replace("{institution}", lender)

        said = content.read(filled, template=body, jurisdiction="CN", institution=lender)

        assert said.found == frozenset()


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("ai", "本语音由人工智能合成"), ("ai", "我是智能语音机器人"), ("ai", "AI-generated voice"),
        ("recording", "本次通话将被录音"), ("recording", "This call is recorded."),
        ("bureau_notice", "我们将依法向金融信用信息基础数据库报送,特此提前告知:报送至征信"),
        ("owner", "债权人现为某某资产管理公司"), ("owner", "current creditor: X"),
        ("transfer", "受让人:某某公司;债权金额1200.00元;还款账户:6222;联系电话:400"),
        ("data_recipient",
         "接收方:某某公司,联系电话400;处理目的:清收;处理方式:电话;个人信息种类:姓名、电话"),
    ],
)  # fmt: skip
def test_what_a_text_says_is_recognised(element: str, text: str) -> None:
    assert element in content.read(text, jurisdiction="CN").says


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("ai", "我是客服小李"), ("recording", "请勿录像"), ("owner", "您有一项服务事项"),
        ("transfer", "受让人:某某公司;联系电话:400"), ("data_recipient", "接收方:某某公司"),
        ("bureau_notice", "请查询您的征信"),
    ],
)  # fmt: skip
def test_what_a_text_does_not_say_is_missed(element: str, text: str) -> None:
    assert element not in content.read(text, jurisdiction="CN").says


def test_a_notice_of_transfer_without_a_payee_names_what_is_missing() -> None:
    text = "受让人:某某公司;债权金额1200.00元;联系电话:400"

    assert content.missing_parts("transfer", text, jurisdiction="CN") == ["payee"]
