"""
Aliyun's request signature, version 3 (ACS3-HMAC-SHA256).

Source: Alibaba Cloud, "V3 request structure and signature". A test holds it to the example there.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def encoded(text: str) -> str:
    """Percent-encoding as the signature wants it: all but letters, digits, `-`, `_`, `.`, `~`."""
    return quote(text, safe="-_.~")


def form(fields: Mapping[str, str]) -> str:
    """Fields as a query string or a form body, sorted by name."""
    return "&".join(f"{encoded(name)}={encoded(fields[name])}" for name in sorted(fields))


def signature(
    *, secret: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> str:
    """
    The signature over a request. `headers` are those signed, names in lower case.
    """
    names = sorted(headers)
    canonical = "\n".join(
        (
            method, path, query,
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )  # fmt: skip
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def signed_headers(
    *, key_id: str, secret: str, host: str, action: str, version: str, date: str, nonce: str,
    body: bytes = b"", query: str = "", content_type: str = "",
) -> dict[str, str]:  # fmt: skip
    """All headers of a signed POST to `/`."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    if content_type:
        headers["content-type"] = content_type
    signed = signature(
        secret=secret, method="POST", path="/", query=query, headers=headers, body=body
    )
    return headers | {
        "Authorization": f"{ALGORITHM} Credential={key_id},"
        f"SignedHeaders={';'.join(sorted(headers))},Signature={signed}"
    }
