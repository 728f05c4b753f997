# SPDX-License-Identifier: Apache-2.0
"""What is sent: calls and completions.

An event is a dict with the fields of a line of ``itemize import``, but for its time and
its duration, which are whole microseconds inside (``time_us``, ``duration_us``) and are
turned into text at the edges, digit by digit: a detour through floating point would make
another call of it. What is made here is made as cheaply as Python allows, because that
happens for every call.
"""

from __future__ import annotations

import hashlib
import json
import reprlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from itertools import islice
from typing import Any, Callable, Optional

from .diagnostics import warn_once
from .usage_classes import CLASSES

Event = dict[str, Any]

OUTCOMES = ("completed", "failed", "short_circuited", "abandoned")
STATUSES = ("ok", "error", "cancelled")
UNUSED_STEPS_MAX = 1_000  # The server's limit.

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
#: The first and the last instant of the years 1 to 9999.
_TIME_US = (-62_135_596_800_000_000, 253_402_300_799_999_999)
_second = (0, "1970-01-01T00:00:00")  # The one that was last made text.
_NAME_BYTES_MAX = 200  # The server's limit.
_ATTRIBUTES_MAX = 64
_DIGITS_MAX = 30  # More than any number has that is meant.
_INT64 = 1 << 63
_REASON_MAX = 300  # Characters.
_MILLI = Decimal("0.001")
_TRUNCATING = Context(prec=2 * _DIGITS_MAX, rounding=ROUND_DOWN, traps=[InvalidOperation])
_CLASSES = frozenset(CLASSES)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# Times and durations.


