"""
The slots of a window, as a model, proved: no sequence of any length puts two contacts of one slot
into one window, so that as many slots as the cap allows keep the cap.

    slot: free from `ends`      take at t: ends ≤ t, then ends = t + W      start at u: ends = u + W
                                give back what was taken at t: ends = t, if nobody has taken it since

One invariant is shown to hold at the beginning and to survive each step, for every window, every
clock and every cap. The machine of test_caps_machine.py holds the real gate to the same.
"""

from __future__ import annotations

from typing import Any

import pytest

z3 = pytest.importorskip("z3")

WINDOW, LIFE = z3.Ints("window life")
SENSIBLE = [WINDOW > LIFE, LIFE > 0]


class Slot:
    """One slot: from when it is free, and what is true of the contacts that it stood for."""

    def __init__(self, name: str) -> None:
        self.ends = z3.Int(f"{name} ends")
        # The present holder: when its permit was given, when it was made, whether it still stands.
        self.taken, self.made = z3.Int(f"{name} taken"), z3.Int(f"{name} made")
        self.stands = z3.Bool(f"{name} stands")
        # The latest contact before it that stands.
        self.before = z3.Int(f"{name} before")

    def holds(self) -> Any:
        """What is always true of it."""
        return z3.And(
            self.taken <= self.made, self.made < self.taken + LIFE,
            # Two contacts that stand are a window apart; the slot is free a window after the last.
            self.before + WINDOW <= self.taken,
            self.ends >= z3.If(self.stands, self.made + WINDOW, self.taken),
        )  # fmt: skip

    def same_but(self, other: Slot, *names: str) -> list[Any]:
        fields = ("ends", "taken", "made", "stands", "before")
        return [getattr(self, n) == getattr(other, n) for n in fields if n not in names]


def take(old: Slot, new: Slot) -> list[Any]:
    """A permit is given, at any time on any clock at which the slot is free."""
    last = z3.If(old.stands, old.made, old.before)
    return [old.ends <= new.taken, new.made == new.taken, new.stands, new.before == last,
            new.ends == new.taken + WINDOW]  # fmt: skip


def start(old: Slot, new: Slot) -> list[Any]:
    """The contact is made, while its permit lives; its window runs from then."""
    return [old.stands, old.taken <= new.made, new.made < old.taken + LIFE,
            new.ends == new.made + WINDOW, *new.same_but(old, "made", "ends")]  # fmt: skip


def give_back(old: Slot, new: Slot) -> list[Any]:
    """Its permit is given back: the slot is free from when that was given."""
    return [old.stands, z3.Not(new.stands), new.ends == old.taken,
            *new.same_but(old, "stands", "ends")]  # fmt: skip


def give_back_late(old: Slot, new: Slot) -> list[Any]:
    """A permit of long ago is given back, whose slot another holds: by its own `ends`, or not."""
    theirs = z3.Int("theirs")
    mine = old.ends == theirs + WINDOW  # what the conditional update asks
    return [theirs + WINDOW <= old.taken, old.stands,
            z3.If(mine, new.ends == theirs, new.ends == old.ends),
            *new.same_but(old, "ends")]  # fmt: skip


def free_whoever_holds_it(old: Slot, new: Slot) -> list[Any]:
    """As it must not be: the row is freed by its name alone."""
    theirs = z3.Int("theirs")
    return [
        theirs + WINDOW <= old.taken,
        old.stands,
        new.ends == theirs,
        *new.same_but(old, "ends"),
    ]


def run_from_the_permit(old: Slot, new: Slot) -> list[Any]:
    """As it must not be: the contact is made later than its permit, and the window does not move."""
    return [old.stands, old.taken <= new.made, new.made < old.taken + LIFE,
            *new.same_but(old, "made")]  # fmt: skip


def breaks(step: Any) -> bool:
    """Whether a step can lead from where all is true to where it is not."""
    old, new = Slot("old"), Slot("new")
    solver = z3.Solver()
    solver.add(*SENSIBLE, old.holds(), *step(old, new), z3.Not(new.holds()))
    answer = solver.check()
    assert answer != z3.unknown
    return bool(answer == z3.sat)


@pytest.mark.parametrize("step", [take, start, give_back, give_back_late])
def test_no_step_puts_two_contacts_of_a_slot_into_one_window(step: Any) -> None:
    assert not breaks(step)


@pytest.mark.parametrize("step", [free_whoever_holds_it, run_from_the_permit])
def test_the_proof_notices_a_step_that_would(step: Any) -> None:
    assert breaks(step)


def test_each_step_can_be_taken() -> None:
    """A step that nothing allows would prove itself."""
    for step in (take, start, give_back, give_back_late):
        old, new = Slot("old"), Slot("new")
        solver = z3.Solver()
        solver.add(*SENSIBLE, old.holds(), *step(old, new), new.holds())
        assert solver.check() == z3.sat, step.__name__
