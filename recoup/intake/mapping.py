"""
Mappings: how a lender's columns become the canonical ones, as YAML that a clerk can read.

The language is described in docs/stages/intake.md; this module loads and checks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from recoup.intake import formulas
from recoup.intake.formulas import Formula
from recoup.intake.tables import TABLES, Table
from recoup.kernel.errors import Invalid, Problem

FOLDER = Path(__file__).parent / "mappings"
MISSING = ("", "NULL", "null", "None", "N/A", "NA", "n/a", "-", "--", "—", "\\N")
ROOT_KEYS = {
    "name", "version", "title", "source", "tested", "extends", "currency", "unit", "dates",
    "time_zone", "jurisdiction", "missing", "largest", "tables",
}  # fmt: skip
TABLE_KEYS = {"files", "only", "columns", "known", "outcome"}
COLUMN_KEYS = {
    "from", "formula", "constant", "template", "unit", "rounded", "percent", "dates", "choices",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """How one canonical column is made: from columns (the first that is filled), or computed."""

    columns: tuple[str, ...] = ()
    formula: Formula | None = None
    constant: str | None = None
    template: str | None = None
    ways: Dict[str, Any] = field(default_factory=dict)

    @property
    def needs(self) -> tuple[str, ...]:
        """The source columns it reads."""
        return self.formula.columns if self.formula else self.columns


@dataclass(frozen=True)
class TableMapping:
    """How one canonical table is made from one source table."""

    table: Table
    files: tuple[str, ...]
    rules: Dict[str, Rule]
    only: Formula | None = None
    known: Dict[str, Rule] = field(default_factory=dict)
    outcome: Dict[str, Any] = field(default_factory=dict)

    def needed(self) -> Iterator[tuple[str, ...]]:
        """Alternatives of columns without which the table cannot be read."""
        for field_ in self.table.fields:
            rule = self.rules.get(field_.name)
            if rule and field_.required:
                yield from _alternatives(rule)
        for rule in self.known.values():
            yield from _alternatives(rule)
        for formula in (self.only, *self.outcome.values()):
            if isinstance(formula, Formula):
                yield from ((name,) for name in formula.columns)

    def reads(self) -> set[str]:
        """Every source column that has a use."""
        rules = [*self.rules.values(), *self.known.values()]
        parts = [*self.outcome.values(), self.only]
        return {name for rule in rules for name in rule.needs} | {
            name for part in parts if isinstance(part, Formula) for name in part.columns
        }


def _alternatives(rule: Rule) -> Iterator[tuple[str, ...]]:
    if rule.formula or rule.template:
        yield from ((name,) for name in rule.needs)
    elif rule.columns:
        yield rule.columns


@dataclass(frozen=True)
class Mapping:
    """A mapping that was checked."""

    name: str
    version: str
    title: str
    source: str
    tested: bool
    currency: str | None
    unit: str
    dates: tuple[str, ...]
    jurisdiction: str
    time_zone: str | None
    missing: tuple[str, ...]
    largest: int
    tables: Dict[str, TableMapping]


def names() -> list[str]:
    """The mappings there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def load(name: str) -> Mapping:
    """
    The mapping of a name.

    :raises Invalid: if there is none, or if it says something that mappings may not
    """
    if name not in names():
        raise Invalid(f"There is no mapping {name!r}.", hint=f"There are {', '.join(names())}.")
    return parse(_document(name))


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    if "extends" in document:
        base = _document(document["extends"])
        document = {**base, **document}
    return document


