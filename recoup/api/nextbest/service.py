"""
The answer to one request: signed, of a case the key may see, as of the end of the journal.

`quick` answers from memory or says what is missing; `slow` reads that, and is run where it may take
its time. In doubt nothing is advised: whoever sends asks the gate, which judges again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django_scopes import scopes_disabled

from recoup.api.models import ApiKey
from recoup.api.nextbest.loading import TARGETS, Hot, HotBook
from recoup.api.nextbest.signed import Signatures
from recoup.api.nextbest.store import Store
from recoup.kernel.errors import Invalid, Problem
from recoup.portfolio.models import Case
from recoup.rulebook.rows import PLACE
from recoup.scoring.declared import NAMES
from recoup.strategy.nextbest import Found, Option

logger = logging.getLogger(__name__)
# What only whoever asks can know now; and what may have changed since the night.
SESSION = ("identity_confirmed", "recording_ready")
SUMS = ("owed", "overdue", "days_past_due")
LARGEST = 2**53


class NotHere(Exception):
    """There is no such case for this key."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something is to be read first: the key, or the case."""

    key: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said of the case: session facts, sums and features."""

    session: Mapping[str, bool]
    sums: Mapping[str, int]
    features: Mapping[str, float]


NOTHING_SAID = Asked({}, {}, {})


class Service:
    """The endpoint of one process, without its transport."""

    def __init__(self) -> None:
        self.store = Store()
        self.signatures = Signatures()
        self._keys_seen = 0

    def quick(
        self, case: int, headers: Mapping[str, str], body: bytes, *, path: str, at: datetime,
        signed: ApiKey | None = None,
    ) -> tuple[ApiKey | None, dict[str, Any] | Missing]:  # fmt: skip
        """
        Answer from memory: the key that signed, and the answer or what is missing. With a key that
        has `signed` already, the nonce is not spent again.

        :raises Refused: if it is not signed rightly, or was made before
        :raises TooMany: if the key asks too often
        :raises NotHere: for a case that the key may not see
        :raises Invalid: for a body that makes no sense
        """
        if signed is None:
            self.store.catch_up()
            if self._keys_seen != self.store.keys_changed:
                self.signatures.forget()
                self._keys_seen = self.store.keys_changed
            key_id = headers.get("x-recoup-key", "")
            key = self.signatures.known(key_id)
            if key is None:
                return None, Missing(key=True)
            signed = self.signatures.check(key, headers, path=path, body=body, at=at)
        asked = read(body)
        ready = self.store.get(case, at=at)
        if ready is None:
            return signed, Missing()
        hot, book = ready
        if not _may_see(signed, hot.creditor, hot.agency):
            raise NotHere
        return signed, advise(hot, book, asked, at=at)

    def refuse_unknown(
        self, headers: Mapping[str, str], body: bytes, *, path: str, at: datetime
    ) -> ApiKey:
        """Check a request whose key is nobody's: the same work, and the same refusal."""
        return self.signatures.check(None, headers, path=path, body=body, at=at)

    def load_key(self, key_id: str) -> bool:
        """Read a key; gives whether there is one. Slow."""
        return self.signatures.load(key_id, 0) is not None

    def slow(self, case: int, signed: ApiKey, body: bytes, *, at: datetime) -> dict[str, Any]:
        """Answer by reading what is not in memory. :raises NotHere: as `quick`"""
        with scopes_disabled():
            row = Case.objects.filter(pk=case).values_list("book__creditor", "agency").first()
        if row is None or not _may_see(signed, *row):
            raise NotHere
        try:
            for _ in range(2):
                self.store.fetch(case, at=at)
                _key, answer = self.quick(case, {}, body, path="", at=at, signed=signed)
                if not isinstance(answer, Missing):
                    return answer
        except (NotHere, Invalid):
            raise
        except Exception:
            logger.exception("A next action could not be worked out, so none is advised")
        return nothing(case, "unsure")


def _may_see(key: ApiKey, creditor: int, agency: int | None) -> bool:
    return key.creditor_id == creditor and (key.agency_id is None or key.agency_id == agency)


