"""Texts and senders at the desk: seen by the studio, approved by compliance, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recoup.gate import operations as gate
from recoup.gate.models import Template
from recoup.people import operations as people
from recoup.people import scopes

SignedIn = Callable[[Any], Client]


@pytest.fixture
def installed(live_book: Any, system: Any, at: Any) -> Template:
    """The starter texts of a live book, as drafts, and a sender."""
    rows = gate.install_templates(book=live_book, by=system, at=at)
    with scopes.acting_for(live_book):
        gate.register_sender(
            creditor=live_book.creditor, channel="sms", address="10690001", by=system, at=at
        )
    return next(row for row in rows if row.code == "cn-sms-reminder")


@pytest.fixture
def wu(creditor: Any, system: Any, at: Any) -> Any:
    """吴合规 approves."""
    return people.add_user(
        username="wu", name="吴合规", role="compliance", creditors=[creditor], by=system, at=at
    )


def test_compliance_approves_and_withdraws_a_text_by_name(
    installed: Template, wu: Any, signed_in: SignedIn
) -> None:
    client = signed_in(wu)

    page = client.get("/studio/texts/").content.decode()
    client.post(f"/studio/texts/{installed.pk}/approve/", {"once": "a1"})
    installed.refresh_from_db()
    approved = (installed.state, installed.approved_by)
    client.post(f"/studio/texts/{installed.pk}/withdraw/", {"once": "a2"})
    installed.refresh_from_db()

    assert "cn-sms-reminder v1" in page and "10690001" in page and "批准" in page
    assert approved == ("approved", "wu")
    assert installed.state == "withdrawn"


def test_an_analyst_sees_texts_and_approves_none(
    installed: Template, analyst: Any, signed_in: SignedIn
) -> None:
    client = signed_in(analyst)

    page = client.get("/studio/texts/").content.decode()
    refused = client.post(f"/studio/texts/{installed.pk}/approve/", {"once": "a1"})

    assert "cn-sms-reminder v1" in page and "text_approve" not in page and "approve/" not in page
    assert refused.status_code == 403
    installed.refresh_from_db()
    assert installed.state == "draft"


def test_a_collector_and_the_outsider_do_not_see_the_page(
    installed: Template, li_na: Any, outsider: Any, signed_in: SignedIn
) -> None:
    assert signed_in(li_na).get("/studio/texts/").status_code == 403
    assert signed_in(outsider).get("/studio/texts/").status_code == 404
