# SPDX-License-Identifier: Apache-2.0
"""Delivery over HTTP as JSON lines, with the standard library alone."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import urlsplit

_TIMEOUT_S = 10.0


class Unreachable(Exception):
    """The server took nothing, or did not say that it did: to be sent again."""


class Rejected(Exception):
    """The server will never take this batch."""


class TooLarge(Exception):
    """The server takes such events, but fewer at a time."""


#: Of a batch; the server takes 16 MiB.
BATCH_BYTES_MAX = 12 << 20


@dataclass
class Ack:
    """What became of a batch; it is on disk now."""

    accepted: int = 0
    duplicate: int = 0
    #: A sentence for each event that was not stored.
    refusals: list[str] = field(default_factory=list)


class HttpTransport:
    """One connection, kept open. Used by one thread."""

    def __init__(self, url: str, timeout_s: float = _TIMEOUT_S) -> None:
        """`url` is such as "http://127.0.0.1:4318"; a path before /api is kept."""
        parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
        self._host = parts.netloc
        self._path = parts.path.rstrip("/")
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._timeout_s = timeout_s
        self._connection: Optional[http.client.HTTPConnection] = None

    def request(self, method: str, path: str, body: Optional[bytes] = None) -> tuple[int, Any]:
        """The status and the JSON of the answer. Raises Unreachable."""
        try:
            if self._connection is None:
                self._connection = self._kind(self._host, timeout=self._timeout_s)
            self._connection.request(method, self._path + path, body)
            response = self._connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Unreachable(f"{self._host}: {error or type(error).__name__}") from error

    def get(self, path: str) -> Any:
        """The JSON of the answer. Raises Unreachable, and Rejected with the server's sentence."""
        status, answer = self.request("GET", path)
        if status != 200:
            raise Rejected(answer.get("error", f"status {status}"))
        return answer

    def send(self, lines: list[bytes]) -> Ack:
        """Delivers events. Raises Unreachable, Rejected or TooLarge."""
        body = b"\n".join(lines)
        if len(body) > BATCH_BYTES_MAX and len(lines) > 1:
            raise TooLarge
        status, answer = self.request("POST", "/api/v1/events", body)
        if status in (200, 422):
            refusals = [f"{refusal['message']} ({refusal['code']})" for refusal in answer["refusals"]]
            return Ack(answer["accepted"], answer["duplicate"], refusals)
        sentence = answer.get("error", f"status {status}")
        if status in (408, 429) or status >= 500:
            raise Unreachable(f"{self._host}: {sentence}")
        raise Rejected(sentence)

    def close(self) -> None:
        """It opens again when it is used again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
