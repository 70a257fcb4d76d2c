"""
One batch of source rows made canonical: values where a row is whole, all its problems where not.

Everything is done for a batch of rows at once; only rows with problems are looked at singly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from recoup.intake import values
from recoup.intake.formulas import Evaluation
from recoup.intake.mapping import Rule, TableMapping
from recoup.intake.readers.base import Batch, BrokenRow
from recoup.intake.tables import DTYPES, Field
from recoup.intake.values import Ways

CONTROL_CLASS = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff"
CONTROL = f"[{CONTROL_CLASS}]"
ODD = rf"[{CONTROL_CLASS}\x09\x0a\x0d\x{{85}}\x{{fffd}}]|\s\s|^\s|\s$|^[=@+\-#]"
FORMULA = r"^(=|@|[+\-])"
SIGNED = r"^[+\-][\d\s.,，%()\-]*([eE][+\-]?\d+)?$"
ERROR_VALUE = r"^#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!)"


@dataclass(slots=True)
class Trouble:
    """Rows of a batch (a mask) with one problem."""

    mask: pl.Series
    problem: dict[str, Any]


@dataclass(slots=True)
class Refined:
    """A batch, canonical: `frame` has `row_number` and every field, for each row of the source."""

    source: pl.DataFrame
    frame: pl.DataFrame
    troubles: list[Trouble] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    set_aside: pl.Series | None = None
    not_for_collection: int = 0


class Refiner:
    """Makes batches of one source table canonical under one mapping."""

    def __init__(
        self, *, mapping: TableMapping, columns: list[str], ways: Ways, missing: tuple[str, ...],
        unescape: bool = False,
    ) -> None:  # fmt: skip
        self._mapping = mapping
        self._ways = ways
        self._missing = list(missing)
        self._longest_missing = max((len(text.encode()) for text in missing), default=0)
        self._unescape = unescape
        self._found = found_columns(mapping, columns)

    @property
    def used(self) -> set[str]:
        """The source columns that have a use."""
        return set(self._found.values())

    def refine(self, batch: Batch) -> Refined:
        """The batch, canonical."""
        source = batch.frame
        if self._unescape:
            source = source.with_columns(pl.col(pl.String).str.replace(r"^'([=+\-@'\d])", "$1"))
        troubles: list[Trouble] = []
        cells = {
            said: self._clean(source[name], said, troubles) for said, name in self._found.items()
        }
        numbers = batch.numbers
        evaluation = Evaluation(cells, numbers, self._ways.as_of, self._ways.dates)
        kept = self._kept(evaluation)
        if kept is not None:
            source, numbers = source.filter(kept), numbers.filter(kept)
            cells = {name: series.filter(kept) for name, series in cells.items()}
            troubles = [Trouble(item.mask.filter(kept), item.problem) for item in troubles]
            evaluation = Evaluation(cells, numbers, self._ways.as_of, self._ways.dates)
        self._add_cell_faults(batch, kept, troubles)
        columns = [numbers.alias("row_number")]
        for target in self._mapping.table.fields:
            columns.append(self._field(target, cells, evaluation, troubles))
        aside = batch.frame.filter(~kept) if kept is not None else None
        return Refined(
            source=source,
            frame=pl.DataFrame(columns),
            troubles=[item for item in troubles if item.mask.any()],
            broken=batch.broken,
            set_aside=self._refs_of(aside),
            not_for_collection=0 if aside is None else len(aside),
        )

    def _refs_of(self, aside: pl.DataFrame | None) -> pl.Series | None:
        """The references of rows that are not for collection, so that no orphan is made of others."""
        rule = self._mapping.rules.get("account_ref")
        if aside is None or rule is None or not rule.columns:
            return None
        name = self._found.get(rule.columns[0])
        return None if name is None else self._clean(aside[name], rule.columns[0], [])

    def _kept(self, evaluation: Evaluation) -> pl.Series | None:
        if self._mapping.only is None:
            return None
        # A row whose condition cannot be read stays, and says for itself what is wrong with it.
        return evaluation.of(self._mapping.only).cast(pl.Boolean).fill_null(True)

    def _clean(self, series: pl.Series, said: str, troubles: list[Trouble]) -> pl.Series:
        """Tidy texts, and nothing for what stands for nothing."""
        if series.dtype != pl.String:
            if series.dtype.is_float():
                bad = (series.is_nan() | series.is_infinite()).fill_null(False)
                if bad.any():
                    troubles.append(Trouble(bad, {"kind": "not_a_number", "column": said}))
                    series = series.set(bad, None)
            return series
        texts = series
        if texts.str.len_bytes().sum() != texts.str.len_chars().sum():
            texts = texts.str.normalize("NFKC")
        # One look tells for nearly every column that there is nothing else to look for.
        if texts.str.contains(ODD).any():
            texts = self._look_closer(texts, said, troubles)
        void = (texts.str.len_bytes() <= self._longest_missing) & texts.is_in(self._missing)
        return texts.set(void.fill_null(False), None)

    def _look_closer(self, texts: pl.Series, said: str, troubles: list[Trouble]) -> pl.Series:
        for kind, pattern in (("control", CONTROL), ("undecodable", "\ufffd")):
            mask = texts.str.contains(pattern).fill_null(False)
            troubles.append(Trouble(mask, {"kind": kind, "column": said}))
        texts = texts.str.replace_all(r"\s+", " ").str.strip_chars(" ")
        void = texts.is_in(self._missing)
        formula = texts.str.contains(FORMULA) & ~texts.str.contains(SIGNED) & ~void
        for kind, mask in (("formula", formula), ("error_value", texts.str.contains(ERROR_VALUE))):
            mask = mask.fill_null(False)
            troubles.append(Trouble(mask, {"kind": kind, "column": said}))
            texts = texts.set(mask, None)
        return texts

    def _add_cell_faults(
        self, batch: Batch, kept: pl.Series | None, troubles: list[Trouble]
    ) -> None:
        said = {name: word for word, name in self._found.items()}
        for fault in batch.faults:
            if fault.column in said:
                mask = pl.Series([False] * len(batch.frame))
                mask[fault.index] = True
                mask = mask if kept is None else mask.filter(kept)
                troubles.append(Trouble(mask, {"kind": fault.kind, "column": said[fault.column]}))

    def _field(
        self, target: Field, cells: dict[str, pl.Series], evaluation: Evaluation,
        troubles: list[Trouble],
    ) -> pl.Series:  # fmt: skip
        height, dtype = evaluation.height, DTYPES[target.kind]
        if target.name == "known" and self._mapping.known:
            return self._known(evaluation, cells, troubles)
        if target.name == "outcome" and self._mapping.outcome:
            return self._outcome(evaluation)
        rule = self._mapping.rules.get(target.name)
        made = None if rule is None else self._cells(rule, cells, evaluation)
        column = next((name for name in rule.needs if name in cells), "") if rule else ""
        if made is None:
            made = pl.Series([None] * height, dtype=dtype)
        ways = replace(self._ways, **rule.ways) if rule and rule.ways else self._ways
        read = values.read(made.alias(target.name), target, ways)
        wrong = pl.Series([False] * height, dtype=pl.Boolean)
        for fault in read.faults:
            mask = fault.mask & ~wrong
            wrong = wrong | fault.mask
            name = column or target.name
            troubles.append(Trouble(mask, {"kind": fault.kind, "column": name, **fault.facts}))
        if target.required:
            empty = read.values.is_null() & ~wrong & ~_already(troubles, column, height)
            troubles.append(Trouble(empty, {"kind": "missing", "column": column or target.name}))
        return read.values.alias(target.name)

    def _cells(
        self, rule: Rule, cells: dict[str, pl.Series], evaluation: Evaluation
    ) -> pl.Series | None:
        if rule.formula:
            if any(name not in cells for name in rule.formula.columns):
                return None
            return evaluation.of(rule.formula)
        if rule.constant is not None:
            return pl.repeat(rule.constant, evaluation.height, eager=True)
        there = [cells[name] for name in rule.columns if name in cells]
        if rule.template is not None:
            if len(there) < len(rule.columns):
                return None
            return _filled_in(rule.template, rule.columns, there)
        if not there:
            return None
        found = there[0]
        for other in there[1:]:
            found = found.cast(pl.String).zip_with(found.is_not_null(), other.cast(pl.String))
        return found

    def _known(
        self, evaluation: Evaluation, cells: dict[str, pl.Series], troubles: list[Trouble]
    ) -> pl.Series:
        made: list[pl.Series] = []
        for name, rule in self._mapping.known.items():
            cell = self._cells(rule, cells, evaluation)
            if cell is None:
                continue
            if rule.ways["kind"] == "number":
                number = values.numbers_of(cell)
                mask = cell.is_not_null() & number.is_null()
                troubles.append(Trouble(mask, {"kind": "not_a_number", "column": name}))
                cell = number
            made.append(cell.alias(name))
        return pl.DataFrame(made).to_struct("known").struct.json_encode()

    def _outcome(self, evaluation: Evaluation) -> pl.Series:
        said = self._mapping.outcome
        value = evaluation.of(said["value"])
        value = value.cast(pl.Int64) if value.dtype == pl.Boolean else value.cast(pl.Float64)
        columns = [pl.repeat(said["target"], len(value), eager=True).alias("target")]
        columns.append(value.alias("value"))
        if "cohort" in said:
            cohort = evaluation.of(said["cohort"])
            cohort = cohort.cast(pl.Int64) if cohort.dtype.is_float() else cohort
            columns.append(cohort.cast(pl.String).alias("cohort"))
        told = pl.DataFrame(columns).to_struct("outcome").struct.json_encode()
        return told.set(value.is_null(), None)


def _already(troubles: list[Trouble], column: str, height: int) -> pl.Series:
    """Rows whose cell in this column was already complained about."""
    found = pl.Series([False] * height, dtype=pl.Boolean)
    for trouble in troubles:
        if trouble.problem.get("column") == column:
            found = found | trouble.mask
    return found


def _filled_in(template: str, names: tuple[str, ...], cells: list[pl.Series]) -> pl.Series:
    pattern = template
    for name in names:
        pattern = pattern.replace("{" + name + "}", "{}")
    whole = pl.format(pattern, *[pl.lit(cell) for cell in cells])
    missing = pl.any_horizontal([pl.lit(cell).is_null() for cell in cells])
    return pl.select(pl.when(~missing).then(whole)).to_series()


def found_columns(mapping: TableMapping, columns: list[str]) -> dict[str, str]:
    """Which of the file's columns each column that the mapping names is, whatever its case."""
    exact = set(columns)
    folded = {name.casefold(): name for name in reversed(columns)}
    found: dict[str, str] = {}
    for said in sorted(mapping.reads()):
        if said in exact:
            found[said] = said
        elif said.casefold() in folded:
            found[said] = folded[said.casefold()]
    return found