def format_time(time_us: int) -> str:
    """RFC 3339, microseconds since 1970-01-01 UTC. Raises ValueError beyond the calendar."""
    global _second
    second, rest = divmod(time_us, 1_000_000)
    known, text = _second
    if known != second:  # Calls come by the thousand in one second.
        if not _TIME_US[0] <= time_us <= _TIME_US[1]:
            raise ValueError(f"the time {show(time_us)} us since 1970 is not in the calendar")
        text = (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")
        _second = second, text
    return f"{text}.{rest:06d}Z"


def parse_time(text: str) -> int:
    """The inverse. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"time is {show(text)}: give an RFC 3339 time")
    try:
        instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:  # Python before 3.11 takes three or six digits of a second only.
        instant = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    if instant.tzinfo is None:
        raise ValueError(f"time is {show(text)}, which has no time zone: give an RFC 3339 time")
    return (instant - _EPOCH) // _MICROSECOND


def _format_millis(duration_us: int) -> str:
    whole, rest = divmod(abs(duration_us), 1_000)
    return f"{'-' if duration_us < 0 else ''}{whole}.{rest:03d}"


def parse_millis(duration_ms: Any) -> int:
    """Milliseconds in whole microseconds, cut as the server cuts them. Raises ValueError."""
    if isinstance(duration_ms, bool) or not isinstance(duration_ms, (int, float, Decimal)):
        raise ValueError(f"duration_ms is {show(duration_ms)}: give a number of milliseconds")
    try:
        cut = Decimal(str(duration_ms)).quantize(_MILLI, context=_TRUNCATING)
    except InvalidOperation:  # It is not finite, or longer than any call by far.
        raise ValueError(f"duration_ms is {show(duration_ms)}: give a number of milliseconds") from None
    return int(cut.scaleb(3, context=_TRUNCATING))


# Names, as the server takes them.


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        return str(value)
    except Exception:  # What a foreign object does must not reach the caller.
        return f"<{type(value).__name__}>"


def name_of(value: object) -> str:
    """A name: text of at most 200 bytes, valid UTF-8. A longer one is cut."""
    text = value if isinstance(value, str) else _text_of(value)
    if len(text) <= 50 and text.isascii():
        return text
    encoded = text.encode("utf-8", "replace")
    if len(encoded) > _NAME_BYTES_MAX:
        warn_once("long name", "Names are cut at %d bytes, such as %.60r.", _NAME_BYTES_MAX, text)
    return encoded[:_NAME_BYTES_MAX].decode("utf-8", "ignore")


def id_of(value: object) -> str:
    """An id: as a name, but two that differ stay different. Of a longer one a hash takes
    the place of the end, because a call under the id of another would not be counted."""
    text = value if isinstance(value, str) else _text_of(value)
    if len(text) <= 50 and text.isascii():
        return text
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) <= _NAME_BYTES_MAX:
        return encoded.decode()
    tail = "~" + hashlib.sha256(encoded).hexdigest()[:32]
    return encoded[: _NAME_BYTES_MAX - len(tail)].decode("utf-8", "ignore") + tail


def attributes_of(attributes: Optional[Mapping[Any, Any]]) -> Optional[dict[str, str]]:
    """Attributes: at most 64 names with names. What is none is left out and told, since
    the call is worth more than its attributes."""
    if attributes is None:
        return None
    if not isinstance(attributes, Mapping):
        kind = type(attributes).__name__
        warn_once("attributes", "Attributes are left out: give a dict of names, not a %s.", kind)
        return None
    taken = {name_of(key): name_of(value) for key, value in islice(attributes.items(), _ATTRIBUTES_MAX)}
    if len(attributes) > _ATTRIBUTES_MAX:
        warn_once("attributes max", "Attributes beyond %d are left out of a call.", _ATTRIBUTES_MAX)
    if taken.pop("", None) is not None:
        warn_once("attribute name", "An attribute without a name is left out.")
    return taken or None


# Checks: what every wire can say. Limits are the server's to judge, event by event.


def show(value: object) -> str:
    """A value as a sentence names it: short, whatever it is."""
    try:
        return reprlib.repr(value)
    except Exception:
        return f"a {type(value).__name__}"


def reason_of(error: BaseException) -> str:
    """An exception as a sentence names it: a ValueError of ours by what it says."""
    try:
        return (str(error) if type(error) is ValueError else repr(error))[:_REASON_MAX]
    except Exception:
        return f"a {type(error).__name__}"


def one_of(names: tuple[str, ...], field: str, value: object) -> str:
    """`value` as one of these names. Raises ValueError that lists them."""
    for name in names:
        if isinstance(value, str) and value == name:
            return name
    raise ValueError(f"{field} is {show(value)}: it must be one of {', '.join(names)}")


def _check_text(field: str, value: object) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{field} is {show(value)}: give text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{field} is {show(value)}, which is not valid Unicode") from None


def _check_whole(field: str, value: object) -> None:
    if type(value) is not int or not -_INT64 <= value < _INT64:
        raise ValueError(f"{field} is {show(value)}: give a whole number of 64 bits")


def _check_revision(field: str, value: object) -> None:
    if type(value) is not int or not 0 <= value < 1 << 32:
        raise ValueError(f"{field} is {show(value)}: give a whole number of 32 bits, which is not negative")


def _check_time(field: str, value: object) -> None:
    if type(value) is not int or not _TIME_US[0] <= value <= _TIME_US[1]:
        raise ValueError(f"{field} is {show(value)}: give microseconds since 1970 that are in the calendar")


def _check_usage(field: str, value: object) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{field} is {show(value)}: give a dict of token counts")
    for name, count in value.items():
        if name in _CLASSES and type(count) is int and 0 <= count < _INT64:
            continue  # This is so all but always.
        if name not in _CLASSES:
            raise ValueError(f"there is no usage class {show(name)}: the classes are {', '.join(CLASSES)}")
        _check_whole(f"{field}[{name!r}]", count)


def _check_attributes(field: str, value: object) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{field} is {show(value)}: give a dict of names")
    for name, text in value.items():
        _check_text(f"a name of {field}", name)
        _check_text(f"{field}[{show(name)}]", text)


def _check_steps(field: str, value: object) -> None:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{field} is {show(value)}: give a list of names")
    for name in value:
        _check_text(f"a name of {field}", name)


def _check_bool(field: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{field} is {show(value)}: give True or False")


def _check_status(field: str, value: object) -> None:
    one_of(STATUSES, field, value)


def _check_outcome(field: str, value: object) -> None:
    one_of(OUTCOMES, field, value)


_Check = Callable[[str, object], None]
_CALL: dict[str, _Check] = {
    "event_id": _check_text,
    "time_us": _check_time,
    "workflow": _check_text,
    "workflow_id": _check_text,
    "step": _check_text,
    "provider": _check_text,
    "model": _check_text,
    "usage": _check_usage,
    "usage_unknown": _check_bool,
    "reported_cost_usd": _check_text,
    "duration_us": _check_whole,
    "status": _check_status,
    "revision": _check_revision,
    "service_tier": _check_text,
    "region": _check_text,
    "attributes": _check_attributes,
}
_COMPLETION: dict[str, _Check] = {
    "time_us": _check_time,
    "workflow": _check_text,
    "workflow_id": _check_text,
    "outcome": _check_outcome,
    "unused_steps": _check_steps,
}
_TEXTS_OF_CALL = frozenset(name for name, check in _CALL.items() if check is _check_text)
_TEXTS_OF_COMPLETION = frozenset(name for name, check in _COMPLETION.items() if check is _check_text)
_REQUIRED_OF_CALL = ("time_us", "workflow_id", "step", "model")
_REQUIRED_OF_COMPLETION = ("time_us", "workflow_id", "outcome")


def _inner(event: Event) -> Event:
    """The event with whole microseconds, and without what is None and so not there."""
    event = {name: value for name, value in event.items() if value is not None}
    if "time" in event:
        event["time_us"] = parse_time(event.pop("time"))
    if "duration_ms" in event:
        event["duration_us"] = parse_millis(event.pop("duration_ms"))
    return event


def checked(event: Event) -> Event:
    """The event in its inner form, which every wire can say: the same, or a copy. Raises
    ValueError with a sentence that says what is wrong with it."""
    if not isinstance(event, dict):
        raise ValueError(f"an event is {show(event)}: give a dict")
    if "duration_ms" in event or "time" in event or None in event.values():
        event = _inner(event)
    is_completion = "outcome" in event
    checks = _COMPLETION if is_completion else _CALL
    texts = _TEXTS_OF_COMPLETION if is_completion else _TEXTS_OF_CALL
    for name, value in event.items():
        if type(value) is str and name in texts and value.isascii():
            continue  # Most fields are.
        check = checks.get(name)
        if check is None:
            kind = "completion" if is_completion else "call"
            raise ValueError(f"a {kind} has no field {show(name)}: its fields are {', '.join(checks)}")
        check(name, value)
    for name in _REQUIRED_OF_COMPLETION if is_completion else _REQUIRED_OF_CALL:
        if name not in event:
            raise ValueError(f"{name} is missing")
    return event


# Lines of NDJSON.


def to_line(event: Event) -> bytes:
    """One line, without its line feed. Raises ValueError, as `checked`."""
    fields = dict(checked(event))
    fields["time"] = format_time(fields.pop("time_us"))
    duration_us = fields.pop("duration_us", None)
    text: str = _encode(fields)
    if duration_us is not None:
        text = f'{text[:-1]},"duration_ms":{_format_millis(duration_us)}}}'
    return text.encode()


def _bounded_int(digits: str) -> int:
    if len(digits) > _DIGITS_MAX:
        raise ValueError("a number has too many digits")
    return int(digits)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def from_line(line: bytes) -> Event:
    """The inverse, checked. Raises ValueError."""
    try:
        event = json.loads(line, parse_float=Decimal, parse_int=_bounded_int, parse_constant=_no_constant)
        return checked(_inner(event) if isinstance(event, dict) else event)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except InvalidOperation:
        raise ValueError("a number cannot be read") from None
