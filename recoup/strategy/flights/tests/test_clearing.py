from __future__ import annotations

from datetime import timedelta

import pytest

from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.journal.queries import data_of
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.strategy import operations as strategy
from recoup.strategy.flights import clearing, operations
from recoup.strategy.flights.tests.conftest import text
from recoup.strategy.models import Flight, StrategyVersion
from recoup.strategy.reading import shipped
from tests.cast import approved

view = scopes.viewer_of
OTHER = ("  sms: 6\n", "  sms: 3\n")


@pytest.fixture
def version(draft):
    """A version that 孙分析 wrote."""
    return draft(text(sms=OTHER))


def landed(version, champion, at, **changed):
    """A flight of a version as it would have landed."""
    results = {"cases": 40, "flown": 40, "harm": [], **changed.pop("results", {})}
    fields = {"digest": version.digest, "champion": champion, "days": 14, "repetitions": 10,
              "ended_at": at, "position": journal.position(), **changed}  # fmt: skip
    return Flight.objects.create(
        book=version.book, candidate=version, state="flown", source=version.source, seed=1,
        most=10_000, asked_at=at, asked_by="system:test", results=results, **fields,
    )  # fmt: skip


def refusal(version, system, at):
    with pytest.raises(Refused) as caught:
        strategy.activate(version=version, by=system, at=at)
    assert StrategyVersion.objects.get(pk=version.pk).state == "draft"
    return caught.value.rules


def test_what_was_not_flown_is_not_put_in_force(champion, version, system, at):
    assert refusal(version, system, at) == ("strategy.not_flown",)


def test_what_was_flown_without_harm_is_and_the_journal_says_by_which_flight(
    champion, version, system, at
):
    flight = landed(version, champion, at)

    strategy.activate(version=version, by=system, at=at + timedelta(days=6))

    event = Event.objects.filter(kind="strategy.activated").order_by("-position").first()
    assert data_of(event)["cleared_by"] == f"flight:{flight.pk}"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"ended_at": timedelta(days=-8)}, "too_old"),
        ({"days": 3}, "too_small"),
        ({"repetitions": 2}, "too_small"),
        ({"results": {"cases": 5000, "flown": 400}}, "too_small"),
        ({"champion": None}, "other_champion"),
        ({"position": 0}, "book_moved"),
        ({"digest": "0" * 64}, "not_flown"),
        ({"state": "failed"}, "not_flown"),
        ({"results": {"harm": [{"what": "complaints", "more": 3.0}]}}, "harm"),
    ],
)  # fmt: skip
def test_a_flight_that_does_not_answer_for_it_does_not_help(
    champion, version, system, at, changed, why, monkeypatch
):
    if "ended_at" in changed:
        changed = {"ended_at": at + changed["ended_at"]}
    if "position" in changed:
        monkeypatch.setattr(clearing, "MOST_EVENTS", 1)
        monkeypatch.setattr(clearing, "EVENTS_A_CASE", 0)
    flight = landed(version, champion, at, results=changed.pop("results", {}))
    Flight.objects.filter(pk=flight.pk).update(**changed)

    assert refusal(version, system, at) == (f"strategy.{why}",)


def test_the_newest_flight_counts(champion, version, system, at):
    landed(version, champion, at)
    landed(version, champion, at + timedelta(hours=1),
           results={"harm": [{"what": "complaints", "more": 3.0}]})  # fmt: skip

    assert refusal(version, system, at + timedelta(hours=2)) == ("strategy.harm",)


def test_another_person_may_approve_by_name_and_the_journal_names_them(
    champion, version, system, at
):
    approved(version)

    strategy.activate(version=version, by=system, at=at)

    kinds = list(Event.objects.order_by("-position").values_list("kind", flat=True)[:3])
    assert kinds == ["strategy.activated", "strategy.approval_decided", "strategy.approval_asked"]
    event = Event.objects.order_by("-position").first()
    assert data_of(event)["cleared_by"].endswith(":zhou")


def test_nobody_approves_what_they_wrote_or_asked_for(champion, version, book, at, analyst):
    sun, other = view(analyst), scopes.system_viewer(book, name="wu")
    by_author = operations.ask_approval(version=version, viewer=other, reason="now", at=at)
    with pytest.raises(Refused) as caught:  # 孙分析 wrote it
        operations.decide_approval(viewer=sun, approval=by_author, give=True, answer="ok", at=at)
    assert caught.value.rules == ("strategy.two_persons",)
    with pytest.raises(Refused):  # 吴 asked for it
        operations.decide_approval(viewer=other, approval=by_author, give=True, answer="ok", at=at)


def test_leave_needs_the_permission_the_tenant_and_a_reason(
    champion, version, system, at, li_na, outsider, book
):
    asked = operations.ask_approval(version=version, by=system, reason="a trial", at=at)
    outsider.role = "executive"
    outsider.save()
    for user in (li_na, outsider):
        with pytest.raises(Refused):
            operations.decide_approval(
                viewer=view(user), approval=asked, give=True, answer="yes", at=at
            )
    chief = scopes.system_viewer(book, name="zhou")
    with pytest.raises(Invalid):
        operations.decide_approval(viewer=chief, approval=asked, give=True, answer=" ", at=at)
    with pytest.raises(Invalid):
        operations.ask_approval(version=version, by=system, reason=" ", at=at)
    with pytest.raises(Invalid):
        operations.ask_approval(version=version, by=system, reason="again", at=at)


def test_what_was_denied_stays_refused_and_is_decided_once(champion, version, system, at, book):
    chief = scopes.system_viewer(book, name="zhou")
    asked = operations.ask_approval(version=version, by=system, reason="a trial", at=at)
    operations.decide_approval(viewer=chief, approval=asked, give=False, answer="no", at=at)

    assert refusal(version, system, at) == ("strategy.not_flown",)
    with pytest.raises(Invalid):
        operations.decide_approval(viewer=chief, approval=asked, give=True, answer="yes", at=at)


def test_leave_runs_out_after_a_week(champion, version, system, at):
    approved(version)

    assert refusal(version, system, at + timedelta(days=8)) == ("strategy.not_flown",)


def test_leave_that_knew_of_no_harm_is_no_leave_for_it(champion, version, system, at):
    approved(version)
    flight = landed(version, champion, at, results={"harm": [{"what": "complaints", "more": 3.0}]})

    assert refusal(version, system, at) == ("strategy.harm",)

    approved(version)
    found = clearing.clearance(version=version, at=at)
    assert (found.code, found.approval.flight) == ("approved", flight)
    strategy.activate(version=version, by=system, at=at)


def test_the_first_strategy_of_a_book_may_be_one_that_comes_with_recoup(book, system, at):
    version = strategy.add(book=book, source=text() + "# ours\n", by=system, at=at)

    strategy.activate(version=version, by=system, at=at)

    event = Event.objects.get(kind="strategy.activated")
    assert data_of(event)["cleared_by"] == "shipped"


def test_another_first_strategy_is_flown_or_approved_like_any(book, system, at):
    source = shipped().replace("contacts: 2, days: 7", "contacts: 9, days: 7")
    version = strategy.add(book=book, source=source, by=system, at=at)

    assert refusal(version, system, at) == ("strategy.not_flown",)


def test_what_came_with_recoup_is_flown_too_once_a_book_has_had_a_strategy(
    champion, draft, system, at
):
    assert refusal(draft(shipped()), system, at) == ("strategy.not_flown",)


def test_an_approval_is_not_asked_for_what_is_clear(champion, version, system, at):
    landed(version, champion, at)

    with pytest.raises(Invalid):
        operations.ask_approval(version=version, by=system, reason="why not", at=at)
