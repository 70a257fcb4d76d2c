"""Reasons as people read them: data of a decision, put into sentences of the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from recoup.strategy.models import Decision


@dataclass(frozen=True)
class Part:
    """One part of a reason: a msgid and what fills it. `str` gives it in the reader's language."""

    msgid: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return _(self.msgid).format(**self.values)


STAGE = gettext_noop("{days} days past due, stage {stage}")
OVERDUE = gettext_noop("overdue {amount:,.2f}")
REPAY = gettext_noop("chance of paying within 30 days without more effort {chance:.0%}")
STARTER = gettext_noop("by the starter score, which has not learned from this book")
NO_SCORE = gettext_noop("no score yet, so the strategy's assumption is used")
STEP = gettext_noop("step “{step}” of segment “{segment}”")
CONTACTS = gettext_noop("{count} contacts in the last 30 days")
WORTH = gettext_noop("expected net gain {amount:,.2f}, by the strategy's assumptions")
MEASURED = gettext_noop(
    "expected net gain {amount:,.2f}, by the effect measured on this book (effects {version})"
)
AHEAD = gettext_noop("counted over the best of the next {days} nights in its place")
COMPLAINT = gettext_noop(
    "{chance:.2%} of such contacts end in a complaint or an opt-out, as seen in this book"
    " (complaints {version}); its price is taken off"
)
COMPLAINT_ASSUMED = gettext_noop(
    "{chance:.2%} of such contacts end in a complaint, by the strategy's assumption; its price is"
    " taken off"
)
DISTRESS = gettext_noop(
    "may be in distress ({points} of 100 by a scorecard that was not fitted): only somebody trained"
    " for it is to be in touch"
)
DRAWN = gettext_noop("drawn at random to learn what works; chance of this action {chance:.1%}")
SAMPLED = gettext_noop(
    "drawn from what is believed of effects so far; chance of this action {chance:.1%}"
)
PLANNED = gettext_noop("best of {count} lawful actions within tonight's budgets")

# Of the plan's prices.
TAKEN = gettext_noop(
    "{action}: {worth:,.2f} is left of its gain after the prices of the budgets, the most of all"
)
CROWDED = gettext_noop("{action} leaves {worth:,.2f} at these prices, but no room was left for it")
RUNNER = gettext_noop("next best: {action}, which leaves {worth:,.2f}")
RUNNER_NOTHING = gettext_noop("next best: nothing at all")
BARRED = gettext_noop(
    "not {action}: it would win {worth:,.2f}, but the price of {budget} takes {charge:,.2f} of it"
)
TOO_SMALL = gettext_noop("not {action}: it would win {worth:,.2f}, but {budget} does not hold one")
ALONE = gettext_noop(
    "{action} would win {worth:,.2f}, but the price of what it uses was {charge:,.2f}, most of it "
    "for {budget}"
)
ALONE_TOO_SMALL = gettext_noop("{action} would win {worth:,.2f}, but {budget} does not hold one")
ALONE_LATER = gettext_noop(
    "the best there was, {action}, would bring {loss:,.2f} less tonight than on a later night"
)
ALONE_LOSS = gettext_noop(
    "the best there was, {action}, would cost {loss:,.2f} more than it brings"
)
ACTION = gettext_noop("{channel} {window} ({treatment})")
NOTHING = gettext_noop("doing nothing")
ACTIONS = {
    "sms": gettext_noop("a text message"),
    "email": gettext_noop("an e-mail"),
    "letter": gettext_noop("a letter"),
    "task": gettext_noop("a collector"),
}
BUDGETS = {
    "sms": gettext_noop("text messages"),
    "email": gettext_noop("e-mails"),
    "letter": gettext_noop("letters"),
    "task_minutes": gettext_noop("a collector's minutes"),
    "spend": gettext_noop("money to spend"),
}

LATER = "better_later"
WHY_NOT = {
    "holdout": gettext_noop("in the permanent holdout: never contacted, so that effects show"),
    "self_cure": gettext_noop("will probably pay without us"),
    "distress": gettext_noop("may be in distress: left alone until somebody trained for it has it"),
    "no_segment": gettext_noop("no segment of the strategy fits"),
    "no_steps": gettext_noop("the strategy asks for nothing here"),
    "sequence_done": gettext_noop("all steps were taken"),
    "waiting": gettext_noop("the next step is not due yet"),
    "pending": gettext_noop("an earlier action still waits"),
    "contact_limit": gettext_noop("contacted often enough lately"),
    "other_case": gettext_noop("another case of the same person is contacted tonight"),
    "no_contact_point": gettext_noop("no way to reach the person on these channels"),
    "no_time_zone": gettext_noop("the time zone is not known"),
    "no_common_hour": gettext_noop("no hour is suitable everywhere the person may be"),
    "no_facts": gettext_noop("facts the law asks for are missing"),
    "stop": gettext_noop("contact is stopped"),
    "promise_open": gettext_noop("a promise is open"),
    "opted_out": gettext_noop("opted out"),
    "rule": gettext_noop("a rule forbids it"),
    "budget": gettext_noop("others were worth more within the budgets"),
    "not_worth": gettext_noop("a contact would cost more than it brings"),
    LATER: gettext_noop("a later night is better: a contact now would bring less than waiting"),
    "explored": gettext_noop("drawn at random to be left alone today"),
    "exit_paid": gettext_noop("nothing is overdue"),
    "exit_small": gettext_noop("too little is owed"),
}
OTHER_EXIT = gettext_noop("the strategy ends contact here ({code})")
OTHER_STATE = gettext_noop("the case is not worked ({state})")


