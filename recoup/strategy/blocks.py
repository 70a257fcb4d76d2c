"""Reading the blocks of a strategy that say how it learns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from recoup.strategy.schema import (
    CHAMPION,
    GROUPS,
    Learning,
    Routing,
    Segment,
    Treatment,
    Waiting,
)
from recoup.strategy.yamlnodes import Reader

# A case of the arm must have a chance of everything that is open to it.
LEAST_EXPLORE = 0.005


def learning(top: Reader, *, arms: Collection[str], explore: float) -> Learning | None:
    """
    The `learning` block; off where there is none.

        learning: {arm: learner, draws: 200, prior: 0.01}
    """
    if not top.has("learning"):
        return None
    inner = top.at("learning")
    inner.only(("arm", "draws", "prior"), ("arm",))
    arm, usual = inner.code("arm"), Learning("")
    if arm and arm not in arms:
        inner.problem(f"There is no arm {arm!r}.", "Add it under experiment, or name another.")
    if arm == CHAMPION:
        inner.problem("The champion does not learn by draws.", "Give a challenger to it.")
    if explore < LEAST_EXPLORE:
        inner.problem(
            f"Learning needs explore to be {LEAST_EXPLORE:g} at least.",
            "Else an action may have no chance at all, and nothing can be judged by the log.",
        )
    return Learning(
        arm=arm, draws=inner.whole("draws", low=50, high=1_000, default=usual.draws),
        prior=inner.number("prior", low=0.0005, high=0.1, default=usual.prior),
    )  # fmt: skip


def routing(
    top: Reader, *, treatments: Mapping[str, Treatment], segments: Sequence[Segment]
) -> Routing | None:
    """
    The `routing` block; nobody is drawn into groups where there is none.

        routing: {salt: route-1, share: 0.2, groups: [message, human]}
    """
    if not top.has("routing"):
        return None
    inner = top.at("routing")
    inner.only(("salt", "share", "groups", "discount", "effect"), ("salt", "share", "groups"))
    groups = tuple(sorted(str(item.node.value) for item in inner.items("groups")))
    there = {treatment.group for treatment in treatments.values()}
    for name in groups:
        if name not in GROUPS:
            inner.problem(f"{name!r} is no group.", f"Groups are {', '.join(GROUPS)}.")
        elif name not in there:
            inner.problem(f"No treatment is of the group {name!r}.", "Add one, or leave it out.")
    if len(set(groups)) != len(groups) or len(groups) < 2:
        inner.problem("Routing compares two groups or more, each named once.")
    elif not any(
        len({treatments[code].group for code in segment.offers if code in treatments} & {*groups})
        > 1
        for segment in segments
    ):
        inner.problem("No segment offers two of these groups.", "Add steps, or leave routing out.")
    usual = Routing("", 0.2, ())
    return Routing(
        salt=inner.text("salt", longest=60), groups=groups,
        share=inner.number("share", low=0.02, high=1, default=usual.share),
        discount=inner.number("discount", low=0, high=1, default=usual.discount),
        effect=inner.number("effect", low=0.001, high=0.2, default=usual.effect),
    )  # fmt: skip


def waiting(top: Reader) -> Waiting | None:
    """
    The `waiting` block; contacts are not weighed against later ones where there is none.

        waiting: {days: 60, half_life: 10, cooling: 14, irritation: 0.1, decline: 0.8}
    """
    if not top.has("waiting"):
        return None
    inner, usual = top.at("waiting"), Waiting()
    inner.only(("days", "half_life", "cooling", "irritation", "decline"))
    if top.has("learning"):
        inner.problem(
            "An arm that learns by draws does not weigh contacts against later ones.",
            "Leave out learning or waiting.",
        )
    return Waiting(
        days=inner.whole("days", low=14, high=180, default=usual.days),
        half_life=inner.number("half_life", low=1, high=90, default=usual.half_life),
        cooling=inner.number("cooling", low=1, high=90, default=usual.cooling),
        irritation=inner.number("irritation", low=0, high=2, default=usual.irritation),
        decline=inner.number("decline", low=0.05, high=1, default=usual.decline),
    )  # fmt: skip
