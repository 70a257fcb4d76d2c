"""A named person's leave to put a version in force that no good flight answers for: four eyes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from recoup.journal.operations import record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.people.scopes import unjoined
from recoup.strategy.events import ActivationAsked, ActivationDecided
from recoup.strategy.flights import clearing
from recoup.strategy.models import StrategyApproval, StrategyVersion

HOLDS = timedelta(days=7)


def ask_approval(
    *, version: StrategyVersion, reason: str, at: datetime, viewer: Viewer | None = None,
    by: Actor | None = None,
) -> StrategyApproval:  # fmt: skip
    """
    Ask that a version may be put in force although something stands in the way.

    :raises Refused: without the permission, or for another creditor's book
    :raises Invalid: without a reason, if nothing stands in the way, or it was asked for already
    """
    if viewer is not None:
        scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
        _of_creditor(viewer, version)
        by = viewer.actor()
    if by is None or not reason.strip():
        raise Invalid(_("Say why."))
    found = clearing.clearance(version=version, at=at)
    if found.is_clear:
        raise Invalid(_("Nothing stands in the way of {version}.").format(version=version))
    with record(
        ActivationAsked, by=by, at=at, book=version.book, strategy=str(version),
        digest=version.digest, why=found.code, reason=reason.strip(),
        flight=found.flight.pk if found.flight else None,
    ) as event:  # fmt: skip
        try:
            with transaction.atomic():
                row = StrategyApproval.objects.create(
                    version=version, flight=found.flight, why=found.code,
                    reason=reason.strip()[:300], asked_by=str(by), asked_at=aware(at),
                    until=aware(at) + HOLDS,
                )  # fmt: skip
        except IntegrityError:
            raise Invalid(_("Leave for {version} was asked for already.").format(version=version),
                          hint=_("Somebody else has to decide it.")) from None  # fmt: skip
        return event.about(row)


def decide_approval(
    *, viewer: Viewer, approval: StrategyApproval, give: bool, answer: str, at: datetime
) -> StrategyApproval:
    """
    Give or deny leave; only another person than who wrote the strategy or asked, and with a reason.

    :raises Refused: without the permission, for another creditor's book, or for one's own strategy
    :raises Invalid: if it was decided already, or nothing is said
    """
    scopes.demand(viewer, scopes.APPROVE_STRATEGY)
    version = approval.version
    _of_creditor(viewer, version)
    if str(viewer.actor()) in (approval.asked_by, version.added_by):
        raise Refused(_("Nobody approves what they wrote or asked for."),
                      rules=("strategy.two_persons",),
                      hint=_("Somebody else with the role decides."))  # fmt: skip
    if not answer.strip():
        raise Invalid(_("Say why."))
    state = StrategyApproval.State.GIVEN if give else StrategyApproval.State.DENIED
    with record(
        ActivationDecided, by=viewer.actor(), at=at, book=version.book, strategy=str(version),
        digest=version.digest, decided=str(state), why=approval.why, reason=answer.strip(),
        flight=approval.flight_id,
    ) as event:  # fmt: skip
        asked = unjoined(StrategyApproval).filter(
            pk=approval.pk, state=StrategyApproval.State.ASKED
        )
        if not asked.update(state=state, decided_by=viewer.name, decided_at=aware(at),
                            answer=answer.strip()[:300]):  # fmt: skip
            raise Invalid(_("This was decided already."), hint=_("Load the page again."))
        approval.refresh_from_db()
        return event.about(approval)


def approve(
    *, version: StrategyVersion, viewer: Viewer, by: Actor, reason: str, at: datetime
) -> StrategyApproval:
    """
    Ask and give leave at once, where the approver sits beside whoever asks.

    Both are events of their own; leave that somebody else asked for is what is given.

    :raises Refused, Invalid: as `ask_approval` and `decide_approval`
    """
    with transaction.atomic():
        waiting = StrategyApproval.objects.filter(
            version=version, state=StrategyApproval.State.ASKED
        ).first()
        asked = waiting or ask_approval(version=version, reason=reason, by=by, at=at)
        return decide_approval(viewer=viewer, approval=asked, give=True, answer=reason, at=at)


def _of_creditor(viewer: Viewer, version: StrategyVersion) -> None:
    if version.book.creditor_id not in viewer.creditors:
        raise Refused(_("This book belongs to another creditor."), rules=("people.tenant",))
