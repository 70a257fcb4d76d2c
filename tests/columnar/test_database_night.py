"""`recoup night --engine columnar`: part by part, and yet the night of the whole book."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from django.conf import settings

from recoup import path
from recoup.gate import operations as gate
from recoup.gate import queries as gate_queries
from recoup.journal.models import Event
from recoup.journal.queries import verify
from recoup.kernel.errors import Failed, Invalid
from recoup.kernel.progress import quiet
from recoup.people import scopes
from recoup.portfolio import divided
from recoup.portfolio.divided import Columns
from recoup.portfolio.models import Case
from recoup.scoring import operations as scoring
from recoup.scoring import queries as scores
from recoup.scoring.models import ScoreRun
from recoup.strategy import arms, framing, operations, writing
from recoup.strategy.columnar import database, following, moved
from recoup.strategy.columnar.following import OVER_DATABASE
from recoup.strategy.effects import logged, measured
from recoup.strategy.models import Decision, Plan
from recoup.strategy.planning import Night
from recoup.strategy.prospects import look
from recoup.strategy.reading import read, shipped
from recoup.strategy.schema import Learning, Strategy
from tests.columnar import demolike
from tests.columnar.demolike import SIZE

pytestmark = pytest.mark.django_db
FEATURES = ("payments_180", "promises_broken_180", "days_since_payment")


@pytest.fixture
def story(data_dir: Path, db: None, system: Any) -> Iterator[Any]:
    """The book, with its rows reachable; one arm learns."""
    book = demolike.opened(data_dir, by=system)
    with scopes.acting_for(book):
        yield book


@pytest.fixture
def ahead(data_dir: Path, db: None, system: Any) -> Iterator[Any]:
    """The same under a strategy that looks ahead."""
    book = demolike.opened(data_dir, by=system, more=demolike.WAITING)
    with scopes.acting_for(book):
        yield book


def moment(book: Any, day: int, system: Any) -> path.Moment:
    on = demolike.AS_OF + timedelta(days=day)
    folder = Path(settings.DATA_DIR) / "columns" / f"{day}"
    return path.Moment(
        book=book, on=on, at=demolike.at(day), by=system, columns=Columns(folder, SIZE)
    )


def until(step: str, now: path.Moment) -> None:
    """The steps of a night before one."""
    for one in path.NIGHT:
        if one.name == step:
            return
        one.run(now)


def after(step: str, now: path.Moment) -> None:
    names = [one.name for one in path.NIGHT]
    for one in path.NIGHT[names.index(step) + 1 :]:
        one.run(now)


def score(now: path.Moment, columns: Columns | None) -> tuple[pl.DataFrame, Any, Any]:
    """What a scoring writes, undone."""
    run = scoring.score_book(book=now.book, on=now.on, by=now.by, at=now.at, columns=columns)
    found = (
        scores.scores_frame(book=now.book, on=now.on),
        scores.features_frame(book=now.book, on=now.on, columns=FEATURES),
        run.drift,
    )
    ScoreRun.objects.filter(pk=run.pk).delete()
    return found


def ordinary(now: path.Moment) -> Night:
    """The night of the whole book in memory, not kept."""
    version = operations.in_force(now.book)
    return writing.decided(
        book=now.book, version=version, on=now.on, at=now.at,
        facts=gate_queries.facts_frame(book=now.book, on=now.on),
        stopped=arms.stopped(book=now.book, salt=read(version.source).salt),
    )  # fmt: skip


def by_parts(now: path.Moment) -> writing.Planned:
    """The night part by part, not kept."""
    version = operations.in_force(now.book)
    return writing.planned(
        book=now.book, version=version, on=now.on, at=now.at, columns=now.columns,
        facts=gate_queries.Facts(book=now.book, on=now.on), progress=quiet,
        stopped=arms.stopped(book=now.book, salt=read(version.source).salt),
    )  # fmt: skip


def rows_of(plan: Plan) -> pl.DataFrame:
    return pl.read_parquet(Path(settings.DATA_DIR) / plan.file)


def demand_same(plan: Plan, expected: Night) -> None:
    """The plan, its record, its event and its decisions are those of an ordinary night."""
    rows = rows_of(plan)
    different = [
        name for name in expected.rows.columns
        if name not in rows.columns or not rows[name].equals(expected.rows[name])
    ]  # fmt: skip
    assert (rows.schema, different) == (expected.rows.schema, [])
    assert (plan.rows, plan.chosen) == (expected.cases, expected.acted)
    assert plan.prices == pytest.approx(expected.prices, rel=1e-9)
    assert (plan.budgets, plan.certificate) == (expected.budgets, expected.certificate)
    assert (plan.refused, plan.rules) == (expected.refused, expected.rules)
    looks_ahead = {} if expected.expected is None else {"waiting": expected.expected}
    assert plan.effects == (
        expected.effects.as_dict() | {"complaints": expected.complaints} | looks_ahead
    )
    assert expected.rulebook in Event.objects.filter(kind="strategy.decided").last().data
    chosen = expected.rows.filter(pl.col("treatment") != "")
    meant = list(writing.decisions(plan, read(plan.strategy.source), chosen))
    names = [f.attname for f in Decision._meta.concrete_fields if f.attname not in ("id", "state")]
    kept = Decision.objects.filter(plan=plan).order_by("pk")
    assert [[getattr(row, name) for name in names] for row in kept] == [
        [getattr(row, name) for name in names] for row in meant
    ]


def go_through(now: path.Moment) -> Night:
    """Scores and decisions by parts, kept and held to those of the whole book; gives the latter."""
    mine, theirs = score(now, now.columns), score(now, None)
    assert mine[0].equals(theirs[0]) and mine[1].equals(theirs[1]) and mine[2] == theirs[2]
    for step in ("score", "assign", "learn"):
        next(one for one in path.NIGHT if one.name == step).run(now)
    expected = ordinary(now)
    plan = next(one for one in path.NIGHT if one.name == "decide").run(now)
    demand_same(plan, expected)
    after("decide", now)
    return expected


def test_nights_by_parts_are_those_of_the_whole_book_case_by_case(story: Any, system: Any) -> None:
    seen: set[str] = set()
    for day in range(2):
        now = moment(story, day, system)
        until("score", now)
        found = go_through(now)
        demolike.play(story, day, by=system)
        seen |= set(found.rows["why"])

    rows = found.rows
    assert (rows.group_by("person").len()["len"] > 1).sum() == 12
    assert rows["route"].n_unique() == 3 and rows["objected_before"].sum() > 2
    assert "sampled" in found.tried and rows["sampled"].sum() > 20
    assert seen >= {"budget", "distress", "explored", "holdout", "stop", "waiting", "not_worth"}
    assert verify().is_whole


def test_what_is_asked_of_the_whole_book_is_asked_of_all_parts(
    ahead: Any, system: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the book moved from what was measured, and mean effects, for who looks ahead."""
    for module in (measured, moved):  # fewer cases than this are not compared
        monkeypatch.setattr(module, "FEWEST_TO_COMPARE", 100)
    nights = []
    for day in range(2):
        now = moment(ahead, day, system)
        until("score", now)
        # What was measured elsewhere first: the book is another one.
        demolike.measure(
            ahead, by=system, when=demolike.at(day), known=due_of(now) if day else None
        )
        nights.append(go_through(now))
        demolike.play(ahead, day, by=system)

    rows = nights[1].rows
    assert nights[0].expected == {"prices": {}, "rises": {}}
    assert nights[1].expected["prices"] and len(nights[1].expected["rises"]) == 2
    assert set(nights[0].effects.assumed.values()) == {"book_moved"}
    assert len(nights[1].effects.by) == 2 and rows["self_cure"].null_count() == 0
    assert set(rows["complaint_by"]) == {"measured v1"} and "better_later" in set(rows["why"])


