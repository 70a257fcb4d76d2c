"""Reading the blocks of a strategy that say how it learns."""

from __future__ import annotations

from collections.abc import Collection

from recoup.strategy.schema import CHAMPION, Learning
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
