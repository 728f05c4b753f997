# SPDX-License-Identifier: Apache-2.0
"""Delivery over the native gRPC stream, if grpcio is installed."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Any, Optional, Union

from . import wire
from .answers import sentence_of
from .diagnostics import warn_once
from .events import Event, from_line
from .transport_http import BATCH_BYTES_MAX, Ack, TooLarge, Unreachable

_METHOD = "/itemized.v1.IngestService/Ingest"
#: How long one answer may take. A server that syncs a slow disk may take its time; sending the batch
#: again would not make it faster.
_TIMEOUT_S = 30.0


def load_grpc() -> Optional[Any]:
    """The module ``grpc``; None if it cannot be used here."""
    if "grpc" not in sys.modules:
        # Its handlers for fork wait for threads that a child does not have; a child of a
        # process that used gRPC sends over HTTP instead.
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    try:
        import grpc  # type: ignore[import]  # pylint: disable=import-outside-toplevel
    except Exception:  # It is not installed, or not for this interpreter.
        return None
    return grpc


class GrpcTransport:
    """A producer's stream: the server counts its batches once over any number of streams,
    and tells if it has lost what it had acknowledged. Used by one thread.

    No status gives up an event, since a proxy can send any of them: only the server's own
    account of a whole batch settles it.
    """

    def __init__(self, grpc: Any, address: str, timeout_s: float = _TIMEOUT_S) -> None:
        self._grpc = grpc
        self._address = address
        self._timeout_s = timeout_s
        self._producer_id = os.urandom(16)
        self._epoch = 1
        self._acknowledged = 0
        self._channel: Any = None
        self._requests: Optional[queue.SimpleQueue[Optional[bytes]]] = None
        self._responses: Any = None  # An iterator that can be cancelled.

    @staticmethod
    def encode(event: Union[Event, bytes]) -> bytes:
        """An event as `send` takes it. Raises ValueError, as `events.checked`."""
        return wire.row(from_line(event) if isinstance(event, bytes) else event)

    def send(self, rows: list[bytes]) -> Ack:
        """Delivers events. Raises Unreachable or TooLarge."""
        is_reused = self._responses is not None
        try:
            return self._attempt(rows)
        except Unreachable:
            if not is_reused:
                raise
        return self._attempt(rows)  # A stream that lay idle may have been ended at the other end.

    def _attempt(self, rows: list[bytes]) -> Ack:
        try:
            return self._send(rows)
        except TooLarge:
            raise
        except (self._grpc.RpcError, StopIteration) as error:
            is_too_large = self._give_up(error)
            if is_too_large and len(rows) > 1:
                raise TooLarge from error
            details = error.details() if isinstance(error, self._grpc.Call) else "the stream has ended"
            raise Unreachable(f"{self._address}: {sentence_of(details)}") from error
        except Exception as error:  # An answer in other words, a channel that is broken.
            self.close()
            raise Unreachable(f"{self._address}: {sentence_of(str(error))}") from error

    def _send(self, rows: list[bytes]) -> Ack:
        if self._responses is None:
            self._begin()
        assert self._requests is not None
        sequence = self._acknowledged + 1
        request = wire.batch(sequence, rows)
        if len(request) > BATCH_BYTES_MAX and len(rows) > 1:
            raise TooLarge
        self._requests.put(request)
        answer = self._next()
        ack = Ack(answer["accepted"], answer["duplicate"], answer["refused"])
        if answer["sequence"] != sequence or ack.accepted + ack.duplicate + ack.refused != len(rows):
            raise ValueError("the answer is not of the batch that was sent")
        ack.refusals = [sentence_of(refusal) for refusal in answer["refusals"]]
        self._acknowledged = sequence
        return ack

    def _next(self) -> dict[str, Any]:
        """The next answer, in time, or an exception of the cancelled stream."""
        watchdog = threading.Timer(self._timeout_s, self._responses.cancel)
        watchdog.daemon = True
        watchdog.start()
        try:
            return wire.response(next(self._responses))
        finally:
            watchdog.cancel()

    def _begin(self) -> None:
        if self._channel is None:
            self._channel = self._grpc.insecure_channel(self._address)
        requests: queue.SimpleQueue[Optional[bytes]] = queue.SimpleQueue()

        def feed() -> Iterator[bytes]:
            while (request := requests.get()) is not None:
                yield request

        self._requests = requests
        call = self._channel.stream_stream(_METHOD)
        self._responses = call(feed(), wait_for_ready=False)
        requests.put(wire.hello(self._producer_id, self._epoch, self._acknowledged))
        held = self._next().get("welcome")
        if held is None:
            raise ValueError("the stream does not begin with a Welcome")
        if held > self._acknowledged:
            self._acknowledged = held  # The ack was lost on its way; ids tell what it was of.
        elif held < self._acknowledged:
            warn_once(
                f"lost {self._address}",
                "The server at %s has lost batches that it had acknowledged (%d of %d are left).",
                self._address,
                held,
                self._acknowledged,
            )
            self._restart()

    def _restart(self) -> None:
        """Begins a sequence of its own, where the old one cannot go on."""
        self._epoch += 1
        self._acknowledged = 0
        self._end_stream()
        self._begin()

    def _give_up(self, error: Exception) -> bool:
        """Ends the stream. Whether fewer events at a time could pass."""
        code = error.code() if isinstance(error, self._grpc.Call) else None
        details = str(error.details()) if isinstance(error, self._grpc.Call) else ""
        codes = self._grpc.StatusCode
        if code in (codes.OUT_OF_RANGE, codes.ALREADY_EXISTS, codes.FAILED_PRECONDITION):
            self._epoch += 1
            self._acknowledged = 0
        self._end_stream()
        return bool(code == codes.RESOURCE_EXHAUSTED and "larger than max" in details)

    def _end_stream(self) -> None:
        if self._requests is not None:
            self._requests.put(None)
        if self._responses is not None:
            self._responses.cancel()
        self._requests = self._responses = None

    def close(self) -> None:
        """It opens again when it is used again."""
        self._end_stream()
        if self._channel is not None:
            self._channel.close()
            self._channel = None