def due_of(now: path.Moment) -> np.ndarray:
    """What effects look at, of the cases that are due; scored, and the scoring undone."""
    run = scoring.score_book(book=now.book, on=now.on, by=now.by, at=now.at)
    strategy = read(demolike.strategy(demolike.WAITING))
    facts = gate_queries.facts_frame(book=now.book, on=now.on)
    frames = framing.frames(book=now.book, strategy=strategy, facts=facts, on=now.on, at=now.at)
    seen = look(book=now.book, strategy=strategy, frames=frames, on=now.on, at=now.at)
    ScoreRun.objects.filter(pk=run.pk).delete()
    return logged.known_of(seen.cases[seen.due], repay_30=strategy.assumptions.repay_30)


def test_what_the_strategy_says_is_followed_or_refused_field_by_field() -> None:
    """A block that is new to strategies is refused until somebody says that parts follow it."""
    assert {one.name for one in fields(Strategy)} >= OVER_DATABASE > following.FOLLOWED
    plain = read(shipped())

    taught = replace(plain, learning=Learning(arm="patient"))
    learning = following.not_followed(taught)
    assert following.not_followed(plain) == following.not_followed(taught, OVER_DATABASE) == []
    assert [one.where for one in learning] == ["learning"]
    assert "--engine kernel" in str(learning[0]) and following.WHY["learning"] in str(learning[0])


