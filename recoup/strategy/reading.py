"""Reading a strategy from YAML: every problem at once, each with its place, line and a hint."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from recoup.kernel.errors import Invalid, Problem
from recoup.strategy import blocks, budgets
from recoup.strategy.assigning.policy import read_policy
from recoup.strategy.expressions import Condition, compile_condition
from recoup.strategy.schema import (
    BUDGETS,
    CHAMPION,
    CHANNELS,
    GROUP_OF,
    GROUPS,
    Arm,
    Assumptions,
    ContactLimit,
    Exit,
    Guard,
    Segment,
    Step,
    Strategy,
    Treatment,
    Worth,
)
from recoup.strategy.yamlnodes import Reader, parse

SHIPPED = Path(__file__).parent / "strategies"
FIELDS = (
    "name", "note", "holdout", "explore", "self_cure", "exits", "contact_limit", "budgets",
    "assumptions", "worth", "treatments", "segments", "experiment", "learning", "routing", "waiting",
    "assignment",
)  # fmt: skip
NEEDED = ("name", "holdout", "contact_limit", "budgets", "assumptions", "treatments", "segments")
OFFERS = ("plan_months", "promise_days", "waive_share")
NEVER = compile_condition("false")


def shipped(name: str = "default-cn") -> str:
    """
    The text of a strategy that comes with Recoup.

    :raises Invalid: if there is none of that name
    """
    known = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    if name not in known:
        raise Invalid(f"No strategy {name!r} comes with Recoup.", hint=f"Use {', '.join(known)}.")
    return (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")


@lru_cache(maxsize=32)  # pages and the day read the same few texts again and again
def read(source: str) -> Strategy:
    """
    A strategy from its YAML text. It is shared: nobody changes it.

    :raises Invalid: with all problems, each with its path in the text, its line and a hint
    """
    problems: list[Problem] = []
    top = Reader(parse(source), "", problems)
    top.only(FIELDS, NEEDED)
    treatments = _treatments(top)
    segments = _segments(top, treatments)
    salt, arms, guard = _experiment(top, treatments, {segment.code for segment in segments})
    house, own = budgets.read(top, BUDGETS)
    assumptions = _assumptions(top)
    budgets.check(
        top, own, treatments, complaint=assumptions.complaint, channels=CHANNELS, offers=OFFERS
    )
    explore = top.number("explore", low=0.0, high=0.03, default=0.02)
    strategy = Strategy(
        name=top.code("name", longest=60), note=top.text("note", longest=500),
        holdout=top.number("holdout", low=0.005, high=0.2, default=0.02), explore=explore,
        self_cure=_self_cure(top), exits=_exits(top), contact_limit=_limit(top),
        budgets=house, assumptions=assumptions, treatments=treatments, segments=segments,
        salt=salt, arms=arms, own=own, guard=guard, worth=_worth(top),
        routing=blocks.routing(top, treatments=treatments, segments=segments),
        learning=blocks.learning(top, arms={arm.code for arm in arms}, explore=explore),
        waiting=blocks.waiting(top), assignment=read_policy(top),
    )  # fmt: skip
    if problems:
        raise Invalid(
            f"The strategy has {len(problems)} problem{'s' * (len(problems) > 1)}.",
            problems=problems,
        )
    return strategy


def _twice(reader: Reader, codes: Iterable[str]) -> None:
    seen: set[str] = set()
    for code in codes:
        if code and code in seen:
            reader.problem(f"The code {code!r} stands twice.", "Give each its own.")
        seen.add(code)


def _self_cure(reader: Reader) -> Condition | None:
    if not reader.has("self_cure"):
        return None
    inner = reader.at("self_cure")
    inner.only(("when",), ("when",))
    return inner.condition("when")


def _exits(top: Reader) -> tuple[Exit, ...]:
    found = []
    for item in top.items("exits"):
        item.only(("code", "when"), ("code", "when"))
        found.append(Exit(item.code(), item.condition("when") or NEVER))
    _twice(top, (exit_.code for exit_ in found))
    return tuple(found)


def _limit(top: Reader) -> ContactLimit:
    if not top.has("contact_limit"):
        return ContactLimit(1, 7)
    inner = top.at("contact_limit")
    inner.only(("contacts", "days"), ("contacts", "days"))
    return ContactLimit(
        inner.whole("contacts", low=1, high=14, default=1),
        inner.whole("days", low=1, high=30, default=7),
    )


def _assumptions(top: Reader) -> Assumptions:
    names = ("repay_30", "recoverable", "wear", "harm", "harm_growth", "minute")
    highest = {"harm": 1e9, "harm_growth": 10.0, "minute": 1e9, "complaint_cost": 1e9}
    if not top.has("assumptions"):
        return Assumptions(0, 0, 0, 0, 0, 0)
    inner = top.at("assumptions")
    inner.only((*names, "complaint", "complaint_cost"), names)
    return Assumptions(*(
        inner.number(name, low=0, high=highest.get(name, 1.0), default=0)
        for name in (*names, "complaint", "complaint_cost")
    ))  # fmt: skip


def _worth(top: Reader) -> Worth:
    usual = Worth()
    if not top.has("worth"):
        return usual
    inner = top.at("worth")
    inner.only(("horizon_months", "discount"))
    return Worth(
        inner.whole("horizon_months", low=1, high=36, default=usual.horizon_months),
        inner.number("discount", low=0, high=1, default=usual.discount),
    )


def _treatments(top: Reader) -> dict[str, Treatment]:
    if not top.has("treatments"):
        return {}
    inner = top.at("treatments")
    inner.only(inner.names())
    return {name: _treatment(inner.at(name), name) for name in inner.names()}


def _treatment(reader: Reader, code: str) -> Treatment:
    reader.only(
        ("channel", "template", "window", "days", "cost", "minutes", "effect", "reach", "only_if",
         "offer", "tier", "skill", "group"),
        ("channel", "effect", "reach"),
    )  # fmt: skip
    if len(code) > 60:
        reader.problem("The code is longer than 60 characters.")
    channel = reader.one_of("channel", CHANNELS)
    template = reader.code("template", longest=60)
    if channel == "task":
        if template:
            reader.problem("A task has no template.", "Take it out.")
        if not reader.has("minutes"):
            reader.problem("'minutes' is missing: a task takes a collector's time.")
    elif not template:
        reader.problem("'template' is missing: a message needs an approved text.")
    return Treatment(
        code=code, channel=channel, template=template, window=reader.window("window"),
        days=reader.whole("days", low=1, high=14, default=1),
        cost=reader.whole("cost", low=0, high=10_000_000, default=0),
        minutes=reader.whole("minutes", low=0, high=480, default=0),
        effect=reader.number("effect", low=-3, high=3, default=0),
        reach=reader.number("reach", low=0, high=1, default=0),
        only_if=reader.condition("only_if"), offer=_offer(reader), tier=reader.code("tier"),
        skill=reader.code("skill"),
        group=reader.one_of("group", GROUPS) or GROUP_OF.get(channel, "message"),
    )  # fmt: skip


def _offer(reader: Reader) -> dict[str, int | float]:
    if not reader.has("offer"):
        return {}
    inner = reader.at("offer")
    inner.only(OFFERS)
    found: dict[str, int | float] = {}
    if inner.has("plan_months"):
        # 60 months: the longest personal plan of the credit-card rules, art. 70.
        found["plan_months"] = inner.whole("plan_months", low=1, high=60, default=1)
    if inner.has("promise_days"):
        found["promise_days"] = inner.whole("promise_days", low=1, high=60, default=1)
    if inner.has("waive_share"):
        found["waive_share"] = inner.number("waive_share", low=0, high=1, default=0)
    return found


def _segments(reader: Reader, treatments: dict[str, Treatment]) -> tuple[Segment, ...]:
    found = tuple(_segment(item, treatments) for item in reader.items("segments"))
    _twice(reader, (segment.code for segment in found))
    return found


def _segment(reader: Reader, treatments: dict[str, Treatment]) -> Segment:
    reader.only(("code", "when", "steps", "repeat_after_days"), ("code", "when", "steps"))
    steps = tuple(_step(item, treatments) for item in reader.items("steps"))
    _twice(reader, (step.code for step in steps))
    repeat: int | None = None
    if reader.has("repeat_after_days"):
        repeat = reader.whole("repeat_after_days", low=1, high=365, default=30)
    return Segment(reader.code(), reader.condition("when") or NEVER, steps, repeat)


def _step(reader: Reader, treatments: dict[str, Treatment]) -> Step:
    reader.only(("code", "wait_days", "choose"), ("code", "choose"))
    choose = tuple(str(item.node.value) for item in reader.items("choose"))
    for name in choose:
        if name not in treatments:
            reader.problem(f"There is no treatment {name!r}.", "Add it under treatments.")
    if reader.has("choose") and not choose:
        reader.problem("There is nothing to choose.", "Name at least one treatment.")
    _twice(reader, choose)
    return Step(reader.code(), reader.whole("wait_days", low=0, high=365, default=0), choose)


def _experiment(
    top: Reader, treatments: dict[str, Treatment], codes: set[str]
) -> tuple[str, tuple[Arm, ...], Guard]:
    if not top.has("experiment"):
        return "none", (Arm(CHAMPION, 1.0, "", None, ()),), Guard()
    inner = top.at("experiment")
    inner.only(("salt", "arms", "guard"), ("salt", "arms"))
    arms = tuple(_arm(item, treatments, codes) for item in inner.items("arms"))
    _twice(inner, (arm.code for arm in arms))
    if not arms or arms[0].code != CHAMPION:
        inner.problem("The first arm is the champion.", "Begin with: code: champion.")
    if abs(sum(arm.share for arm in arms) - 1) > 1e-9:
        total = sum(arm.share for arm in arms)
        inner.problem(f"The shares of the arms add up to {total:g}.", "They must add up to 1.")
    return inner.text("salt", longest=60), arms, _guard(inner)


def _guard(reader: Reader) -> Guard:
    usual = Guard()
    if not reader.has("guard"):
        return usual
    inner = reader.at("guard")
    inner.only(("recovery", "complaints", "after_days", "effect"))
    return Guard(
        recovery=inner.number("recovery", low=0, high=0.2, default=usual.recovery),
        complaints=inner.number("complaints", low=0, high=0.1, default=usual.complaints),
        after_days=inner.whole("after_days", low=1, high=60, default=usual.after_days),
        effect=inner.number("effect", low=0.001, high=0.2, default=usual.effect),
    )


def _arm(reader: Reader, treatments: dict[str, Treatment], codes: set[str]) -> Arm:
    reader.only(("code", "share", "note", "self_cure", "segments"), ("code", "share"))
    arm = Arm(
        code=reader.code(), share=reader.number("share", low=0.01, high=1, default=0.5),
        note=reader.text("note", longest=500), self_cure=_self_cure(reader),
        segments=_segments(reader, treatments),
    )  # fmt: skip
    for segment in arm.segments:
        if segment.code not in codes:
            reader.problem(f"There is no segment {segment.code!r} to replace.")
    if arm.code == "holdout":
        reader.problem("The holdout is not an arm of the experiment.", "Choose another code.")
    if arm.code == CHAMPION and (arm.segments or arm.self_cure):
        reader.problem("The champion is the strategy itself.", "Write its segments at the top.")
    return arm
