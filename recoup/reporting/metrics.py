"""
Each figure's definition, once, for every board, export and experiment.

Flows are of one day where the book is. A day's flows are counted again while the day is open, and
whenever the ledger has learned of it since; stocks are as the night found them and stay.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

# A payment is put down to the last contact in so many days before it; to none, if there was none.
# This is bookkeeping, not proof: what a contact caused is answered by the arms.
ATTRIBUTION_DAYS = 7
NO_CONTACT = "none"


@dataclass(frozen=True)
class Metric:
    """A figure: its unit (`money` in minor units, or `count`), whether it is a flow, its meaning."""

    name: str
    unit: str
    is_flow: bool
    label: str
    meaning: str


_ALL = (
    Metric("recovered", "money", True, gettext_noop("Recovered"), gettext_noop(
        "Payments by value date, from the day a case was placed, minus reversals")),
    Metric("reversed", "money", True, gettext_noop("Reversed"), gettext_noop(
        "Payments taken back, by the value date of the reversal")),
    Metric("payments", "count", True, gettext_noop("Payments"), gettext_noop(
        "Payment entries in the ledger by value date, reversals not subtracted")),
    Metric("cost", "money", True, gettext_noop("Cost"), gettext_noop(
        "What carriers charge for contacts, and collectors' minutes at the strategy's rate")),
    Metric("income", "money", True, gettext_noop("Income"), gettext_noop(
        "The servicing fee on what was recovered")),
    Metric("contacts", "count", True, gettext_noop("Contacts"), gettext_noop(
        "Attempts handed to a carrier and tasks done")),
    Metric("promises_made", "count", True, gettext_noop("Promises made"), gettext_noop(
        "Promises by the day they were made")),
    Metric("promised", "money", True, gettext_noop("Promised"), gettext_noop(
        "Amounts promised by the day they were promised")),
    Metric("promises_kept", "count", True, gettext_noop("Promises kept"), gettext_noop(
        "Promises judged kept, by the day of the judgment")),
    Metric("promises_partial", "count", True, gettext_noop("Promises kept in part"), gettext_noop(
        "Promises judged kept in part, by the day of the judgment")),
    Metric("promises_broken", "count", True, gettext_noop("Promises broken"), gettext_noop(
        "Promises judged broken, by the day of the judgment")),
    Metric("refused", "count", True, gettext_noop("Refused contacts"), gettext_noop(
        "Contacts the gate did not allow; by rule, each rule that fired counts")),
    Metric("decided", "count", True, gettext_noop("Decided actions"), gettext_noop(
        "Actions the night's plan chose; by reason, the cases it left alone")),
    Metric("cases", "count", False, gettext_noop("Cases"), gettext_noop(
        "Cases under work: placed, open, retained or suspended")),
    Metric("owed", "money", False, gettext_noop("Owed"), gettext_noop(
        "What the cases under work owe")),
    Metric("overdue", "money", False, gettext_noop("Overdue"), gettext_noop(
        "What is overdue in the cases under work")),
    Metric("ledger_owed", "money", False, gettext_noop("Owed in all cases"), gettext_noop(
        "What all cases of the book owe, whatever their state: the ledger's own sum, as last aged")),
    Metric("placed", "money", False, gettext_noop("Placed"), gettext_noop(
        "What was owed on the day of placement, by the month of placement")),
    Metric("placed_cases", "count", False, gettext_noop("Cases placed"), gettext_noop(
        "Cases by the month of placement")),
    Metric("moved", "count", False, gettext_noop("Stage moves"), gettext_noop(
        "Cases by stage then and now, since the day before or since the month began")),
    Metric("moved_owed", "money", False, gettext_noop("Stage moves, owed"), gettext_noop(
        "What was owed then by cases, by stage then and now")),
)  # fmt: skip
METRICS = {metric.name: metric for metric in _ALL}
FLOWS = frozenset(metric.name for metric in _ALL if metric.is_flow)
