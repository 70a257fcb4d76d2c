"""
The hand-out as a problem: what each case is worth and needs, what each collector can and carries.

A skill or a licence is asked for once anybody is kept as having it, a language once anybody is
kept as speaking any; of whom no language is kept, the book's most common one is expected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.market import NONE, Cases, Collectors, reach
from recoup.people import queries as people
from recoup.people.models import Book
from recoup.people.queries import Barred, Colleague
from recoup.portfolio import queries as portfolio
from recoup.portfolio import states
from recoup.scoring import queries as scoring
from recoup.scoring.models import ScoreRun
from recoup.strategy import distress
from recoup.strategy.assigning.policy import VULNERABLE, Policy
from recoup.strategy.framing import SCORES, with_scores
from recoup.strategy.models import StrategyVersion
from recoup.strategy.reading import read
from recoup.strategy.schema import Assumptions

Ints = NDArray[np.int64]
TEAM = 1 << 40  # a team that takes cases as one is a collector of this number and its own
SPOKEN = pl.col("language").fill_null("").str.split("-").list.first()
LEAST = 1.0  # minor units: a case worth nothing still has a collector, after all others


@dataclass(frozen=True)
class Rulings:
    """What the strategy in force says: how to give out, and what is assumed where nothing is known."""

    policy: Policy = field(default_factory=Policy)
    assumptions: Assumptions | None = None


@dataclass(frozen=True)
class Problem:
    """
    Cases, collectors and what they were made from. `frame` has a row for each case, in its order:
    case, holder (whom it is with now, -1 for nobody), value, held_worth (what it brings with who
    has it now, minor units) and the names of what it needs; `hands` is a collector or team for each
    row of the collectors, `may` how many of the cases each may have.
    """

    frame: pl.DataFrame
    hands: list[Colleague]
    cases: Cases
    collectors: Collectors
    now: Ints
    policy: Policy
    scored: bool
    unlimited: NDArray[np.bool_]
    may: Ints


def some_of(collectors: Collectors, rows: Ints) -> Collectors:
    """These rows of the collectors."""
    return Collectors(
        collectors.ids[rows], collectors.capacity[rows], collectors.load[rows],
        collectors.effect[:, rows], collectors.languages[:, rows], collectors.regions[:, rows],
    )  # fmt: skip


def hand_of(one: Colleague) -> int:
    """The number of a collector, or of a team that takes cases as one."""
    return one.user or TEAM + one.team


def rulings(book: Book) -> Rulings:
    """What the strategy in force says of giving out cases; the usual if there is none."""
    version = StrategyVersion.objects.filter(book=book, state="active").first()
    if version is None:
        return Rulings()
    strategy = read(version.source)
    return Rulings(strategy.assignment, strategy.assumptions)


def gather(
    *, book: Book, on: date, vulnerable: Collection[int] = (), away: Colleague | None = None
) -> Problem:
    """
    The problem of a book on a day; with `away` that of a morning without them: their cases, and the
    colleagues of their team who are here, with what those hold.

    `vulnerable` are cases that need who works with people in distress, beside those that the last
    night found at risk of it.
    """
    vulnerable = {*vulnerable, *distress.of_last_night(book=book, before=on)}
    said = rulings(book)
    frame, scored = _cases(book, on, said)
    staff = people.staff(creditor=book.creditor_id, on=on)
    hands = _hands(book, on, staff, said.policy, away)
    frame = _held(frame, hands)
    everyday, held = _everyday(frame), None
    if away is not None:
        held = frame["holder"].to_numpy()
        frame = frame.filter(pl.col("collector") == away.user)
    frame = _needs(frame, book, said.policy, staff, vulnerable)
    frame = _worth_as_held(frame, staff, said.policy)
    asked = _asked_places(said.policy, staff)
    return _problem(frame, book, hands, said.policy, scored, asked, everyday, held)


def _cases(book: Book, on: date, said: Rulings) -> tuple[pl.DataFrame, bool]:
    """The worked cases that no agency has, with scores, their value and what conditions ask."""
    cases = portfolio.case_frame(book=book, on=on).filter(
        pl.col("state").is_in([str(state) for state in states.WORKED]) & pl.col("agency").is_null()
    )
    holders = portfolio.holders_frame(book=book).select("case", "language", "collector")
    frame = cases.join(holders, on="case", how="inner", maintain_order="left")
    run = ScoreRun.objects.filter(book=book, on__lte=on).order_by("-on").first()
    if run is None:
        scores = pl.DataFrame(schema={"case": pl.Int64})
    else:
        scores = scoring.scores_frame(book=book, on=run.on, columns=list(SCORES))
    scores = with_scores(scores)
    frame = frame.join(scores, on="case", how="left", maintain_order="left").with_columns(
        days_placed=(pl.lit(on) - pl.col("placed_on")).dt.total_days(),
        has_team=pl.col("team").is_not_null(), has_agency=pl.lit(False),
    )  # fmt: skip
    return frame.with_columns(value=_value(said, scored=run is not None)), run is not None


def _value(said: Rulings, *, scored: bool) -> pl.Expr:
    """What a case is expected to bring, in minor units; all that is overdue where nothing is scored."""
    overdue = pl.col("overdue").cast(pl.Float64).fill_null(0.0)
    if not scored:
        return pl.max_horizontal(overdue, pl.lit(LEAST))
    assume = said.assumptions
    usual, part = (assume.repay_30, assume.recoverable) if assume else (0.25, 1.0)
    chance = pl.col("repay_30").fill_null(usual) * (1 - pl.col("lost_contact").fill_null(0.0))
    return pl.max_horizontal(part * overdue * chance, pl.lit(LEAST))


def _hands(
    book: Book, on: date, staff: list[Colleague], policy: Policy, away: Colleague | None
) -> list[Colleague]:
    """Who may hold cases: not who is away for long; in a team's morning only who is here."""
    if away is not None:
        return [
            one for one in staff
            if one.team == away.team and one.is_here and one.user != away.user
        ]  # fmt: skip
    here = [
        one for one in staff
        if one.back_on is None or (one.back_on - on).days <= policy.away_days
    ]  # fmt: skip
    empty = people.empty_teams(creditor=book.creditor_id)
    return here + people.as_colleagues(empty, on)


