"""
Where one case stands, in plain Python: what `sequence.stand` says of a book, for one who waits.

Held equal to it by a property test. A strategy is compiled once (`Sequences`); a case is its values by
name, as the conditions know them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from recoup.strategy.conditions import Holds, compile_one
from recoup.strategy.schema import HOLDOUT, MEDIA, Segment, Strategy
from recoup.strategy.sequence import FAR, WORKED


@dataclass(frozen=True)
class Stands:
    """
    Why nothing is to be done, or the step with the treatments (their numbers) it offers, and those
    that the case could get at any step of the segment (`fits`).
    """

    why: str
    segment: str = ""
    step: int = 0
    step_code: str = ""
    offered: tuple[int, ...] = ()
    fits: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sequences:
    """A strategy's sequences and conditions, compiled. :raises Invalid: if one cannot be"""

    limit: int
    exits: tuple[tuple[str, Holds], ...]
    fits: tuple[tuple[str, Holds | None], ...]
    arms: Mapping[str, tuple[Holds | None, tuple[tuple[Segment, Holds], ...]]]
    codes: tuple[str, ...]
    groups: tuple[str, ...]
    is_routed: bool = False

    @classmethod
    def of(cls, strategy: Strategy) -> Sequences:
        """The sequences of a strategy."""
        arms = {}
        for arm in strategy.arms:
            cure = strategy.self_cure_of(arm)
            segments = tuple((each, compile_one(each.when)) for each in strategy.segments_of(arm))
            arms[arm.code] = (compile_one(cure) if cure else None, segments)
        return cls(
            strategy.contact_limit.contacts,
            tuple((exit_.code, compile_one(exit_.when)) for exit_ in strategy.exits),
            tuple(
                (MEDIA[each.channel], compile_one(each.only_if) if each.only_if else None)
                for each in strategy.treatments.values()
            ),
            arms, tuple(strategy.treatments),
            tuple(each.group for each in strategy.treatments.values()),
            strategy.routing is not None,
        )  # fmt: skip

    def stand(
        self, values: Mapping[str, Any], *, arm: str, follows: str, media: frozenset[str],
        past: Mapping[str, tuple[int, int]], route: str = "",
        closed: Mapping[str, Collection[str]] | None = None,
    ) -> Stands:  # fmt: skip
        """
        Where a case stands. `past` has for a segment the last step and the days since; `media` are
        the ways there are to reach the person; `route` the group its person was drawn into, `closed`
        by segment those that routing keeps from all others.
        """
        if values["state"] not in WORKED:
            return Stands(f"state_{values['state']}")
        for code, holds in self.exits:
            if holds(values):
                return Stands(f"exit_{code}")
        if arm == HOLDOUT:
            return Stands("holdout")
        cure, segments = self.arms[follows]
        for segment, holds in segments:
            if holds(values):
                shut = (closed or {}).get(segment.code, ())
                open_ = self._open(segment, values, media, route, shut)
                found = self._in_segment(segment, cure, values, open_, past)
                break
        else:
            return Stands("no_segment")
        return found if found.why else self._last(found, values)

    def _last(self, found: Stands, values: Mapping[str, Any]) -> Stands:
        if values["pending"]:
            return Stands("pending", found.segment)
        if values["contacts_limit"] >= self.limit:
            return Stands("contact_limit", found.segment)
        if not values["time_zones"]:
            return Stands("no_time_zone", found.segment)
        return found

    def _in_segment(
        self, segment: Segment, cure: Holds | None, values: Mapping[str, Any],
        open_: Collection[int], past: Mapping[str, tuple[int, int]],
    ) -> Stands:  # fmt: skip
        if not segment.steps:
            return Stands("no_steps", segment.code)
        if cure is not None and cure(values):
            return Stands("self_cure", segment.code)
        last, idle = past.get(segment.code, (-1, None))
        if idle is None:
            placed = values.get("days_placed")
            idle = FAR if placed is None else placed
        return self._place(segment, last + 1, idle, open_)

    def _open(
        self, segment: Segment, values: Mapping[str, Any], media: frozenset[str], route: str,
        closed: Collection[str],
    ) -> list[int]:  # fmt: skip
        """What a segment offers the case, less what routing keeps from it (`sequence._routed`)."""
        offers = segment.offers
        fits = [
            at for at, code in enumerate(self.codes)
            if code in offers and self._fit(at, values, media)
        ]  # fmt: skip
        if not self.is_routed:
            return fits
        if route:
            kept = [at for at in fits if self.groups[at] == route]
        else:
            kept = [at for at in fits if self.groups[at] not in closed]
        return kept or fits

    def _place(self, segment: Segment, following: int, idle: int, open_: Collection[int]) -> Stands:
        """The step, passing over those that the case can never fit, as `sequence._place`."""
        count, repeat, wait = len(segment.steps), segment.repeat_after_days, 0
        for _ in range(count + 1):
            if repeat is None and following >= count:
                return Stands("sequence_done", segment.code)
            for number, step in enumerate(segment.steps):
                if following % count != number:
                    continue
                again = repeat if number == 0 else None
                needed = (again or step.wait_days) if following > 0 else step.wait_days
                wait = max(wait, needed)
                offered = tuple(at for at in open_ if self.codes[at] in step.choose)
                if offered:
                    why = "waiting" if idle < wait else ""
                    return Stands(why, segment.code, following, step.code, offered, tuple(open_))
                following += 1
        return Stands("no_contact_point", segment.code)

    def _fit(self, at: int, values: Mapping[str, Any], media: frozenset[str]) -> bool:
        medium, holds = self.fits[at]
        return (not medium or medium in media) and (holds is None or holds(values))
