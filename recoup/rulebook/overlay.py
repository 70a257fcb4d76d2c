"""
What a tenant lays over the law, and what a replay tries instead.

    pack: stricter-calls
    layer: tenant                    # may tighten; `what-if` may change anything, for replay only
    parameters: {most_effective_calls: 2}
    rules: {CN-FREQ-004: on, HOUSE-SMS-001: off}
    instruments: {gbt_45251: {in_force_from: 2025-01-28}}      # what-if only
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from recoup.kernel.errors import Invalid, Problem
from recoup.rulebook.layers import Layer, yaml_of
from recoup.rulebook.rule import Rule
from recoup.rulebook.sources import STRICTEST, Parameter, ParameterValue, line_of, unfit
from recoup.rulebook.verdict import Instrument

KEYS = frozenset({"pack", "layer", "parameters", "rules", "instruments"})


@dataclass(frozen=True)
class Overlay:
    """One such file, read. `digest` is of its bytes."""

    name: str
    is_what_if: bool
    parameters: Mapping[str, Any]
    rules: Mapping[str, bool]
    instruments: Mapping[str, date]
    digest: str

    def __hash__(self) -> int:
        return hash(self.digest)


def read(path: Path) -> Overlay:
    """
    Read an overlay. :raises Invalid: with everything that is wrong, by line
    """
    if not path.is_file():
        raise Invalid(f"There is no file {path}.", hint="Name a YAML file of rules.")
    raw = yaml_of(path)
    problems: list[Problem] = []

    def wrong(key: str, what: str) -> None:
        problems.append(Problem(f"{path.name}:{line_of(path, key)} {key}", what))

    for key in set(raw) - KEYS:
        wrong(str(key), f"is none of {', '.join(sorted(KEYS))}.")
    if raw.get("layer") not in ("tenant", "what-if"):
        wrong("layer", "is neither tenant nor what-if.")
    parts = {key: raw.get(key) or {} for key in ("rules", "parameters", "instruments")}
    for key, part in parts.items():
        if not isinstance(part, dict) or not all(isinstance(name, str) for name in part):
            wrong(key, "is no mapping from names.")
            parts[key] = {}
    rules = parts["rules"]
    for name, state in rules.items():
        if not isinstance(state, bool):
            wrong("rules", f"{name} is neither on nor off.")
    moved: dict[str, Any] = {}
    for key, entry in parts["instruments"].items():
        day = entry.get("in_force_from") if isinstance(entry, dict) else None
        if not isinstance(day, date) or isinstance(day, datetime):
            wrong("instruments", f"{key} has no day in_force_from.")
        moved[key] = day
    if moved and raw.get("layer") == "tenant":
        wrong("instruments", "cannot be moved by a tenant: the law's dates are the law's.")
    if problems:
        raise Invalid(f"{path.name} does not load.", problems=problems)
    return Overlay(
        name=str(raw.get("pack") or path.stem), is_what_if=raw["layer"] == "what-if",
        parameters=parts["parameters"], rules=rules, instruments=moved,
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )  # fmt: skip


def over_layers(overlay: Overlay, layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers with the instruments that an overlay dates otherwise."""
    known = {key for layer in layers for key in layer.instruments}
    if unknown := sorted(set(overlay.instruments) - known):
        raise Invalid(f"{overlay.name} dates instruments that do not exist: {', '.join(unknown)}.")

    def dated(one: Instrument) -> Instrument:
        return replace(one, in_force_from=overlay.instruments.get(one.key, one.in_force_from))

    return tuple(
        replace(layer, instruments={k: dated(one) for k, one in layer.instruments.items()})
        for layer in layers
    )


def over_parameters(
    overlay: Overlay, parameters: Mapping[str, Parameter], instruments: Mapping[str, Instrument],
    day: date, rules: Sequence[Rule],
) -> dict[str, Parameter]:  # fmt: skip
    """
    The parameters with an overlay's numbers, as `rules` read them.

    By channel, the channels that are not named keep their numbers.

    :raises Invalid: for one that does not exist or is of another kind, or a tenant's number that
        is looser than it may be
    """
    made = dict(parameters)
    for name, value in overlay.parameters.items():
        if name not in parameters:
            raise Invalid(f"{overlay.name} gives {name}, which is no parameter.",
                          hint=f"There are {', '.join(sorted(parameters))}.")  # fmt: skip
        one = parameters[name]
        if problem := unfit(one, value):
            raise Invalid(f"{overlay.name} gives {name} as {value!r}, which {problem}.",
                          hint=f"It is in {one.unit}.")  # fmt: skip
        if not overlay.is_what_if:
            _check_tighter(overlay, one, value, day, rules)
        if isinstance(value, dict):
            house = [v.value for v in one.on(day) if v.force == "HOUSE" or overlay.is_what_if]
            value = {key: n for table in (*house, value) for key, n in table.items()}
        mine = ParameterValue(value, None, instruments["house"], "HOUSE", "HOUSE", "tenant")
        if overlay.is_what_if:
            made[name] = replace(one, values=(mine,))
            continue
        made[name] = replace(one, values=(*one.values, mine))
    return made


def _check_tighter(
    overlay: Overlay, one: Parameter, value: Any, day: date, rules: Sequence[Rule]
) -> None:
    """
    A law's number is only tightened, and so is one of the house that a rule of law computes with,
    or the gate itself; one that only house rules read is the tenant's, who may switch them off.
    """
    readers = [rule for rule in rules if one.name in rule.reads]
    own = bool(readers) and all(_may_switch_off(rule) for rule in readers)
    bound = [v for v in one.on(day) if v.force != "HOUSE" or not own]
    for law in bound:
        if not _is_as_tight(one, value, law.value):
            raise Invalid(
                f"{overlay.name} would loosen {one.name} to {value}.",
                hint=f"{law.instrument.title} gives {law.value}: a tenant may only tighten.",
            )


def _is_as_tight(one: Parameter, value: Any, than: Any) -> bool:
    pick = STRICTEST[one.strictest]
    mine, other = one.number(value), one.number(than)
    if isinstance(mine, dict):
        return all(pick(mine[key], other[key]) == mine[key] for key in mine if key in other)
    if isinstance(mine, list | tuple):
        more, fewer = (mine, other) if one.strictest == "largest" else (other, mine)
        return set(fewer) <= set(more)
    return bool(pick(mine, other) == mine)


def _may_switch_off(rule: Rule) -> bool:
    return rule.force == "HOUSE" and not rule.firm


def over_rules(overlay: Overlay, rules: Sequence[Rule]) -> list[Rule]:
    """
    The rules with those that an overlay switches on or off.

    :raises Invalid: for one that does not exist, or that a tenant may not switch off
    """
    known = {rule.id: rule for rule in rules}
    for name, on in overlay.rules.items():
        rule = known.get(name)
        if rule is None:
            raise Invalid(f"{overlay.name} names {name}, which is no rule in force.")
        if not on and not overlay.is_what_if and not _may_switch_off(rule):
            raise Invalid(
                f"{overlay.name} switches off {name}, which is {rule.force}.",
                hint="A tenant may switch off house rules, and no others.",
            )
    return [
        replace(rule, optional=not overlay.rules[rule.id]) if rule.id in overlay.rules else rule
        for rule in rules
    ]
