"""Version 1: every address that machines call."""

from __future__ import annotations

import json
import re
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, NinjaAPI, UploadedFile
from ninja.errors import HttpError
from ninja.security.apikey import APIKeyHeader

from recoup.api import callbacks, keys, permits, problems, shapes
from recoup.api.models import ApiKey
from recoup.api.nextbest import view
from recoup.intake import operations as intake
from recoup.intake import queries as intake_queries
from recoup.journal import queries as journal
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid
from recoup.kernel.money import Money
from recoup.people import operations as staffing
from recoup.people import queries as people
from recoup.people import scopes
from recoup.people.models import Book
from recoup.people.operations import Leave
from recoup.portfolio import queries as portfolio
from recoup.repayment import operations as repayment

PAGE = 100


class Signed(APIKeyHeader):
    """The signature of `recoup.api.keys`."""

    param_name = "X-Recoup-Key"

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey | None:
        """The key that signed, or nothing if nothing was signed."""
        if not key:
            return None
        sent = request.headers
        try:
            body = request.body
        except RequestDataTooBig:
            raise HttpError(
                413, "The request is larger than 10 MB. Give larger files to `recoup accept`."
            ) from None
        return keys.authenticate(
            key_id=key, method=request.method or "", path=request.get_full_path(),
            time=sent.get("X-Recoup-Time", ""), nonce=sent.get("X-Recoup-Nonce", ""),
            signed=sent.get("X-Recoup-Signature", ""), body=body, at=now(),
        )  # fmt: skip


api = NinjaAPI(
    title="Recoup", version="1", urls_namespace="api-v1", auth=Signed(),
    docs_url=None,  # the page of the library loads its assets from another house
    description="Placements, payments, permits, receipts and cases. See docs/api.md.",
)  # fmt: skip
problems.install(api)


def _book(key: ApiKey, code: str) -> Book:
    """The book of a code. Another creditor's is not there, as one that does not exist."""
    found = people.book(code)
    if found is None or found.creditor_id != key.creditor_id:
        raise Http404
    return found


def _key(request: HttpRequest, scope: str) -> ApiKey:
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    for permission in keys.SCOPES[scope]:
        scopes.demand(keys.viewer_of(key), permission)
    return key


@api.get("/health", auth=None, response=shapes.HealthOut, tags=["house"])
def health(request: HttpRequest) -> Any:
    """Whether it runs: answers only if the database does."""
    return {"status": "ok", "version": settings.VERSION, "journal": journal.position()}


@api.post("/placements", response=shapes.PlacementOut, tags=["placements"])
def place_rows(request: HttpRequest, given: shapes.PlacementIn) -> Any:
    """
    Place accounts, as rows. The same rows again are the same placement and change nothing.

    They are taken in at once and opened by the next night.
    """
    key = _key(request, "placements")
    book = _book(key, given.book)
    with scopes.acting_for(book):
        row = intake.accept_rows(
            book=book, rows=given.rows, mapping=given.mapping, as_of=given.as_of,
            by=keys.actor_of(key), at=now(),
        )  # fmt: skip
        return shapes.PlacementOut.from_orm(row)


