# SPDX-License-Identifier: Apache-2.0
"""The way of a batch to the server: encoded event by event, sent until it is answered."""

from __future__ import annotations

import os
import threading
import time
from typing import Callable, Optional, Union

from .diagnostics import Reporter, warn_once
from .events import Event, reason_of
from .options import Options
from .spool import Segment
from .transport_grpc import GrpcTransport, load_grpc
from .transport_http import Ack, HttpTransport, TooLarge, Unreachable

_RETRY_S = (0.1, 5.0)  # First and longest pause after a failure.
_LAST_RETRY_S = 0.05  # The pause while the process ends.

Item = tuple[Union[Event, bytes], Optional[Segment]]
Row = tuple[Item, bytes]  # An item and its encoding.
Transport = Union[GrpcTransport, HttpTransport]


class Ending:
    """Whether delivery is to end, and when it has to. Set by one thread, read by another."""

    def __init__(self) -> None:
        self._begun = threading.Event()
        self._deadline = 0.0

    def begin(self, seconds: float) -> None:
        """It is to end once all is delivered, and has to in so many seconds."""
        self._deadline = time.monotonic() + seconds
        self._begun.set()

    @property
    def is_over(self) -> bool:
        """Whether it had to end."""
        return self._begun.is_set() and time.monotonic() >= self._deadline

    def pause(self, seconds: float) -> None:
        """Waits before another attempt: shorter at the end, which may be short itself."""
        if not self._begun.wait(seconds):
            return
        time.sleep(seconds if self.is_over else _LAST_RETRY_S)


_grpc_process: Optional[int] = None  # The one that used gRPC, which a child of it cannot.


def make_transport(options: Options) -> Transport:
    """The transport that the options ask for, as far as it can be had."""
    global _grpc_process
    if options.transport != "http" and _grpc_process in (None, os.getpid()):
        grpc = load_grpc()
        if grpc is not None:
            _grpc_process = os.getpid()
            return GrpcTransport(grpc, options.server)
        if options.transport == "grpc":
            warn_once("grpc", "There is no grpcio here, so events go over HTTP to %s.", options.http)
    return HttpTransport(options.http)


class Delivery:
    """Delivers events over one transport. Used by one thread."""

    def __init__(self, transport: Transport, ending: Ending, reporter: Reporter) -> None:
        self._transport = transport
        self._ending = ending
        self._reporter = reporter

    def encode(self, batch: list[Item], lose: Callable[[Item, str], None]) -> list[Row]:
        """Each event by itself, so that one that cannot be said costs only itself."""
        rows: list[Row] = []
        for item in batch:
            try:
                rows.append((item, self._transport.encode(item[0])))
            except Exception as error:
                lose(item, reason_of(error))
        return rows

    def deliver(self, rows: list[Row], settle: Callable[[list[Row], Ack], None], waiting: Callable[[], int]) -> None:
        """Settles all rows, in their order, in one part or in several."""
        parts = [rows] if rows else []  # The next one is the last.
        while parts:
            part = parts.pop()
            ack = self._send(part, waiting)
            if ack is None:
                half = len(part) // 2
                parts += [part[half:], part[:half]]
            else:
                settle(part, ack)

    def _send(self, part: list[Row], waiting: Callable[[], int]) -> Optional[Ack]:
        """Sends until there is an answer; None if the part has to be sent in halves."""
        pause = _RETRY_S[0]
        encoded = [row for _, row in part]
        while True:
            try:
                return self._transport.send(encoded)
            except TooLarge:
                return None
            except Unreachable as trouble:
                self._reporter.tell("unreachable", "%d events wait for the server: %s.", waiting(), trouble)
            self._ending.pause(pause)
            pause = min(2 * pause, _RETRY_S[1])
