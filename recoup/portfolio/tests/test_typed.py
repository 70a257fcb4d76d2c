"""
What people type about a case goes into events that are never edited:

     collector ──「王明 13812341234 说…」──▶ event ─╳─ personal data
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.gate import operations as gate
from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel import mask
from recoup.kernel.money import Money
from recoup.portfolio import operations

OWN = ("王明", "13812341234", "c0001@example.com", "110101199003071234", "文三路90号")
TYPED = [
    "王明来电说不要再打", "他是王明，号码13812341234", "回拨 138-1234-1234", "１３８１２３４１２３４",
    "138 1234 1234（王明本人）", "写到 c0001@example.com", "身份证110101199003071234",
    "住浙江省杭州市西湖区文三路90号", "(0571) 8888-6666 王明",
]  # fmt: skip


def put(case, text, system, at):
    """The text, typed wherever a person can type it."""
    opt_out = gate.opt_out(borrower=case.borrower, scope="all", source=text, at=at, by=system)
    gate.lift_opt_out(opt_out=opt_out, act=text, by=system, at=at)
    gate.stop(case=case, reason="complaint", source=text, by=system, at=at)
    gate.lift(case=case, reason="complaint", source=text, by=system, at=at)
    operations.move(case=case, to="suspended", reason=text, by=system, at=at)
    operations.waive(
        loan=case.loans.get(), amount=Money(1), reason=text, cause="w", by=system, at=at
    )


@pytest.mark.parametrize("text", TYPED)
def test_personal_data_typed_as_a_reason_a_source_or_an_act_never_lands_in_an_event(
    wang_ming, system, at, text
):
    before = journal.position()

    put(wang_ming, text, system, at)

    said = [event.data for event in Event.objects.filter(position__gt=before)]
    assert len(said) >= 6
    digits = "".join(c for data in said for c in data if c.isdigit())
    for data in said:
        assert not [value for value in OWN if value in data], data
    assert "13812341234" not in digits
    assert "057188886666" not in digits
    assert not [data for data in said if "１３８１２３" in data]


def test_what_is_typed_and_is_nobodys_data_stays_readable(wang_ming, system, at):
    gate.stop(
        case=wang_ming,
        reason="complaint",
        source="法院 2026-05-03 通知，第 12 号信",
        by=system,
        at=at,
    )

    event = Event.objects.latest("position")
    assert journal.data_of(event)["source"] == "法院 2026-05-03 通知，第 12 号信"


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", " ", "-", ".", "－"]))
def test_a_phone_number_in_a_sentence_is_hidden_however_it_is_written(number, between):
    written = between.join((number[:3], number[3:7], number[7:]))

    shown = mask.free(f"电话{written}，已核对")

    assert written not in shown
    assert sum(c.isdigit() for c in shown) <= 4
