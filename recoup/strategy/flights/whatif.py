"""Other budgets in a strategy's text: only the numbers change, comments and order stay."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml
from django.utils.translation import gettext as _

from recoup.kernel.errors import Invalid, Problem

CHANGE = re.compile(r"\s*(?P<sign>[+-]?)\s*(?P<number>\d+(?:[.,]\d+)?)\s*(?P<share>%?)\s*")
MOST = 1e13  # as `reading` has it


def changed(text: str, now: float) -> float:
    """
    A budget after a change as people write it: `+10 %`, `-500`, `4000`.

    >>> changed("+10 %", 200), changed("-50", 200), changed("300", 200)
    (220, 150, 300)

    :raises Invalid: if it cannot be read, or less than nothing would be left
    """
    found = CHANGE.fullmatch(text.replace("−", "-"))
    if found is None or (found["share"] and not found["sign"]):
        raise Invalid(_("“{text}” is no change of a budget.").format(text=text),
                      hint=_("Write +10 %, -500 or 4000."))  # fmt: skip
    number = float(found["number"].replace(",", "."))
    by = now * number / 100 if found["share"] else number
    value = now + by if found["sign"] == "+" else now - by if found["sign"] else by
    if not 0 <= value <= MOST:
        raise Invalid(_("A budget cannot become {value:g}.").format(value=value),
                      hint=_("Nothing is the least."))  # fmt: skip
    return round(value, 2) if value % 1 else int(value)


def with_budgets(source: str, budgets: Mapping[str, float]) -> str:
    """
    The text with other budgets.

    :raises Invalid: for a budget that the text does not give
    """
    places: dict[str, tuple[int, int]] = {}
    for name, value in _pairs(yaml.compose(source, Loader=yaml.SafeLoader)):
        if name == "budgets":
            for budget, given in _pairs(value):
                amount = dict(_pairs(given)).get("most", given)
                if isinstance(amount, yaml.ScalarNode):
                    places[budget] = (amount.start_mark.index, amount.end_mark.index)
    problems = [
        Problem(name, _("There is no such budget."), _("There are {names}.").format(
            names=", ".join(places)))
        for name in budgets if name not in places
    ]  # fmt: skip
    if problems:
        raise Invalid(_("Some of these budgets do not exist."), problems=problems)
    for name in sorted(budgets, key=lambda one: places[one], reverse=True):
        begins, ends = places[name]
        source = f"{source[:begins]}{budgets[name]}{source[ends:]}"
    return source


def _pairs(node: yaml.Node | None) -> list[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return []
    return [(key.value, value) for key, value in node.value]
