# SPDX-License-Identifier: Apache-2.0
"""Delivery over HTTP as JSON lines, with the standard library alone."""

from __future__ import annotations

import functools
import http.client
import time
from dataclasses import dataclass, field
from typing import Any, Optional, Union
from urllib.parse import urlsplit

from .answers import BoundedResponse, count_of, parse_object, sentence_of
from .events import Event, to_line

_TIMEOUT_S = 10.0
_ACK_BYTES_MAX = 4 << 20
_ANSWER_BYTES_MAX = 64 << 20


class Unreachable(Exception):
    """The server took nothing, or did not say that it did: to be sent again."""


class Rejected(Exception):
    """The server says that this question has no answer, and why."""


class TooLarge(Exception):
    """These events can be taken, but fewer at a time."""


#: The size of a batch; the server takes 16 MiB.
BATCH_BYTES_MAX = 12 << 20


@dataclass
class Ack:
    """What became of a batch; it is on disk now."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    #: A sentence for each of the first events that were refused.
    refusals: list[str] = field(default_factory=list)


def _ack(answer: dict[str, Any], events: int) -> Ack:
    """Raises ValueError if this is not what the server says of so many events."""
    ack = Ack(*(count_of(answer.get(name)) for name in ("accepted", "duplicate", "refused")))
    if ack.accepted + ack.duplicate + ack.refused != events:
        raise ValueError("its counts are those of another batch")
    refusals = answer.get("refusals")
    if not isinstance(refusals, list):
        raise ValueError("it has no refusals")
    for refusal in refusals[: ack.refused]:
        if not isinstance(refusal, dict):
            raise ValueError("a refusal is no object")
        ack.refusals.append(f"{sentence_of(refusal.get('message'))} ({sentence_of(refusal.get('code'))})")
    return ack


class HttpTransport:
    """One connection, kept open. Used by one thread."""

    def __init__(
        self, url: str, timeout_s: float = _TIMEOUT_S, answer_bytes_max: int = _ANSWER_BYTES_MAX
    ) -> None:
        """`url` is such as "http://127.0.0.1:4318"; a path before /api is kept. Once a
        question is sent, its answer takes at most `timeout_s`. Raises ValueError."""
        parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
        self._host = parts.netloc
        self._path = parts.path.rstrip("/")
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._timeout_s = timeout_s
        self._answer_bytes_max = answer_bytes_max
        self._connection: Optional[http.client.HTTPConnection] = None

    @staticmethod
    def encode(event: Union[Event, bytes]) -> bytes:
        """An event as `send` takes it. Raises ValueError, as `events.checked`."""
        return event if isinstance(event, bytes) else to_line(event)

    def _exchange(self, method: str, path: str, body: Optional[bytes]) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = self._kind(self._host, timeout=self._timeout_s)
        connection = self._connection
        if connection.sock is not None:
            connection.sock.settimeout(self._timeout_s)
        connection.request(method, self._path + path, body)
        connection.response_class = functools.partial(  # type: ignore[assignment]
            BoundedResponse,
            deadline=time.monotonic() + self._timeout_s,
            bytes_max=_ACK_BYTES_MAX if method == "POST" else self._answer_bytes_max,
        )
        response = connection.getresponse()
        assert isinstance(response, BoundedResponse)
        return response.status, response.body()

    def _answer(self, method: str, path: str, body: Optional[bytes] = None) -> tuple[int, bytes]:
        is_reused = self._connection is not None
        try:
            return self._exchange(method, path, body)
        except (ConnectionError, http.client.BadStatusLine) as error:
            self.close()
            if not is_reused:
                raise self._unreachable(str(error) or type(error).__name__) from error
        except Exception as error:  # Whatever a stranger makes of the library's parser.
            self.close()
            raise self._unreachable(str(error) or type(error).__name__) from error
        # A connection that lay idle may have been closed at the other end.
        return self._answer(method, path, body)

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(f"{self._host}: {sentence_of(why)}")

    def request(self, method: str, path: str, body: Optional[bytes] = None) -> tuple[int, dict[str, Any]]:
        """The status and the JSON of the answer, an object. Raises Unreachable."""
        status, text = self._answer(method, path, body)
        try:
            return status, parse_object(text)
        except ValueError as error:
            raise self._unreachable(f"status {status}, and not in the words of an itemized server: {error}") from error

    def get(self, path: str) -> dict[str, Any]:
        """The JSON of the answer. Raises Unreachable, and Rejected with the server's sentence."""
        status, answer = self.request("GET", path)
        if status == 200:
            return answer
        sentence = sentence_of(answer.get("error"))
        if not sentence or status in (408, 429) or not 400 <= status < 500:
            raise self._unreachable(sentence or f"status {status}, and not in the words of an itemized server")
        raise Rejected(sentence)

    def send(self, lines: list[bytes]) -> Ack:
        """Delivers events. Raises Unreachable or TooLarge. Only the server's own account of
        every event settles them: nothing else that is answered, by whomever, gives up any."""
        body = b"\n".join(lines)
        if len(body) > BATCH_BYTES_MAX and len(lines) > 1:
            raise TooLarge
        status, text = self._answer("POST", "/api/v1/events", body)
        if status == 413 and len(lines) > 1:
            raise TooLarge
        try:
            answer = parse_object(text)
            if status in (200, 422):
                return _ack(answer, len(lines))
            sentence = sentence_of(answer.get("error"))
        except ValueError as error:
            sentence = f"not in the words of an itemized server: {error}"
        raise self._unreachable(f"status {status}: {sentence or 'without a sentence'}")

    def close(self) -> None:
        """It opens again when it is used again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
