# SPDX-License-Identifier: Apache-2.0
"""Usage out of responses, by the table of usage shapes: merged, flattened, and derived once."""

from __future__ import annotations

import dataclasses
import operator
import reprlib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Optional, Union

from .diagnostics import warn_once
from .usage_shapes import Envelope, Rule, Shape, Table, look, table, text_of

_COUNT_MAX = 2**40  # The server's limit.
_DEPTH_MAX = 8  # Objects in objects.
_PATHS_MAX = 1_000  # Numbers of one usage object.
_COST_PLACES_MAX = 30
_KEYS_SHOWN_MAX = 12

Number = Union[int, float]


def _own_fields(value: Any) -> Optional[Mapping[str, Any]]:
    """The fields of a dict, or of an object of a provider's library; None if it has none."""
    if isinstance(value, Mapping):
        return value
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        dumped = dump()
        if isinstance(dumped, Mapping):
            return dumped
    fields = getattr(value, "__dict__", None)
    if fields:
        return {name: field for name, field in fields.items() if not name.startswith("_")}
    if dataclasses.is_dataclass(value) or hasattr(type(value), "__slots__"):
        names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        return {name: getattr(value, name, None) for name in names if not name.startswith("_")} or None
    return None


def _plain(value: Any, spellings: dict[str, str], depth: int) -> Any:
    """A value of a usage object in dicts, lists and scalars."""
    kind = type(value)
    if kind is int or kind is str or kind is float or kind is bool or value is None:
        return value
    if isinstance(value, (str, int, float, Decimal)) or depth > _DEPTH_MAX:
        return text_of(value) or value
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(element, spellings, depth + 1) for element in value[:_PATHS_MAX]]
    text = text_of(value)
    fields = _own_fields(value) if text is None else None
    if fields is None:
        return value if text is None else text
    into: dict[str, Any] = {}
    merge(into, fields, spellings, depth + 1)
    return into


def merge(into: dict[str, Any], source: Mapping[Any, Any], spellings: dict[str, str], depth: int = 0) -> None:
    """Lays `source` over `into`: objects by key, lists as a whole; None takes nothing back."""
    for name, value in source.items():
        if value is None or not isinstance(name, str):
            continue
        name = spellings.get(name, name)
        kind = type(value)
        plain = value if kind is int or kind is str or kind is float else _plain(value, spellings, depth)
        before = into.get(name) if type(plain) is dict else None
        if type(before) is dict:
            merge(before, plain, {}, depth + 1)
        else:
            into[name] = plain


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
    #: Texts, booleans, and numbers that are not finite.
    others: dict[str, Any] = dataclasses.field(default_factory=dict)

    def add(self, source: Mapping[str, Any], labels: tuple[str, ...], prefix: str = "", in_list: bool = False) -> None:
        """Adds what stands in `source`. Elements of lists are added up by their label."""
        for name, value in source.items():
            path = prefix + name
            if type(value) is dict:
                self.add(value, labels, path + ".", in_list)
            elif type(value) is list:
                for element in value:
                    if type(element) is dict:
                        label = next((text for each in labels if (text := text_of(element.get(each)))), "")
                        self.add(element, labels, f"{path}[{label}].", True)
            elif len(self.numbers) < _PATHS_MAX and len(self.others) < _PATHS_MAX:
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
            if type(number) is not int or not 0 <= number <= _COUNT_MAX:
                told = reprlib.repr(flat.others[path] if number is None else number)
                raise Misreport(f"{shape.name} {path}", f"{path} is {told}, which is no count")
            values[name] = number
            break
    return values


def _shown(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())


def derive(shape: Shape, flat: Flat) -> tuple[dict[str, int], str]:
    """The usage classes, and what is to be told of them, if anything. Raises Misreport if the
    numbers contradict each other."""
    values = _counted(shape, flat)
    reported = set(values)
    shown = dict(values)
    for name, expression in shape.lets.items():
        values[name] = expression(values)
    counts = {}
    for name, (expression, names) in shape.classes.items():
        count = expression(values)
        if not 0 <= count <= _COUNT_MAX:
            raise Misreport(f"{shape.name} {name}", f"{name} would be {count}, from {_shown(shown)}")
        if count or not names.isdisjoint(reported):
            counts[name] = count
    if counts.get("reasoning_tokens", 0) > counts.get("output_tokens", 0):
        raise Misreport(f"{shape.name} reasoning", f"there is more reasoning than output, in {_shown(shown)}")
    total = values.get(shape.total)
    if total is not None and all(expression(values) != total for expression in shape.sums):
        return counts, f"the provider's total is not the sum of its parts, in {_shown(shown)}"
    return counts, ""


