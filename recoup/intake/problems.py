"""
Everything that can be wrong with a row, as sentences that never repeat what stood in the cell.

A problem is kept as its kind, the column's name and a few figures, so that no name or number of
a borrower reaches the database unsealed, and is put into words in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from recoup.kernel.errors import Problem

# kind: (what is wrong, what to do)
KINDS: dict[str, tuple[str, str]] = {
    "missing": (_("The cell is empty."), _("Fill it in; this column is needed.")),
    "too_long": (_("The text is too long."), _("Use at most {longest} characters.")),
    "control": (
        _("The text holds invisible control characters."),
        _("Type it again, or clean the column in the source system."),
    ),
    "undecodable": (
        _("The text holds characters that were already lost (�)."),
        _("Export the file again in UTF-8 or GB18030."),
    ),
    "formula": (
        _("The cell is a formula, or would become one in a spreadsheet."),
        _("Paste the value instead of the formula."),
    ),
    "error_value": (
        _("The cell holds a spreadsheet error such as #N/A."),
        _("Repair the formula that the value came from."),
    ),
    "rounded": (
        _("The number has more than 15 digits, and the spreadsheet has already rounded it."),
        _("Format the column as text and enter the number again."),
    ),
    "not_an_amount": (
        _("This is not an amount."),
        _("Write it as 1234.50, without words."),
    ),
    "not_minor": (
        _("The amount is not a whole number of the smallest unit."),
        _("Write 1234.50 as 123450, or choose the mapping that reads major units."),
    ),
    "decimals": (
        _("The amount has more decimals than {currency} allows."),
        _("Round it to {exponent} decimals."),
    ),
    "negative": (_("The amount is below zero."), _("Give the amount without a sign.")),
    "absurd": (
        _("The figure is larger or smaller than can be right."),
        _("Check the unit; the limits are in the mapping."),
    ),
    "not_a_number": (_("This is not a number."), _("Write it with digits only.")),
    "not_a_rate": (
        _("This is not a yearly rate."),
        _("Write 18 % as 0.18 or 18%, as the mapping says."),
    ),
    "not_a_date": (
        _("This is not a date of the calendar in a format that the mapping names."),
        _("The mapping reads {formats}."),
    ),
    "not_an_instant": (
        _("This is not a date and time."),
        _("Write it as 2026-11-23 10:00:00 or with an offset, as 2026-11-23T10:00:00+08:00."),
    ),
    "future": (
        _("The day is after the day of the placement ({as_of})."),
        _("Correct the day, or take the file in with a later day."),
    ),
    "not_a_choice": (_("The value is not one of the known ones."), _("Use {choices}.")),
    "not_a_flag": (_("This is neither yes nor no."), _("Use 1 or 0, yes or no, 是 or 否.")),
    "not_a_year": (_("This is not a year of birth."), _("Write four digits.")),
    "not_a_zone": (
        _("This is not a time zone."),
        _("Use IANA names such as Asia/Shanghai, or leave it empty."),
    ),
    "other_currency": (
        _("The account is in another currency than the book ({currency})."),
        _("Place it in a book that is kept in its currency."),
    ),
    "not_json": (_("This is not a JSON object."), _('Write it as {{"income": 5000}}.')),
    "twice": (
        _("The same key stands in an earlier row."),
        _("Keep one of the rows; the earlier one was taken in."),
    ),
    "orphan": (
        _("The row belongs to an account or borrower that was refused or is not there."),
        _("Correct that account first, then take in this row again."),
    ),
    "quotes": (
        _("The quotes of this row do not fit together."),
        _("Put the whole text in double quotes, and double each quote inside it."),
    ),
    "ragged": (
        _("The row has {found} fields, but the header has {expected}."),
        _("Look for a separator or a quote inside a text."),
    ),
    "opt_out_stands": (
        _(
            "This row refuses contact: until it is corrected, whom it names is not contacted at all."
        ),
        _("Correct the row; then only what was refused is kept to."),
    ),
    "opt_out_of_nobody": (
        _("This row refuses contact and names nobody of this book: it stops nobody."),
        _("Find out whose it is before anybody is contacted, and correct the row."),
    ),
}
# What is found out about a refused row afterwards; one of them at a time.
MARKS = ("opt_out_of_nobody", "opt_out_stands")


# Of many rows at once: what a sentence says of one row is said of them all.
OF_MANY = {"ragged": _("The row has more or fewer fields than the header.")}


def heading(kind: str, **facts: object) -> str:
    """A kind of problem in words, for many rows: `facts` hold what is the same for all of them."""
    return gettext(OF_MANY.get(kind, KINDS[kind][0])).format(**facts)


def say(problem: Mapping[str, Any]) -> Problem:
    """A kept problem in words, in the language that is active."""
    what, hint = KINDS[problem["kind"]]
    facts = dict(problem)
    where = str(problem.get("column", ""))
    return Problem(where, gettext(what).format(**facts), gettext(hint).format(**facts))


def kept(problem: Mapping[str, Any]) -> dict[str, Any]:
    """A problem as it is kept: its kind and figures, and its English words for other programs."""
    what, hint = KINDS[problem["kind"]]
    words = {"where": problem.get("column", ""), "what": what, "hint": hint.format(**problem)}
    return {**problem, **words, "what": what.format(**problem)}


def in_words(problems: Sequence[Mapping[str, Any]]) -> str:
    """All problems of a row in one text, for a correction file."""
    return "; ".join(str(say(problem)) for problem in problems)
