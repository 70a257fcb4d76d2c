"""A machine that signs its requests."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recoup.api import keys


class Machine:
    """Signs as docs/api.md says, with code of its own."""

    def __init__(self, client: Client, key: str, secret: str) -> None:
        self.client, self.key, self.secret = client, key, secret

    def headers(self, method: str, path: str, body: bytes, **changed: str) -> dict[str, str]:
        import hashlib
        import hmac

        sent = {
            "X-Recoup-Key": self.key, "X-Recoup-Time": str(int(time.time())),
            "X-Recoup-Nonce": secrets.token_hex(16),
        } | changed  # fmt: skip
        lines = [
            method, path, sent["X-Recoup-Time"], sent["X-Recoup-Nonce"],
            hashlib.sha256(body).hexdigest(),
        ]  # fmt: skip
        signed = hmac.new(self.secret.encode(), "\n".join(lines).encode(), "sha256").hexdigest()
        return {"X-Recoup-Signature": signed} | sent

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.headers("GET", path, b""))

    def post(self, path: str, said: Any, **headers: str) -> Any:
        body = json.dumps(said, ensure_ascii=False).encode()
        signed = self.headers("POST", path, body) | headers
        return self.client.post(path, body, content_type="application/json", headers=signed)


@pytest.fixture
def machine_of(client: Client, system: Any, at: Any) -> Callable[..., Machine]:
    """A machine of a creditor, with every scope unless told."""

    def make(creditor: Any, *may: str) -> Machine:
        row, secret = keys.add_key(
            creditor=creditor, name="core", may=may or keys.SCOPES, by=system, at=at
        )
        return Machine(client, row.pk, secret)

    return make


@pytest.fixture
def machine(machine_of: Callable[..., Machine], creditor: Any) -> Machine:
    """The lender's own machine."""
    return machine_of(creditor)