def read(body: bytes) -> Asked:
    """What a body says. :raises Invalid: with every problem of it"""
    if body in (b"", b"{}"):
        return NOTHING_SAID
    try:
        said = json.loads(body)
    except ValueError:
        raise Invalid("The body is not JSON.") from None
    if not isinstance(said, dict):
        raise Invalid("The body is not an object.", hint='Send {} or {"facts": {...}}.')
    problems: list[Problem] = []
    facts = said.get("facts", {})
    unknown = sorted(set(said) - {"facts"})
    problems += [Problem(str(name)[:40], "is not known.", "Known is facts.") for name in unknown]
    if not isinstance(facts, dict):
        problems.append(Problem("facts", "is not an object."))
        facts = {}
    session: dict[str, bool] = {}
    sums: dict[str, int] = {}
    features: dict[str, float] = {}
    for name, value in facts.items():
        where = f"facts.{str(name)[:40]}"
        if name in SESSION:
            if isinstance(value, bool):
                session[name] = value
            else:
                problems.append(Problem(where, "is not true or false."))
        elif name in SUMS or name in NAMES:
            if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
                problems.append(Problem(where, "is not a number."))
            elif abs(value) > LARGEST:
                problems.append(Problem(where, "is too large."))
            else:
                if name in SUMS:
                    sums[name] = int(value)
                if name in NAMES:
                    features[name] = float(value)
        else:
            hint = f"Known are {', '.join((*SESSION, *SUMS))} and the declared features."
            problems.append(Problem(where, "is not known.", hint))
    if problems:
        raise Invalid("The body has problems.", problems=problems)
    return Asked(session, sums, features)


def scores(hot: Hot, book: HotBook, asked: Asked) -> dict[str, float]:
    """The scores of a case now: the night's features, with what changed, through each model."""
    found = {}
    for target, matrix in hot.matrix.items():
        if asked.features:
            matrix = matrix.copy()
            places = hot.places[target]
            for name, value in asked.features.items():
                if (place := places.get(name)) is not None:
                    matrix[0, place] = value
        found[target] = float(np.float32(book.models[target].chance(matrix)))
    return found


def advise(hot: Hot, book: HotBook, asked: Asked, *, at: datetime) -> dict[str, Any]:
    """The next best action of a case in memory."""
    told = scores(hot, book, asked)
    values = hot.values | told | asked.sums if told or asked.sums else hot.values
    rows = hot.rows
    if asked.session:
        rows = {}
        for place, row in hot.rows.items():
            row = list(row)
            for name, value in asked.session.items():
                row[PLACE[name]] = value
            rows[place] = row
    found = book.prepared.choose(
        hot.known, values, gates=hot.gates, rows=rows, left=book.left, now=at
    )
    return _answer(hot, book, found, {name: values[name] for name in TARGETS})


def nothing(case: int, why: str) -> dict[str, Any]:
    """That nothing is advised."""
    return {"case": case, "action": None, "why": why}


def _answer(
    hot: Hot, book: HotBook, found: Found, told: Mapping[str, float | None]
) -> dict[str, Any]:
    answer = nothing(hot.case, found.why) | {
        "segment": found.segment, "step": found.step_code, "rules": list(found.rules),
        "scores": told, "prices_on": book.plan.on.isoformat(), "plan": book.plan.pk,
        "strategy": book.plan.strategy_id, "options": [_option(book, one) for one in found.options],
    }  # fmt: skip
    if found.treatment < 0:
        return answer
    treatment = book.prepared.treatments[found.treatment]
    window = hot.known.windows[found.treatment]
    return answer | {
        "action": treatment.code, "channel": treatment.channel, "template": treatment.template,
        "contact_point": hot.known.points.get(treatment.channel) or None,
        "window": {"from": window[0].isoformat(), "until": window[1].isoformat()} if window else {},
        "offer": dict(treatment.offer), "decision": hot.waiting.get(treatment.code),
    }  # fmt: skip


def _option(book: HotBook, one: Option) -> dict[str, Any]:
    """An action that was lawful, in minor units: what it would win, what prices leave, the dearest."""
    prepared = book.prepared
    dearest, most = "", 0.0
    for m, amount in one.takes:
        if (charge := amount * prepared.prices[m]) > most:
            dearest, most = prepared.names[m], charge
    return {
        "action": prepared.treatments[one.treatment].code, "value": round(one.value, 2),
        "after_prices": round(one.worth, 2), "dearest": dearest, "room": one.has_room,
    }  # fmt: skip


service = Service()
