"""Every country: the same for one and for many, strict where facts are missing, right by the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.rulebook import casebook, engine, layers, overlay
from recoup.rulebook.facts import frame_of, local_time
from recoup.rulebook.masks import WRITTEN
from recoup.rulebook.verdict import Outcome
from recoup.rulebook.vocabulary import DERIVED, FACTS, bits

PACKS = {
    "US": "united_states", "GB": "united_kingdom", "IN": "india", "ID": "indonesia",
    "PH": "philippines", "MX": "mexico", "SG": "singapore",
}  # fmt: skip
# The first and the last minute at which a message or call may go, by the texts or by the house.
HOURS = {
    "US": ("08:00", "21:00"), "GB": ("08:00", "20:00"), "IN": ("08:00", "19:00"),
    "ID": ("08:00", "20:00"), "PH": ("06:00", "22:00"), "MX": ("07:00", "22:00"),
    "SG": ("08:00", "20:00"),
}  # fmt: skip
ZONES = [
    "America/New_York", "America/Chicago,America/Los_Angeles", "Europe/London", "Asia/Kolkata",
    "Asia/Jakarta,Asia/Jayapura", "Asia/Manila", "America/Mexico_City", "Asia/Singapore",
    "Nowhere/Here", "",
]  # fmt: skip
AT = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
FIXED = {"lender", "regions"}


def value_of(name: str) -> st.SearchStrategy[Any]:
    fact = FACTS[name]
    if fact.kind == "flag":
        return st.booleans()
    if fact.kind == "word":
        return st.sampled_from([*fact.words, "something else"])
    if fact.kind == "words":
        return st.sets(st.sampled_from(fact.words)).map(lambda words: bits(name, words))
    if fact.kind == "zones":
        return st.sampled_from(ZONES)
    return st.integers(1930, 2012) if name == "birth_year" else st.integers(0, 1500)


NAMES = [name for name in FACTS if name not in DERIVED]
ROW = st.fixed_dictionaries({name: st.none() | value_of(name) for name in NAMES})


def base(country: str) -> dict[str, dict[str, Any]]:
    return {name: dict(facts) for name, facts in casebook.base_of(PACKS[country]).items()}


def at_wall(text: str, zone: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))


def fires(country: str, facts: dict[str, Any], at: datetime) -> set[str]:
    return {one.id for one in engine.load(country, at).judge(facts, at).fired}


@pytest.mark.parametrize("country", PACKS)
def test_one_contact_and_many_are_judged_alike(country: str) -> None:
    @settings(max_examples=20, deadline=None)
    @given(st.lists(ROW, min_size=1, max_size=6), st.integers(1_767_300_000, 1_800_000_000))
    def alike(rows: list[dict[str, Any]], epoch: int) -> None:
        at = local_time(epoch)
        book = engine.load(country, at)
        judged = book.judge_frame(frame_of(rows), at)
        for place, row in enumerate(rows):
            assert judged.verdict(place).digest == book.judge(row, at).digest

    alike()


@pytest.mark.parametrize("country", PACKS)
def test_taking_a_fact_away_never_allows_more(country: str) -> None:
    contacts = base(country)
    book = engine.load(country, AT)

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(sorted(contacts)), st.data())
    def stricter(contact: str, data: st.DataObject) -> None:
        changed = contacts[contact] | data.draw(
            st.fixed_dictionaries({}, optional={name: value_of(name) for name in NAMES})
        )
        # What is said aloud is not known before; later stages judge it.
        aloud = changed["channel"] not in WRITTEN
        spared = {"birth_year", "found", "says"} if aloud else {"birth_year"}
        gone = data.draw(st.sampled_from(sorted(set(changed) - spared)))
        before = {one.id for one in book.judge(changed, AT).fired}
        after = {one.id for one in book.judge({**changed, gone: None}, AT).fired}
        # Of packs that bind some only, a fact that is missing binds everybody.
        assert before <= after or gone in ("agreed_from", "agreed_until", "channel", "party")
        assert not before or after

    stricter()


@pytest.mark.parametrize("country", PACKS)
def test_hours_are_open_from_their_first_minute_to_their_last(country: str) -> None:
    contacts = base(country)
    call = contacts["call"]
    zone = call["time_zones"]
    first, last = (at_wall(f"2026-11-23 {clock}", zone) for clock in HOURS[country])

    for at, is_open in (
        (first - timedelta(minutes=1), False), (first, True),
        (last, True), (last + timedelta(minutes=1), False),
    ):  # fmt: skip
        fired = fires(country, call, at)
        assert (fired == set()) is is_open, at


@pytest.mark.parametrize("country", [c for c in PACKS if c not in ("ID",)])
def test_what_waits_is_allowed_when_the_wait_ends_and_not_before(country: str) -> None:
    call = base(country)["call"]
    zone = call["time_zones"]

    for hour in range(0, 24 * 8, 3):
        at = at_wall("2026-11-20 00:30", zone) + timedelta(hours=hour)
        verdict = engine.load(country, at).judge(call, at)
        if verdict.is_allowed:
            continue
        assert verdict.outcome is Outcome.WAIT and verdict.until is not None
        assert verdict.until > at
        assert fires(country, call, verdict.until) == set()
        assert fires(country, call, verdict.until - timedelta(minutes=1)) != set()


# -- Daylight saving ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("country", "zone", "day", "before", "after"),
    [
        # The instants of 08:00 the day before the clocks move, and on the day (or the next open
        # one), in UTC.
        ("US", "America/New_York", "2026-03-08", "2026-03-07T13:00", "2026-03-08T12:00"),
        ("US", "America/Chicago", "2026-03-08", "2026-03-07T14:00", "2026-03-08T13:00"),
        ("US", "America/Los_Angeles", "2026-03-08", "2026-03-07T16:00", "2026-03-08T15:00"),
        ("US", "America/Phoenix", "2026-03-08", "2026-03-07T15:00", "2026-03-08T15:00"),
        ("US", "America/New_York", "2026-11-01", "2026-10-31T12:00", "2026-11-01T13:00"),
        ("US", "America/Chicago", "2026-11-01", "2026-10-31T13:00", "2026-11-01T14:00"),
        ("US", "America/Los_Angeles", "2026-11-01", "2026-10-31T15:00", "2026-11-01T16:00"),
        ("GB", "Europe/London", "2026-03-29", "2026-03-28T08:00", "2026-03-30T07:00"),
        ("GB", "Europe/London", "2026-10-25", "2026-10-24T07:00", "2026-10-26T08:00"),
    ],
)  # fmt: skip
def test_hours_follow_the_clocks_when_they_move(
    country: str, zone: str, day: str, before: str, after: str
) -> None:
    call = base(country)["call"] | {"time_zones": zone}

    for text in (before, after):
        opens = datetime.fromisoformat(f"{text}+00:00")
        assert fires(country, call, opens) == set()
        assert fires(country, call, opens - timedelta(minutes=1)) != set()
    night = at_wall(f"{day} 02:30", zone)
    verdict = engine.load(country, night).judge(call, night)
    assert verdict.until == datetime.fromisoformat(f"{after}+00:00")


@pytest.mark.parametrize(
    ("day", "minutes"), [("2026-03-08", 13 * 60), ("2026-11-01", 13 * 60)]
)  # fmt: skip
def test_a_day_on_which_clocks_move_is_open_as_long_as_any_other(day: str, minutes: int) -> None:
    call = base("US")["call"] | {"time_zones": "America/New_York"}
    start = at_wall(f"{day} 00:00", "America/New_York").astimezone(UTC)
    book = engine.load("US", start + timedelta(hours=12))

    ticks = [start + timedelta(minutes=5 * step) for step in range(25 * 12)]
    ticks = [
        at
        for at in ticks
        if at.astimezone(ZoneInfo("America/New_York")).date() == date.fromisoformat(day)
    ]
    opened = [at for at in ticks if book.judge(call, at).is_allowed]

    # From 08:00 to 21:00, both inside.
    assert opened[-1] - opened[0] == timedelta(minutes=minutes)


# -- Who is bound ---------------------------------------------------------------------------------
def test_a_creditor_is_outside_regulation_f_and_inside_its_state() -> None:
    late = at_wall("2026-11-23 22:30", "America/New_York")
    own = base("US")["call"] | {"collector": "creditor", "time_zones": "America/New_York"}

    assert fires("US", own, late) == set()
    assert fires("US", own | {"regions": ["US-MA"]}, late) == {"US-MA-VISIT-001"}
    for who in ("agency", "debt_buyer", None):
        assert "US-TIME-001" in fires("US", own | {"collector": who}, late)


def test_a_person_of_unknown_place_is_bound_by_every_state_and_city() -> None:
    letter = base("US")["letter"] | {"contacts_in_week": 3, "regions": None}

    assert {"US-CA-001", "US-NYC-FREQ-001"} <= fires("US", letter, AT)


def test_counters_count_what_the_law_counts() -> None:
    book = engine.load("US", AT)
    agency = base("US")["call"] | {"regions": ["US-MA"]}

    def numbers(facts: dict[str, Any]) -> dict[str, tuple[str, Any, Any]]:
        found = book.counters_for(facts, AT)
        return {one.unit: (one.of, one.days, one.most) for one in found}

    assert numbers(agency).items() >= {
        "call_placed": ("debt", 7, 7), "conversation": ("debt", 7, 1),
        "phone_contact": ("debt", 7, 2),
    }.items()  # fmt: skip
    own = numbers(agency | {"collector": "creditor"})
    assert "call_placed" not in own and own["phone_contact"] == ("debt", 7, 2)
    city = numbers(base("US")["letter"] | {"regions": ["US-NY", "US-NYC"]})
    assert city["city_contact"] == ("debt", 7, 3)
    assert numbers(base("US")["visit"] | {"regions": ["US-MA"]})["visit"] == ("debt", 30, 1)
    assert numbers(base("US")["sms"])["electronic"] == ("person", 7, 3)


def test_the_cap_of_the_city_counts_from_its_first_day() -> None:
    letter = base("US")["letter"] | {"regions": ["US-NY", "US-NYC"]}

    for at, most in (
        (at_wall("2026-08-31 12:00", "America/New_York"), None),
        (at_wall("2026-09-01 12:00", "America/New_York"), 3),
    ):
        found = {one.unit: one.most for one in engine.load("US", at).counters_for(letter, at)}
        assert found["city_contact"] == most


# -- Drafts and calendars -------------------------------------------------------------------------
def test_the_indian_draft_is_off_until_somebody_asks_for_it() -> None:
    names = {layer.name for layer in layers.stack("IN")}
    late = at_wall("2026-11-23 22:00", "Asia/Kolkata")
    sms = base("IN")["sms"]

    assert "india_draft" not in names and fires("IN", sms, late) == set()
    drafts = engine.load("IN", late, drafts=True)
    assert "IN-DRAFT-001" in {one.id for one in drafts.judge(sms, late).fired}


def tenant(folder: Path, text: str) -> overlay.Overlay:
    path = folder / "own.yaml"
    path.write_text(f"pack: own\nlayer: tenant\n{text}\n", encoding="utf-8")
    return overlay.read(path)


def test_a_lender_fills_in_the_holidays_of_indonesia(tmp_path: Path) -> None:
    own = tenant(tmp_path, "parameters: {holidays: [2026-11-25]}")
    sms = base("ID")["sms"] | {"consents": []}

    def outcome(text: str) -> tuple[Outcome, datetime | None]:
        at = at_wall(text, "Asia/Jakarta")
        verdict = engine.load("ID", at, overlay=own).judge(sms, at)
        return verdict.outcome, verdict.until

    assert outcome("2026-11-24 12:00") == (Outcome.ALLOW, None)
    assert outcome("2026-11-25 12:00") == (
        Outcome.WAIT, at_wall("2026-11-26 08:00", "Asia/Jakarta"),
    )  # fmt: skip
    # Nobody has filled in the next year.
    assert outcome("2027-01-04 12:00") == (Outcome.REFUSE, None)
    assert fires("ID", sms, at_wall("2026-11-24 12:00", "Asia/Jakarta")) == {"ID-TIME-001"}


def test_a_tenant_may_not_open_a_countrys_hours(tmp_path: Path) -> None:
    at = at_wall("2026-11-23 12:00", "America/Mexico_City")
    for text in ('parameters: {open_until: "22:01"}', 'parameters: {open_from: "06:59"}'):
        with pytest.raises(Invalid, match="loosen"):
            engine.load("MX", at, overlay=tenant(tmp_path, text))
    stricter = engine.load(
        "MX", at, overlay=tenant(tmp_path, 'parameters: {open_until: "20:00"}')
    )  # fmt: skip
    late = at_wall("2026-11-23 20:01", "America/Mexico_City")
    assert not stricter.judge(base("MX")["sms"], late).is_allowed


@pytest.mark.parametrize(
    ("zones", "until"),
    [
        ("America/New_York,Asia/Tokyo", "2026-11-23T23:00+00:00"),
        # 08:00 in New York is 21:00 in Shanghai: one minute of the day is open in all three.
        ("America/New_York,Asia/Shanghai,Europe/London", "2026-11-24T13:00+00:00"),
        ("America/New_York,Asia/Tokyo,Europe/London", None),
    ],
)  # fmt: skip
def test_it_must_be_open_in_every_place_at_once(zones: str, until: str | None) -> None:
    call = base("US")["call"] | {"time_zones": zones}
    verdict = engine.load("US", AT).judge(call, AT)

    assert verdict.until == (datetime.fromisoformat(until) if until else None)
    assert verdict.outcome is (Outcome.WAIT if until else Outcome.REFUSE)


@pytest.mark.parametrize("country", PACKS)
def test_every_rule_says_its_source_and_no_source_is_checked_by_anybody(country: str) -> None:
    book = engine.load(country, AT, drafts=True)

    for rule in book.rules:
        source = book.instruments[rule.instrument]
        assert rule.en and rule.zh and source.title
        assert source.link is None and source.checked_by is None
