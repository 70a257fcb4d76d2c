"""Recorded attempts, judged again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.rulebook import casebook, engine, overlay, records
from recoup.rulebook.facts import frame_of, of_frame
from recoup.rulebook.instants import JUDGED_AT, SPANS
from recoup.rulebook.vocabulary import CHANNELS

BASE = casebook.base_of("china")
ZONES = ["Asia/Shanghai", "Asia/Shanghai,Asia/Urumqi", "America/New_York,Asia/Tokyo", "Nowhere", ""]


def lot(*attempts: tuple[datetime, dict[str, Any], bool]) -> pl.DataFrame:
    """Recorded attempts, as a replay reads them."""
    return pl.DataFrame(
        {
            "id": [f"P{n}" for n in range(len(attempts))],
            "at": [int(at.timestamp()) for at, _, _ in attempts],
            "facts": [json.dumps(facts, ensure_ascii=False) for _, facts, _ in attempts],
            "permitted": [permitted for _, _, permitted in attempts],
        },
        schema={"id": pl.String, "at": pl.Int64, "facts": pl.String, "permitted": pl.Boolean},
    )


def what_if(tmp_path: Path, text: str) -> overlay.Overlay:
    path = tmp_path / "what-if.yaml"
    path.write_text(f"pack: try\nlayer: what-if\n{text}", encoding="utf-8")
    return overlay.read(path)


def at(text: str) -> datetime:
    return casebook.clock(text, "Asia/Shanghai")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(ZONES), st.integers(1_530_000_000, 1_800_000_000)),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_each_row_at_its_own_instant_is_as_alone(rows: list[tuple[str, int]]) -> None:
    frame = frame_of([{"time_zones": zones, "birth_year": 1990} for zones, _ in rows])
    instants = [epoch for _, epoch in rows]

    together = of_frame(frame.with_columns(pl.Series(JUDGED_AT, instants)), at("2026-01-01 10:00"))

    for place, (_, epoch) in enumerate(rows):
        alone = of_frame(frame[place], datetime.fromtimestamp(epoch, UTC))
        for name in (*SPANS, "age_least"):
            absent = np.broadcast_to(together.missing(name), len(rows))[place]
            assert absent == np.all(alone.missing(name)), name
            if not absent:
                mine, theirs = getattr(together, name), getattr(alone, name)
                both = (mine.bits, theirs.bits) if name == "local_days" else (mine, theirs)
                assert np.broadcast_to(both[0], len(rows))[place] == both[1], name


def test_a_standard_moved_a_month_earlier_blocks_what_it_forbids(tmp_path: Path) -> None:
    """
    the fourth call of 10 February 2025       in force 28 February ──▷      moved to 28 January ──✗
    """
    fourth = BASE["call"] | {"effective_calls_today": 3}
    lots = [lot((at("2025-02-10 10:00"), fourth, True), (at("2025-01-20 10:00"), fourth, True))]
    moved = what_if(tmp_path, "instruments: {gbt_45251: {in_force_from: 2025-01-28}}\n")

    as_it_was = records.replay(lots, jurisdiction="CN")
    as_it_might = records.replay(lots, jurisdiction="CN", overlay=moved)

    assert "CN-FREQ-001" not in as_it_was.by_rule
    assert as_it_might.by_rule["CN-FREQ-001"] == 1
    assert as_it_might.samples["CN-FREQ-001"] == ["P0"]


def test_a_cap_of_two_blocks_the_third_call(tmp_path: Path) -> None:
    third = BASE["call"] | {"effective_calls_today": 2}
    lots = [
        lot((at("2026-11-23 10:00"), third, True), (at("2026-11-23 11:00"), BASE["call"], True))
    ]

    found = records.replay(
        lots,
        jurisdiction="CN",
        overlay=what_if(tmp_path, "parameters: {most_effective_calls: 2}\n"),
    )

    assert (found.judged, found.permitted, found.blocked) == (2, 2, 1)
    assert set(found.by_rule) == {"CN-FREQ-001", "CN-FREQ-002"}


def test_what_was_refused_and_would_be_allowed_is_counted_too(tmp_path: Path) -> None:
    late = (at("2026-11-23 22:30"), BASE["sms"], False)
    later = what_if(tmp_path, 'parameters: {quiet_start: "23:00"}\n')

    assert records.replay([lot(late)], jurisdiction="CN").freed == 0
    assert records.replay([lot(late)], jurisdiction="CN", overlay=later).freed == 1


def test_all_may_be_judged_by_the_rules_of_one_day() -> None:
    fourth = BASE["call"] | {"effective_calls_today": 3}
    lots = [lot((at("2025-02-10 10:00"), fourth, True))]

    found = records.replay(lots, jurisdiction="CN", as_of=at("2026-11-23 10:00"))

    assert found.by_rule["CN-FREQ-001"] == 1


def test_before_there_was_a_rulebook_everything_is_blocked() -> None:
    found = records.replay([lot((at("2010-01-05 10:00"), BASE["sms"], True))], jurisdiction="CN")

    assert (found.blocked, found.no_rulebook) == (1, 1)


def test_recorded_facts_are_read_as_they_were_judged() -> None:
    rows = [BASE[name] for name in BASE]
    instants = [at("2026-11-23 10:00") + timedelta(minutes=n) for n in range(len(rows))]
    made = lot(*((when, row, True) for when, row in zip(instants, rows, strict=True)))

    frame = records.frame_of_records(made["facts"], made["at"])
    judged = engine.load("CN", instants[0]).judge_frame(frame, instants[0])

    assert frame.drop(JUDGED_AT).equals(frame_of(rows).select(frame.drop(JUDGED_AT).columns))
    assert judged.allowed.all()


@pytest.mark.parametrize(
    "text", [
        "rules: [CN-FREQ-004]", "rules: {4: on}", "parameters: 5", "parameters: [2]",
        "instruments: [gbt_45251]", "instruments: {gbt_45251: {in_force_from: 2025-13-45}}",
        "instruments: {gbt_45251: {in_force_from: 2025-01-28 10:00:00}}",
        'parameters: {most_effective_calls: "2"}', "parameters: {most_effective_calls: [2]}",
        "parameters: {most_effective_calls: true}", "parameters: {most_effective_calls: 2.5}",
        "parameters: {most_effective_calls: -1}", "parameters: {most_effective_calls: .nan}",
        "parameters: {most_effective_calls: -.inf}", "parameters: {most_effective_calls: null}",
        "parameters: {most_effective_calls: {call: 2}}", "parameters: {quiet_start: 21:00}",
        'parameters: {quiet_start: "21"}', 'parameters: {quiet_start: "25:00"}',
        "parameters: {most_contacts: 5}", "parameters: {most_contacts: {fax: 1}}",
        "parameters: {most_contacts: {sms: -1}}", "parameters: {most_contacts: {sms: 1000000}}",
        "parameters: {contact_window_days: {letter: 999999999}}",
        "parameters: {permit_minutes: ten}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("layer", ["tenant", "what-if"])
def test_an_overlay_of_another_shape_or_kind_does_not_load(
    tmp_path: Path, layer: str, text: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"layer: {layer}\n{text}\n", encoding="utf-8")

    with pytest.raises(Invalid):
        engine.load("CN", at("2026-11-23 10:00"), overlay=overlay.read(path))


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("CN", "parameters: {permit_minutes: 60}"), ("US", "parameters: {adult_age: 0}"),
        ("CN", "parameters: {adult_age: 17}"), ("US", "parameters: {most_electronic: 4}"),
        ("CN", "parameters: {contact_window_days: {letter: 6}}"),
        ("GB", 'parameters: {open_from: "00:00"}'), ("GB", "parameters: {rest_days: []}"),
        ("CN", "rules: {CN-PARTY-009: off}"),
    ],
)  # fmt: skip
def test_a_number_of_the_house_that_law_or_the_gate_computes_with_is_only_tightened(
    tmp_path: Path, country: str, text: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"layer: tenant\n{text}\n", encoding="utf-8")

    with pytest.raises(Invalid, match=r"loosen|switches off"):
        engine.load(country, at("2026-11-23 10:00"), overlay=overlay.read(path))


def test_channels_that_a_tenant_does_not_name_keep_their_caps(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("layer: tenant\nparameters: {most_contacts: {sms: 1}}\n", encoding="utf-8")
    now = at("2026-11-23 10:00")
    plain = engine.load("CN", now).parameters.most_contacts

    own = engine.load("CN", now, overlay=overlay.read(path)).parameters.most_contacts

    sms = CHANNELS.index("sms")
    assert (plain[sms], own[sms]) == (2, 1)
    assert [n for i, n in enumerate(own) if i != sms] == [
        n for i, n in enumerate(plain) if i != sms
    ]


def test_rules_that_do_not_load_are_told_and_block_nothing_in_a_replay(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("layer: what-if\nrules: {CN-FREQ-000: on}\n", encoding="utf-8")
    lots = [lot((at("2026-11-23 10:00"), BASE["sms"], True))]

    with pytest.raises(Invalid, match="CN-FREQ-000"):
        records.replay(lots, jurisdiction="CN", overlay=overlay.read(path))


def test_an_overlay_of_a_tenant_may_tighten_and_not_loosen(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    now = at("2026-11-23 10:00")
    path.write_text("layer: tenant\nparameters: {most_effective_calls: 2}\n", encoding="utf-8")
    tighter = engine.load("CN", now, overlay=overlay.read(path))
    assert tighter.parameters.most_effective_calls == 2

    path.write_text("layer: tenant\nparameters: {most_effective_calls: 4}\n", encoding="utf-8")
    with pytest.raises(Invalid, match="loosen"):
        engine.load("CN", now, overlay=overlay.read(path))
    path.write_text("layer: tenant\nrules: {CN-FREQ-001: off}\n", encoding="utf-8")
    with pytest.raises(Invalid, match="switches off"):
        engine.load("CN", now, overlay=overlay.read(path))
    path.write_text("layer: tenant\nrules: {HOUSE-CAP-001: maybe}\nmood: bad\n", encoding="utf-8")
    with pytest.raises(Invalid) as error:
        overlay.read(path)
    assert {problem.where for problem in error.value.problems} == {
        "mine.yaml:2 rules", "mine.yaml:3 mood",
    }  # fmt: skip
