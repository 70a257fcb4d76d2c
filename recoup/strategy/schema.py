"""What a strategy says, as values. `reading` makes them from YAML; `docs/stages/strategy.md` explains."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time

from recoup.kernel.ids import fraction
from recoup.strategy.assigning.policy import Policy
from recoup.strategy.budgets import Budget
from recoup.strategy.expressions import Condition

CHANNELS = ("sms", "email", "letter", "task")
MEDIA = {"sms": "phone", "email": "email", "letter": "address", "task": ""}
BUDGETS = ("sms", "email", "letter", "task_minutes", "spend")
HOLDOUT = "holdout"
# Who a contact comes from, as routing compares it; a channel that is not named sends messages.
GROUPS = ("robot", "message", "human")
GROUP_OF = {"task": "human", "call": "human", "visit": "human", "voice": "robot", "robot": "robot"}
CHAMPION = "champion"


@dataclass(frozen=True)
class Exit:
    """When contact for a case ends, and what that is called."""

    code: str
    when: Condition


@dataclass(frozen=True)
class ContactLimit:
    """At most so many contacts to one person in so many days."""

    contacts: int
    days: int


@dataclass(frozen=True)
class Assumptions:
    """
    The figures of the value model that nobody has measured on this book yet.

    `complaint` is the chance of a complaint of one contact, which grows as `harm` does; only a
    budget of complaints needs it.
    """

    repay_30: float
    recoverable: float
    wear: float
    harm: float
    harm_growth: float
    minute: float
    complaint: float = 0.0
    complaint_cost: float = 0.0


@dataclass(frozen=True)
class Worth:
    """
    Over how many months a measured effect counts, and the yearly rate at which later money is worth
    less.
    """

    horizon_months: int = 12
    discount: float = 0.1


@dataclass(frozen=True)
class Treatment:
    """
    One way to act: a message by a channel, or minutes of a collector.

    `window` is wall time where the borrower is; `days` how long the action may wait to be carried
    out; `cost` minor units; `effect` log-odds; `reach` the chance that the person notices. `tier` and
    `skill` say who does a task, for budgets of their own; `group` who it comes from: robot, message
    or human.
    """

    code: str
    channel: str
    template: str
    window: tuple[time, time]
    days: int
    cost: int
    minutes: int
    effect: float
    reach: float
    only_if: Condition | None
    offer: dict[str, int | float] = field(default_factory=dict)
    tier: str = ""
    skill: str = ""
    group: str = "message"

    def uses(self, minute: float) -> dict[str, float]:
        """What it takes out of each budget."""
        return {
            self.channel: 1.0,
            "task_minutes": float(self.minutes),
            "spend": self.spend(minute),
        }

    def spend(self, minute: float) -> float:
        """What it costs in minor units, a collector's minutes included."""
        return self.cost + self.minutes * minute


@dataclass(frozen=True)
class Step:
    """One step of a sequence: wait, then at most one of some treatments."""

    code: str
    wait_days: int
    choose: tuple[str, ...]


@dataclass(frozen=True)
class Segment:
    """A group of cases and the sequence they go through."""

    code: str
    when: Condition
    steps: tuple[Step, ...]
    repeat_after_days: int | None

    @property
    def offers(self) -> frozenset[str]:
        """The treatments that any of its steps offers."""
        return frozenset(code for step in self.steps for code in step.choose)


@dataclass(frozen=True)
class Arm:
    """One side of the experiment; what it leaves empty is as in the champion."""

    code: str
    share: float
    note: str
    self_cure: Condition | None
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Guard:
    """
    How much worse than the champion a challenger may be before it is stopped by itself.

    `recovery` is a share of what was overdue, `complaints` complaints for each case; `after_days`
    how long an arm runs before its recovery is judged, so that later is not taken for less;
    `effect` the smallest difference of recovery that matters, for which the test is planned.
    """

    recovery: float = 0.02
    complaints: float = 0.005
    after_days: int = 14
    effect: float = 0.02


@dataclass(frozen=True)
class Learning:
    """
    The arm whose cases choose by draws from what is believed of effects (`sampling`).

    `draws` is how many; `prior` the standard deviation of what is not known of an effect before any
    outcome, as a share of what is overdue.
    """

    arm: str
    draws: int = 200
    prior: float = 0.01


@dataclass(frozen=True)
class Routing:
    """
    Which people are drawn into groups for good: `share` of all, evenly over `groups`, by `salt`.

    What a group brings in a year is discounted by `discount` a year; `effect` is the smallest
    difference, as a share of what was owed, that matters.
    """

    salt: str
    share: float
    groups: tuple[str, ...]
    discount: float = 0.1
    effect: float = 0.02


@dataclass(frozen=True)
class Waiting:
    """
    How contacts fade, for a strategy that looks `days` ahead: the days after which half of an effect
    is left (`half_life`) and half of what irritates (`cooling`), what a contact adds to the log rate
    of objections (`irritation`), and the share of the rate of paying that is left after 30 days
    (`decline`).
    """

    days: int = 60
    half_life: float = 10.0
    cooling: float = 14.0
    irritation: float = 0.1
    decline: float = 0.8


@dataclass(frozen=True)
class Strategy:
    """A whole strategy, valid. `budgets` are the five of the house, `own` what it names beside."""

    name: str
    note: str
    holdout: float
    explore: float
    self_cure: Condition | None
    exits: tuple[Exit, ...]
    contact_limit: ContactLimit
    budgets: dict[str, float]
    assumptions: Assumptions
    treatments: dict[str, Treatment]
    segments: tuple[Segment, ...]
    salt: str
    arms: tuple[Arm, ...]
    own: tuple[Budget, ...] = ()
    guard: Guard = Guard()
    learning: Learning | None = None
    routing: Routing | None = None
    worth: Worth = Worth()
    waiting: Waiting | None = None
    assignment: Policy = field(default_factory=Policy)

    def routes_of(self, segment: Segment) -> tuple[str, ...]:
        """The groups of the routing that a segment offers anything of, in order of their names."""
        offered = {self.treatments[code].group for code in segment.offers}
        return tuple(sorted(offered & set(self.routing.groups))) if self.routing else ()

    def segments_of(self, arm: Arm) -> tuple[Segment, ...]:
        """The champion's segments with the arm's own in the place of those of the same code."""
        own = {segment.code: segment for segment in arm.segments}
        return tuple(own.get(segment.code, segment) for segment in self.segments)

    def self_cure_of(self, arm: Arm) -> Condition | None:
        """Whom this arm leaves alone because they will pay by themselves."""
        return arm.self_cure or self.self_cure

    def arm_of(self, person: int) -> Arm:
        """The arm of a person: the same on every night, machine and engine."""
        place, total = fraction("arm", self.salt, person), 0.0
        for arm in self.arms:
            total += arm.share
            if place < total:
                return arm
        return self.arms[-1]


def in_holdout(*, book: str, person: int, share: float) -> bool:
    """
    Whether a person is in a book's permanent holdout.

    The salt is the book's, so no strategy can change who is in; a larger share only adds people.
    """
    return fraction(HOLDOUT, book, person) < share
