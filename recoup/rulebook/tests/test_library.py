"""The rules to look things up in: what holds on a day, its numbers, its cases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from recoup.kernel.errors import Invalid
from recoup.rulebook import engine, library, overlay
from recoup.rulebook.library import Entry

DAY = date(2026, 11, 23)


def _entry(name: str, country: str = "CN", day: date = DAY) -> Entry:
    found = [entry for entry in library.entries(country, day) if entry.rule.id == name]
    return next((entry for entry in found if entry.state == "in_force"), found[0])


@pytest.mark.parametrize("country", library.jurisdictions())
def test_what_the_library_calls_in_force_is_what_contacts_are_judged_by(country: str) -> None:
    listed = {e.rule.id for e in library.entries(country, DAY) if e.state == "in_force"}

    try:
        judged = {r.id for r in engine.load(country, library.noon(country, DAY)).rules}
    except Invalid:  # a country whose pack is a draft
        judged = set()
    assert listed == judged


def test_a_house_rule_that_a_country_replaces_says_so_and_so_does_one_that_ships_off() -> None:
    states = {entry.rule.id: entry.state for entry in library.entries("CN", DAY)}

    assert states["HOUSE-CAP-001"] == "replaced"
    assert states["CN-FREQ-004"] == "off"


def test_before_a_rule_begins_it_is_listed_as_to_come() -> None:
    assert _entry("CN-AI-001", day=date(2025, 8, 31)).state == "later"
    assert _entry("CN-AI-001", day=date(2025, 9, 1)).state == "in_force"


def test_before_the_country_has_rules_none_is_in_force() -> None:
    assert not [e for e in library.entries("CN", date(2018, 3, 27)) if e.state == "in_force"]


def test_a_rule_shows_its_numbers_and_those_of_the_counters_it_looks_at() -> None:
    hours = library.numbers(_entry("CN-TIME-001"), "CN", DAY)
    cap = library.numbers(_entry("CN-FREQ-005"), "CN", DAY)

    assert {number.name for number in hours} >= {"quiet_start", "quiet_end"}
    assert all(value.value in ("22:00", "08:00") for n in hours for value in n.binding)
    assert {number.name for number in cap} >= {"most_contacts", "contact_window_days"}


def test_a_tenants_tighter_number_binds_and_its_switch_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "pack: own\nlayer: tenant\nparameters: {most_effective_calls: 2}\n"
        "rules: {CN-FREQ-004: on}\n"
    )
    own = overlay.read(file)

    states = {e.rule.id: e.state for e in library.entries("CN", DAY, own)}
    (number,) = library.numbers(_entry("CN-FREQ-001"), "CN", DAY, own)

    assert states["CN-FREQ-004"] == "in_force"
    assert [value.value for value in number.binding] == [2]


def test_every_rule_of_china_in_force_has_cases_that_show_it() -> None:
    bare = [
        entry.rule.id for entry in library.entries("CN", DAY)
        if entry.state == "in_force" and not library.cases_of(entry, "CN")
    ]  # fmt: skip

    assert bare == []


def test_what_a_person_has_refused_nobody_sets_aside() -> None:
    own = ("HOUSE-OPTOUT-001", "HOUSE-OPTOUT-002", "HOUSE-OPTOUT-003", "HOUSE-HOLD-ASKED",
           "HOUSE-TEMPLATE-001")  # fmt: skip

    assert {name: _entry(name).rule.override for name in own} == dict.fromkeys(own)
