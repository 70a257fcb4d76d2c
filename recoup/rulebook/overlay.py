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
from datetime import date
from pathlib import Path
from typing import Any

from recoup.kernel.errors import Invalid, Problem
from recoup.rulebook.layers import Layer, yaml_of
from recoup.rulebook.rule import Rule
from recoup.rulebook.sources import STRICTEST, Parameter, ParameterValue, line_of
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
    rules = raw.get("rules") or {}
    for name, state in rules.items():
        if not isinstance(state, bool):
            wrong("rules", f"{name} is neither on nor off.")
    moved: dict[str, Any] = {}
    for key, entry in (raw.get("instruments") or {}).items():
        day = entry.get("in_force_from") if isinstance(entry, dict) else None
        if not isinstance(day, date):
            wrong("instruments", f"{key} has no day in_force_from.")
        moved[key] = day
    if moved and raw.get("layer") == "tenant":
        wrong("instruments", "cannot be moved by a tenant: the law's dates are the law's.")
    if problems:
        raise Invalid(f"{path.name} does not load.", problems=problems)
    return Overlay(
        name=str(raw.get("pack") or path.stem), is_what_if=raw["layer"] == "what-if",
        parameters=raw.get("parameters") or {}, rules=rules, instruments=moved,
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
    day: date,
) -> dict[str, Parameter]:  # fmt: skip
    """
    The parameters with an overlay's numbers.

    :raises Invalid: for one that does not exist, or a tenant's number looser than the law's
    """
    made = dict(parameters)
    for name, value in overlay.parameters.items():
        if name not in parameters:
            raise Invalid(f"{overlay.name} gives {name}, which is no parameter.",
                          hint=f"There are {', '.join(sorted(parameters))}.")  # fmt: skip
        one = parameters[name]
        mine = ParameterValue(value, None, instruments["house"], "HOUSE", "HOUSE", "tenant")
        if overlay.is_what_if:
            made[name] = replace(one, values=(mine,))
            continue
        _check_tighter(overlay, one, value, day)
        made[name] = replace(one, values=(*one.values, mine))
    return made


def _check_tighter(overlay: Overlay, one: Parameter, value: Any, day: date) -> None:
    law = [v for v in one.on(day) if v.force != "HOUSE"]
    if not law or isinstance(value, dict):
        return
    numbers = [one.number(v.value) for v in law]
    binding = STRICTEST[one.strictest](numbers)
    if STRICTEST[one.strictest]([binding, one.number(value)]) != one.number(value):
        raise Invalid(
            f"{overlay.name} would loosen {one.name} to {value}.",
            hint=f"{law[0].instrument.title} gives {law[0].value}: a tenant may only tighten.",
        )


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
        if not on and not overlay.is_what_if and (rule.force != "HOUSE" or rule.firm):
            raise Invalid(
                f"{overlay.name} switches off {name}, which is {rule.force}.",
                hint="A tenant may switch off house rules, and no others.",
            )
    return [
        replace(rule, optional=not overlay.rules[rule.id]) if rule.id in overlay.rules else rule
        for rule in rules
    ]
