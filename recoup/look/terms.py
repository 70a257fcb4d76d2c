"""
The trade's words for the codes that stages keep, one word each, in the language of the page.

Chinese words are those of `docs/glossary.md`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as p

Words = Mapping[str, str | Promise]

TERMS: dict[str, Words] = {
    "case": {
        "placed": p("case", "Placed"),
        "open": p("case", "In collection"),
        "retained": p("case", "Retained"),
        "suspended": p("case", "Suspended"),
        "recalled": p("case", "Recalled"),
        "settled": p("case", "Settled"),
        "closed": p("case", "Closed"),
    },
    "role": {
        "administrator": _("Administrator"),
        "executive": _("Executive"),
        "analyst": _("Strategy analyst"),
        "team_leader": _("Team leader"),
        "collector": _("Collector"),
        "reviewer": _("Quality reviewer"),
        "compliance": _("Compliance officer"),
        "agency": _("Agency"),
    },
    "channel": {
        "sms": _("Text message"),
        "email": _("E-mail"),
        "letter": _("Letter"),
        "call": _("Phone call"),
        "task": _("Collector's task"),
        "desk": _("Desk"),
        "none": _("No contact"),
        "chat": _("Chat"),
        "visit": _("Visit"),
        "portal": _("Self-service"),
        "push": _("App message"),
    },
    "medium": {
        "phone": _("Phone"),
        "email": _("E-mail"),
        "address": _("Address"),
        "name": _("Name"),
        "identity": _("Identity number"),
        "card": _("Bank card"),
        "text": _("Text"),
    },
    "party": {
        "debtor": _("Borrower"),
        "co_debtor": _("Co-debtor"),
        "guarantor": _("Guarantor"),
        "contact_person": _("Contact person"),
    },
    "source": {
        "contract": p("source", "Contract"),
        "debtor_authorised": p("source", "Given by the borrower"),
        "lawful_public": p("source", "Public record"),
        "unknown": p("source", "Unknown source"),
        "bank_file": p("source", "Bank file"),
        "webhook": p("source", "Payment channel"),
        "desk": p("source", "Desk"),
    },
    "point": {
        "unverified": _("Not verified"),
        "verified": _("Verified"),
        "invalid": _("Not valid"),
    },
    "decision": {
        "waiting": p("decision", "Waiting"),
        "sent": p("decision", "Sent"),
        "done": p("decision", "Done"),
        "refused": p("decision", "Refused"),
        "lapsed": p("decision", "Lapsed"),
    },
    "attempt": {
        "reserved": p("attempt", "Reserved"),
        "handing": p("attempt", "Being handed over"),
        "accepted": p("attempt", "Accepted by the carrier"),
        "delivered": p("attempt", "Delivered"),
        "undelivered": p("attempt", "Not delivered"),
        "failed": p("attempt", "Failed"),
        "unknown": p("attempt", "Outcome unknown"),
    },
    "outcome": {
        "no_answer": p("outcome", "No answer"),
        "busy": p("outcome", "Busy"),
        "invalid_number": p("outcome", "Invalid number"),
        "connected": p("outcome", "Connected"),
        "right_party": p("outcome", "Borrower reached"),
        "wrong_party": p("outcome", "Somebody else reached"),
        "promise": p("outcome", "Promised to pay"),
        "refused": p("outcome", "Refused to pay"),
        "delivered": p("outcome", "Delivered"),
        "undelivered": p("outcome", "Not delivered"),
        "read": p("outcome", "Read"),
        "replied": p("outcome", "Replied"),
    },
    "verdict": {
        "allow": p("verdict", "Allowed"),
        "refuse": p("verdict", "Refused"),
        "wait": p("verdict", "Wait"),
        "needs_approval": p("verdict", "Needs approval"),
    },
    "stop": {
        "dispute": p("stop", "Dispute"),
        "complaint": p("stop", "Complaint"),
        "hardship": p("stop", "Hardship"),
        "deceased": p("stop", "Deceased"),
        "minor": p("stop", "Minor"),
        "bankruptcy": p("stop", "Bankruptcy"),
        "attorney": p("stop", "Represented by a lawyer"),
        "plan": p("stop", "Repayment plan"),
        "promise": p("stop", "Open promise"),
        "wrong_person": p("stop", "Wrong person"),
        "lender": p("stop", "At the lender's request"),
        "manual": p("stop", "Stopped by hand"),
    },
    "promise": {
        "open": p("promise", "Open"),
        "kept": p("promise", "Kept"),
        "partial": p("promise", "Partly kept"),
        "broken": p("promise", "Broken"),
        "superseded": p("promise", "Replaced"),
        "cancelled": p("promise", "Cancelled"),
    },
    "agreement": {
        "performing": p("plan", "Performing"),
        "completed": p("plan", "Completed"),
        "broken": p("plan", "Broken"),
        "cancelled": p("plan", "Cancelled"),
    },
    "payment": {
        "posted": p("payment", "Posted"),
        "suspense": p("payment", "In suspense"),
        "reversed": p("payment", "Reversed"),
        "returned": p("payment", "Returned"),
    },
    "entry": {
        "opening": p("entry", "Opening balance"),
        "drawdown": p("entry", "Drawdown"),
        "accrual": p("entry", "Interest and fees due"),
        "payment": p("entry", "Payment"),
        "reversal": p("entry", "Reversal"),
        "waiver": p("entry", "Waiver"),
        "write_off": p("entry", "Write-off"),
        "correction": p("entry", "Correction"),
    },
    "account": {
        "principal": p("account", "Principal"),
        "interest": p("account", "Interest"),
        "penalty": p("account", "Penalty interest"),
        "cost": p("account", "Costs"),
        "cash": p("account", "Cash"),
        "opening": p("account", "Opening"),
        "income": p("account", "Income"),
        "waived": p("account", "Waived"),
        "overpaid": p("account", "Overpaid"),
        "written_off": p("account", "Written off"),
    },
    "placement": {
        "reading": p("placement", "Being read"),
        "accepted": p("placement", "Accepted"),
        "opened": p("placement", "Opened"),
        "rejected": p("placement", "Rejected"),
    },
    "row": {
        "open": p("row", "To be corrected"),
        "replayed": p("row", "Corrected"),
        "discarded": p("row", "Discarded"),
    },
    "strategy": {
        "draft": p("strategy", "Draft"),
        "active": p("strategy", "In force"),
        "retired": p("strategy", "Retired"),
    },
    "model": {
        "champion": p("model", "Champion"),
        "candidate": p("model", "Candidate"),
        "retired": p("model", "Retired"),
        "not_trainable": p("model", "Not trainable"),
    },
    "target": {
        "repay_30": _("Repays within 30 days"),
        "roll": _("Rolls to a later stage"),
        "lost_contact": _("Contact is lost"),
    },
    "family": {
        "scorecard": _("Scorecard"),
        "boosting": _("Gradient boosting"),
        "starter": _("Starter score"),
    },
    "meaning": {
        "opt_out": p("reply", "Opt-out"),
        "complaint": p("reply", "Complaint"),
        "waiting": p("reply", "To be read"),
        "unknown_sender": p("reply", "Unknown sender"),
        "": p("reply", "To be read"),
    },
    "opt_out": {
        "all": _("All unasked contact"),
        "sms": _("Text messages"),
        "email": _("E-mails"),
        "call": _("Phone calls"),
        "letter": _("Letters"),
    },
    "budget": {
        "sms": _("Text messages"),
        "email": _("E-mails"),
        "letter": _("Letters"),
        "task_minutes": _("Collectors' minutes"),
        "spend": _("Spend"),
    },
    "arm": {"champion": p("arm", "Champion"), "holdout": p("arm", "Holdout")},
    "drift": {
        "stable": p("drift", "Stable"),
        "watch": p("drift", "To be watched"),
        "shifted": p("drift", "Shifted"),
        "unknown": p("drift", "Unknown"),
    },
    "metric": {
        "auc": "AUC",
        "ks": "KS",
        "brier": _("Brier score"),
        "calibration_error": _("Calibration error"),
        "top_decile_lift": _("Lift of the best tenth"),
    },
    "metric_help": {
        "auc": _(
            "The chance that a case with the event scores higher than one without. 0.5 is chance, 1 perfect."
        ),
        "ks": _(
            "The largest distance between the two groups' score distributions. 0 is chance, 1 perfect."
        ),
        "brier": _("The mean squared error of the chance said. Lower is better."),
        "calibration_error": _(
            "How far the chance said lies from the share that happened. Lower is better."
        ),
        "top_decile_lift": _("How many times the average the best-scored tenth holds."),
    },
    "unit": {
        "attempt": p("unit", "Calls not answered"),
        "effective_call": p("unit", "Calls answered"),
    },
    "form": {"written": _("Written"), "oral": _("By word of mouth, recorded")},
    "mode": {"demo": _("Demo"), "live": _("Live")},
    "table": {
        "accounts": p("table", "Accounts"),
        "instalments": p("table", "Instalments"),
        "payments": p("table", "Payments"),
        "contacts": p("table", "Contacts"),
        "contact_points": p("table", "Contact points"),
        "consents": p("table", "Consents"),
        "opt_outs": p("table", "Opt-outs"),
    },
}

# The colour of a code: what it means to the reader, not what it is.
TONES: dict[str, str] = {
    "open": "info", "placed": "quiet", "retained": "info", "suspended": "warn",
    "recalled": "quiet", "settled": "good", "closed": "quiet", "kept": "good", "partial": "warn",
    "broken": "bad", "superseded": "quiet", "cancelled": "quiet", "performing": "info",
    "completed": "good", "posted": "good", "suspense": "warn", "reversed": "bad",
    "returned": "quiet", "delivered": "good", "undelivered": "bad", "failed": "bad",
    "unknown": "warn", "accepted": "info", "handing": "info", "reserved": "quiet",
    "rejected": "bad", "opened": "good", "reading": "info", "replayed": "good",
    "discarded": "quiet", "draft": "quiet", "active": "good", "retired": "quiet",
    "champion": "good", "candidate": "info", "not_trainable": "warn", "waiting": "info",
    "sent": "good", "done": "good", "refused": "bad", "refuse": "bad", "wait": "warn",
    "needs_approval": "warn", "lapsed": "quiet", "verified": "good", "invalid": "bad",
    "unverified": "quiet",
}  # fmt: skip


def word(kind: str, code: object) -> str:
    """The trade's word for a code; the code itself where there is none."""
    text = "" if code is None else str(code)
    return str(TERMS.get(kind, {}).get(text, text))


def tone(code: object) -> str:
    """What colour a code has: `good`, `bad`, `warn`, `info` or `quiet`."""
    return TONES.get(str(code), "quiet")


def choices(kind: str) -> list[tuple[str, str]]:
    """The codes and words of a kind, for a select box."""
    return [(code, str(label)) for code, label in TERMS[kind].items() if code]
