"""
The live feed of the desks: a stream of events a page can listen to, resumable by position.

What a viewer may not see does not pass: the event of a case goes only to whoever may see the case.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from django_scopes import scopes_disabled

from recoup.journal import feed, queries
from recoup.journal.models import Event
from recoup.kernel.actors import Viewer
from recoup.look import sentences
from recoup.people import scopes
from recoup.portfolio.models import Case

BEAT = 15.0
FRESH = 30.0
MOST_KNOWN = 20_000

_whose: dict[int, tuple[float, int | None, int | None]] = {}


async def stream(request: HttpRequest) -> HttpResponse:
    """Events after `Last-Event-ID`, or from now on, until the page is left."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    given = request.headers.get("Last-Event-ID") or request.GET.get("after") or ""
    after = int(given) if given.isascii() and given.isdigit() else await _position()
    language = getattr(request, "LANGUAGE_CODE", "zh-hans")
    # Holding a connection for each open page starves the pool.
    await sync_to_async(connections.close_all)()
    response = StreamingHttpResponse(
        _lines(viewer, after, language), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _position() -> int:
    return await sync_to_async(queries.position)()


async def _lines(viewer: Viewer, after: int, language: str) -> AsyncIterator[str]:
    yield f"retry: 3000\nid: {after}\ndata: {{}}\n\n"
    events = feed.listen(after=after, creditors=viewer.creditors)
    waiting = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=BEAT)
            if not done:
                yield ": still here\n\n"
                continue
            event = waiting.result()
            waiting = asyncio.ensure_future(anext(events))
            if await _may_see(viewer, event):
                yield _line(event, language)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await events.aclose()  # type: ignore[attr-defined]


def _line(event: Event, language: str) -> str:
    with translation.override(language):
        said = sentences.sentence_of(event)
    data = {"kind": event.kind, "case": event.case, "book": event.book, "at": said.at.isoformat()}
    if event.case is not None:
        data["text"] = said.text
    return f"id: {event.position}\nevent: journal\ndata: {json.dumps(data)}\n\n"


async def _may_see(viewer: Viewer, event: Event) -> bool:
    if event.case is None:
        return not event.kind.startswith("people.")
    if scopes.SEE_CASES not in viewer.may:
        return False
    if scopes.belongs_nowhere(viewer):
        return False
    team, agency = await _owner(event.case)
    return viewer.team in (None, team) and viewer.agency in (None, agency)


async def _owner(case: int) -> tuple[int | None, int | None]:
    known = _whose.get(case)
    if known is None or known[0] < time.monotonic():
        if len(_whose) > MOST_KNOWN:
            _whose.clear()
        team, agency = await sync_to_async(_read_owner)(case)
        known = (time.monotonic() + FRESH, team, agency)
        _whose[case] = known
    return known[1], known[2]


def _read_owner(case: int) -> tuple[int | None, int | None]:
    try:
        with scopes_disabled():
            row = Case.objects.filter(pk=case).values_list("team", "agency").first()
        return row or (None, None)
    finally:
        connections.close_all()