def parse(document: Dict[str, Any]) -> Mapping:
    """
    Check a mapping. :raises Invalid: with every problem, and where it stands
    """
    problems = [
        Problem(key, "is not a word of the mapping language.") for key in set(document) - ROOT_KEYS
    ]
    tables: dict[str, TableMapping] = {}
    for name, body in document.get("tables", {}).items():
        if name not in TABLES:
            problems.append(Problem(f"tables.{name}", "is not a canonical table."))
            continue
        tables[name] = _table(TABLES[name], body, problems)
    if document.get("unit", "major") not in ("major", "minor"):
        problems.append(Problem("unit", "is neither major nor minor."))
    if problems or not tables:
        raise Invalid(
            f"The mapping {document.get('name', '?')} is wrong: "
            + "; ".join(str(problem) for problem in problems),
            problems=problems,
        )
    return Mapping(
        name=str(document["name"]),
        version=str(document["version"]),
        title=str(document["title"]),
        source=str(document["source"]),
        tested=bool(document.get("tested", False)),
        currency=document.get("currency"),
        unit=document.get("unit", "major"),
        dates=tuple(document.get("dates", ["%Y-%m-%d"])),
        jurisdiction=document.get("jurisdiction", "CN"),
        time_zone=document.get("time_zone"),
        missing=tuple(document.get("missing", MISSING)),
        largest=int(document.get("largest", 1_000_000_000)),
        tables=tables,
    )


def _table(table: Table, body: Dict[str, Any], problems: list[Problem]) -> TableMapping:
    where = f"tables.{table.name}"
    problems += [
        Problem(f"{where}.{key}", "is not a word of the mapping language.")
        for key in set(body) - TABLE_KEYS
    ]
    rules: dict[str, Rule] = {}
    for name, said in body.get("columns", {}).items():
        if name not in table.by_name:
            problems.append(Problem(f"{where}.columns.{name}", "is not a canonical column."))
            continue
        rules[name] = _rule(said, f"{where}.columns.{name}", problems)
    problems += [
        Problem(f"{where}.columns", f"does not say where {item.name} comes from.")
        for item in table.fields
        if item.required and item.name not in rules
    ]
    outcome = dict(body.get("outcome", {}))
    for part in ("value", "cohort"):
        if part in outcome:
            outcome[part] = _formula(outcome[part], f"{where}.outcome.{part}", problems)
    only = body.get("only")
    return TableMapping(
        table=table,
        files=tuple(body.get("files", [table.name])),
        rules=rules,
        only=_formula(only, f"{where}.only", problems) if only else None,
        known=_known(body.get("known", {}), f"{where}.known", problems),
        outcome=outcome,
    )


def _known(said: Any, where: str, problems: list[Problem]) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for name in said.get("numbers", []) if said else []:
        found[name] = Rule(columns=(name,), ways={"kind": "number"})
    for name in said.get("texts", []) if said else []:
        found[name] = Rule(columns=(name,), ways={"kind": "text"})
    for name, source in (said.get("computed", {}) if said else {}).items():
        formula = _formula(source, f"{where}.computed.{name}", problems)
        found[name] = Rule(formula=formula, ways={"kind": "number"})
    return found


def _rule(said: Any, where: str, problems: list[Problem]) -> Rule:
    if isinstance(said, str):
        return Rule(columns=(said,))
    if not isinstance(said, dict) or set(said) - COLUMN_KEYS:
        problems.append(Problem(where, f"uses other words than {', '.join(sorted(COLUMN_KEYS))}."))
        return Rule()
    ways = {
        key: said[key] for key in ("unit", "rounded", "percent", "dates", "choices") if key in said
    }
    if "dates" in ways:
        ways["dates"] = tuple(ways["dates"])
    if "formula" in said:
        return Rule(formula=_formula(said["formula"], where, problems), ways=ways)
    if "constant" in said:
        return Rule(constant=str(said["constant"]), ways=ways)
    sources = said.get("from", ())
    columns = (sources,) if isinstance(sources, str) else tuple(sources)
    if "template" in said:
        return Rule(columns=columns, template=str(said["template"]), ways=ways)
    if not columns:
        problems.append(Problem(where, "does not say where the column comes from."))
    return Rule(columns=columns, ways=ways)


def _formula(source: Any, where: str, problems: list[Problem]) -> Formula | None:
    try:
        return formulas.parse(str(source))
    except Invalid as error:
        problems.append(Problem(where, str(error)))
        return None
