# SPDX-License-Identifier: Apache-2.0
"""itemized.v1.IngestRequest and IngestResponse in protobuf's wire format.

Written out by hand, so that grpcio is all that a sender needs. Field numbers are those
of proto/itemized/v1/ingest.proto and event.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .events import Event, checked
from .usage_classes import CLASSES

_STATUS = {"ok": 1, "error": 2, "cancelled": 3}
_OUTCOME = {"completed": 1, "failed": 2, "short_circuited": 3, "abandoned": 4}
_CLASS = {name: field for field, name in enumerate(CLASSES, 1)}
_VARINT_BITS_MAX = 70  # Ten bytes of seven.


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # What is not of 64 bits was refused before.
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_SMALL = [_varint(value) for value in range(1 << 14)]  # Tags, lengths, most counts.


def varint(value: int) -> bytes:
    """A number of 64 bits; negative ones in two's complement."""
    return _SMALL[value] if 0 <= value < len(_SMALL) else _varint(value)


def number(field: int, value: int) -> bytes:
    """A varint field; nothing for zero, as proto3 has it."""
    return varint(field << 3) + varint(value) if value else b""


def chunk(field: int, value: bytes) -> bytes:
    """A field of bytes, text or a message, also an empty one."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    """A text field; nothing for "", as proto3 has it."""
    return chunk(field, value.encode()) if value else b""


def _call(event: Event) -> bytes:
    parts = [
        text(1, event.get("event_id", "")),
        number(2, event["time_us"]),
        text(3, event.get("workflow", "")),
        text(4, event["workflow_id"]),
        text(5, event["step"]),
        text(6, event.get("provider", "")),
        text(7, event["model"]),
    ]
    usage = event.get("usage")
    if usage is not None:
        counts = [number(_CLASS[name], count) for name, count in usage.items()]
        parts.append(chunk(8, b"".join(counts)))
    parts.append(number(9, event.get("duration_us", 0)))
    parts.append(number(10, _STATUS[event.get("status", "ok")]))
    for key, value in event.get("attributes", {}).items():
        parts.append(chunk(11, text(1, key) + text(2, value)))
    parts.append(number(12, event.get("revision", 0)))
    parts.append(text(14, event.get("service_tier", "")))
    parts.append(text(15, event.get("region", "")))
    parts.append(number(16, int(event.get("usage_unknown", False))))
    parts.append(text(17, event.get("reported_cost_usd", "")))
    return b"".join(parts)


def _completion(event: Event) -> bytes:
    parts = [
        number(1, event["time_us"]),
        text(2, event.get("workflow", "")),
        text(3, event["workflow_id"]),
        number(4, _OUTCOME[event["outcome"]]),
    ]
    parts += [chunk(5, step.encode()) for step in event.get("unused_steps", ())]
    return b"".join(parts)


def hello(producer_id: bytes, epoch: int, acknowledged: int) -> bytes:
    """An IngestRequest that begins a producer's stream."""
    return chunk(3, chunk(1, producer_id) + number(2, epoch) + number(3, acknowledged))


def row(event: Event) -> bytes:
    """An event of a batch. Raises ValueError, as `events.checked`."""
    event = checked(event)
    return chunk(1, chunk(2, _completion(event)) if "outcome" in event else chunk(1, _call(event)))


def batch(sequence: int, rows: list[bytes]) -> bytes:
    """An IngestRequest with a batch of such rows."""
    return number(1, sequence) + chunk(2, b"".join(rows))


def _fields(data: Any) -> Iterator[tuple[int, Any]]:
    """Raises ValueError if it is no message of protobuf."""
    if not isinstance(data, bytes):
        raise ValueError("there is a number where a message belongs")
    at = 0

    def read() -> int:
        nonlocal at
        value = shift = 0
        while at < len(data) and shift < _VARINT_BITS_MAX:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
        raise ValueError("a number has no end")

    while at < len(data):
        key = read()
        if key & 7 == 0:
            yield key >> 3, read()
            continue
        size = {1: 8, 5: 4}.get(key & 7)  # Numbers of fixed size.
        if key & 7 == 2:
            size = read()
        if size is None or size > len(data) - at:
            raise ValueError("a field has no end, or a type that there is not")
        yield key >> 3, data[at : at + size]
        at += size


def _result(data: Any, found: dict[str, Any]) -> None:
    """A BatchResult."""
    names = {1: "accepted", 2: "duplicate", 3: "refused"}
    for field, value in _fields(data):
        if field in names and isinstance(value, int):
            found[names[field]] = value
        elif field == 4:
            sentence = dict(_fields(value)).get(3, b"")
            found["refusals"].append(sentence.decode("utf-8", "replace") if isinstance(sentence, bytes) else "")


def response(data: bytes) -> dict[str, Any]:
    """An IngestResponse: "welcome" is the server's last sequence; or "sequence",
    "accepted", "duplicate", "refused" and "refusals", a sentence for each of the first of
    those. Raises ValueError if it is none."""
    found: dict[str, Any] = {"sequence": 0, "accepted": 0, "duplicate": 0, "refused": 0, "refusals": []}
    for field, value in _fields(data):
        if field == 1 and isinstance(value, int):
            found["sequence"] = value
        elif field == 3:
            last = dict(_fields(value)).get(1, 0)
            if not isinstance(last, int) or last >= 1 << 62:
                raise ValueError("a Welcome names no sequence")
            found["welcome"] = last
        elif field == 2:
            _result(value, found)
    return found
