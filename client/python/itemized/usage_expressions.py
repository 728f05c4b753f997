# SPDX-License-Identifier: Apache-2.0
"""Expressions of the table of usage shapes: +, -, whole numbers, names, and three functions."""

from __future__ import annotations

import operator
import re
from typing import Callable

Values = dict[str, int]
#: Computes an expression from the numbers that it names, all of which must be there.
Expression = Callable[[Values], int]

_TOKEN = re.compile(r"\s*([a-z_0-9]+|[-+(),])")
_FUNCTIONS: dict[str, Callable[..., int]] = {
    "max": max,
    "where_equal": lambda a, b, c: c if a == b else 0,
    "where_less": lambda a, b, c: c if a < b else 0,
}


def _sum_of(added: list[str], taken_off: list[str], others: list[tuple[int, Expression]]) -> Expression:
    if len(added) == 1 and not taken_off and not others:
        return operator.itemgetter(added[0])

    def compute(v: Values) -> int:
        total = 0
        for name in added:
            total += v[name]
        for name in taken_off:
            total -= v[name]
        for sign, other in others:
            total += sign * other(v)
        return total

    return compute


class _Parser:
    """Reads an expression of the table by recursive descent. Raises ValueError."""

    def __init__(self, text: str) -> None:
        self.names: set[str] = set()
        self._tokens = _TOKEN.findall(text)
        self._at = 0
        if "".join(self._tokens) != re.sub(r"\s", "", text):
            raise ValueError(f"{text!r} is no expression")
        self.expression = self._sum()
        if self._at != len(self._tokens):
            raise ValueError(f"{text!r} goes on after its end")

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""

    def _next_is(self, *tokens: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] in tokens

    def _sum(self) -> Expression:
        names: dict[bool, list[str]] = {True: [], False: []}  # Those to be added, and those to be taken off.
        others: list[tuple[int, Expression]] = []
        is_added = True
        while True:
            name = self._take()
            if name in _FUNCTIONS:
                others.append((1 if is_added else -1, self._call(_FUNCTIONS[name])))
            elif name.isdigit():
                number = int(name)
                others.append((1 if is_added else -1, lambda v, number=number: number))  # type: ignore[misc]
            elif name and name not in "+-(),":
                names[is_added].append(name)
            else:
                raise ValueError(f"there is {name!r} where a name belongs")
            if not self._next_is("+", "-"):
                break
            is_added = self._take() == "+"
        self.names.update(names[True], names[False])
        return _sum_of(names[True], names[False], others)

    def _call(self, function: Callable[..., int]) -> Expression:
        arguments = []
        separator = self._take()  # The opening bracket, then commas.
        while separator in ("(", ","):
            arguments.append(self._sum())
            separator = self._take()
        if separator != ")":
            raise ValueError("a bracket is not closed")
        return lambda v: function(*[argument(v) for argument in arguments])


def parse(text: str) -> tuple[Expression, frozenset[str]]:
    """An expression, and the names in it. Raises ValueError if it is none."""
    parser = _Parser(text)
    return parser.expression, frozenset(parser.names)