def why_not(code: str) -> str:
    """Why nothing is done with a case, in the reader's language."""
    if code in WHY_NOT:
        return _(WHY_NOT[code])
    kind, _sep, rest = code.partition("_")
    if kind == "state":
        return _(OTHER_STATE).format(state=rest)
    return _(OTHER_EXIT).format(code=rest)


def describe(decision: Decision) -> list[Part]:
    """Why this action was chosen, part by part."""
    reason = decision.reason
    parts = [
        Part(STAGE, {"days": reason["days_past_due"], "stage": reason["stage"]}),
        Part(OVERDUE, {"amount": reason["overdue"] / 100}),
        Part(STEP, {"step": reason["step"], "segment": decision.segment}),
    ]
    if "repay_30" in reason:
        parts.append(Part(REPAY, {"chance": reason["repay_30"]}))
        if reason["starter"]:
            parts.append(Part(STARTER))
    else:
        parts.append(Part(NO_SCORE))
    if reason["contacts_30"]:
        parts.append(Part(CONTACTS, {"count": reason["contacts_30"]}))
    if reason.get("distress"):
        parts.append(Part(DISTRESS, {"points": reason["distress"]}))
    if told := reason.get("complaint"):
        parts.append(_complaint(told))
    if reason["explored"]:
        parts.append(Part(DRAWN, {"chance": decision.propensity}))
    elif reason.get("sampled"):
        parts.append(Part(SAMPLED, {"chance": decision.propensity}))
    else:
        parts.append(Part(PLANNED, {"count": reason["admissible"]}))
        parts.append(_worth(decision))
        if days := reason.get("ahead"):
            parts.append(Part(AHEAD, {"days": days}))
        parts += by_prices(reason.get("priced"), decision.treatment)
    return parts


def by_prices(priced: Mapping[str, Any] | None, treatment: str, *, why: str = "") -> list[Part]:
    """
    What the prices of a night say of an action that was taken, or with an empty one of a case that
    was left alone (`why`): what is left of it, the next best, and what was dearer than it was worth.

    `priced` is what `reasons.told` gives; nights before there were reasons have none.
    """
    if not priced:
        return []
    if not treatment:
        return _alone(priced, why)
    best, wanted = priced["best"], priced["wanted"]
    parts = []
    if best["treatment"] == treatment:
        parts.append(Part(TAKEN, _filled(best)))
        if runner := priced.get("runner"):
            parts.append(
                Part(RUNNER, _filled(runner)) if runner["treatment"] else Part(RUNNER_NOTHING)
            )
    elif best["treatment"]:
        parts.append(Part(CROWDED, _filled(best)))
    barrier = priced.get("barrier")
    if barrier and wanted["treatment"] not in (treatment, best["treatment"]):
        parts.append(_barred(wanted, barrier, BARRED, TOO_SMALL, barrier["charge"]))
    return parts


def _alone(priced: Mapping[str, Any], why: str) -> list[Part]:
    best, wanted = priced["best"], priced["wanted"]
    if wanted["worth"] <= 0:
        less = ALONE_LATER if why == LATER else ALONE_LOSS
        return [Part(less, _filled(wanted) | {"loss": -wanted["worth"] / 100})]
    if best["treatment"]:
        return [Part(CROWDED, _filled(best))]
    if barrier := priced.get("barrier"):
        return [_barred(wanted, barrier, ALONE, ALONE_TOO_SMALL, priced["charge"])]
    return []


def _barred(
    wanted: Mapping[str, Any], barrier: Mapping[str, Any], priced: str, too_small: str,
    charge: float | None,
) -> Part:  # fmt: skip
    name = barrier.get("title") or budget(barrier["budget"])
    values = _filled(wanted) | {"budget": name}
    if charge is None:
        return Part(too_small, values)
    return Part(priced, values | {"charge": charge / 100})


def _filled(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action in words, and what it is worth in major units."""
    worth = action["worth"] / 100
    if not action["treatment"]:
        return {"action": Part(NOTHING), "worth": worth}
    channel = ACTIONS.get(action["channel"])
    return {
        "action": Part(ACTION, {
            "channel": Part(channel) if channel else action["channel"],
            "window": action["window"], "treatment": action["treatment"],
        }),
        "worth": worth,
    }  # fmt: skip


def budget(name: str) -> Part | str:
    """A budget in words; one that a strategy named itself by its name."""
    return Part(BUDGETS[name]) if name in BUDGETS else name


def _complaint(told: Mapping[str, Any]) -> Part:
    kind, _sep, version = str(told["by"]).partition(" ")
    if kind == "measured":
        return Part(COMPLAINT, {"chance": told["chance"], "version": version})
    return Part(COMPLAINT_ASSUMED, {"chance": told["chance"]})


def _worth(decision: Decision) -> Part:
    amount = decision.value / 100
    kind, _sep, version = str(decision.reason.get("effect", "")).partition(" ")
    if kind == "measured":
        return Part(MEASURED, {"amount": amount, "version": version})
    return Part(WORTH, {"amount": amount})