@dataclasses.dataclass
class Found:
    """Where a response has its usage; `usage` is None in a piece that tells none."""

    envelope: Envelope
    body: Any
    usage: Any
    id: Optional[str]


def find(response: Any) -> Optional[Found]:
    """What is known of a response, which may be of any type; None if nothing is. Raises what
    the response raises."""
    envelope = table().envelope_of(response)
    if envelope is None:
        return None
    body = look(response, envelope.body)
    usage = None
    if envelope.is_bare:
        usage = body
    elif envelope.fields:
        usage = {name: value for name in envelope.fields if (value := look(body, (name,))) is not None} or None
    else:
        usage = next((value for path in envelope.usage if (value := look(body, path)) is not None), None)
    return Found(envelope, body, usage, _said(envelope.rules("id"), body))


def _said(rules: list[Rule], body: Any, usage: Optional[dict[str, Any]] = None) -> Optional[str]:
    """What the first rule that applies says of a body and its usage."""
    for rule in rules:
        text = rule.text(body, usage)
        if text is not None:
            return text
    return None


def _dollars(value: Any, scale: int) -> Optional[Decimal]:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        amount = Decimal(str(value)).scaleb(scale)
    except (InvalidOperation, ValueError):
        return None
    fits = amount.is_finite() and amount >= 0 and abs(amount.adjusted()) <= _COST_PLACES_MAX
    return amount.normalize() + 0 if fits else None


def _cost(rules: list[Rule], body: Any, usage: dict[str, Any]) -> Optional[Decimal]:
    """What the provider says that it charged, USD."""
    for rule in rules:
        amount = _dollars(rule.value(body, usage), rule.scale)
        if amount is not None:
            return amount + (_dollars(rule.more(body, usage), rule.scale) or 0)
    return None


@dataclasses.dataclass
class Message:
    """One answer of a provider: what its pieces said, merged."""

    id: Optional[str] = None
    group: Optional[str] = None
    is_total: bool = False  # It sums up others of its group.
    source: Any = None  # The last response that began it.
    usage: dict[str, Any] = dataclasses.field(default_factory=dict)
    provider: Optional[str] = None
    service_tier: Optional[str] = None
    region: Optional[str] = None
    reported_cost: Optional[Decimal] = None

    def take(self, found: Found, known: Table) -> None:
        """Lays what a response says over what is known. Raises TypeError if it is no usage."""
        fields = _own_fields(found.usage)
        if fields is None:
            raise TypeError("it is no object")
        envelope, body = found.envelope, found.body
        told: dict[str, Any] = {}  # Whole before it is laid over: reading it can fail half-way.
        merge(told, fields, known.spellings)
        if envelope.begins or not self.usage:
            self.usage = told
        else:
            merge(self.usage, told, {})
        for path, place, condition in envelope.beside:
            elements = look(body, place)
            if isinstance(elements, Sequence) and not isinstance(elements, (str, bytes)):
                count = sum(condition.holds(lambda path, each=each: look(each, path)) for each in elements)
                merge(self.usage, {path: count or None}, {})
        for name in ("provider", "service_tier", "region"):
            setattr(self, name, _said(envelope.rules(name), body, self.usage) or getattr(self, name))
        cost = _cost(envelope.rules("reported_cost"), body, self.usage)
        self.reported_cost = self.reported_cost if cost is None else cost


