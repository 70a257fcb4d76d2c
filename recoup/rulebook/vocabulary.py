"""
The facts that rules may read: a closed list for all packs.

A fact is a flag, a number, an instant (seconds since 1970), one word of a vocabulary, a set of
words, or the candidate time zones. Sets say what is recorded: a mark, a paper or a consent that
nobody recorded is not in the set, so the words are chosen such that absence is the strict side.
"""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS = ("sms", "email", "letter", "call", "robot_call", "app_push", "im", "visit")
PARTIES = (
    "debtor", "co_debtor", "guarantor", "contact_person", "third_party", "heir", "attorney",
)  # fmt: skip
PRODUCTS = ("credit_card", "consumer_loan", "microloan", "platform_loan", "private_loan",
            "student_loan", "other")  # fmt: skip
LENDERS = ("bank", "consumer_finance", "microloan", "platform", "debt_buyer", "private", "other")
# Who collects: the creditor for itself, an agency for it, or who bought the debt.
COLLECTORS = ("creditor", "agency", "debt_buyer")
REGIONS = ("US-CA", "US-MA", "US-NY", "US-NYC", "US-OTHER")
# What a contact is for. A template names one.
PURPOSES = ("reminder", "ask_contact", "relay_request", "payment_info", "statutory_notice",
            "bureau_notice", "transfer_notice", "legal_notice")  # fmt: skip