def _held(frame: pl.DataFrame, hands: list[Colleague]) -> pl.DataFrame:
    """With whom each case is now: a collector, a team without any, or nobody who is here."""
    known = [one.user for one in hands if one.user]
    empty = [one.team for one in hands if not one.user]
    return frame.with_columns(
        holder=pl.when(pl.col("collector").is_in(known)).then(pl.col("collector"))
        .when(pl.col("collector").is_null() & pl.col("team").is_in(empty))
        .then(TEAM + pl.col("team")).otherwise(pl.lit(NONE, pl.Int64)).fill_null(NONE)
    )  # fmt: skip


def _everyday(frame: pl.DataFrame) -> str:
    """The language that most of the book's borrowers speak."""
    spoken = frame.select(spoken=SPOKEN)["spoken"].value_counts()
    common = Counter(dict(spoken.iter_rows())).most_common(1)
    return str(common[0][0]) if common else ""


def _needs(
    frame: pl.DataFrame, book: Book, policy: Policy, staff: list[Colleague],
    vulnerable: Collection[int],
) -> pl.DataFrame:  # fmt: skip
    """The name of the skill, language and place that each case needs; empty for none."""
    had = {code for one in staff for code in one.skills}
    skill = pl.lit("")
    for need in reversed(policy.skills):
        if need.code in had:
            skill = pl.when(need.when.expression).then(pl.lit(need.code)).otherwise(skill)
    if VULNERABLE in had and vulnerable:
        careful = pl.col("case").is_in(sorted(vulnerable))
        skill = pl.when(careful).then(pl.lit(VULNERABLE)).otherwise(skill)
    spoken = any(one.languages for one in staff)
    language = SPOKEN if spoken else pl.lit("")
    frame = frame.with_columns(need_skill=skill)
    regions = frame["region"].fill_null("").unique().to_list()
    asked = _asked_places(policy, staff)
    places = {region: _place(book.jurisdiction, region, asked) for region in regions}
    return frame.with_columns(
        need_language=language,
        need_place=pl.col("region").fill_null("").replace_strict(places, return_dtype=pl.String)
        if places else pl.lit(""),
    )  # fmt: skip


def effect_of(one: Colleague, skill: str, policy: Policy) -> float:
    """The share of a case's value that somebody brings; nothing without the skill it needs."""
    if not skill:
        return policy.tiers.get(one.tier, 1.0)
    return policy.tiers.get(one.skills[skill], 1.0) if skill in one.skills else 0.0


def _worth_as_held(frame: pl.DataFrame, staff: list[Colleague], policy: Policy) -> pl.DataFrame:
    skills = frame["need_skill"].unique().to_list()
    told = [(one.user, skill, effect_of(one, skill, policy)) for one in staff for skill in skills]
    table = pl.DataFrame(
        told, orient="row",
        schema={"collector": pl.Int64, "need_skill": pl.String, "effect": pl.Float64},
    )  # fmt: skip
    joined = frame.join(table, on=["collector", "need_skill"], how="left", maintain_order="left")
    return joined.with_columns(held_worth=pl.col("value") * pl.col("effect").fill_null(0.0))


def _asked_places(policy: Policy, staff: list[Colleague]) -> set[str]:
    held = {place for one in staff for place in one.places}
    return {place.casefold() for place in (*policy.licences, *held)}


def _place(country: str, region: str, asked: set[str]) -> str:
    """
    The licence that a case needs: of its part of the country, of the country, none. Where the part
    is not known, `?`: every licence that is asked for there.
    """
    whole = country.casefold()
    if not region and any(place.startswith(f"{whole}-") for place in asked):
        return f"{whole}-?"
    part = f"{whole}-{region.strip().casefold()}"
    return part if part in asked else whole if whole in asked else ""


