"""
The trade's words for the codes that stages keep, one word each, in the language of the page.

Chinese words are those of `docs/glossary.md`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from recoup.look.flight_words import FLIGHTS
from recoup.look.law_words import LAW
from recoup.look.learning_words import LEARNING
from recoup.look.staff_words import STAFF

Words = Mapping[str, str | Promise]

TERMS: dict[str, Words] = {
    "case": {
        "placed": pgettext_lazy("case", "Placed"),
        "open": pgettext_lazy("case", "In collection"),
        "retained": pgettext_lazy("case", "Retained"),
        "suspended": pgettext_lazy("case", "Suspended"),
        "recalled": pgettext_lazy("case", "Recalled"),
        "settled": pgettext_lazy("case", "Settled"),
        "closed": pgettext_lazy("case", "Closed"),
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
        "robot_call": _("Robot call"),
        "app_push": _("App message"),
        "im": _("Instant message"),
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
        "employer": _("Employer"),
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
        "contract": pgettext_lazy("source", "Contract"),
        "debtor_authorised": pgettext_lazy("source", "Given by the borrower"),
        "lawful_public": pgettext_lazy("source", "Public record"),
        "unknown": pgettext_lazy("source", "Unknown source"),
        "bank_file": pgettext_lazy("source", "Bank file"),
        "webhook": pgettext_lazy("source", "Payment channel"),
        "desk": pgettext_lazy("source", "Desk"),
    },
    "point": {
        "unverified": _("Not verified"),
        "verified": _("Verified"),
        "invalid": _("Not valid"),
    },
    "decision": {
        "waiting": pgettext_lazy("decision", "Waiting"),
        "sent": pgettext_lazy("decision", "Sent"),
        "done": pgettext_lazy("decision", "Done"),
        "refused": pgettext_lazy("decision", "Refused"),
        "lapsed": pgettext_lazy("decision", "Lapsed"),
    },
    "attempt": {
        "reserved": pgettext_lazy("attempt", "Reserved"),
        "handing": pgettext_lazy("attempt", "Being handed over"),
        "accepted": pgettext_lazy("attempt", "Accepted by the carrier"),
        "delivered": pgettext_lazy("attempt", "Delivered"),
        "undelivered": pgettext_lazy("attempt", "Not delivered"),
        "failed": pgettext_lazy("attempt", "Failed"),
        "unknown": pgettext_lazy("attempt", "Outcome unknown"),
    },
    "outcome": {
        "no_answer": pgettext_lazy("outcome", "No answer"),
        "busy": pgettext_lazy("outcome", "Busy"),
        "invalid_number": pgettext_lazy("outcome", "Invalid number"),
        "connected": pgettext_lazy("outcome", "Connected"),
        "right_party": pgettext_lazy("outcome", "Borrower reached"),
        "wrong_party": pgettext_lazy("outcome", "Somebody else reached"),
        "promise": pgettext_lazy("outcome", "Promised to pay"),
        "refused": pgettext_lazy("outcome", "Refused to pay"),
        "delivered": pgettext_lazy("outcome", "Delivered"),
        "undelivered": pgettext_lazy("outcome", "Not delivered"),
        "read": pgettext_lazy("outcome", "Read"),
        "replied": pgettext_lazy("outcome", "Replied"),
    },
    "verdict": {
        "allow": pgettext_lazy("verdict", "Allowed"),
        "refuse": pgettext_lazy("verdict", "Refused"),
        "wait": pgettext_lazy("verdict", "Wait"),
        "needs_approval": pgettext_lazy("verdict", "Needs approval"),
    },
    "stop": {
        "dispute": pgettext_lazy("stop", "Dispute"),
        "complaint": pgettext_lazy("stop", "Complaint"),
        "hardship": pgettext_lazy("stop", "Hardship"),
        "deceased": pgettext_lazy("stop", "Deceased"),
        "minor": pgettext_lazy("stop", "Minor"),
        "bankruptcy": pgettext_lazy("stop", "Bankruptcy"),
        "attorney": pgettext_lazy("stop", "Represented by a lawyer"),
        "plan": pgettext_lazy("stop", "Repayment plan"),
        "promise": pgettext_lazy("stop", "Open promise"),
        "wrong_person": pgettext_lazy("stop", "Wrong person"),
        "lender": pgettext_lazy("stop", "At the lender's request"),
        "manual": pgettext_lazy("stop", "Stopped by hand"),
        **LEARNING,
        **LAW["stop_more"],
    },
    "promise": {
        "open": pgettext_lazy("promise", "Open"),
        "kept": pgettext_lazy("promise", "Kept"),
        "partial": pgettext_lazy("promise", "Partly kept"),
        "broken": pgettext_lazy("promise", "Broken"),
        "superseded": pgettext_lazy("promise", "Replaced"),
        "cancelled": pgettext_lazy("promise", "Cancelled"),
    },
    "agreement": {
        "performing": pgettext_lazy("plan", "Performing"),
        "completed": pgettext_lazy("plan", "Completed"),
        "broken": pgettext_lazy("plan", "Broken"),
        "cancelled": pgettext_lazy("plan", "Cancelled"),
    },
    "payment": {
        "posted": pgettext_lazy("payment", "Posted"),
        "suspense": pgettext_lazy("payment", "In suspense"),
        "reversed": pgettext_lazy("payment", "Reversed"),
        "returned": pgettext_lazy("payment", "Returned"),
    },
    "entry": {
        "opening": pgettext_lazy("entry", "Opening balance"),
        "drawdown": pgettext_lazy("entry", "Drawdown"),
        "accrual": pgettext_lazy("entry", "Interest and fees due"),
        "payment": pgettext_lazy("entry", "Payment"),
        "reversal": pgettext_lazy("entry", "Reversal"),
        "waiver": pgettext_lazy("entry", "Waiver"),
        "write_off": pgettext_lazy("entry", "Write-off"),
        "correction": pgettext_lazy("entry", "Correction"),
    },
    "account": {
        "principal": pgettext_lazy("account", "Principal"),
        "interest": pgettext_lazy("account", "Interest"),
        "penalty": pgettext_lazy("account", "Penalty interest"),
        "cost": pgettext_lazy("account", "Costs"),
        "cash": pgettext_lazy("account", "Cash"),
        "opening": pgettext_lazy("account", "Opening"),
        "income": pgettext_lazy("account", "Income"),
        "waived": pgettext_lazy("account", "Waived"),
        "overpaid": pgettext_lazy("account", "Overpaid"),
        "written_off": pgettext_lazy("account", "Written off"),
    },
    "placement": {
        "reading": pgettext_lazy("placement", "Being read"),
        "accepted": pgettext_lazy("placement", "Accepted"),
        "opened": pgettext_lazy("placement", "Opened"),
        "rejected": pgettext_lazy("placement", "Rejected"),
    },
    "row": {
        "open": pgettext_lazy("row", "To be corrected"),
        "replayed": pgettext_lazy("row", "Corrected"),
        "discarded": pgettext_lazy("row", "Discarded"),
    },
    "strategy": {
        "draft": pgettext_lazy("strategy", "Draft"),
        "active": pgettext_lazy("strategy", "In force"),
        "retired": pgettext_lazy("strategy", "Retired"),
    },
    "template": {
        "draft": pgettext_lazy("template", "Draft"),
        "approved": pgettext_lazy("template", "Approved"),
        "withdrawn": pgettext_lazy("template", "Withdrawn"),
    },
    "model": {
        "champion": pgettext_lazy("model", "Champion"),
        "candidate": pgettext_lazy("model", "Candidate"),
        "retired": pgettext_lazy("model", "Retired"),
        "not_trainable": pgettext_lazy("model", "Not trainable"),
    },
    "target": {
        "repay_30": _("Repays within 30 days"),
        "roll": _("Rolls to a later stage"),
        "lost_contact": _("Contact is lost"),
        "ability": _("Ability to pay"),
        "willingness": _("Willingness to pay"),
    },
    "family": {
        "scorecard": _("Scorecard"),
        "boosting": _("Gradient boosting"),
        "starter": _("Starter score"),
        "none": _("no model"),
    },
    "learner": {
        "constant": _("The mean effect for all"),
        "odds": _("A shift of the odds"),
        "s": _("One model (S)"),
        "t": _("A model for each treatment (T)"),
        "x": _("Crossed models (X)"),
        "dr": _("Doubly robust"),
    },
    "assumed": {
        "not_measured": _("nothing was measured on this book yet"),
        "too_little_known": _("too little is known of it"),
        "treatment_changed": _("it was changed since it was measured"),
        "other_horizon": _("the horizon was changed since it was measured"),
        "book_moved": _("the book has moved away from what was measured"),
    },
    "meaning": {
        "opt_out": pgettext_lazy("reply", "Opt-out"),
        "complaint": pgettext_lazy("reply", "Complaint"),
        "waiting": pgettext_lazy("reply", "To be read"),
        "unknown_sender": pgettext_lazy("reply", "Unknown sender"),
        "": pgettext_lazy("reply", "To be read"),
    },
    "opt_out": {
        "all": _("All unasked contact"),
        "sms": _("Text messages"),
        "email": _("E-mails"),
        "call": _("Phone calls"),
        "letter": _("Letters"),
        "automated": pgettext_lazy("opt_out_kind", "Decisions and calls by a machine alone"),
    },
    "budget": {
        "sms": _("Text messages"),
        "email": _("E-mails"),
        "letter": _("Letters"),
        "task_minutes": _("Collectors' minutes"),
        "spend": _("Spend"),
    },
    "action": {"": pgettext_lazy("action", "nothing for now")},
    "arm": {
        "champion": pgettext_lazy("arm", "Champion"),
        "holdout": pgettext_lazy("arm", "Holdout"),
    },
    "drift": {
        "stable": pgettext_lazy("drift", "Stable"),
        "watch": pgettext_lazy("drift", "To be watched"),
        "shifted": pgettext_lazy("drift", "Shifted"),
        "unknown": pgettext_lazy("drift", "Unknown"),
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
    "product": {
        "consumer": _("Consumer loan"),
        "consumer_loan": _("Consumer loan"),
        "cash_loan": _("Cash loan"),
        "credit_card": _("Credit card"),
        "card_instalment": _("Card instalments"),
    },
    "unit": {
        "attempt": pgettext_lazy("unit", "Calls not answered"),
        "effective_call": pgettext_lazy("unit", "Calls answered"),
    },
    "form": {"written": _("Written"), "oral": _("By word of mouth, recorded")},
    **STAFF,
    "mode": {"demo": _("Demo"), "live": _("Live")},
    "table": {
        "accounts": pgettext_lazy("table", "Accounts"),
        "instalments": pgettext_lazy("table", "Instalments"),
        "payments": pgettext_lazy("table", "Payments"),
        "contacts": pgettext_lazy("table", "Contacts"),
        "contact_points": pgettext_lazy("table", "Contact points"),
        "consents": pgettext_lazy("table", "Consents"),
        "opt_outs": pgettext_lazy("table", "Opt-outs"),
    },
    **LEARNING,
    **{kind: words for kind, words in LAW.items() if kind != "stop_more"},
    **FLIGHTS,
}
# The words of each fact that rules look at, where they are words.
WORDS_OF_FACT = {
    "channel": "channel",
    "purpose": "purpose",
    "product": "law_product",
    "lender": "lender",
    "collector": "collector_kind",
    "stops": "stop",
    "marks": "mark",
    "papers": "paper",
    "party": "law_party",
    "opt_outs": "opt_out_kind",
    "consents": "agreed",
    "contact_source": "source",
    "template_state": "template",
    "found": "found",
    "says": "says",
    "record": "record",
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
    "needs_approval": "warn", "allow": "good", "asked": "warn", "given": "good", "denied": "bad",
    "revoked": "quiet",
    "in_force": "good", "off": "quiet", "later": "info", "replaced": "quiet", "lapsed": "quiet",
    "verified": "good", "invalid": "bad", "better": "good", "worse": "bad", "harm": "bad",
    "unverified": "quiet", "approved": "good", "withdrawn": "quiet", "flying": "warn",
    "flown": "good",
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
