"""Texts: who approved them, and what may not be approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Template
from recoup.gate.operations.templates import STARTER_ROLE
from recoup.kernel.errors import Invalid, Refused
from recoup.people import operations as people
from recoup.people.scopes import viewer_of

pytestmark = pytest.mark.django_db
GOOD = "【{institution}】您好,请致电 {complaint_phone}。回复TD退订"


@pytest.fixture
def compliance(creditor: Any, system: Any, at: Any) -> Any:
    user = people.add_user(username="he", name="何合规", role="compliance", creditors=[creditor],
                           by=system, at=at)  # fmt: skip
    return viewer_of(user)


def draft(text: str, by: Any, at: Any, channel: str = "sms", code: str = "t") -> Template:
    return operations.add_template(code=code, channel=channel, jurisdiction="CN",
                                   language="zh-hans", text=text, by=by, at=at)  # fmt: skip


def test_a_named_person_approves(compliance, system, at):
    row = operations.approve_template(template=draft(GOOD, system, at), viewer=compliance, at=at)

    assert (row.state, row.approved_by, row.approved_at) == ("approved", "he", at)


def test_a_collector_and_an_outsider_may_not_approve(li_na, outsider, system, at):
    row = draft(GOOD, system, at)

    for user in (li_na, outsider):
        with pytest.raises(Refused, match="may not"):
            operations.approve_template(template=row, viewer=viewer_of(user), at=at)


@pytest.mark.parametrize(
    "text",
    ["【{institution}】您已逾期。回复TD退订", "【{institution}】请还款。回复TD退订",
     "【{institution}】应付{owed}。回复TD退订", "[{institution}] Your loan. Reply TD to stop"],
)  # fmt: skip
def test_a_message_that_tells_of_a_debt_is_not_approved(compliance, system, at, text):
    with pytest.raises(Refused, match="tells of a debt"):
        operations.approve_template(template=draft(text, system, at), viewer=compliance, at=at)


def test_all_that_a_text_lacks_is_said_at_once(compliance, system, at):
    with pytest.raises(Invalid) as error:
        operations.approve_template(template=draft("您好", system, at), viewer=compliance, at=at)

    assert [problem.where for problem in error.value.problems] == ["CN-SAY-Y01", "HOUSE-SMS-001"]


def test_a_letter_without_the_matters_of_the_card_measures_is_not_approved(compliance, system, at):
    row = draft("{institution} 欠款余额{owed}", system, at, channel="letter")

    with pytest.raises(Invalid) as error:
        operations.approve_template(template=row, viewer=compliance, at=at)

    assert {problem.where for problem in error.value.problems} == {"CN-SAY-Y04", "CN-LETTER-001"}


def test_a_slot_that_does_not_exist_is_named(system, at):
    with pytest.raises(Invalid, match="name"):
        draft("您好{name}", system, at)


def test_a_second_text_of_a_code_is_its_next_version(system, at):
    assert [draft(GOOD, system, at).version for _ in range(2)] == [1, 2]


def test_the_starter_texts_are_installed_once_and_say_who_approved_them(book, system, at):
    made = operations.install_templates(book=book, by=system, at=at)
    again = operations.install_templates(book=book, by=system, at=at)

    assert {row.channel for row in made} == {"sms", "email", "letter"} and again == []
    assert {row.approved_by for row in made} == {STARTER_ROLE}
    assert not any(row.discloses_debt for row in made if row.channel != "letter")


def test_a_withdrawn_text_is_no_longer_listed(compliance, system, at):
    row = operations.approve_template(template=draft(GOOD, system, at), viewer=compliance, at=at)
    operations.withdraw_template(template=row, viewer=compliance, at=at)

    assert not queries.templates(jurisdiction="CN", channel="sms").exists()
    assert queries.templates(jurisdiction="CN", approved=False).count() == 1


def test_the_starter_texts_of_a_live_book_wait_for_a_person(live_book, compliance, system, at):
    made = operations.install_templates(book=live_book, by=system, at=at)

    assert {(row.state, row.approved_by) for row in made} == {("draft", "")}
    row = operations.approve_template(template=made[0], viewer=compliance, at=at)
    assert (row.state, row.approved_by) == ("approved", "he")


def test_a_person_takes_over_the_approval_of_a_starter_text(book, compliance, system, at):
    row = operations.install_templates(book=book, by=system, at=at)[0]

    operations.approve_template(template=row, viewer=compliance, at=at)

    assert row.approved_by == "he"


def test_a_withdrawn_text_is_not_approved_again(compliance, system, at):
    row = operations.approve_template(template=draft(GOOD, system, at), viewer=compliance, at=at)
    operations.withdraw_template(template=row, viewer=compliance, at=at)

    with pytest.raises(Invalid, match="withdrawn"):
        operations.approve_template(template=row, viewer=compliance, at=at)


def test_a_file_is_read_with_all_its_mistakes_or_gives_what_adding_needs():
    said = operations.read_template("code: a\nchannel: sms\nlanguage: en\ntext: hello\n")

    assert said == {"code": "a", "channel": "sms", "language": "en", "text": "hello",
                    "jurisdiction": "CN", "subject": ""}  # fmt: skip
    for source in ("[1, 2]", "a: [", "code: 5\nchannel: sms\nlanguage: en\ntext: x", "code: a b"):
        with pytest.raises(Invalid):
            operations.read_template(source)


def test_a_sender_ends_once_and_the_gaps_name_what_is_missing(book, compliance, system, at):
    row = operations.register_sender(
        creditor=book.creditor, channel="sms", address="1069", by=system, at=at
    )
    today = at.date()
    before = {gap.channel for gap in queries.gaps(book=book, on=today) if "sender" in gap.what}

    ended = operations.end_sender(sender=row, on=today, by=system, at=at)
    again = operations.end_sender(sender=row, on=today + timedelta(days=9), by=system, at=at)

    after = {gap.channel for gap in queries.gaps(book=book, on=today) if "sender" in gap.what}
    assert before == set() and after == {"sms"}
    assert ended.valid_until == again.valid_until == today - timedelta(days=1)


def test_what_no_person_has_reviewed_is_sent_in_a_demo_and_not_in_a_live_book(
    book, live_book, compliance, system, at
):
    operations.install_templates(book=live_book, by=system, at=at)
    made = operations.install_templates(book=book, by=system, at=at)

    assert {row.approved_by for row in made} == {STARTER_ROLE}
    assert {row.state_in(book) for row in made} == {"approved"}
    assert {row.state_in(live_book) for row in made} == {"draft"}
    assert not Template.approved_in(live_book).exists()
    operations.approve_template(template=made[0], viewer=compliance, at=at)
    assert list(Template.approved_in(live_book)) == [made[0]]
