# SPDX-License-Identifier: Apache-2.0
"""The numbers of a usage object: copied, merged, flattened, and made into usage classes."""

from __future__ import annotations

import dataclasses
import operator
import reprlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Optional, Union

from .usage_shapes import Shape, table, text_of

COUNT_MAX = 2**40  # The server's limit.
_DEPTH_MAX = 8  # Objects in objects.
_PARTS_MAX = 2_000  # Fields and elements of one usage object.
_NAMES_MAX = 40  # An object that has more of the names that count answers to any name.

Number = Union[int, float]


def own_fields(value: Any) -> Optional[Mapping[Any, Any]]:
    """The fields of a dict, or of an object of a provider's library; None if it has none."""
    if isinstance(value, Mapping):
        return value
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        dumped = dump()
        if isinstance(dumped, Mapping):
            return dumped
    own = {name: field for name, field in getattr(value, "__dict__", {}).items() if not name.startswith("_")}
    if own:
        return own
    # Messages of protobuf and objects with slots have no dict: they are asked for the names that count.
    own = {name: field for name in table().names if (field := getattr(value, name, None)) is not None}
    return own if 0 < len(own) <= _NAMES_MAX else None


class Copy:
    """A usage object in dicts, lists and scalars, with the table's spelling of its names. What
    stands in it is bounded, whatever it refers to. Raises ValueError if it is none."""

    def __init__(self, usage: Any, spellings: dict[str, str]) -> None:
        self._spellings = spellings
        self._left = _PARTS_MAX
        fields = own_fields(usage)
        if fields is None:
            raise ValueError("its usage is no object")
        self.fields = self._dict(fields, 0)

    def _take(self, parts: int) -> None:
        self._left -= parts
        if self._left < 0:
            raise ValueError("its usage has too many parts")

    def _dict(self, fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        into = {}
        for name, value in fields.items():
            self._take(1)
            kind = type(value)
            if kind is not int and kind is not str and kind is not float:
                value = self._plain(value, depth + 1)
            if value is not None and isinstance(name, str):
                into[self._spellings.get(name, name)] = value
        return into

    def _plain(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, (str, int, float, Decimal)):
            return text_of(value) or value
        if depth > _DEPTH_MAX:
            return None
        if type(value) is dict:
            return self._dict(value, depth)
        if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
            self._take(len(value))
            return [self._plain(element, depth + 1) for element in value]
        text = text_of(value)
        if text is not None:
            return text
        fields = own_fields(value)
        return value if fields is None else self._dict(fields, depth)


def merge(into: dict[str, Any], source: dict[str, Any]) -> None:
    """Lays `source` over `into`: objects by key, lists as a whole."""
    for name, value in source.items():
        before = into.get(name)
        if type(value) is dict and type(before) is dict:
            merge(before, value)
        else:
            into[name] = value


def _number(value: Any) -> Optional[Number]:
    """A finite number; None if it is none. What is whole is an int, whatever its type."""
    if type(value) is int:
        return value
    if isinstance(value, (bool, str)):
        return None
    if isinstance(value, (float, Decimal)):
        try:
            return int(value) if value == int(value) else float(value)
        except (ValueError, ArithmeticError):
            return None
    try:
        return operator.index(value)
    except Exception:  # An object that is no number, whatever it does.
        return None


@dataclasses.dataclass
class Flat:
    """A usage object as a map from path to number."""

    numbers: dict[str, Number] = dataclasses.field(default_factory=dict)
    #: Texts, booleans, numbers that are not finite, and whole objects and lists.
    others: dict[str, Any] = dataclasses.field(default_factory=dict)

    def add(self, source: Mapping[str, Any], labels: tuple[str, ...], prefix: str = "", in_list: bool = False) -> None:
        """Adds what stands in `source`. Elements of lists are added up by their label."""
        for name, value in source.items():
            path = prefix + name
            if type(value) is dict:
                self.others[path] = value
                self.add(value, labels, path + ".", in_list)
            elif type(value) is list:
                self.others[path] = value
                for element in value:
                    if type(element) is dict:
                        label = next((text for each in labels if (text := text_of(element.get(each)))), "")
                        self.add(element, labels, f"{path}[{label}].", True)
            else:
                number = _number(value)
                if number is None:
                    self.others[path] = value
                else:
                    self.numbers[path] = number + (self.numbers.get(path, 0) if in_list else 0)


class Misreport(ValueError):
    """A usage of which no counts can be made: a sentence, and the kind of trouble it is."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


def _counted(shape: Shape, flat: Flat) -> dict[str, int]:
    """The numbers of a shape by name. Raises Misreport for a count that is none."""
    values = {}
    for name, paths in shape.numbers.items():
        for path in paths:
            number = flat.numbers.get(path)
            if number is None and path not in flat.others:
                continue
            if type(number) is not int or not 0 <= number <= COUNT_MAX:
                told = reprlib.repr(flat.others[path] if number is None else number)
                raise Misreport(f"{shape.name} {path}", f"{path} is {told}, which is no count")
            values[name] = number
            break
    return values


def _shown(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())


#: A class of input, and the classes of the cache that are of the same kind.
_CACHED = {
    "input_tokens": ("cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
    "input_audio_tokens": ("cache_read_audio_tokens",),
}


def move_cache(counts: dict[str, int], sign: int) -> None:
    """Adds the cache to the input (`sign` is 1), or takes it out (-1). Raises Misreport if there is
    less input than that."""
    for name, cached in _CACHED.items():
        moved = sum(counts.get(each, 0) for each in cached)
        if moved:
            before = counts.get(name, 0)
            counts[name] = before + sign * moved
            if counts[name] < 0:
                raise Misreport(
                    f"accounting {name}",
                    f"the cache_accounting is inclusive, but {name} are {before} and the cache's counts, which they should include, are {moved}",
                )


def derive(shape: Shape, flat: Flat, accounting: Optional[str] = None) -> tuple[dict[str, int], str]:
    """The usage classes, and what is to be told of them, if anything. `accounting` is "inclusive" or
    "exclusive" where the sender knows how the cache is counted. Raises Misreport if the numbers
    contradict each other."""
    shown = _counted(shape, flat)
    values = {**shape.zeros, **shown}
    for name, expression in shape.lets.items():
        values[name] = expression(values)
    counts = {}
    computed = {name: expression(values) for name, (expression, _) in shape.classes.items()}
    if accounting == ("exclusive" if shape.cache_in_input else "inclusive"):
        move_cache(computed, 1 if shape.cache_in_input else -1)
    for name, (_, names) in shape.classes.items():
        count = computed[name]
        if not 0 <= count <= COUNT_MAX:
            raise Misreport(f"{shape.name} {name}", f"{name} would be {count}, from {_shown(shown)}")
        if count or not names.isdisjoint(shown):
            counts[name] = count
    if counts.get("reasoning_tokens", 0) > counts.get("output_tokens", 0):
        raise Misreport(f"{shape.name} reasoning", f"there is more reasoning than output, in {_shown(shown)}")
    total = shown.get(shape.total)
    if total is not None and all(expression(values) != total for expression in shape.sums):
        return counts, f"the provider's total is not the sum of its parts, in {_shown(shown)}"
    return counts, ""
