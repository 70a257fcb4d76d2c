"""The packs agree with one another; and what a solver says of rules that do not."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.rulebook import casebook, consistency, engine, layers
from recoup.rulebook.proofs import Finding, Proofs
from recoup.rulebook.rule import Pack, Rule
from recoup.rulebook.vocabulary import DERIVED, FACTS

z3 = pytest.importorskip("z3")

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BOOK = engine.load("CN", AT)
LIKE = casebook.base_of("china")
ZONES = ["Asia/Shanghai", "Asia/Shanghai,Asia/Urumqi", "Europe/London,America/New_York"]
COUNTRIES = sorted(
    {str(one.jurisdiction) for one in map(layers.layer, layers.names()) if one.layer == "country"}
)
IS_LONG = os.environ.get("RECOUP_LONG_TESTS") == "1"


@pytest.mark.parametrize("jurisdiction", COUNTRIES)
def test_the_packs_of_a_country_agree(jurisdiction: str) -> None:
    found = consistency.check(
        jurisdiction, on=None if IS_LONG else casebook.DAY, every=IS_LONG, drafts=True
    )

    assert [one.text for one in found if one.is_wrong] == []


def proofs(*more: Rule, without: str = "", **changed: Any) -> Proofs:
    """The rules of China, with some more or fewer."""
    rules = tuple(rule for rule in BOOK.rules if rule.id != without)
    book = replace(BOOK, rules=(*rules, *more), **changed)
    return Proofs(book, zones=ZONES, like=LIKE)


def rule(function: Any, id: str = "XX-1", **more: Any) -> Rule:
    """A rule made for a test, checked as one of a pack is."""
    pack = Pack(more.pop("pack", "china"))
    told: dict[str, Any] = {"instrument": "house", "force": "HOUSE", "confidence": "HOUSE",
                            "effect": "deny", "zh": "不得"}  # fmt: skip
    pack.rule(id, **{**told, **more})(function)
    return pack.rules[0]


def only(found: Any, kind: str) -> Finding:
    """The one finding of a kind that is wrong."""
    (one,) = [one for one in found if one.kind == kind and one.is_wrong]
    return one


def test_rules_that_leave_no_contact_are_found_with_their_names() -> None:
    def evenings(f: Any, p: Any) -> Any:
        """Only in the evening."""
        return f.local_minute_least < 20 * 60

    def mornings(f: Any, p: Any) -> Any:
        """Only before noon."""
        return f.local_minute_most >= 12 * 60

    needs = ("local_minute_least", "local_minute_most")
    found = list(proofs(
        rule(evenings, "XX-1", needs=needs, channels=("sms",)),
        rule(mornings, "XX-2", needs=needs, channels=("sms",)),
    ).together())  # fmt: skip

    assert only(found, "never_allowed").rules == ("XX-1", "XX-2")
    assert "contact by sms" in only(found, "never_allowed").text


def test_a_rule_that_only_repeats_another_names_it() -> None:
    def again(f: Any, p: Any) -> Any:
        """The same once more, for landlines."""
        return ~f.point_valid & f.marks.has("landline")

    found = {one.rules[0]: one for one in proofs(
        rule(again, needs=("point_valid", "marks"))).alone()}  # fmt: skip

    assert found["XX-1"].kind == "implied" and not found["XX-1"].is_wrong
    assert found["XX-1"].rules == ("XX-1", "HOUSE-POINT-001")


def test_a_rule_that_can_never_fire_is_found() -> None:
    def never(f: Any, p: Any) -> Any:
        """Before and after at once."""
        return (f.balance > 5) & (f.balance < 3)

    found = proofs(rule(never, may_read=("balance",))).alone()

    assert only(found, "never_fires").rules == ("XX-1",)


def test_an_exception_of_another_pack_may_not_set_a_law_aside() -> None:
    def lenient(f: Any, p: Any) -> Any:
        """Whoever agreed to e-mail."""
        return f.consents.has("email")

    law = next(one for one in BOOK.rules if one.force == "LAW" and not one.channels)
    loose = rule(lenient, effect="allow", needs=("consents",), switches_off=(law.id,),
                 pack="somebody")  # fmt: skip

    found = only(proofs(loose).exceptions(), "loosened")

    assert found.rules == ("XX-1", law.id)
    assert "email" in found.facts["consents"]
    assert law.id in {one.id for one in BOOK.judge(found.facts, found.at).fired}


def test_a_fact_whose_absence_would_help_is_found_with_a_contact_that_shows_it() -> None:
    def polite(f: Any, p: Any) -> Any:
        """No more than one visit."""
        return (f.visits_in_month > 1) & f.point_valid

    loose = rule(polite, needs=("point_valid",), may_read=("visits_in_month",))
    found = only(proofs(loose).absences("visits_in_month", "point_valid"), "absence_allows")

    book = replace(BOOK, rules=(*BOOK.rules, loose))
    assert "Were visits_in_month not known" in found.text and found.rules == ("XX-1",)
    assert not book.judge(found.facts, found.at).is_allowed
    assert book.judge({**found.facts, "visits_in_month": None}, found.at).is_allowed


def test_a_cap_that_stops_only_at_its_number_is_found() -> None:
    def exactly(f: Any, p: Any) -> Any:
        """Two are too many, three are not."""
        return f.contacts_in_window == 2

    cap = rule(exactly, needs=("contacts_in_window",))
    found = only(proofs(cap, without="CN-FREQ-005").counts(), "more_allows")

    assert found.rules == ("XX-1",) and found.facts["contacts_in_window"] == 2


def test_a_cap_that_lets_one_more_pass_is_found() -> None:
    def one_more(f: Any, p: Any) -> Any:
        """More than the most."""
        return f.contacts_in_window > p.most_contacts[f.channel.codes]

    cap = rule(one_more, needs=("contacts_in_window",), may_read=("channel",))
    found = [one for one in proofs(cap, without="CN-FREQ-005").caps() if one.is_wrong]

    assert {one.kind for one in found} == {"cap_unasked"}
    assert any(one.facts["contacts_in_window"] == 2 for one in found)


def test_a_counter_of_two_packs_is_found() -> None:
    asked = proofs(counters=(*BOOK.counters, BOOK.counters[0]))

    assert "share its slots" in only(asked.caps(), "two_counters").text


def test_a_law_that_an_approval_would_set_aside_is_found() -> None:
    class Lenient(Rule):
        @property
        def override(self) -> str:
            return "leader"

    law = next(one for one in BOOK.rules if one.id == "CN-CALL-002")
    fields = {name: getattr(law, name) for name in Rule.__dataclass_fields__}
    asked = proofs(Lenient(**fields), without=law.id)

    assert only(asked.approvals(), "approval_loosens").rules == (law.id,)


def test_a_rule_written_with_if_is_not_proved_and_says_so() -> None:
    def branches(f: Any, p: Any) -> Any:
        """If, then."""
        return f.point_valid if f.balance > 0 else f.everywhere(True)

    asked = proofs(rule(branches, may_read=("point_valid", "balance")))

    assert "with | & ~" in only(asked.unread, "unread").text


def test_a_fact_read_by_a_helper_must_be_declared_too() -> None:
    def helper(f: Any) -> Any:
        return f.marks.has("landline")

    def rests(f: Any, p: Any) -> Any:
        """Not on landlines."""
        return helper(f)

    asked = proofs(rule(rests))

    assert "reads marks" in only(asked.unread, "undeclared").text


def test_without_the_solver_the_check_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)

    with pytest.raises(Invalid, match="needs the solver") as error:
        consistency.check("CN")
    assert "recoup[check]" in str(error.value.hint)


# -- Symbols and the engine ----------------------------------------------------------------------
ASKED = proofs()


def value_of(name: str) -> st.SearchStrategy[Any]:
    fact = FACTS[name]
    if fact.kind == "flag":
        return st.booleans()
    if fact.kind == "word":
        return st.sampled_from(fact.words)
    if fact.kind == "words":
        return st.lists(st.sampled_from(fact.words), unique=True)
    if fact.kind == "zones":
        return st.sampled_from(ZONES)
    return st.integers(1930, 2012) if name == "birth_year" else st.integers(0, 200)


ROW = st.fixed_dictionaries(
    {name: st.none() | value_of(name) for name in FACTS if name not in DERIVED}
)


@settings(max_examples=200 if IS_LONG else 25, deadline=None)
@given(ROW, st.integers(0, 366 * 24 * 60 - 1))
def test_symbols_and_the_engine_say_the_same_of_any_contact(row: dict[str, Any], at: int) -> None:
    same = [ASKED.space.equals(name, value) for name, value in row.items()]

    point = ASKED.find(ASKED.space.minute == at, *same)  # compares what fires with the engine

    assert point is not None
    assert point.fired == {one.id for one in BOOK.judge(row, point.at).fired}


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Asia/Shanghai"])
def test_symbols_know_when_clocks_change(zone: str) -> None:
    from recoup.rulebook.space import offsets

    start = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)

    changes = offsets(zone, start)

    assert len(changes) == (1 if zone == "Asia/Shanghai" else 3)