STOPS = (
    "dispute", "complaint", "hardship", "deceased", "minor", "bankruptcy", "attorney", "plan",
    "promise", "wrong_person", "lender", "manual", "cease", "debt_adviser", "moratorium",
    "mental_health_crisis", "vulnerable", "bereavement", "settled", "bureau_dispute",
)  # fmt: skip
OPT_OUTS = ("all", "medium", "point", "automated")
# What the person agreed to. `hours` and `attempts` carry values of their own beside.
CONSENTS = (
    "hours", "attempts", "place", "robot_call", "electronic", "sms", "email", "marketing", "work",
    "third_party", "bureau", "sensitive", "direct_7_days", "contact_again", "holidays",
)  # fmt: skip
# What is recorded of the case, the debt, the person or the point that makes a rule bite, or not.
MARKS = (
    "transferred", "time_barred", "landline", "private_number", "work_point", "work_forbidden",
    "hidden_number", "personal_account", "public_view", "premium_number", "bound_by_contract",
    "no_capacity", "volunteered", "estate_renounced", "estate_exceeded", "number_recycled",
    "inconvenient_now", "agency_contact", "new_placement", "validation_period", "written_dispute",
    "bureau_report", "ai_made", "over_cap", "fee_unlisted", "amount_differs", "adviser_extended",
    "unproportionate", "fee_over_cost", "wrong_identity_possible", "bank_holiday", "student",
    "attorney_silent", "location_asked_for", "payee_unregistered", "marketing", "mobile",
    "voicemail", "family_occasion", "calamity", "sensitive_data",
)  # fmt: skip
# What exists on file: a `require` rule refuses unless its paper is there and still valid.
PAPERS = (
    "recording", "relation_evidence", "transfer_notice", "agency_evaluation", "agency_inspection",
    "collector_certificate", "background_check", "account_approval", "retention_policy",
    "placement_contract", "impact_assessment", "ai_admission", "fairness_report", "two_staff",
    "credentials", "visit_recording", "entry_consent", "visit_checklist", "plan_complete",
    "validation_notice", "verification", "electronic_procedure", "licence", "attorney_consent",
    "bureau_notice", "bureau_consent", "visit_notice", "residual_statement", "identity_match",
    "agency_registration", "warning_letter", "photo_card", "approval_of_person",
    "time_barred_notice", "board_policy", "spoke_or_waited", "visit_place", "bought_properly",
    "state_notice", "human_override",
    "call_script", "ai_label",
)  # fmt: skip
# What opens a contact that the law would refuse without it; all other marks close one. Putting these
# on file, and taking the others off, is for whoever answers for the law.
OPENS = frozenset(PAPERS) | {
    "landline", "volunteered", "attorney_silent", "location_asked_for", "no_capacity",
    "bound_by_contract",
}  # fmt: skip
# Classes of words that no text may hold, and elements that some texts must.
CLASSES = (
    "threat_violence", "threat_illegal_action", "impersonate_state", "impersonate_lawyer",
    "impersonate_lender", "insult", "shame_public", "press_third", "false_amount",
    "false_legal_state", "false_urgency", "false_bureau", "induce_borrow", "other_payee",
    "extra_fee", "time_barred_suit", "hide_identity", "minor", "vulnerable_press", "marketing",
    "bureau_term", "overshadow", "disproportionate", "bureau_repair",
)  # fmt: skip
ELEMENTS = (
    "institution", "agency", "opt_out", "complaint", "ai", "recording", "bureau_notice",
    "transfer", "owner", "card_letter", "mini_miranda", "collector", "validation", "payee_only",
    "residual", "limited_content", "purpose", "dispute_way", "dated_amount", "debt_help",
    "settlement", "data_recipient",
)  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its kind and, for words, the vocabulary."""

    kind: str
    words: tuple[str, ...] = ()


FLAG, NUMBER, INSTANT = Fact("flag"), Fact("number"), Fact("instant")

# `time_zones` and `birth_year` come in; the engine makes minutes, days and ages of them.
FACTS: dict[str, Fact] = {
    # What is wanted.
    "channel": Fact("word", CHANNELS),
    "purpose": Fact("word", PURPOSES),
    "demands_payment": FLAG,
    "decision_spent": FLAG,
    # The debt and where it stands.
    "product": Fact("word", PRODUCTS),
    "lender": Fact("word", LENDERS),
    "collector": Fact("word", COLLECTORS),
    "regions": Fact("words", REGIONS),
    "placement_open": FLAG,
    "balance": NUMBER,
    "days_past_due": NUMBER,
    "stops": Fact("words", STOPS),
    "stops_until": INSTANT,
    "marks": Fact("words", MARKS),
    "papers": Fact("words", PAPERS),
    # The person.
    "party": Fact("word", PARTIES),
    "party_bound": FLAG,  # a guarantor or co-debtor is bound by law and contract
    "opt_outs": Fact("words", OPT_OUTS),
    "consents": Fact("words", CONSENTS),
    "debtor_lost": FLAG,
    "debtor_lost_from": INSTANT,  # when the debtor will count as lost if nobody reaches them
    "identity_confirmed": FLAG,
    "time_zones": Fact("zones"),
    "agreed_from": NUMBER,
    "agreed_until": NUMBER,
    "birth_year": NUMBER,
    "attempts_agreed": FLAG,
    # The point.
    "contact_source": Fact("word", ("contract", "debtor_authorised", "lawful_public", "unknown")),
    "has_lawful_basis": FLAG,
    "point_valid": FLAG,
    # Who contacts.
    "agency_listed": FLAG,
    "sender_registered": FLAG,
    "sender_own": FLAG,
    "recording_ready": FLAG,
    # What is said.
    "template_state": Fact("word", ("draft", "approved", "withdrawn")),
    "discloses_debt": FLAG,
    "sealed_to_debtor": FLAG,
    "found": Fact("words", CLASSES),
    "says": Fact("words", ELEMENTS),
    # How often, by the counters that packs declare.
    "effective_calls_today": NUMBER,
    "unconnected_today": NUMBER,
    "contacts_in_window": NUMBER,
    "calls_in_week": NUMBER,
    "conversations_in_week": NUMBER,
    "contacts_in_week": NUMBER,
    "electronic_in_week": NUMBER,
    "visits_in_month": NUMBER,
    "phone_contacts_in_week": NUMBER,
    "work_contacts_in_month": NUMBER,
    "location_calls": NUMBER,
    "window_free_at": INSTANT,
    "clock_went_back": FLAG,
    "last_permit_at": INSTANT,
    # Derived from time_zones, birth_year and the instant of judgment.
    "local_minute_least": NUMBER,
    "local_minute_most": NUMBER,
    "local_days": Fact("words", DAYS),
    "local_date_least": NUMBER,  # days since 1970
    "local_date_most": NUMBER,
    "age_least": NUMBER,
}
DERIVED = frozenset({
    "local_minute_least", "local_minute_most", "local_days", "local_date_least",
    "local_date_most", "age_least",
})  # fmt: skip


def bits(name: str, words: set[str] | frozenset[str] | list[str] | tuple[str, ...]) -> int:
    """
    A set of words as the number that stands for it in a frame.

    >>> bits("opt_outs", {"all", "point"})
    5
    """
    return sum(1 << FACTS[name].words.index(word) for word in set(words))
