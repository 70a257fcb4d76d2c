"""
The small, safe language in which a mapping computes a column from others.

    funded_amnt - total_rec_prncp
    days_before(as_of, 30 * PAY_0) if PAY_0 > 0 else none
    col("default.payment.next.month") == 1

Names are source columns (`col("...")` where a name is no identifier). There are numbers, texts,
`none`, `as_of`, `row` (the row's number), + - * /, comparisons, `and`, `or`, `not`, `in`, `x if c else y`, and the functions
below. Nothing else is evaluated: no attributes, no calls of anything unnamed here.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from recoup.intake.values import dates_of, numbers_of
from recoup.kernel.errors import Invalid

BINARY = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}  # fmt: skip
COMPARE = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
FUNCTIONS = (
    "col", "text", "date", "min", "max", "round", "year", "months_between", "add_months",
    "days_before", "days_after", "month_end", "starts_with", "is_empty", "join",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was checked: what it says, and the source columns it reads."""

    source: str
    tree: ast.expr
    columns: tuple[str, ...]


def parse(source: str) -> Formula:
    """
    Check a formula. :raises Invalid: if it says anything outside the language

    >>> parse("a - col('b.c')").columns
    ('a', 'b.c')
    """
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Invalid(f"The formula {source!r} cannot be read.") from None
    columns: list[str] = []
    _check(tree, source, columns)
    return Formula(source, tree, tuple(dict.fromkeys(columns)))


def _check(node: ast.expr, source: str, columns: list[str]) -> None:
    children: Sequence[ast.expr] = ()
    if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        children = [node.left, node.right]
    elif isinstance(node, ast.BoolOp):
        children = node.values
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        children = [node.operand]
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        if isinstance(node.ops[0], ast.In) and _constants(node.comparators[0]) is not None:
            children = [node.left]
        elif type(node.ops[0]) in COMPARE:
            children = [node.left, node.comparators[0]]
        else:
            raise _outside(source)
    elif isinstance(node, ast.IfExp):
        children = [node.test, node.body, node.orelse]
    elif isinstance(node, ast.Call):
        children = _check_call(node, source, columns)
    elif isinstance(node, ast.Name):
        if node.id not in ("none", "as_of", "row"):
            columns.append(node.id)
    elif not (isinstance(node, ast.Constant) and isinstance(node.value, int | float | str)):
        raise _outside(source)
    for child in children:
        _check(child, source, columns)


def _check_call(node: ast.Call, source: str, columns: list[str]) -> Sequence[ast.expr]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS or node.keywords or not node.args:
        raise _outside(source)
    if name != "col":
        return node.args
    first = node.args[0]
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        raise _outside(source)
    columns.append(first.value)
    return ()


def _constants(node: ast.expr) -> list[Any] | None:
    if isinstance(node, ast.Tuple | ast.List) and all(
        isinstance(item, ast.Constant) for item in node.elts
    ):
        return [item.value for item in node.elts if isinstance(item, ast.Constant)]
    return None


def _outside(source: str) -> Invalid:
    return Invalid(
        f"The formula {source!r} uses something that mappings may not.",
        hint=f"It may use columns, numbers, comparisons and {', '.join(FUNCTIONS)}.",
    )


