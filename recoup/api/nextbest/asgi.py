"""
The address `POST /api/v1/cases/{case}/next-action`, before Django: an answer in a millisecond or two.

What is in memory is answered at once; what is not is read in a thread, while others are answered.
Everything else goes on to the application behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from recoup.api.nextbest.service import Missing, NotHere, Service, service
from recoup.kernel import memory
from recoup.kernel.clock import now
from recoup.kernel.errors import RecoupError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
PATH = re.compile(r"/api/v1/cases/(\d{1,19})/next-action")
LONGEST = 64 * 1024
LARGEST = 2**63 - 1


class NextAction:
    """An ASGI application that answers one address and hands on all others."""

    def __init__(self, behind: Callable[..., Awaitable[None]], asked: Service = service) -> None:
        self.behind, self.service = behind, asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        meant = None
        if scope["type"] == "http" and scope["method"] == "POST":
            meant = PATH.fullmatch(scope["path"])
        if meant is None or (settings.BEHIND_TLS and not _is_secure(scope)):
            await self.behind(scope, receive, send)
            return
        body = await _body(receive)
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        if body is None:
            status, said, more = problem(413, "The request is larger than 64 KB.")
        elif not _host_is_ours(headers.get("host", "")):
            status, said, more = problem(400, "This host is not served here.")
        else:
            query = scope.get("query_string", b"").decode("latin-1")
            path = f"{scope['path']}?{query}" if query else scope["path"]
            status, said, more = await self._told(int(meant[1]), headers, body, path)
        await _send(send, status, said, more)

    async def _told(
        self, case: int, headers: dict[str, str], body: bytes, path: str
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        at = now()
        try:
            signed, answer = self.service.quick(case, headers, body, path=path, at=at)
            if isinstance(answer, Missing) and answer.key:
                key = headers.get("x-recoup-key", "")
                if not await sync_to_async(self.service.load_key, thread_sensitive=False)(key):
                    self.service.refuse_unknown(headers, body, path=path, at=at)
                signed, answer = self.service.quick(case, headers, body, path=path, at=at)
            if isinstance(answer, Missing):
                if case > LARGEST or signed is None:
                    raise NotHere
                slow = sync_to_async(self.service.slow, thread_sensitive=False)
                answer = await slow(case, signed, body, at=at)
        except NotHere:
            return problem(404, "There is no such thing here.", hint="Check the identifier.")
        except RecoupError as error:
            return _refused(error)
        return 200, json.dumps(answer).encode(), []


def _refused(error: RecoupError) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    from recoup.api.problems import of

    made = of(error)
    more = [(b"retry-after", made["Retry-After"].encode())] if "Retry-After" in made else []
    return made.status_code, bytes(made.content), more


def problem(
    status: int, title: str, *, hint: str = ""
) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """A problem as RFC 9457 has it."""
    said = {"type": "about:blank", "status": status, "title": title, "hint": hint}
    return status, json.dumps(said).encode(), []


async def _live(receive: Receive, send: Send) -> None:
    """Begin and end as the server says; all that is imported by then stays."""
    while True:
        said = (await receive())["type"]
        if said == "lifespan.startup":
            memory.for_serving()
        await send({"type": f"{said}.complete"})
        if said == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytes | None:
    parts, size = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > LONGEST or message["type"] == "http.disconnect":
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _host_is_ours(host: str) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _is_secure(scope: Scope) -> bool:
    return scope.get("scheme") == "https" or any(
        name == b"x-forwarded-proto" and value == b"https" for name, value in scope["headers"]
    )


async def _send(send: Send, status: int, body: bytes, more: list[tuple[bytes, bytes]]) -> None:
    kind = b"application/json" if status == 200 else b"application/problem+json"
    headers = [
        (b"content-type", kind), (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), *more,
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
