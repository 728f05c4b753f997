# SPDX-License-Identifier: Apache-2.0
"""Reading what anybody may have answered: at the address of a server there can be a proxy,
another program, or somebody who means harm. An answer is bounded in bytes, in time and in
depth, and what is not in the documented form counts as no answer.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import time
from typing import Any, Optional

_PIECE_BYTES = 1 << 16
_HEADER_BYTES = 1 << 20  # What comes beside the body: interim answers, chunk sizes, trailers.
_DIGITS_MAX = 30
_SENTENCE_MAX = 300  # Characters of what the log repeats.


class _Timed(io.RawIOBase):
    """A socket's bytes, until a moment and up to a number."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float, bytes_max: int) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline  # A time of time.monotonic().
        self._bytes_left = bytes_max

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Optional[int]:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer takes too long")
        if self._bytes_left <= 0:
            raise OSError("the answer is too long")
        self._sock.settimeout(left_s)
        count = self._raw.readinto(buffer)  # type: ignore[attr-defined]
        self._bytes_left -= count or 0
        return count  # type: ignore[no-any-return]

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """An answer that is over by `deadline`, of time.monotonic(), or an OSError."""

    def __init__(self, sock: Any, *args: Any, deadline: float, bytes_max: int, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()  # type: ignore[attr-defined]
        self.fp = io.BufferedReader(_Timed(raw, sock, deadline, bytes_max + _HEADER_BYTES))
        self._bytes_max = bytes_max

    def body(self) -> bytes:
        """All of it. Raises OSError and HTTPException."""
        pieces = []
        size = 0
        while piece := self.read(_PIECE_BYTES):
            size += len(piece)
            if size > self._bytes_max:
                raise OSError("the answer is too long")
            pieces.append(piece)
        if self.length:
            raise OSError("the answer breaks off")
        return b"".join(pieces)


def _bounded_int(digits: str) -> int:
    if len(digits) > _DIGITS_MAX:
        raise ValueError("a number has too many digits")
    return int(digits)


def parse_object(body: bytes) -> dict[str, Any]:
    """The object that JSON text is. Raises ValueError, also for other JSON."""
    try:
        value = json.loads(body, parse_int=_bounded_int)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def count_of(value: Any) -> int:
    """A count, as a number of JSON or as digits. Raises ValueError."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX:
        return int(value)
    if type(value) is int and value >= 0:
        return value
    raise ValueError(f"{str(value)[:_SENTENCE_MAX]!r} is no count")


def sentence_of(value: Any) -> str:
    """What an answer says, short enough and on one line for a log; "" if it says nothing."""
    return " ".join(value[:_SENTENCE_MAX].split()) if isinstance(value, str) else ""