def test_a_block_that_nobody_thought_of_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    strategy = read(demolike.strategy())
    monkeypatch.setattr(following, "OVER_DATABASE", OVER_DATABASE - {"routing"})

    with pytest.raises(Invalid, match="cannot be followed") as refused:
        following.demand_followed(strategy)

    assert [one.where for one in refused.value.problems] == ["routing"]
    assert following.OTHERWISE in str(refused.value.problems[0])


def test_a_strategy_that_is_not_followed_stops_the_night_before_anything_is_done(
    story: Any, system: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "OVER_DATABASE", OVER_DATABASE - {"routing"})
    now, events = moment(story, 0, system), Event.objects.count()

    with pytest.raises(Invalid, match="cannot be followed over columns"):
        path.night(book=story, on=now.on, at=now.at, by=system, columns=now.columns)

    assert Event.objects.count() == events
    assert not ScoreRun.objects.exists() and not now.columns.folder.exists()
    with pytest.raises(Invalid, match="cannot be followed over columns"):
        scoring.score_book(book=story, on=now.on, by=system, at=now.at)
        path.NIGHT[-5].run(now)
    assert not Plan.objects.exists()


def test_a_night_that_was_killed_looks_only_at_parts_that_are_not_there_or_changed(
    story: Any, system: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = moment(story, 0, system)
    until("decide", now)
    look, looked = database._look, []

    def killed_at_the_fourth(night: Any, frames: Any, file: Path, way: Any) -> None:
        if len(looked) == 3:
            raise KeyboardInterrupt
        looked.append(file)
        look(night, frames, file, way)

    monkeypatch.setattr(database, "_look", killed_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        by_parts(now)
    assert not list(writing.folder(story).glob("*.parquet"))
    kept = {file: file.stat().st_mtime_ns for file in looked}
    # Meanwhile somebody of the second part objects; and it is later, but no hours are over.
    case = Case.objects.filter(book=story).order_by("pk")[SIZE + 3]
    gate.stop(case=case, reason="dispute", source="letter", by=system, at=now.at)
    now = replace(now, at=now.at + timedelta(hours=3))
    monkeypatch.setattr(database, "_look", lambda *a: (looked.append(a[2]), look(*a)))

    planned = by_parts(now)

    assert len(looked) == 3 + 1 + (len(list(now.columns.folder.glob("parts/*.npz"))) - 3)
    assert {file for file, mtime in kept.items() if file.exists()} == {looked[0], looked[2]}
    assert all(file.stat().st_mtime_ns == kept[file] for file in (looked[0], looked[2]))
    assert pl.read_parquet(planned.path).equals(ordinary(now).rows)


def test_all_of_a_nights_record_is_visible_or_nothing(
    story: Any, system: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = moment(story, 0, system)
    until("decide", now)
    decide = next(one for one in path.NIGHT if one.name == "decide")
    write = writing.write_decisions

    def killed(**given: Any) -> None:
        write(**given)
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "write_decisions", killed)
    with pytest.raises(KeyboardInterrupt):
        decide.run(now)
    assert not Plan.objects.exists() and not Decision.objects.exists()
    assert not Event.objects.filter(kind="strategy.decided").exists()
    monkeypatch.setattr(writing, "write_decisions", write)

    plan, again = decide.run(now), decide.run(now)

    assert plan == again and Event.objects.filter(kind="strategy.decided").count() == 1
    demand_same(plan, ordinary(now))
    assert len(list(writing.folder(story).glob("*.parquet"))) == 1


def test_working_files_hold_no_personal_data(story: Any, data_dir: Path, system: Any) -> None:
    personal = set[str]()
    for file, columns in (
        ("accounts", ("name", "identity_number", "phone", "email", "address", "account_ref",
                      "borrower_ref")),
        ("contact_points", ("value", "borrower_ref")),
    ):  # fmt: skip
        known = pl.read_csv(data_dir / "lender" / f"{file}.csv", infer_schema=False)
        personal |= {value for name in columns for value in known[name].drop_nulls().to_list()}
    now = moment(story, 0, system)
    until("decide", now)
    by_parts(now)

    texts = set[str]()
    for frame in _frames(now.columns.folder):
        for name, kind in frame.schema.items():
            if kind == pl.String:
                texts |= set(frame[name].drop_nulls().unique().to_list())

    assert len(personal) > 1000 and len(texts) > 40
    assert not personal & texts
    assert not [text for text in texts if any(digits.isdigit() for digits in text.split()
                                              if len(digits) > 6)]  # fmt: skip


def _frames(folder: Path) -> Iterator[pl.DataFrame]:
    """Every frame that lies in the working files."""
    import io

    import pyarrow as pa

    for file in folder.rglob("*.arrow"):
        yield pl.DataFrame(pl.from_arrow(pa.ipc.open_file(file).read_all()))
    for file in folder.rglob("*.npz"):
        with np.load(file, allow_pickle=False) as kept:
            for name in ("cases", "points"):
                yield pl.read_ipc(io.BytesIO(kept[name].tobytes()))
            assert not [name for name in kept.files if kept[name].dtype.kind in "OSU"]


def test_one_night_at_a_time_works_in_a_folder_that_is_removed_unless_kept(tmp_path: Path) -> None:
    with divided.working(tmp_path, name="2026-11-16") as columns:
        (columns.folder / "left").touch()
        with pytest.raises(Failed, match="at work"), divided.working(tmp_path, name="2026-11-16"):
            pass
    assert not columns.folder.exists()

    with pytest.raises(KeyboardInterrupt), killed(tmp_path, "2026-11-17"):
        raise KeyboardInterrupt
    with divided.working(tmp_path, name="2026-11-17", keep=True) as columns:
        assert (columns.folder / "part").exists()
    with pytest.raises(KeyboardInterrupt), killed(tmp_path, "2026-11-18"):
        raise KeyboardInterrupt
    with divided.working(tmp_path, name="2026-11-19"):
        pass

    left = sorted(each.name for each in tmp_path.iterdir() if each.is_dir())
    assert left == ["2026-11-17"]


@contextmanager
def killed(root: Path, name: str) -> Iterator[None]:
    with divided.working(root, name=name) as columns:
        (columns.folder / "part").touch()
        yield


def test_facts_of_parts_are_those_of_the_book(story: Any, system: Any, tmp_path: Path) -> None:
    on: date = demolike.AS_OF
    demolike.play(story, 0, by=system)
    whole = gate_queries.facts_frame(book=story, on=on).sort("case", "channel")
    cases = np.array(Case.objects.filter(book=story).order_by("pk").values_list("pk", flat=True))
    facts = gate_queries.Facts(book=story, on=on)
    laid = divided.Divided.by_case(tmp_path / "laid", cases=cases, size=SIZE)
    facts.lay(laid)

    found = pl.concat([facts.of_part(laid, part) for part in range(laid.count)])

    assert found.select(whole.columns).sort("case", "channel").equals(whole)