@dataclass(slots=True)
class Evaluation:
    """Evaluates formulas over one batch of source columns."""

    columns: Mapping[str, pl.Series]
    rows: pl.Series
    as_of: date
    dates: Sequence[str]

    @property
    def height(self) -> int:
        """The rows of the batch."""
        return len(self.rows)

    def of(self, formula: Formula) -> pl.Series:
        """The formula's value for each row; null where something it needs is missing."""
        value = self._value(formula.tree)
        return value if isinstance(value, pl.Series) else self._spread(value)

    def _spread(self, value: Any) -> pl.Series:
        return pl.repeat(value, self.height, eager=True)

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.BinOp):
            return BINARY[type(node.op)](self._value(node.left), self._value(node.right))
        if isinstance(node, ast.UnaryOp):
            value = self._value(node.operand)
            return ~value if isinstance(node.op, ast.Not) else -value
        if isinstance(node, ast.BoolOp):
            return self._all_or_any(node)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.IfExp):
            return self._choose(node)
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        return self._call(node.func.id, node.args)

    def _name(self, name: str) -> Any:
        if name == "none":
            return None
        if name == "row":
            return self.rows
        return self._spread(self.as_of) if name == "as_of" else numbers_of(self.columns[name])

    def _all_or_any(self, node: ast.BoolOp) -> Any:
        join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
        values = [self._value(value) for value in node.values]
        found = values[0]
        for value in values[1:]:
            found = join(found, value)
        return found

    def _compare(self, node: ast.Compare) -> Any:
        left = self._value(node.left)
        if isinstance(node.ops[0], ast.In):
            return left.is_in(_constants(node.comparators[0]))
        return COMPARE[type(node.ops[0])](left, self._value(node.comparators[0]))

    def _choose(self, node: ast.IfExp) -> pl.Series:
        test = self._value(node.test)
        parts = [pl.lit(self._value(part)) for part in (node.body, node.orelse)]
        chosen = pl.when(pl.lit(test)).then(parts[0]).when(pl.lit(~test)).then(parts[1])
        return pl.select(chosen).to_series()

    def _call(self, name: str, args: Sequence[ast.expr]) -> Any:
        if name in ("col", "text", "date", "is_empty"):
            return self._column(name, args[0])
        return CALLS[name](*[self._value(arg) for arg in args])

    def _column(self, name: str, arg: ast.expr) -> pl.Series:
        if isinstance(arg, ast.Constant):
            series = self.columns[str(arg.value)]
        elif isinstance(arg, ast.Name) and arg.id in self.columns:
            series = self.columns[arg.id]
        else:
            series = self._value(arg)
        if name == "date":
            return dates_of(series, self.dates)
        if name == "is_empty":
            return series.is_null()
        return numbers_of(series) if name == "col" else _worded(series)


def _worded(series: pl.Series) -> pl.Series:
    if series.dtype.is_float():
        return series.cast(pl.String).str.replace(r"\.0$", "")
    return series.cast(pl.String)


def _pair(fold: Callable[..., pl.Expr]) -> Callable[[Any, Any], pl.Series]:
    def call(left: Any, right: Any) -> pl.Series:
        both = fold(pl.lit(left), pl.lit(right))
        missing = pl.lit(left).is_null() | pl.lit(right).is_null()
        return pl.select(pl.when(~missing).then(both)).to_series()

    return call


def _shift(days: pl.Series, sign: int, start: Any) -> pl.Series:
    length = pl.duration(days=pl.lit(days * sign).cast(pl.Int64))
    return pl.select(pl.lit(start).cast(pl.Date) + length).to_series()


def _add_months(start: pl.Series, months: Any) -> pl.Series:
    count = (
        months.cast(pl.Int64).cast(pl.String) + "mo"
        if isinstance(months, pl.Series)
        else f"{months}mo"
    )
    return start.dt.offset_by(count)


CALLS: dict[str, Callable[..., Any]] = {
    "min": _pair(pl.min_horizontal),
    "max": _pair(pl.max_horizontal),
    "round": lambda value, digits=0: value.round(digits),
    "year": lambda day: day.dt.year(),
    "months_between": lambda a, b: (b.dt.year() - a.dt.year()) * 12 + b.dt.month() - a.dt.month(),
    "add_months": _add_months,
    "days_before": lambda start, days: _shift(days, -1, start),
    "days_after": lambda start, days: _shift(days, 1, start),
    "month_end": lambda day: day.dt.month_end(),
    "starts_with": lambda text, start: text.str.starts_with(start),
    "join": lambda *parts: pl.select(pl.concat_str([pl.lit(part) for part in parts])).to_series(),
}
