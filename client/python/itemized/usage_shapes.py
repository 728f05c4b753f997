# SPDX-License-Identifier: Apache-2.0
"""The table of usage shapes: what providers' responses look like, and what their counts mean.

All that is known of providers is data, in usage_shapes.json beside this file, which says how it
is read; the server reads the same file. Here is the little that it takes to read it.
"""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Optional

from .usage_expressions import parse

_Path = tuple[str, ...]

_REMEMBERED_MAX = 1_000  # Sets of names of fields.


def look(source: Any, path: _Path) -> Any:
    """What stands at a path of an object or a dict; None if there is nothing."""
    for name in path:
        if source is None:
            return None
        if type(source) is dict or isinstance(source, Mapping):
            source = source.get(name)
        elif type(source) is list:
            source = source[int(name)] if name.isdigit() and int(name) < len(source) else None
        else:
            source = getattr(source, name, None)
    return source


def fields_of(source: Any) -> Optional[dict[str, Any]]:
    """The fields of a dict, or of an object that has all of them in its `__dict__`; None if they
    must be asked for one by one. Not a copy."""
    kind = type(source)
    if kind is dict:
        return source
    if kind is SimpleNamespace:
        return vars(source)
    if getattr(kind, "__pydantic_fields__", None) is not None:
        extra = getattr(source, "__pydantic_extra__", None)
        return {**vars(source), **extra} if extra else vars(source)
    return None


def text_of(value: Any) -> Optional[str]:
    """A text, or the text that a member of an enumeration stands for; None if it is neither."""
    if type(value) is str or value is None:
        return value
    if isinstance(value, enum.Enum):
        value = value.value if isinstance(value.value, str) else value.name
    return value if isinstance(value, str) else None


def _path(text: str) -> _Path:
    return tuple(text.split("."))


def _is_one_of(value: Any, wanted: tuple[Any, ...]) -> bool:
    text = text_of(value)
    for one in wanted:
        if text is not None and isinstance(one, str):
            if text == one or (one.endswith("*") and text.startswith(one[:-1])):
                return True
        elif value is one:  # True, False and None.
            return True
    return False


class Condition:
    """What must hold of a response, or of an element of a list in it."""

    __slots__ = ("values", "_has", "_any", "_lacks")

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.values = [
            (_path(name), tuple(wanted) if isinstance(wanted, list) else (wanted,))
            for name, wanted in source.get("is", {}).items()
        ]
        self._has, self._any, self._lacks = ([_path(name) for name in source.get(key, ())] for key in ("has", "any", "lacks"))

    def can_hold(self, fields: Collection[str]) -> bool:
        """Whether it can hold of a response that has no fields but these."""
        needed = [path for path, wanted in self.values if None not in wanted] + self._has
        return all(path[0] in fields for path in needed) and (
            not self._any or any(path[0] in fields for path in self._any)
        )

    def holds(self, at: Callable[[_Path], Any]) -> bool:
        """Whether it holds where `at` tells what stands at a path."""
        for path, wanted in self.values:
            if not _is_one_of(at(path), wanted):
                return False
        for path in self._has:
            if at(path) is None:
                return False
        for path in self._lacks:
            if at(path) is not None:
                return False
        return not self._any or any(at(path) is not None for path in self._any)


class Rule:
    """Where a response says something of a call: its model, who served it, what it cost."""

    __slots__ = ("path", "plus", "scale", "_head", "_rest", "_in_usage", "_values", "_says", "_when")

    def __init__(self, source: Any) -> None:
        fields = {"path": source} if isinstance(source, str) else source
        self.path = _path(fields["path"]) if "path" in fields else ()
        self.plus = _path(fields["plus"]) if "plus" in fields else ()
        self.scale: int = fields.get("scale", 0)
        self._in_usage = self.path[:1] == ("usage",)
        self._head, self._rest = self.path[self._in_usage : self._in_usage + 1], self.path[self._in_usage + 1 :]
        self._values: Optional[dict[str, str]] = fields.get("values")
        self._says: Optional[str] = fields.get("as")
        self._when = Condition(fields["when"]) if "when" in fields else None

    def value(self, body: Any, usage: Optional[dict[str, Any]]) -> Any:
        """What stands at its path, or what it says; None if it does not apply. Paths that begin
        with "usage" are those of `usage`, which is the merged one."""
        found: Any = self._says
        if self._head:
            found = look(usage if self._in_usage else body, self._head)
            if found is None:
                return None
            if self._rest:
                found = look(found, self._rest)
        if self._when is not None and not self._when.holds(lambda path: _at(path, body, usage)):
            return None
        return found

    def text(self, body: Any, usage: Optional[dict[str, Any]]) -> Optional[str]:
        """What it says as a text; None if it does not apply, or the text is empty."""
        found = self.value(body, usage)
        if found is None:
            return None
        text = str(found) if type(found) is int else text_of(found)
        return self._values.get(text or "") if self._values is not None else text or None

    def more(self, body: Any, usage: Optional[dict[str, Any]]) -> Any:
        """What is to be added to it."""
        return _at(self.plus, body, usage) if self.plus else None


