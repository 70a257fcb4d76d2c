"""
What the gate costs over HTTP: a verdict, a permit, from a machine that signs.

    python -m bench.gate_http [--requests 2000]

A real server (`recoup serve`, one process) on the loopback and one client that keeps its
connection. The floor is the same server's health page, signed by nobody. Prints the median, the
99th percentile, and their ratio to the floor. Exits with 1 if the 99th percentile of a verdict is
over 10 ms.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

MOST_MS = 10.0
WARM = 100


def prepare() -> tuple[str, str, list[dict[str, Any]]]:
    """A key and its secret, and wishes for permits of cases that may be contacted."""
    import django

    django.setup()
    from django.core.management import call_command

    from recoup.api import keys
    from recoup.gate.tests import asking
    from recoup.kernel.actors import Actor
    from recoup.people import operations as people
    from recoup.people import scopes
    from tests.cast import place

    call_command("migrate", verbosity=0)
    by, at = Actor.system("bench"), datetime.now(UTC)
    creditor = people.add_creditor(code="bench", name="归诚", by=by, at=at)
    book = people.open_book(creditor=creditor, code="bench", name="bench", mode="demo",
                            opened_on=at.date(), by=by, at=at)  # fmt: skip
    with scopes.acting_for(book):
        asking.ready(book, by, at)
        wishes = []
        for number in range(200):
            case = place(book=book, reference=f"B{number}", phone=f"139{number:08d}")
            point = case.borrower.contact_points.get(medium="phone").pk
            wishes.append({"case": case.pk, "channel": "sms", "contact_point": point})
        key, secret = keys.add_key(creditor=creditor, name="bench", may=["permits"], by=by, at=at)
    return key.pk, secret, wishes


def signed(key: str, secret: str, path: str, body: bytes) -> dict[str, str]:
    """The headers that docs/api.md asks for."""
    now, nonce = str(int(time.time())), secrets.token_hex(16)
    lines = ["POST", path, now, nonce, hashlib.sha256(body).hexdigest()]
    mac = hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    return {
        "X-Recoup-Key": key, "X-Recoup-Time": now, "X-Recoup-Nonce": nonce,
        "X-Recoup-Signature": mac, "Content-Type": "application/json",
        "Idempotency-Key": secrets.token_hex(12),
    }  # fmt: skip


def times(work: Callable[[int], httpx.Response], count: int) -> list[float]:
    """Milliseconds of each of so many requests, after some to warm up."""
    found = []
    for number in range(count + WARM):
        before = time.perf_counter()
        answer = work(number)
        spent = (time.perf_counter() - before) * 1e3
        answer.raise_for_status()
        if number >= WARM:
            found.append(spent)
    return found


def measured(port: int, key: str, secret: str, wishes: list[Any], count: int) -> dict[str, float]:
    """Median and 99th percentile of each kind of request."""
    from recoup.rulebook import casebook

    facts = {"jurisdiction": "CN", "facts": dict(casebook.base_of("china")["sms"])}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:

        def post(path: str, said: Any) -> httpx.Response:
            body = json.dumps(said).encode()
            return client.post(path, content=body, headers=signed(key, secret, path, body))

        runs = {
            "floor": times(lambda _: client.get("/api/v1/health"), count),
            "verdict": times(lambda _: post("/api/v1/verdicts", facts), count),
            "permit": times(
                lambda n: post("/api/v1/permits", wishes[n % len(wishes)]), min(count, 500)
            ),
        }
    found = {}
    for name, spent in runs.items():
        found[f"{name}_median_ms"] = statistics.median(spent)
        found[f"{name}_p99_ms"] = statistics.quantiles(spent, n=100)[98]
    found["verdict_to_floor"] = found["verdict_median_ms"] / found["floor_median_ms"]
    return found


def wait_for(port: int) -> None:
    """Until the server answers."""
    for _ in range(200):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/api/v1/health", timeout=1).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit("The server did not come up.")


def main() -> int:
    """Measure, print, and say whether the budget holds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--requests", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        os.environ.update(RECOUP_HOME=home, RECOUP_API_PER_MINUTE="0",
                          DJANGO_SETTINGS_MODULE="recoup.site.settings")  # fmt: skip
        key, secret, wishes = prepare()
        server = subprocess.Popen(
            [sys.executable, "-c", "from recoup.commands import main; main()", "serve",
             "--port", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(port)
            found = measured(port, key, secret, wishes, options.requests)
        finally:
            server.terminate()
            server.wait(10)
    print(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=2))
    return int(found["verdict_p99_ms"] > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
