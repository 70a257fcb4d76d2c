from __future__ import annotations

import polars as pl
import pytest

from recoup.strategy.expressions import NAMES, Unreadable, compile_condition

FRAME = pl.DataFrame(
    {
        "stage": ["M1", "M2", None], "days_past_due": [5, 40, None], "owed": [100, 200, 300],
        "repay_30": [0.9, None, 0.1], "starter": [True, False, None],
    }
)  # fmt: skip


def holds(text: str) -> list[bool]:
    return FRAME.select("owed", _=compile_condition(text).expression)["_"].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('stage == "M1"', [True, False, False]),
        ("1 <= days_past_due <= 30", [True, False, False]),
        ('stage in ["M1", "M2"] and owed > 150', [False, True, False]),
        ('not (stage == "M1")', [False, True, True]),
        ("repay_30 < 0.5 or owed * 2 >= 400", [False, True, True]),
        ("-owed + 300 > 100 - 1", [True, True, False]),
        ("starter", [True, False, False]),
        ("true", [True, True, True]),
    ],
)
def test_a_condition_means_what_it_says(text, expected):
    assert holds(text) == expected


def test_what_is_not_known_fulfils_nothing():
    assert holds("repay_30 >= 0") == [True, False, True]
    assert holds('stage != "M1"') == [False, True, False]


@pytest.mark.parametrize(
    "text",
    [
        '__import__("os").system("true")', "owed.__class__", "(lambda: 1)()", "[x for x in owed]",
        "owed[0]", 'f"{owed}"', "owed if true else 1", "owed := 3", "open", "owed ** 99999 > 1",
        "stage is None", 'exec("1")', "True.real", "owed << 3 > 1", "print", "",
        "(" * 300 + ")" * 300, "owed > 1;", "\x00",
    ],
)  # fmt: skip
def test_python_is_not_run(text):
    with pytest.raises(Unreadable):
        compile_condition(text)


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("owed > 1 and stge == 3", 14, "stge"),
        ("stage < 3", 1, "no order"),
        ("owed", 1, "not a condition"),
        ('owed == "x"', 9, "number is needed"),
        ("stage in [owed]", 11, "text is needed"),
    ],
)
def test_what_cannot_be_understood_is_shown_with_its_column(text, column, said):
    with pytest.raises(Unreadable, match=said) as caught:
        compile_condition(text)

    assert caught.value.column == column


def test_a_very_long_condition_is_refused():
    with pytest.raises(Unreadable, match="longer"):
        compile_condition("owed > 1 and " * 100 + "owed > 2")


def test_every_name_has_a_kind():
    assert set(NAMES.values()) == {"text", "number", "truth"}
