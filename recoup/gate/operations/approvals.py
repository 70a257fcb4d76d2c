"""A named person's leave to contact although a rule stands in the way, where a rule may be set aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from recoup.gate.events import ApprovalAsked, ApprovalDecided
from recoup.gate.models import Approval
from recoup.journal.operations import record
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid, Problem, Refused
from recoup.people import scopes
from recoup.people.law import law_of
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Case
from recoup.rulebook.vocabulary import CHANNELS

LONGEST = timedelta(days=7)
ASKERS = frozenset({scopes.ASK_PERMIT, scopes.HOLD})
PERMISSION = {"compliance": scopes.APPROVE_RULE, "leader": scopes.HOLD}


def ask_approval(
    *, viewer: Viewer, case: Case, channel: str, rules: Sequence[str], reason: str,
    until: datetime, at: datetime,
) -> Approval:  # fmt: skip
    """
    Ask that rules be set aside for one case and channel until an instant, at most a week away.

    :raises Invalid: for a rule that is not in force or that nobody may set aside, no reason, an
        instant past or too far
    :raises Refused: if the viewer may not see the case, or neither works nor oversees cases
    """
    if not viewer.may.intersection(ASKERS):
        scopes.demand(viewer, scopes.ASK_PERMIT)
    _may_see(viewer, case)
    known = {rule.id: rule for rule in law_of(case.book, at).rules}
    problems = [
        Problem(name, _("is not in force.") if name not in known
                else _("is law: nobody may set it aside."))
        for name in rules if name not in known or known[name].override is None
    ]  # fmt: skip
    if problems:
        raise Invalid(_("Some of these rules cannot be set aside."), problems=problems)
    if not rules or channel not in CHANNELS or not reason.strip():
        raise Invalid(_("Name the rules, the channel and the reason."))
    if not aware(at) < until <= aware(at) + LONGEST:
        raise Invalid(
            _("An approval holds for at most a week, from now on."), hint=_("Give another end.")
        )
    roles = {known[name].override for name in rules}
    role = "compliance" if "compliance" in roles else "leader"
    with record(
        ApprovalAsked, by=viewer.actor(), at=at, case=case, channel=channel, rules=list(rules),
        reason=reason.strip(),
    ) as event:  # fmt: skip
        return event.about(Approval.objects.create(
            case=case, channel=channel, rules=sorted(set(rules)), role=role,
            reason=reason.strip()[:300], asked_by=viewer.name, asked_at=aware(at), until=until,
        ))  # fmt: skip


def decide_approval(
    *, viewer: Viewer, approval: Approval, give: bool, answer: str, at: datetime
) -> Approval:
    """
    Give or deny what was asked; only another person with the role may, and says why.

    :raises Refused: without the permission, or for one's own wish
    :raises Invalid: if it was decided already, or nothing is said
    """
    scopes.demand(viewer, PERMISSION[approval.role])
    _may_see(viewer, approval.case)
    if viewer.name == approval.asked_by:
        raise Refused(_("Nobody approves what they asked for."), rules=("gate.two_persons",),
                      hint=_("Somebody else with the role decides."))  # fmt: skip
    if not answer.strip():
        raise Invalid(_("Say why."))
    state = Approval.State.GIVEN if give else Approval.State.DENIED
    with record(
        ApprovalDecided, by=viewer.actor(), at=at, case=approval.case, channel=approval.channel,
        rules=approval.rules, state=str(state), reason=answer.strip(),
    ) as event:  # fmt: skip
        rows = unjoined(Approval).filter(pk=approval.pk, state=Approval.State.ASKED)
        if not rows.update(
            state=state, decided_by=viewer.name, decided_at=aware(at), answer=answer.strip()[:300]
        ):
            raise Invalid(_("This was decided already."), hint=_("Load the page again."))
        approval.refresh_from_db()
        return event.about(approval)


def revoke_approval(*, viewer: Viewer, approval: Approval, reason: str, at: datetime) -> Approval:
    """
    Take back leave that was given: from now on the rules bind again. Whoever may give it may.

    :raises Refused: without the permission
    :raises Invalid: if it does not stand, or without a reason
    """
    scopes.demand(viewer, PERMISSION[approval.role])
    _may_see(viewer, approval.case)
    if not reason.strip():
        raise Invalid(_("Say why."))
    with record(
        ApprovalDecided, by=viewer.actor(), at=at, case=approval.case, channel=approval.channel,
        rules=approval.rules, state="revoked", reason=reason.strip(),
    ) as event:  # fmt: skip
        rows = unjoined(Approval).filter(pk=approval.pk, state=Approval.State.GIVEN)
        if not rows.update(
            state=Approval.State.REVOKED, decided_by=viewer.name, decided_at=aware(at),
            answer=reason.strip()[:300],
        ):  # fmt: skip
            raise Invalid(_("This leave does not stand."), hint=_("Load the page again."))
        approval.refresh_from_db()
        return event.about(approval)


def _may_see(viewer: Viewer, case: Case) -> None:
    if not scopes.visible(Case.objects.filter(pk=case.pk), viewer).exists():
        raise Refused(_("You may not see this case."), rules=("people.case",))
