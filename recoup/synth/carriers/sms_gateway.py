"""
A text-message gateway on the loopback that speaks Aliyun's protocol and checks signatures.

It drops a second message with the same `OutId`. For tests it can be told to misbehave.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from recoup.contact.channels.sms.signing import ALGORITHM, signature
from recoup.synth.carriers.log import Log

STALE = 900  # seconds that a signature's date may be off
STATUS = {"accepted": 1, "undelivered": 2, "delivered": 3}
MODES = ("ok", "accept_and_cut", "stall", "error_500", "refuse")
MOBILE = re.compile(r"1[3-9]\d{9}")


class SmsGateway:
    """The server. `behave` sets what the next requests meet; `url` is where it listens."""

    def __init__(self, log: Log, *, key_id: str, secret: str) -> None:
        self.log, self.key_id, self.secret = log, key_id, secret
        self.requests = 0
        self.refusal = "isv.BUSINESS_LIMIT_CONTROL"
        self.stall_seconds = 1.0
        self._mode, self._times = "ok", 0
        self._lock = threading.Lock()
        self._nonces: set[str] = set()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.gateway = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Close the door."""
        self._server.shutdown()
        self._server.server_close()

    def behave(self, mode: str, *, times: int = 1_000_000) -> None:
        """
        Meet the next `SendSms` requests so: `accept_and_cut` takes the message and drops the
        connection, `stall` never reads it, `error_500` and `refuse` do not take it.
        """
        if mode not in MODES:
            raise ValueError(f"{mode} is none of {MODES}")
        with self._lock:
            self._mode, self._times = mode, times

    def mode(self) -> str:
        """What the present request meets."""
        with self._lock:
            if self._times <= 0:
                return "ok"
            self._times -= 1
            return self._mode

    def send(self, fields: dict[str, str]) -> dict[str, Any]:
        """`SendSms`."""
        number, key = fields.get("PhoneNumbers", ""), fields.get("OutId", "")
        if not MOBILE.fullmatch(number):
            return _said("isv.MOBILE_NUMBER_ILLEGAL")
        if not fields.get("SignName"):
            return _said("isv.SMS_SIGNATURE_ILLEGAL")
        with self._lock:
            known = self.log.by_key("sms", key) if key else None
            if known is None:
                biz_id = uuid.uuid4().hex[:20] + "^0"
                values = json.loads(fields.get("TemplateParam") or "{}")
                text = values.get("text") or " ".join(str(v) for v in values.values())
                self.log.add(
                    channel="sms", key=key, address=number,
                    text=f"【{fields['SignName']}】{text}", provider_id=biz_id,
                )  # fmt: skip
            else:
                biz_id = known.provider_id
        return _said("OK") | {"BizId": biz_id}

    def details(self, fields: dict[str, str]) -> dict[str, Any]:
        """`QuerySendDetails`."""
        rows = self.log.to("sms", fields.get("PhoneNumber", ""))
        if fields.get("BizId"):
            rows = [row for row in rows if row.provider_id == fields["BizId"]]
        size, page = int(fields.get("PageSize", 10)), int(fields.get("CurrentPage", 1))
        shown = rows[(page - 1) * size : page * size]
        details = [
            {
                "OutId": row.key,
                "PhoneNum": row.address,
                "Content": row.text,
                "SendStatus": STATUS.get(row.status, 1),
                "ErrCode": row.status.upper(),
                "SendDate": row.at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%F %T"),
            }
            for row in shown
        ]
        return _said("OK") | {
            "TotalCount": len(rows), "SmsSendDetailDTOs": {"SmsSendDetailDTO": details},
        }  # fmt: skip

    def check(self, headers: dict[str, str], body: bytes, query: str) -> str:
        """The code of what is wrong with a request's signature, or nothing."""
        found = re.fullmatch(
            rf"{ALGORITHM} Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]+)",
            headers.get("authorization", ""),
        )
        if not found:
            return "MissingAuthorization"
        key_id, names, given = found.groups()
        if key_id != self.key_id:
            return "InvalidAccessKeyId.NotFound"
        if headers.get("x-acs-content-sha256") != hashlib.sha256(body).hexdigest():
            return "SignatureDoesNotMatch"
        signed = {name: headers.get(name, "") for name in names.split(";")}
        right = signature(
            secret=self.secret, method="POST", path="/", query=query, headers=signed, body=body
        )
        if not hmac.compare_digest(right, given):
            return "SignatureDoesNotMatch"
        if _age(headers.get("x-acs-date", "")) > STALE:
            return "InvalidTimeStamp.Expired"
        nonce = headers.get("x-acs-signature-nonce", "")
        with self._lock:
            if nonce in self._nonces:
                return "SignatureNonceUsed"
            self._nonces.add(nonce)
        return ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    gateway: SmsGateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30
    server: _Server
    ACTIONS: ClassVar[dict[str, Callable[[SmsGateway, dict[str, str]], dict[str, Any]]]] = {
        "SendSms": SmsGateway.send,
        "QuerySendDetails": SmsGateway.details,
    }

    def do_POST(self) -> None:
        gateway = self.server.gateway
        action = self.headers.get("x-acs-action", "")
        sending = action == "SendSms"
        gateway.requests += sending
        mode = gateway.mode() if sending else "ok"
        if mode == "stall":
            time.sleep(gateway.stall_seconds)
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wrong = gateway.check(
            {name.lower(): value for name, value in self.headers.items()}, body,
            self.path.partition("?")[2],
        )  # fmt: skip
        if wrong or action not in self.ACTIONS:
            return self._answer(400, _said(wrong or "InvalidAction.NotFound"))
        if mode == "error_500":
            return self._answer(500, {})
        if mode == "refuse":
            return self._answer(200, _said(gateway.refusal))
        said = self.ACTIONS[action](gateway, dict(parse_qsl(body.decode())))
        if mode == "accept_and_cut":
            self.close_connection = True
            return None
        return self._answer(200, said)

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        content = json.dumps(said, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: an access log is one more place for numbers."""


def _said(code: str) -> dict[str, Any]:
    message = "OK" if code == "OK" else code.rpartition(".")[2]
    return {"Code": code, "Message": message, "RequestId": str(uuid.uuid4()).upper()}


def _age(date: str) -> float:
    try:
        then = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return float("inf")
    return abs((datetime.now(UTC) - then).total_seconds())