def _at(path: _Path, body: Any, usage: Optional[dict[str, Any]]) -> Any:
    return look(usage, path[1:]) if path[0] == "usage" and usage is not None else look(body, path)


class Envelope:
    """Where the usage and its context stand in responses of one kind."""

    def __init__(self, source: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        self.name: str = source["name"]
        self.when = Condition(source["when"])
        self.body = _path(source["body"]) if "body" in source else ()
        self.usage = [_path(name) for name in source.get("usage", ())]
        self.fields: list[str] = source.get("fields", [])
        self.is_bare: bool = source.get("whole", False)
        self.begins: bool = source.get("begins", False)
        self.totals: bool = source.get("totals", False)
        self.beside = [
            (name, _path(rule.get("at") or rule["in"]), Condition(rule["where"]) if "where" in rule else None)
            for name, rule in source.get("beside", {}).items()
        ]
        self.has_usage = bool(self.usage or self.fields or self.is_bare)
        self._rules = {
            name: [Rule(rule) for rule in source.get(name, rules if self.has_usage else ())]
            for name, rules in context.items()
        }

    def rules(self, name: str) -> list[Rule]:
        """Those for "id", "model" and so on, the first that applies before the others."""
        return self._rules[name]


class Shape:
    """What the numbers of one form of usage mean."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.name: str = source["name"]
        self.provider: Optional[str] = source.get("provider")
        self.cache_in_input = bool(source.get("cache_in_input"))
        self._has, self._any, self._lacks = (frozenset(source["recognised_by"].get(key, ())) for key in ("has", "any", "lacks"))
        self.numbers: dict[str, list[str]] = source["numbers"]
        self.zeros = dict.fromkeys(self.numbers, 0)
        self.lets = {name: parse(text)[0] for name, text in source.get("let", {}).items()}
        self.classes = {name: parse(text) for name, text in source["classes"].items()}
        total = source.get("total", {})
        self.total: str = total.get("number", "")
        self.sums = [parse(text)[0] for text in total.get("sums", ())]
        self._known = {path for paths in self.numbers.values() for path in paths}
        self._known.update(path for path in source["ignored"] if not path.endswith("*"))
        self._known_prefixes = tuple(path[:-1] for path in source["ignored"] if path.endswith("*"))

    def fits(self, paths: set[str]) -> bool:
        """Whether a usage with something at these paths, and at no others, has this shape."""
        return (
            self._has <= paths
            and (not self._any or not self._any.isdisjoint(paths))
            and self._lacks.isdisjoint(paths)
        )

    def knows(self, path: str) -> bool:
        """Whether a number at this path is counted, or known to be of no matter."""
        return path in self._known or path.startswith(self._known_prefixes)


class Table:
    """All of it. Immutable but for what it remembers; thread-safe."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        """Raises ValueError or KeyError if `source` is no such table."""
        self.labels: tuple[str, ...] = tuple(source["labels"])
        self.spellings: dict[str, str] = source["spellings"]
        self.shapes = [Shape(shape) for shape in source["shapes"]]
        words = {word for shape in self.shapes for paths in shape.numbers.values() for path in paths for word in path.split(".")}
        #: Names that a usage object may have, for objects that do not tell their own.
        self.names = sorted({word.partition("[")[0] for word in words} | set(self.spellings) | set(self.labels))
        self._envelopes = [Envelope(envelope, source["context"]) for envelope in source["envelopes"]]
        self._found: dict[Any, list[Envelope]] = {}

    def _candidates(self, kind: Optional[str], fields: Optional[tuple[str, ...]]) -> list[Envelope]:
        """The envelopes, in order, of responses whose `type` is this and which have no fields but
        these; None: any."""
        found = self._found.get((kind, fields))
        if found is None:
            found = [
                envelope
                for envelope in self._envelopes
                if all(path != ("type",) or _is_one_of(kind, wanted) for path, wanted in envelope.when.values)
                and (fields is None or envelope.when.can_hold(fields))
            ]
            if len(self._found) < _REMEMBERED_MAX:
                self._found[kind, fields] = found
        return found

    def envelope_of(self, response: Any) -> Optional[Envelope]:
        """The kind of response that it is; None if it is none that is known."""
        if response is None or isinstance(response, (str, bytes, int, float)):
            return None
        fields = fields_of(response)
        if fields is None:
            candidates = self._candidates(text_of(look(response, ("type",))), None)
        else:
            # Chunks come by the thousand and are alike: few envelopes are left for the names they have.
            response = fields
            candidates = self._candidates(text_of(fields.get("type")), tuple(fields))
        for envelope in candidates:
            if envelope.when.holds(functools.partial(look, response)):
                return envelope
        return None

    def shape_of(self, numbers: Collection[str], others: Collection[str]) -> Optional[Shape]:
        """The shape of a usage with numbers, and with other values, at these paths."""
        paths = {*numbers, *others}
        return next((shape for shape in self.shapes if shape.fits(paths)), None)


@functools.lru_cache(maxsize=None)
def table() -> Table:
    """The table of the package, read when it is first asked for."""
    return Table(json.loads((Path(__file__).parent / "usage_shapes.json").read_text(encoding="utf-8")))
