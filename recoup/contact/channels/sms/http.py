"""
An HTTP gateway in the shape of Aliyun's short message service (2017-05-25).

`SendSms` hands over, `QuerySendDetails` asks; `OutId` carries our key, `BizId` is the carrier's id.
Everything goes in the signed body, so that no number stands in an address that a server logs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from recoup.contact.channels.base import (
    Answer,
    BadAddress,
    Channel,
    Handed,
    Parcel,
    Status,
    Unclear,
    unsealed,
)
from recoup.contact.channels.sms.segments import bare, cut, signed
from recoup.contact.channels.sms.signing import form, signed_headers
from recoup.kernel.clock import now
from recoup.kernel.errors import Failed, NotConfigured
from recoup.kernel.text import canonical_json, phone_number

VERSION = "2017-05-25"
FORM = "application/x-www-form-urlencoded"
PLACE = ZoneInfo("Asia/Shanghai")  # SendDate is a day in China, whatever the borrower's zone
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
BAD_NUMBER = ("isv.MOBILE_NUMBER_ILLEGAL", "MOBILE_NOT_ON_SERVICE")
TRY_LATER = ("isv.BUSINESS_LIMIT_CONTROL", "isv.AMOUNT_NOT_ENOUGH", "Throttling", "isv.DAY_LIMIT")
SENT = {"1": Status.ACCEPTED, "2": Status.UNDELIVERED, "3": Status.DELIVERED}
PAGE = 50


class HttpSms(Channel):
    """
    The gateway at one address.

    `templates` maps our template codes to the gateway's; under `*` stands a template of one
    variable, `text`, for gateways that take free text.
    """

    def __init__(
        self, *, carrier: str, url: str, key_id: str, secret: str, templates: Mapping[str, str],
        price: Decimal, idempotent: bool, timeout: httpx.Timeout = TIMEOUT,
    ) -> None:  # fmt: skip
        self.carrier, self.price, self.idempotent = carrier, price, idempotent
        self._url, self._key_id, self._secret = url, key_id, secret
        self._templates = templates
        self._client = httpx.Client(timeout=timeout, trust_env=False)

    def hand_over(self, parcel: Parcel) -> Handed:
        """See `Channel`."""
        code, values = self._template(parcel)
        said = self._call(
            "SendSms",
            {
                "PhoneNumbers": _number(parcel),
                "SignName": parcel.sender.signature,
                "TemplateCode": code,
                "TemplateParam": canonical_json(values),
                "OutId": parcel.key,
            },
        )
        _judge(str(said.get("Code", "")))
        if not said.get("BizId"):
            raise Unclear("The gateway took the message but gave no id.")
        shown = signed(bare(parcel.text), parcel.sender.signature)
        count = len(cut(shown, always_ucs2=True).parts)
        return Handed(str(said["BizId"])[:80], count, self.cost(count))

    def ask(self, parcel: Parcel, *, provider_id: str) -> Answer:
        """See `Channel`. The gateway finds by number, day and its id; we look for our key."""
        fields = {
            "PhoneNumber": _number(parcel),
            "SendDate": parcel.at.astimezone(PLACE).strftime("%Y%m%d"),
            "PageSize": str(PAGE),
        }
        if provider_id:
            fields["BizId"] = provider_id
        page = 1
        while True:
            said = self._call("QuerySendDetails", fields | {"CurrentPage": str(page)})
            if said.get("Code") != "OK":
                return Answer(Status.UNKNOWN, detail=str(said.get("Code", "")))
            details = (said.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []
            for detail in details:
                if detail.get("OutId") == parcel.key:
                    status = SENT.get(str(detail.get("SendStatus")), Status.UNKNOWN)
                    return Answer(status, provider_id, str(detail.get("ErrCode", ""))[:120])
            if page * PAGE >= int(said.get("TotalCount") or 0):
                return Answer(Status.NEVER_SEEN)
            page += 1

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def _template(self, parcel: Parcel) -> tuple[str, Mapping[str, str]]:
        if parcel.template in self._templates:
            return self._templates[parcel.template], parcel.slots
        if "*" in self._templates:
            return self._templates["*"], {"text": bare(parcel.text)}
        raise NotConfigured(
            f"The gateway's code for the template {parcel.template} is not known.",
            setting="RECOUP_SMS_HTTP_TEMPLATES",
        )

    def _call(self, action: str, fields: Mapping[str, str]) -> dict[str, Any]:
        body = form(fields).encode()
        headers = signed_headers(
            key_id=self._key_id, secret=self._secret, host=httpx.URL(self._url).netloc.decode(),
            action=action, version=VERSION, nonce=secrets.token_hex(16), body=body,
            # The gateway refuses a stale signature, so this is the wall clock, not the caller's `at`.
            date=now().strftime("%Y-%m-%dT%H:%M:%SZ"), content_type=FORM,
        )  # fmt: skip
        try:
            answer = self._client.post(self._url, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise Failed("The SMS gateway cannot be reached.", permanent=False) from None
        except httpx.HTTPError:
            raise Unclear("The SMS gateway did not answer.") from None
        try:
            said = answer.json()
        except ValueError:
            said = None
        if not isinstance(said, dict) or answer.status_code >= 500:
            raise Unclear(f"The SMS gateway answered {answer.status_code} without saying more.")
        return said


def _number(parcel: Parcel) -> str:
    """A mainland number as 11 digits, any other with its country code."""
    number = phone_number(unsealed(parcel.to))
    if number is None:
        raise BadAddress("This is not a phone number.")
    return number.removeprefix("+86") if number.startswith("+861") else number.lstrip("+")


def _judge(code: str) -> None:
    """Go on only if the gateway said OK."""
    if code == "OK":
        return
    if code in BAD_NUMBER:
        raise BadAddress(f"The gateway does not send to this number ({code}).")
    if code.startswith(TRY_LATER):
        raise Failed(f"The gateway takes no more now ({code}).", permanent=False)
    if not code or code.startswith("isp."):
        raise Unclear(f"The gateway met an error of its own ({code or 'no code'}).")
    raise Failed(f"The gateway refused the message ({code}).", permanent=True)
