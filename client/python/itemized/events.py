# SPDX-License-Identifier: Apache-2.0
"""What is sent: calls and completions, in the native form of the server.

An event is a dict with the fields of a line of ``itemize import``; here they are made
and turned into text, as cheaply as Python allows, because that happens for every call.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

Event = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NAME_BYTES_MAX = 200  # As the server's limit.
_ATTRIBUTES_MAX = 64
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def format_time(time_us: int) -> str:
    """RFC 3339, microseconds since 1970-01-01 UTC."""
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> int:
    """The inverse."""
    if "." not in text:
        text = text.replace("Z", ".000000Z")
    return int((datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z") - _EPOCH) / timedelta(microseconds=1))


def name_of(value: object) -> str:
    """A name as the server takes it: text of at most 200 bytes, valid UTF-8."""
    text = value if isinstance(value, str) else str(value)
    if len(text) <= 50 and text.isascii():
        return text
    return text.encode("utf-8", "replace")[:_NAME_BYTES_MAX].decode("utf-8", "ignore")


def attributes_of(attributes: Optional[dict[str, Any]]) -> Optional[dict[str, str]]:
    """Attributes as the server takes them: at most 64 names with names."""
    if not attributes:
        return None
    taken = list(attributes.items())[:_ATTRIBUTES_MAX]
    return {name_of(key): name_of(value) for key, value in taken}


def to_line(event: Event) -> bytes:
    """One line of NDJSON, without its line feed. The time is in `time_us` until here."""
    if "time_us" in event:
        event = dict(event)
        event["time"] = format_time(event.pop("time_us"))
    return _encode(event).encode("utf-8", "replace")
