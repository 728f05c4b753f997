# SPDX-License-Identifier: Apache-2.0
"""Delivery over the native gRPC stream, if grpcio is installed."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Iterator
from typing import Any, Optional

from . import wire
from .diagnostics import warn_once
from .events import Event
from .transport_http import BATCH_BYTES_MAX, Ack, TooLarge, Unreachable

_METHOD = "/itemized.v1.IngestService/Ingest"
_TIMEOUT_S = 10.0


def load_grpc() -> Optional[Any]:
    """The module ``grpc``; None if it cannot be used here."""
    if "grpc" not in sys.modules:
        # Its handlers for fork wait for threads that a child does not have; a child of a
        # process that used gRPC sends over HTTP instead.
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    try:
        import grpc  # type: ignore[import]  # pylint: disable=import-outside-toplevel
    except Exception:  # Not installed, or not for this interpreter.
        return None
    return grpc


class GrpcTransport:
    """A producer's stream: the server counts its batches once over any number of streams,
    and tells if it has lost what it had acknowledged. Used by one thread.
    """

    def __init__(self, grpc: Any, address: str) -> None:
        self._grpc = grpc
        self._address = address
        self._producer_id = os.urandom(16)
        self._epoch = 1
        self._acknowledged = 0
        self._channel: Any = None
        self._requests: Optional[queue.SimpleQueue[Optional[bytes]]] = None
        self._responses: Any = None  # An iterator that can be cancelled.

    def send(self, events: list[Event]) -> Ack:
        """Delivers events. Raises Unreachable or TooLarge."""
        try:
            if self._responses is None:
                self._begin()
            assert self._requests is not None and self._responses is not None
            sequence = self._acknowledged + 1
            request = wire.batch(sequence, events)
            if len(request) > BATCH_BYTES_MAX and len(events) > 1:
                raise TooLarge
            self._requests.put(request)
            answer = wire.response(next(self._responses))
        except (self._grpc.RpcError, StopIteration) as error:
            self._give_up(error)
            details = error.details() if isinstance(error, self._grpc.Call) else "the stream has ended"
            raise Unreachable(f"{self._address}: {details}") from error
        self._acknowledged = sequence
        return Ack(answer["accepted"], answer["duplicate"], answer["refusals"])

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
        held = wire.response(next(self._responses))["welcome"]
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

    def _give_up(self, error: Exception) -> None:
        code = error.code() if isinstance(error, self._grpc.Call) else None
        broken = (self._grpc.StatusCode.OUT_OF_RANGE, self._grpc.StatusCode.ALREADY_EXISTS)
        if code in broken or code == self._grpc.StatusCode.FAILED_PRECONDITION:
            self._epoch += 1
            self._acknowledged = 0
        self._end_stream()

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
