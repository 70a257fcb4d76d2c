"""
The laboratory as a Gymnasium environment, for policies that were not written for Recoup.

    environment = Environment(size=500, days=60, variant="early")
    seen, _ = environment.reset(seed=2000)
    seen, reward, ended, cut, info = environment.step(environment.action_space.sample())

An action is a number for each case: 0 for nothing, else one more than a place in `choices`. With
`ranked=True` it is a dictionary of those numbers, `choice`, and of a `priority` for each case. The
cases are served in their order, or the highest priority first; what the day no longer bears is not
done, and `info["trimmed"]` counts it. The observation is the log and nothing else; the reward is
what was paid less what was spent, in minor units. Needs the extra `lab`. Everything is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid
from recoup.simulator import parameters as shipped
from recoup.simulator.actions import Action, Capacity, Offer, Tier, use
from recoup.simulator.answers import Channel, Tone
from recoup.simulator.laboratory import Laboratory, Log
from recoup.simulator.parameters import Parameters
from recoup.simulator.version import stamp

Ints = NDArray[np.int64]
Seen = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be done with a case: an action without its cases."""

    channel: Channel
    tone: Tone = "reminder"
    hour: int = 10
    tier: Tier = "junior"
    offer: Offer | None = None

    def on(self, cases: Ints) -> Action:
        """The action with these cases."""
        return Action(self.channel, self.tone, cases, self.hour, self.tier, self.offer)


CHOICES: tuple[Choice, ...] = (
    Choice("sms"), Choice("sms", "moral"), Choice("sms", "officer"), Choice("email", "moral"),
    Choice("letter"), Choice("robot", hour=10), Choice("robot", hour=18),
    Choice("call", hour=10), Choice("call", hour=14), Choice("call", hour=18),
    Choice("call", hour=10, tier="senior"), Choice("call", hour=18, tier="senior"),
    Choice("call", hour=18, tier="senior", offer=Offer("write_down", 0.2)),
)  # fmt: skip


class Environment(gymnasium.Env[Seen, Any]):
    """
    A simulated book of `size` cases for `days`, one step a day.

    `info` holds `used` of each budget, `trimmed`, and the day's `cost`, `complaints`, `opt_outs`.
    Without a seed, `reset` draws one from the environment's own generator.

    :raises Invalid: for no day or no choice
    """

    metadata = {"render_modes": []}  # noqa: RUF012 (as Gymnasium has it)

    def __init__(
        self, *, size: int, days: int, variant: str | None = "early",
        choices: Sequence[Choice] = CHOICES, capacity: Capacity | None = None,
        ranked: bool = False, parameters: Parameters | None = None,
    ) -> None:  # fmt: skip
        if days < 1 or not choices:
            raise Invalid("An environment needs a day and a choice at least.")
        self.size, self.days, self.variant = size, days, variant
        self.choices, self.capacity, self.ranked = tuple(choices), capacity, ranked
        self._parameters = parameters or shipped.load()
        self._laboratory = self._book(0)
        numbers = spaces.MultiDiscrete(np.full(size, len(self.choices) + 1))
        self.action_space = (
            spaces.Dict({"choice": numbers, "priority": spaces.Box(0.0, 1.0, (size,), np.float32)})
            if ranked else numbers
        )  # fmt: skip
        log = self._laboratory.log()
        seen = {field.name: _space(getattr(log, field.name)) for field in fields(Log)}
        self.observation_space = cast("spaces.Space[Seen]", spaces.Dict(seen))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Seen, dict[str, Any]]:
        """A new book: the borrowers and the chance of this seed."""
        super().reset(seed=seed)
        own = int(self.np_random.integers(2**31)) if seed is None else seed
        self._laboratory = self._book(own)
        return self._seen(), {"seed": own, "simulator": stamp()}

    def step(self, action: Any) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """Play a day; the book ends when nobody owes anything, and is cut after `days`."""
        wanted, order = self._wanted(action)
        done = self._served(wanted, order)
        actions = [
            choice.on(np.flatnonzero(done == nth + 1))
            for nth, choice in enumerate(self.choices)
            if (done == nth + 1).any()
        ]
        day = self._laboratory.play(actions)
        info = {
            "used": day.used, "trimmed": int((done != wanted).sum()), "cost": day.cost,
            "complaints": day.complaints, "opt_outs": day.opt_outs,
        }  # fmt: skip
        seen = self._seen()
        ended = bool((seen["owed"] <= 0).all())
        return seen, float(day.paid - day.cost), ended, self._laboratory.today >= self.days, info

    def _book(self, seed: int) -> Laboratory:
        return Laboratory(
            size=self.size, seed=seed, variant=self.variant, parameters=self._parameters,
            capacity=self.capacity,
        )  # fmt: skip

    def _seen(self) -> Seen:
        log = self._laboratory.log()
        return {
            name: value.astype(np.int8) if value.dtype == bool else value
            for name, value in ((field.name, getattr(log, field.name)) for field in fields(Log))
        }

    def _wanted(self, action: Any) -> tuple[Ints, Ints]:
        """The number for each case, and the order in which they are served."""
        if not self.action_space.contains(action):
            raise Invalid("The action is not in the action space.", hint="See `action_space`.")
        if not self.ranked:
            return np.asarray(action, dtype=np.int64), np.arange(self.size)
        order = np.argsort(-np.asarray(action["priority"]), kind="stable")
        return np.asarray(action["choice"], dtype=np.int64), order

    def _served(self, wanted: Ints, order: Ints) -> Ints:
        """What is done: the wishes in this order, as long as every budget bears them."""
        log = self._laboratory.log()
        left = self._laboratory.capacity.limits()
        done = np.zeros(self.size, dtype=np.int64)
        silent = log.opted_out | log.charged_off
        for case in order.tolist():
            number = int(wanted[case])
            if not number or silent[case]:
                done[case] = number  # who is silent is left alone by the book itself
                continue
            action = self.choices[number - 1].on(np.array([case]))
            needs = use(
                action=action, cases=action.cases, arrears=log.arrears, parameters=self._parameters
            )  # fmt: skip
            if all(left[name] >= amount for name, amount in needs.items()):
                done[case] = number
                for name, amount in needs.items():
                    left[name] -= amount
        return done


def _space(values: NDArray[Any]) -> spaces.Space[Any]:
    if values.dtype == bool:
        return spaces.MultiBinary(values.shape)
    if values.dtype.kind == "f":
        return spaces.Box(-20.0, 20.0, values.shape, np.float32)  # standard normal scores
    most = min(np.iinfo(values.dtype).max, 2**53)
    return spaces.Box(-1, most, values.shape, values.dtype.type)