def _problem(
    frame: pl.DataFrame, book: Book, hands: list[Colleague], policy: Policy, scored: bool,
    asked: set[str], everyday: str, held: Ints | None,
) -> Problem:  # fmt: skip
    skills = sorted(set(frame["need_skill"].unique().to_list()) - {""})
    spoken = sorted(set(frame["need_language"].unique().to_list()) - {""})
    places = sorted(set(frame["need_place"].unique().to_list()) - {""})
    now = frame["holder"].to_numpy()
    elsewhere = portfolio.loads_elsewhere(book=book)
    load = np.array([elsewhere.get(one.user, 0) for one in hands], dtype=np.int64)
    ids = np.array([hand_of(one) for one in hands], dtype=np.int64)
    if held is not None:
        load += _count(held, ids)
    barred = people.conflicts(creditor=book.creditor_id)
    cases = Cases.of(
        ids=frame["case"].to_numpy(), value=frame["value"].to_numpy(),
        skill=_places_in(frame["need_skill"], ["", *skills]),
        language=_places_in(frame["need_language"], spoken),
        region=_places_in(frame["need_place"], places),
        conflicts=_conflicts(frame, book, barred),
    )  # fmt: skip
    effect = [[effect_of(one, code, policy) for one in hands] for code in ("", *skills)]
    collectors = Collectors.of(
        ids=ids, capacity=load, load=load,
        effect=np.array(effect).reshape(1 + len(skills), len(hands)),
        languages=[[_speaks(one, code, everyday) for one in hands] for code in spoken] or None,
        regions=[[_may_in(one, place, asked) for one in hands] for place in places] or None,
    )  # fmt: skip
    may = reach(cases, collectors)
    capacity, unlimited = _capacity(hands, load, _count(now, ids), may, len(now))
    collectors = replace(collectors, capacity=capacity)
    return Problem(frame, hands, cases, collectors, now, policy, scored, unlimited, may)


def _count(held: Ints, ids: Ints) -> Ints:
    """How often each of the ids stands among them."""
    of = dict(zip(*(each.tolist() for each in np.unique(held, return_counts=True)), strict=True))
    return np.array([of.get(hand, 0) for hand in ids.tolist()], dtype=np.int64)


def _places_in(names: pl.Series, known: list[str]) -> Ints:
    table = {name: row for row, name in enumerate(known)}
    found = names.replace_strict(table, default=NONE, return_dtype=pl.Int64)
    return np.asarray(found.to_numpy(), dtype=np.int64)


def _speaks(one: Colleague, code: str, everyday: str) -> bool:
    return code in {each.split("-")[0] for each in one.languages} or (
        not one.languages and code == everyday
    )


def _may_in(one: Colleague, place: str, asked: set[str]) -> bool:
    held = {each.casefold() for each in one.places}
    if not place.endswith("-?"):
        return place in held
    return all(each in held for each in asked if each.startswith(place[:-1]))


def _capacity(
    hands: list[Colleague], load: Ints, held: Ints, may: Ints, cases: int
) -> tuple[Ints, NDArray[np.bool_]]:
    """
    How many cases each carries, the `load` of others included, and who has no limit of their own: an
    equal share of what the others leave, and never less than what they hold. Who is away, or may
    have no case at all, takes no more.
    """
    unlimited = np.array([one.capacity is None for one in hands], dtype=bool)
    capacity = np.array([one.capacity or 0 for one in hands], dtype=np.int64)
    shut = np.array([one.back_on is not None for one in hands], dtype=bool) | (may == 0)
    if (unlimited & ~shut).any():
        room = np.where(shut, held, np.maximum(capacity - load, 0))
        rest = max(cases - int(room[~unlimited | shut].sum()), 0)
        share = -(-rest // int((unlimited & ~shut).sum()))
        capacity = np.where(unlimited, load + np.maximum(held, share), capacity)
    capacity = np.where(shut, load + held, capacity)
    return capacity, unlimited & ~shut


def _conflicts(frame: pl.DataFrame, book: Book, barred: Barred) -> list[tuple[int, int]]:
    """Pairs of case and collector that must never meet."""
    pairs = set(barred.persons)
    if barred.employers:
        told = portfolio.employers(book=book)
        index = people.employer_index(
            creditor=book.creditor_id, values={name for _person, name in told}
        )
        pairs |= {
            (user, person) for person, name in told
            for user in barred.employers.get(index[name], frozenset())
        }  # fmt: skip
    users: dict[int, set[int]] = {}
    for user, person in pairs:
        users.setdefault(person, set()).add(user)
    touched = frame.filter(pl.col("person").is_in(sorted(users)))
    return [
        (case, user) for case, person in touched.select("case", "person").iter_rows()
        for user in sorted(users[person])
    ]  # fmt: skip
