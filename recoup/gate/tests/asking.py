"""What tests of the gate need around them: texts, a sender, a decision to ask about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Permit, Refusal, Template
from recoup.kernel.errors import Refused
from recoup.portfolio.models import Case
from recoup.strategy.models import Decision, Plan, StrategyVersion

MEDIUM = {"sms": "phone", "call": "phone", "email": "email", "letter": "address"}
TEMPLATE = {"sms": "cn-sms-reminder", "email": "cn-email-reminder", "letter": "cn-letter-notice"}


# What the rules of China ask of an ordinary lender, of its agencies and of those who call for them.
ON_FILE = (
    "retention_policy", "impact_assessment", "collector_certificate", "background_check",
    "agency_evaluation", "agency_inspection", "placement_contract",
)  # fmt: skip


def ready(book: Any, by: Any, at: datetime) -> None:
    """
    The starter texts, reviewed by a person, a complaint phone, a sender for messages, and the
    papers that the rules ask of a lender.
    """
    book.creditor.complaint_phone = "400-800-1234"
    book.creditor.save()
    operations.install_templates(book=book, by=by, at=at)
    # As 何合规 would, text by text, so that a live book may send them too.
    Template.objects.filter(state=Template.State.APPROVED).update(approved_by="he")
    operations.register_sender(
        creditor=book.creditor, channel="sms", address="10690000", signature="归诚", by=by, at=at
    )
    on_file(book, by, at)


def on_file(book: Any, by: Any, at: datetime, *, but: tuple[str, ...] = ()) -> None:
    """The papers of an ordinary lender, for a month already, without some of them."""
    before = at - timedelta(days=30)
    for word in ON_FILE:
        if word not in but:
            operations.declare(word=word, of=book.creditor, source="test", by=by, at=before)


def plan_of(book: Any, at: datetime) -> Plan:
    """A plan that hand-made decisions stand under; each call opens a new day's."""
    version, _ = StrategyVersion.objects.get_or_create(
        book=book, name="by-hand", version=1,
        defaults={"source": "", "digest": "0" * 64, "added_at": at, "added_by": "test"},
    )  # fmt: skip
    days = Plan.objects.filter(book=book).count()
    return Plan.objects.create(
        book=book, strategy=version, on=at.date() - timedelta(days=days), at=at, file="",
        digest="0" * 64, rows=1, chosen=1,
    )  # fmt: skip


def decision_for(
    case: Case, channel: str, *, at: datetime, template: str | None = None, point: Any = None,
    plan: Plan | None = None,
) -> Decision:  # fmt: skip
    """A decision to contact someone by a channel, at their own number or address."""
    point = point or case.borrower.contact_points.get(medium=MEDIUM[channel], party="debtor")
    return Decision.objects.create(
        book=case.book, plan=plan or plan_of(case.book, at), case=case, on=at.date(),
        segment="test", treatment="test", channel=channel,
        template=TEMPLATE.get(channel, "") if template is None else template,
        contact_point=point, not_before=at, not_after=at.astimezone(UTC) + timedelta(hours=8),
        arm="champion", propensity=1.0,
    )  # fmt: skip


def ask(case: Case, channel: str, *, at: datetime, by: Any, **more: Any) -> Permit | Refusal:
    """The answer to a wish to contact somebody."""
    return operations.request(decision=decision_for(case, channel, at=at, **more), at=at, by=by)


def use(permit: Permit, *, at: datetime, by: Any, **changed: Any) -> Permit:
    """Use a permit for what it permits, or for something changed."""
    told = {
        "permit": permit.pk, "text": queries.fill(permit)[1], "channel": permit.channel,
        "contact_point": permit.contact_point_id,
    }  # fmt: skip
    return operations.use(**{**told, **changed}, at=at, by=by)


def refused_by(permit: Permit, *, at: datetime, by: Any, **changed: Any) -> tuple[str, ...]:
    """What stands in the way of using a permit."""
    with pytest.raises(Refused) as error:
        use(permit, at=at, by=by, **changed)
    return error.value.rules


def rules_of(answer: Permit | Refusal) -> list[str]:
    """The rules that a refusal lists."""
    assert isinstance(answer, Refusal)
    return [rule["id"] for rule in answer.rules]
