"""
Conditions for one case as plain Python, for whoever waits for the answer.

    holds = compile_one(condition)
    holds({"stage": "M2", "days_past_due": 40})

The same text, walked as `expressions` walks it, and held equal to the columns by a property test: a
comparison with a value that is not known is false. What cannot be said alike (a division, whose
result by nothing polars and Python compare differently) is not compiled.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from recoup.kernel.errors import Invalid
from recoup.strategy.expressions import Condition

Holds = Callable[[Mapping[str, Any]], bool]
_SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_JOINS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


def compile_one(condition: Condition) -> Holds:
    """
    The condition as a function of one case's values by name; a value left out is not known.

    :raises Invalid: if it cannot be said in plain Python alike
    """
    walker = _Walker()
    code = walker.truth(ast.parse(condition.text.strip(), mode="eval").body)
    lines = [f"    {variable} = values.get({name!r})" for name, variable in walker.read.items()]
    source = "\n".join(["def holds(values):", *lines, f"    return {code}"])
    made: dict[str, Any] = {}
    # Only names of the closed list, numbers, texts and signs are in it: `expressions` saw to that.
    exec(compile(source, "<condition>", "exec"), made)  # noqa: S102
    holds: Holds = made["holds"]
    return holds


class _Walker:
    """Writes a checked tree down again, with what is not known in mind."""

    def __init__(self) -> None:
        self.read: dict[str, str] = {}

    def truth(self, node: ast.expr) -> str:
        """A part that holds or does not."""
        match node:
            case ast.BoolOp():
                sign = " and " if isinstance(node.op, ast.And) else " or "
                return f"({sign.join(self.truth(part) for part in node.values)})"
            case ast.UnaryOp(op=ast.Not()):
                return f"(not {self.truth(node.operand)})"
            case ast.Compare():
                return self._compare(node)
            case ast.Name(id="true") | ast.Constant(value=True):
                return "True"
            case ast.Name(id="false") | ast.Constant(value=False):
                return "False"
            case ast.Name():
                return f"({self._name(node.id)} is True)"
        raise Invalid(f"{ast.unparse(node)!r} cannot be said for one case.")

    def _compare(self, node: ast.Compare) -> str:
        parts, left = [], node.left
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(sign, ast.In | ast.NotIn):
                one, known = self.value(left)
                two = repr(tuple(item.value for item in right.elts))  # type: ignore[attr-defined]
            else:
                (one, known), (two, more) = self.value(left), self.value(right)
                known = known | more
            guards = [f"{variable} is not None" for variable in sorted(known)]
            parts.append(" and ".join([*guards, f"{one} {_SIGNS[type(sign)]} {two}"]))
            left = right
        return "(" + " and ".join(f"({part})" for part in parts) + ")"

    def value(self, node: ast.expr) -> tuple[str, frozenset[str]]:
        """A number, text or truth that is compared, and the variables it needs known."""
        match node:
            case ast.Name(id="true") | ast.Name(id="false"):
                return str(node.id == "true"), frozenset()
            case ast.Name():
                name = self._name(node.id)
                return name, frozenset({name})
            case ast.Constant():
                return repr(node.value), frozenset()
            case ast.UnaryOp(op=ast.USub()):
                one, known = self.value(node.operand)
                return f"(-{one})", known
            case ast.BinOp() if type(node.op) in _JOINS:
                (one, known), (two, more) = self.value(node.left), self.value(node.right)
                return f"({one} {_JOINS[type(node.op)]} {two})", known | more
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp():
                return self.truth(node), frozenset()
        raise Invalid(f"{ast.unparse(node)!r} cannot be said for one case.")

    def _name(self, name: str) -> str:
        return self.read.setdefault(name, f"v{len(self.read)}")