class Reading:
    """The messages that were recorded for one call. Not thread-safe."""

    __slots__ = ("messages", "model")

    _SAME_MAX = 16  # How many messages back the same response is looked for.

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.model: Optional[str] = None

    def add(self, response: Any, found: Found) -> bool:
        """Takes in what a response tells. False if it tells no usage."""
        envelope = found.envelope
        self.model = _said(envelope.rules("model"), found.body) or self.model
        if found.usage is None:
            return False
        group = _said(envelope.rules("group"), response)
        if envelope.totals:
            self.messages = [each for each in self.messages if each.is_total or each.group not in (None, group)]
        message = self._message_for(response, found)
        if envelope.begins:
            message.source = response
        message.group, message.is_total = group or message.group, envelope.totals
        message.take(found, table())
        return True

    def _message_for(self, response: Any, found: Found) -> Message:
        """The message that a response belongs to, which may be a new one."""
        last = self.messages[-1] if self.messages else None
        if found.id is not None:
            same = next((message for message in reversed(self.messages) if message.id == found.id), None)
            if same is None and last is not None and last.id is None and not found.envelope.begins and last.source is None:
                same, last.id = last, found.id
        elif found.envelope.begins:
            recent = self.messages[-self._SAME_MAX :]
            same = next((message for message in recent if message.source is response), None)
        else:
            same = last
        if same is None:
            same = Message(found.id)
            self.messages.append(same)
        return same

    def holds(self, found: Found) -> bool:
        """Whether the message that `found` belongs to is one of these."""
        return found.id is not None and any(message.id == found.id for message in self.messages)


@dataclasses.dataclass
class Derived:
    """What the messages of a call mean together."""

    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    shape: Optional[str] = None
    provider: Optional[str] = None
    is_misreported: bool = False  # It was told why.


def derived_of(messages: list[Message]) -> Derived:
    """Adds up the classes of all messages. Troubles are told, once for each shape; if one
    message cannot be counted, nothing is, because a part of a bill is not the bill."""
    result = Derived()
    for message in messages:
        flat = Flat()
        flat.add(message.usage, table().labels)
        if not flat.numbers and not flat.others:
            continue  # It has told nothing, as the first pieces of a stream do.
        shape = table().shape_of(flat.numbers, flat.others)
        result.provider = message.provider or (shape.provider if shape else None) or result.provider
        if shape is None:
            tell_unknown(message.usage)
            return Derived(provider=result.provider, is_misreported=True)
        result.shape = shape.name
        try:
            counts, doubt = derive(shape, flat)
            for name, count in counts.items():
                result.counts[name] = result.counts.get(name, 0) + count
            if max(result.counts.values(), default=0) > _COUNT_MAX:
                raise Misreport(f"{shape.name} sum", "the responses of one call add up to more than 2**40 tokens")
        except Misreport as report:
            _tell_misreport(shape, report)
            return Derived(shape=shape.name, provider=result.provider, is_misreported=True)
        if not shape.classes:
            _tell_no_tokens(shape)
        if doubt:
            warn_once(f"total {shape.name}", "A usage of the shape %s is counted as it stands, though %s.", shape.name, doubt)
            result.is_misreported = True
        _tell_uncounted(shape, flat)
    return result


def _tell_misreport(shape: Shape, report: Misreport) -> None:
    warn_once(
        f"misreport {report.kind}",
        "A usage of the shape %s cannot be counted: %s. The call is recorded without usage.",
        shape.name,
        report,
    )


def _tell_no_tokens(shape: Shape) -> None:
    warn_once(
        f"no tokens {shape.name}",
        "A usage of the shape %s has no tokens, and there is no usage class for what it has. The call is recorded without usage.",
        shape.name,
    )


def _tell_uncounted(shape: Shape, flat: Flat) -> None:
    for path, number in flat.numbers.items():
        if number and not shape.knows(path):
            warn_once(
                f"uncounted {shape.name} {path}",
                "A usage of the shape %s has a number that is not known here, %.100s, which is not counted.",
                shape.name,
                path,
            )


def _keys_of(response: Any) -> list[str]:
    """The names of its fields, sorted, at most a dozen."""
    fields = _own_fields(response)
    return sorted(str(name)[:50] for name in fields)[:_KEYS_SHOWN_MAX] if fields else []


def tell_unknown(response: Any) -> None:
    """Tells of something that is no response and no usage that is known, once for each set of
    keys."""
    try:
        keys = _keys_of(response)
    except Exception:  # Whatever an unknown object does must not reach the caller.
        keys = []
    told = "the keys " + ", ".join(keys) if keys else f"the type {type(response).__name__}"
    warn_once(
        f"unknown shape {told}",
        "There is no usage of a known shape in what usage.record was given, which has %s; fill in usage['input_tokens'] and so on instead.",
        told,
    )
