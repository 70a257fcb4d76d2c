"""The engine: loading, missing facts, broken rules, exceptions, one contact and many alike."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.rulebook import casebook, engine, layers, sources
from recoup.rulebook.facts import frame_of, local_time
from recoup.rulebook.rule import Pack
from recoup.rulebook.sources import Parameter, ParameterValue
from recoup.rulebook.verdict import Outcome
from recoup.rulebook.vocabulary import DERIVED, FACTS, bits

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BOOK = engine.load("CN", AT)
BASE = casebook.base_of("china")
KNOWN = sources.instruments(layers.stack("CN"))
ZONES = ["Asia/Shanghai", "Asia/Urumqi", "Asia/Tokyo,America/New_York", "Nowhere/Here", ""]


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
    if name == "birth_year":
        return st.integers(1930, 2012)
    return st.integers(0, 1500)


ROW = st.fixed_dictionaries(
    {name: st.none() | value_of(name) for name in FACTS if name not in DERIVED}
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=8), st.integers(1_530_000_000, 1_800_000_000))
def test_one_contact_and_many_are_judged_alike_by_every_rule(
    rows: list[dict[str, Any]], epoch: int
) -> None:
    at = local_time(epoch)
    book = engine.load("CN", at)

    judged = book.judge_frame(frame_of(rows), at)

    for place, row in enumerate(rows):
        alone = book.judge(row, at)
        together = {name for name, mask in judged.fired.items() if mask[place]}
        assert together == {fired.id for fired in alone.fired}
        assert judged.allowed[place] == alone.is_allowed
        assert judged.verdict(place).digest == alone.digest


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["sms", "email", "letter", "call"]), st.data())
def test_taking_a_fact_away_never_allows_more(contact: str, data: st.DataObject) -> None:
    changed = BASE[contact] | data.draw(
        st.fixed_dictionaries({}, optional={n: value_of(n) for n in FACTS if n not in DERIVED})
    )
    gone = data.draw(st.sampled_from(sorted(set(changed) - {"birth_year"})))

    before = BOOK.judge(changed, AT)
    after = BOOK.judge({**changed, gone: None}, AT)

    assert before.is_allowed or not after.is_allowed


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_more_contacts_never_allow_more(fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    counts = {
        "effective_calls_today": fewer,
        "unconnected_today": fewer,
        "contacts_in_window": fewer,
    }

    before = BOOK.judge(BASE["call"] | counts, AT)
    after = BOOK.judge(BASE["call"] | dict.fromkeys(counts, more), AT)

    assert before.is_allowed or not after.is_allowed


def test_a_contact_of_which_nothing_is_known_fires_every_rule_that_needs_a_fact() -> None:
    verdict = BOOK.judge({}, AT)

    needing = {rule.id for rule in BOOK.rules if rule.needs and rule.effect != "allow"}
    assert needing <= {fired.id for fired in verdict.fired}
    assert verdict.outcome is Outcome.REFUSE


def test_a_frame_without_columns_is_refused_row_by_row() -> None:
    judged = BOOK.judge_frame(pl.DataFrame({"case": [1, 2, 3]}), AT)

    assert not judged.allowed.any()


def test_a_value_of_the_wrong_kind_is_missing() -> None:
    facts = BASE["sms"] | {"point_valid": "yes"}

    verdict = BOOK.judge(facts, AT)

    assert [(fired.id, fired.missing) for fired in verdict.fired] == [
        ("HOUSE-POINT-001", ("point_valid",))
    ]


def test_every_verdict_cites_source_force_and_confidence() -> None:
    verdict = BOOK.judge(BASE["sms"] | {"contacts_in_window": 2, "stops": ["dispute"]}, AT)

    told = verdict.as_json()["fired"]
    assert [one["id"] for one in told] == ["CN-FREQ-005", "HOUSE-HOLD-DISPUTE"]
    assert all(one["zh"] and one["en"] and one["source"]["title"] for one in told)
    assert told[0]["confidence"] == "HOUSE" and told[0]["source"]["verified"] is False


def test_a_broken_rule_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(f: Any, p: Any) -> Any:
        """Break."""
        raise ZeroDivisionError

    rule = next(rule for rule in BOOK.rules if rule.id == "HOUSE-POINT-001")
    broken = engine.Rulebook(
        BOOK.jurisdiction, BOOK.day,
        tuple(_with(one, breaks) if one is rule else one for one in BOOK.rules),
        BOOK.parameters, BOOK.instruments, BOOK.digest,
    )  # fmt: skip

    verdict = broken.judge(BASE["sms"], AT)

    assert [(fired.id, fired.broken) for fired in verdict.fired] == [("HOUSE-POINT-001", True)]
    assert verdict.outcome is Outcome.REFUSE
    assert not broken.judge_frame(frame_of([BASE["sms"]]), AT).allowed.any()


def _with(rule: Any, function: Any) -> Any:
    from dataclasses import replace

    return replace(rule, function=function, until=None)


def test_an_exception_switches_off_only_the_rule_it_names() -> None:
    letter = BASE["letter"] | {"says": ["complaint", "card_letter"]}

    verdict = BOOK.judge(letter, AT)

    assert [fired.id for fired in verdict.fired] == ["CN-SAY-Y01"]
    assert verdict.exempted == (("CN-SAY-N08", "HOUSE-LETTER-001"),)


def test_the_stricter_of_two_sources_binds() -> None:
    values = (
        ParameterValue(3, date(2025, 1, 1), KNOWN["gbt_45251"], "STD-SHOULD", "S"),
        ParameterValue(2, date(2026, 1, 1), KNOWN["cba_2026"], "SELF-MUST", "S"),
    )
    cap = Parameter("cap", "calls", "smallest", values)

    assert [cap.binding(date(year, 6, 1)) for year in (2024, 2025, 2026)] == [None, 3, 2]


def test_a_later_value_of_one_source_replaces_the_earlier_even_if_looser() -> None:
    values = (
        ParameterValue(3, date(2025, 1, 1), KNOWN["gbt_45251"], "STD-SHOULD", "S"),
        ParameterValue(5, date(2026, 1, 1), KNOWN["gbt_45251"], "STD-SHOULD", "S"),
    )

    assert Parameter("cap", "calls", "smallest", values).binding(date(2026, 6, 1)) == 5


def pack_folder(root: Path, name: str = "odd", **files: str) -> layers.Layer:
    """A pack written for a test, over the real base."""
    folder = root / name
    folder.mkdir(parents=True)
    text = files.pop("pack", "layer: country\nover: base\njurisdiction: XX\nfrom: 2020-01-01\n"
                     "state: in_force\ntime_zone: Asia/Shanghai\n")  # fmt: skip
    for stem, content in {"pack": text, **files}.items():
        (folder / f"{stem}.yaml").write_text(content, encoding="utf-8")
    return layers.layer(name, root)


def test_a_parameter_without_a_source_does_not_load_and_says_where(tmp_path: Path) -> None:
    layer = pack_folder(
        tmp_path,
        parameters="# one\nodd:\n  unit: parsecs\n  strictest: smallest\n"
        "  values:\n    - {value: 3, instrument: hearsay}\n",
    )

    with pytest.raises(Invalid) as error:
        sources.parameters([layer], {})

    told = [(problem.where, problem.what) for problem in error.value.problems]
    assert {where for where, _ in told} == {"odd/parameters.yaml:2 odd"}
    assert any("parsecs" in what for _, what in told)
    assert any("names no instrument" in what for _, what in told)
    assert any("force" in what for _, what in told)


def test_two_values_of_one_instrument_from_one_day_do_not_load(tmp_path: Path) -> None:
    layer = pack_folder(
        tmp_path,
        parameters="odd:\n  unit: calls\n  strictest: smallest\n  values:\n"
        + 2 * "    - {value: 3, instrument: gbt_45251, force: LAW, confidence: T}\n",
    )

    with pytest.raises(Invalid) as error:
        sources.parameters([layer], KNOWN)

    assert any("two values" in problem.what for problem in error.value.problems)


def test_a_pack_that_is_no_yaml_says_which_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"odd/pack.yaml:3 is no YAML"):
        pack_folder(tmp_path, pack="layer: country\nover: [base\nfrom: 2020-01-01\n")


def test_packs_in_a_circle_do_not_load(tmp_path: Path) -> None:
    text = "layer: {layer}\nover: {over}\nfrom: 2020-01-01\nstate: in_force\n"
    pack_folder(tmp_path, "one", pack=text.format(layer="region", over="two"))
    pack_folder(tmp_path, "two", pack=text.format(layer="country", over="one"))

    with pytest.raises(Invalid, match="over"):
        layers.stack("XX", folder=tmp_path)


def test_a_draft_stays_out_unless_asked_for(tmp_path: Path) -> None:
    base = "layer: base\nover: null\nfrom: 2020-01-01\nstate: in_force\n"
    country = ("layer: country\nover: base\njurisdiction: XX\nfrom: 2020-01-01\n"
               "state: draft\ntime_zone: UTC\n")  # fmt: skip
    pack_folder(tmp_path, "base", pack=base)
    pack_folder(tmp_path, "draft", pack=country)

    with pytest.raises(Invalid, match="no rulebook for XX"):
        layers.stack("XX", folder=tmp_path)
    assert [one.name for one in layers.stack("XX", drafts=True, folder=tmp_path)] == [
        "base", "draft",
    ]  # fmt: skip


def test_a_rule_without_a_source_does_not_load() -> None:
    pack = Pack("XX")

    @pack.rule("XX-1", instrument="hearsay", force="LAW", confidence="M", effect="deny",
               zh="不得")  # fmt: skip
    def odd(f: Any, p: Any) -> Any:
        """Never."""
        return f.everywhere(True)

    with pytest.raises(Invalid, match="does not load"):
        pack.on(date(2026, 1, 1), {}, own_date=date(2018, 1, 1))


def test_a_rule_that_reads_a_fact_undeclared_does_not_load() -> None:
    pack = Pack("XX")

    with pytest.raises(Invalid, match="balance"):

        @pack.rule("XX-1", instrument="house", force="LAW", confidence="M", effect="deny",
                   zh="不得")  # fmt: skip
        def odd(f: Any, p: Any) -> Any:
            """Never."""
            return f.balance > 0


def test_a_jurisdiction_without_a_rulebook_says_so() -> None:
    with pytest.raises(Invalid, match="no rulebook for ZZ"):
        engine.load("ZZ", AT)


def test_what_the_tables_do_not_give_is_shown_as_unverified() -> None:

    assert all(one.link is None and not one.is_verified for one in KNOWN.values())


def test_a_million_rows_are_judged_as_masks() -> None:
    frame = frame_of([BASE["sms"], BASE["sms"] | {"stops": ["dispute"]}])
    many = pl.concat([frame] * 500)

    judged = BOOK.judge_frame(many, AT)

    assert judged.allowed.sum() == 500
    assert judged.counts() == {"HOUSE-HOLD-DISPUTE": 500}
    assert judged.allowed.dtype == np.bool_


def test_an_approval_sets_aside_a_rule_that_may_be_and_no_law() -> None:
    night = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    call = BASE["call"] | {"effective_calls_today": 3, "recording_ready": False}
    asked = {"CN-FREQ-001": "approval:7", "CN-FREQ-002": "approval:7", "CN-CALL-001": "approval:7",
             "HOUSE-CLOCK-001": "approval:7"}  # fmt: skip

    alone = BOOK.judge(call, AT, approved=asked)
    together = BOOK.judge_many([call, call], AT, approved={1: asked})

    assert [fired.id for fired in alone.fired] == ["CN-CALL-001"]
    assert ("CN-FREQ-001", "approval:7") in alone.exempted
    assert together.verdict(1).digest == alone.digest
    assert "CN-FREQ-001" in {fired.id for fired in together.verdict(0).fired}
    assert {f.override for f in BOOK.judge(BASE["sms"], night).fired} == {"compliance", "leader"}


def test_what_must_be_said_is_asked_by_the_packs_that_hold() -> None:
    agency = {"channel": "call", "collector": "agency"}
    own = {"channel": "call", "collector": "creditor"}
    book = engine.load("US", AT)

    both = [book.judge(facts, AT).must_say for facts in (agency, own)]

    assert set(both[1]) < set(both[0])
