"""What a text gives away."""

from __future__ import annotations

import pytest

from recoup.rulebook import content


@pytest.mark.parametrize(
    "text",
    [
        "您的借款已逾期,请尽快还款", "应付 1,234.50元", "¥88", "ＣＮＹ　１２３", "您 的 欠 款 尚未处理",
        "逾·期", "请结清", "我司将起诉", "Your loan is overdue", "amount due: 5", "please repay",
        "CNY 1,200.00", "逾\u200b期", "账单已出", "you still owe us", "{owed}", "征信",
        "30 days past-due", "l\u00adoan",
    ],
)  # fmt: skip
def test_a_text_that_tells_of_a_debt_is_found_out(text: str) -> None:
    assert content.debt_facts(text, jurisdiction="CN")


@pytest.mark.parametrize(
    "text",
    [
        "【归诚】您有一项服务事项待确认,请致电 400-800-1234。回复TD退订",
        "Please sign in at http://127.0.0.1:8000 or ring 400-800-1234.",
        "您好,请您本人于2026-11-23前查看",
    ],
)  # fmt: skip
def test_a_text_that_tells_of_none_passes(text: str) -> None:
    assert content.debt_facts(text, jurisdiction="CN") == []


def test_the_name_of_a_lender_is_not_a_debt() -> None:
    text = "【某某小额贷款有限公司】您有一项服务待确认"

    assert content.debt_facts(text, jurisdiction="CN") == ["贷款"]
    assert content.debt_facts(text, jurisdiction="CN", names=("某某小额贷款有限公司",)) == []


def test_a_letter_without_the_seal_is_incomplete() -> None:
    assert "seal" in content.missing_parts("card_letter", "欠款余额{owed}", jurisdiction="CN")


def test_the_words_to_stop_messages_are_recognised() -> None:
    assert "opt_out" in content.read("回复TD退订", jurisdiction="CN").says
    assert "opt_out" in content.read("Reply STOP to end", jurisdiction="CN").says
    assert "opt_out" not in content.read("请致电我们", jurisdiction="CN").says
