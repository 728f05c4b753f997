# SPDX-License-Identifier: Apache-2.0
"""Usage out of responses, by the table of usage shapes: found, merged by message, derived once."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Optional

from .diagnostics import warn_once
from .usage_numbers import COUNT_MAX, Copy, Flat, Misreport, derive, merge, own_fields
from .usage_shapes import Envelope, Rule, Shape, Table, fields_of, look, table

_COST_PLACES_MAX = 20
_KEYS_SHOWN_MAX = 12


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
    body = look(response, envelope.body) if envelope.body else response
    usage: Any = None
    if envelope.is_bare:
        usage = body
    elif envelope.fields:
        usage = {name: value for name in envelope.fields if (value := look(body, (name,))) is not None} or None
    else:
        for path in envelope.usage:
            usage = look(body, path)
            if usage is not None:
                break
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
    except (ArithmeticError, ValueError):
        return None
    fits = amount.is_finite() and amount >= 0 and abs(amount.adjusted()) <= _COST_PLACES_MAX
    if not fits:
        return None
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount.normalize()


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
        """Lays what a response says over what is known. Raises ValueError if it is no usage."""
        told = Copy(found.usage, known.spellings).fields  # Whole before it counts: reading can fail half-way.
        envelope, body = found.envelope, found.body
        if envelope.begins or not self.usage:
            self.usage = told
        else:
            merge(self.usage, told)
        for path, place, condition in envelope.beside:
            count = look(body, place)
            if condition is not None and isinstance(count, Sequence) and not isinstance(count, (str, bytes)):
                count = sum(condition.holds(functools.partial(look, each)) for each in count)
            if count:
                self.usage[path] = count
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
            if envelope.begins and not envelope.has_usage:
                self._message_for(response, found)  # What follows is told of it.
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


def derived_of(messages: list[Message], accounting: Optional[str] = None) -> Derived:
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
            counts, doubt = derive(shape, flat, accounting)
            for name, count in counts.items():
                result.counts[name] = result.counts.get(name, 0) + count
            if max(result.counts.values(), default=0) > COUNT_MAX:
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
    fields = fields_of(response) or own_fields(response)
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
