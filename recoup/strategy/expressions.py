"""
Conditions as an analyst writes them, compiled to columns.

    1 <= days_past_due <= 30 and stage in ["M1", "M2"] and not starter

Names come from a closed list, each with a type; the rest is comparisons, `and`, `or`, `not`, `in`,
`+ - * /`, brackets, numbers, texts and `true`/`false`. Nothing is called, looked up or evaluated
as Python: the text is parsed into a tree and every node not in the list is refused. A comparison
with a value that is not known is false.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

LONGEST = 500

# What a condition may ask about a case, with its type and where it comes from.
NAMES: Mapping[str, str] = {
    "stage": "text", "state": "text", "product": "text", "region": "text", "arm": "text",
    "agency": "text",
    "days_past_due": "number", "days_placed": "number", "owed": "number", "overdue": "number",
    "loans": "number", "repay_30": "number", "roll": "number", "lost_contact": "number",
    "contacts_7": "number", "contacts_30": "number", "has_team": "truth", "has_agency": "truth",
    "starter": "truth", "ability": "number", "willingness": "number",
    "self_cure": "number",
}  # fmt: skip

_COMPARE: Mapping[type[ast.cmpop], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_ARITHMETIC: Mapping[type[ast.operator], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}  # fmt: skip


class Unreadable(ValueError):
    """A condition that cannot be understood. `column` counts from 1; `hint` says what may stand."""

    def __init__(self, message: str, *, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.column = column
        self.hint = hint


@dataclass(frozen=True)
class Condition:
    """A condition, as text and compiled."""

    text: str
    expression: pl.Expr
    names: frozenset[str]


def compile_condition(text: str) -> Condition:
    """
    Compile a condition to an expression over the columns of a case frame.

    :raises Unreadable: with the column where it stops making sense
    """
    if len(text) > LONGEST:
        raise Unreadable(f"The condition is longer than {LONGEST} characters.", column=LONGEST)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None) or 1
        raise Unreadable(
            f"{text!r} cannot be read.", column=column,
            hint='Write it like: 1 <= days_past_due <= 30 and stage in ["M1", "M2"].',
        ) from None  # fmt: skip
    compiler = _Compiler()
    expression, kind = compiler.walk(tree)
    if kind != "truth":
        raise Unreadable(f"{text!r} is a {kind}, not a condition.", column=1,
                         hint="Compare it with something.")  # fmt: skip
    return Condition(text, expression.fill_null(False), frozenset(compiler.names))


class _Compiler:
    """Walks the tree; every `_kind_of_node` method gives an expression and its type."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def walk(self, node: ast.expr) -> tuple[pl.Expr, str]:
        """The expression of a node, and whether it is a number, text or truth."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise self._wrong(node, f"{ast.unparse(node)!r} may not stand in a condition.")
        found: tuple[pl.Expr, str] = method(node)
        return found

    @staticmethod
    def _wrong(node: ast.AST, message: str, hint: str = "") -> Unreadable:
        return Unreadable(message, column=getattr(node, "col_offset", 0) + 1, hint=hint)

    def _of(self, node: ast.expr, kind: str) -> pl.Expr:
        expression, found = self.walk(node)
        if found != kind:
            raise self._wrong(node, f"{ast.unparse(node)!r} is a {found}, a {kind} is needed.")
        return expression

    def _name(self, node: ast.Name) -> tuple[pl.Expr, str]:
        if node.id in ("true", "false"):
            return pl.lit(node.id == "true"), "truth"
        if node.id not in NAMES:
            raise self._wrong(
                node, f"{node.id!r} is not known.", f"Known are {', '.join(sorted(NAMES))}."
            )
        self.names.add(node.id)
        return pl.col(node.id), NAMES[node.id]

    def _constant(self, node: ast.Constant) -> tuple[pl.Expr, str]:
        value = node.value
        if isinstance(value, bool):
            return pl.lit(value), "truth"
        if isinstance(value, int | float):
            return pl.lit(value), "number"
        if isinstance(value, str):
            return pl.lit(value), "text"
        raise self._wrong(node, f"{value!r} is neither a number nor a text.")

    def _boolop(self, node: ast.BoolOp) -> tuple[pl.Expr, str]:
        parts = [self._of(part, "truth").fill_null(False) for part in node.values]
        join = pl.all_horizontal if isinstance(node.op, ast.And) else pl.any_horizontal
        return join(parts), "truth"

    def _unaryop(self, node: ast.UnaryOp) -> tuple[pl.Expr, str]:
        if isinstance(node.op, ast.Not):
            return ~self._of(node.operand, "truth").fill_null(False), "truth"
        if isinstance(node.op, ast.USub):
            return -self._of(node.operand, "number"), "number"
        raise self._wrong(node, "Only `not` and `-` may stand before a value.")

    def _binop(self, node: ast.BinOp) -> tuple[pl.Expr, str]:
        join = _ARITHMETIC.get(type(node.op))
        if join is None:
            raise self._wrong(node, "Only + - * / may join numbers.")
        return join(self._of(node.left, "number"), self._of(node.right, "number")), "number"

    def _compare(self, node: ast.Compare) -> tuple[pl.Expr, str]:
        parts, left = [], node.left
        for sign, right in zip(node.ops, node.comparators, strict=True):
            parts.append(self._one(left, sign, right))
            left = right
        return pl.all_horizontal([part.fill_null(False) for part in parts]), "truth"

    def _one(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> pl.Expr:
        expression, kind = self.walk(left)
        if isinstance(sign, ast.In | ast.NotIn):
            inside = expression.is_in(self._list(right, kind))
            return inside if isinstance(sign, ast.In) else ~inside
        join = _COMPARE.get(type(sign))
        if join is None:
            raise self._wrong(right, "`is` may not stand here.", "Use == instead.")
        if kind != "number" and not isinstance(sign, ast.Eq | ast.NotEq):
            raise self._wrong(left, f"A {kind} has no order.", "Use ==, != or in.")
        return join(expression, self._of(right, kind))

    def _list(self, node: ast.expr, kind: str) -> list[object]:
        if not isinstance(node, ast.List | ast.Tuple) or not node.elts:
            raise self._wrong(node, "A list is needed after `in`.", 'Like ["M1", "M2"].')
        values: list[object] = []
        for item in node.elts:
            self._of(item, kind)
            if not isinstance(item, ast.Constant):
                raise self._wrong(item, "Only numbers and texts may stand in a list.")
            values.append(item.value)
        return values