@api.post("/placements/file", response=shapes.PlacementOut, tags=["placements"])
def place_file(
    request: HttpRequest, book: Form[str], as_of: Form[date], mapping: Form[str],
    file: File[UploadedFile],
) -> Any:  # fmt: skip
    """Place accounts, as a CSV, XLSX, Parquet or zip file of up to 10 MB."""
    key = _key(request, "placements")
    row = _book(key, book)
    name = re.sub(r"[^\w.-]", "_", Path(file.name or "file").name)[-80:]
    with tempfile.TemporaryDirectory(prefix="recoup-") as folder, scopes.acting_for(row):
        path = Path(folder) / name
        with path.open("wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
        placed = intake.accept(
            book=row, path=path, mapping=mapping, as_of=as_of, by=keys.actor_of(key), at=now()
        )
        return shapes.PlacementOut.from_orm(placed)


@api.get("/placements/{placement}", response=shapes.PlacementOut, tags=["placements"])
def placement(request: HttpRequest, placement: int) -> Any:
    """How a placement stands."""
    viewer = keys.viewer_of(_key(request, "placements"))
    with scopes.acting_for(viewer):
        row = intake_queries.placements(viewer=viewer).filter(pk=placement).first()
        if row is None:
            raise Http404
        return shapes.PlacementOut.from_orm(row)


@api.post("/payments", response=shapes.PaymentOut, tags=["payments"])
def pay(request: HttpRequest, given: shapes.PaymentIn) -> Any:
    """
    Tell of money that came in. The same `external_id` again is the same payment; with other
    figures it is refused (409). An `Idempotency-Key` header, if sent, must equal it.
    """
    key = _key(request, "payments")
    book = _book(key, given.book)
    if request.headers.get("Idempotency-Key", given.external_id) != given.external_id:
        raise Invalid(
            _("The Idempotency-Key is not the payment's external_id."),
            hint=_("Send the same in both, or only external_id."),
        )
    with scopes.acting_for(book):
        row = repayment.receive(
            book=book, source="webhook", external_id=given.external_id,
            reference=given.reference, amount=Money(given.amount, given.currency),
            value_on=given.value_on, by=keys.actor_of(key), at=now(),
        )  # fmt: skip
        return shapes.PaymentOut.from_orm(row)


@api.get("/cases", response=shapes.CasesOut, tags=["cases"])
def cases(
    request: HttpRequest, book: str = "", stage: str = "", state: str = "", page: int = 1
) -> Any:
    """Cases, the most overdue first, a hundred a page. Borrowers are half hidden."""
    key = _key(request, "cases")
    if "search" in request.GET:
        raise Invalid(
            _("Names and numbers of people do not belong in an address, which logs keep."),
            hint=_("POST them to /api/v1/cases/search."),
        )
    given = shapes.SearchIn(book=book, stage=stage, state=state, page=page)
    return _cases(key, given)


@api.post("/cases/search", response=shapes.CasesOut, tags=["cases"])
def search_cases(request: HttpRequest, given: shapes.SearchIn) -> Any:
    """
    Cases of a loan or customer number, or a whole name, phone, e-mail address or identity number.
    """
    return _cases(_key(request, "cases"), given)


def _cases(key: ApiKey, given: shapes.SearchIn) -> dict[str, Any]:
    viewer, first = keys.viewer_of(key), (max(given.page, 1) - 1) * PAGE
    with scopes.acting_for(viewer):
        rows = portfolio.cases(
            viewer=viewer, book=_book(key, given.book) if given.book else None,
            stage=given.stage or None, state=given.state or None, search=given.search or None,
        )  # fmt: skip
        shown = list(rows[first : first + PAGE + 1])
        return {
            "cases": shown[:PAGE],
            "next": given.page + 1 if len(shown) > PAGE else None,
        }


@api.get("/cases/{case}", response=shapes.CaseOut, tags=["cases"])
def case(request: HttpRequest, case: int) -> Any:
    """One case."""
    viewer = keys.viewer_of(_key(request, "cases"))
    with scopes.acting_for(viewer):
        row = portfolio.cases(viewer=viewer).filter(pk=case).first()
        if row is None:
            raise Http404
        return shapes.CaseOut.from_orm(row)


api.add_router("", permits.router(_key))
api.add_router("", view.router())

CALLBACK = "/carriers/sms/{book}/{token}"


@api.post(f"{CALLBACK}/receipts", auth=None, response=shapes.Taken, tags=["carriers"])
def sms_receipts(request: HttpRequest, book: str, token: str, news: list[shapes.SmsReport]) -> Any:
    """Receipts, pushed by a gateway in the shape of Aliyun's SmsReport."""
    return {"taken": callbacks.receipts(book=book, token=token, news=news, at=now())}


@api.post(f"{CALLBACK}/replies", auth=None, response=shapes.Taken, tags=["carriers"])
def sms_replies(request: HttpRequest, book: str, token: str, news: list[shapes.SmsUp]) -> Any:
    """Messages from phones, pushed by a gateway in the shape of Aliyun's SmsUp."""
    return {"taken": callbacks.replies(book=book, token=token, news=news, at=now())}


@api.get("/opt-out/{token}", auth=None, include_in_schema=False)
def opt_out_page(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button: mail programs fetch links, so fetching must change nothing."""
    return callbacks.page(
        _("No more e-mail"),
        f'<form method="post"><button>{_("Send me no more e-mail")}</button></form>',
    )


@api.post("/opt-out/{token}", auth=None, tags=["carriers"])
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """One click ends e-mail (RFC 8058)."""
    callbacks.opt_out(token=token, at=now())
    return callbacks.page(
        _("No more e-mail"), f"<p>{_('You will get no more e-mail from us.')}</p>"
    )


@api.get("/people", response=shapes.CollectorsOut, tags=["people"])
def collectors(request: HttpRequest) -> Any:
    """What each of the creditor's collectors can, as cases are given out by it."""
    key = _key(request, "people")
    with scopes.acting_for(key.creditor):
        return {"collectors": people.abilities(viewer=keys.viewer_of(key))}


@api.get("/people/{username}", response=shapes.AbilitiesOut, tags=["people"])
def collector(request: HttpRequest, username: str) -> Any:
    """What one of them can."""
    key = _key(request, "people")
    with scopes.acting_for(key.creditor):
        return people.abilities(viewer=keys.viewer_of(key), username=username)[0]


@api.put("/people/{username}", response=shapes.AbilitiesOut, tags=["people"])
def qualify(request: HttpRequest, username: str, given: shapes.AbilitiesIn) -> Any:
    """
    Set what a collector can. The same again leaves the same.

    The next night gives out cases by it.
    """
    key = _key(request, "people")
    viewer = keys.viewer_of(key)
    with scopes.acting_for(key.creditor):
        licences = None if given.licences is None else [
            Leave(one.place, one.number, one.valid_until) for one in given.licences
        ]  # fmt: skip
        staffing.qualify(
            of=people.led(viewer=viewer, username=username), by=keys.actor_of(key), at=now(),
            skills=given.skills, languages=given.languages, licences=licences,
        )  # fmt: skip
        return people.abilities(viewer=viewer, username=username)[0]


def openapi() -> str:
    """The description as JSON, the same as at /api/v1/openapi.json."""
    return json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=1, default=str)
