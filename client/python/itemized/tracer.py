# SPDX-License-Identifier: Apache-2.0
"""Keeps what was recorded, and delivers it in the background."""

from __future__ import annotations

import atexit
import itertools
import os
import sys
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Optional, Union

from .diagnostics import LOGGER, warn_once
from .events import Event, to_line
from .knowledge import Knowledge
from .spool import Segment, Spool
from .transport_grpc import GrpcTransport, load_grpc
from .transport_http import Ack, HttpTransport, Rejected, TooLarge, Unreachable

_BATCH_EVENTS = 2_000
_LINGER_S = 0.1
_RETRY_S = (0.1, 5.0)  # First and longest pause after a failure.
_REPORT_S = 10.0  # Between reports of the same trouble.

Item = tuple[Union[Event, bytes], Optional[Segment]]


@dataclass
class Options:
    """How a tracer delivers. Every default is for a server on this machine."""

    #: HOST:PORT of the server's gRPC.
    server: str = field(default_factory=lambda: os.environ.get("ITEMIZED_SERVER", "127.0.0.1:4317"))
    #: URL of the server's HTTP.
    http: str = field(default_factory=lambda: os.environ.get("ITEMIZED_HTTP", "http://127.0.0.1:4318"))
    #: "grpc", "http", or "auto": gRPC if grpcio is installed.
    transport: str = field(default_factory=lambda: os.environ.get("ITEMIZED_TRANSPORT", "auto"))
    #: Where events outlive the process until they are delivered; None: in memory only.
    spool_directory: Optional[str] = field(default_factory=lambda: os.environ.get("ITEMIZED_SPOOL"))
    spool_bytes_max: int = 256 << 20
    #: Events kept in memory while the server is away; further ones are dropped and told.
    queue_max: int = 100_000
    #: What the end of the process waits for the last events, seconds.
    exit_seconds: float = 2.0


@dataclass
class Counters:
    """Events so far, those of a spool that was taken over too."""

    delivered: int = 0  # Acknowledged: on the server's disk.
    refused: int = 0  # By the server, for good.
    dropped: int = 0  # Never sent: there was no room.
    waiting: int = 0  # Neither of these yet.


class Tracer:
    """Thread-safe. Survives a fork: the child begins with an empty queue."""

    def __init__(self, options: Optional[Options] = None) -> None:
        self.options = options or Options()
        self.knowledge = Knowledge(self.options.http)
        self._used_grpc = False
        self._reset()
        atexit.register(self.shutdown)
        this = weakref.ref(self)

        def after_fork() -> None:
            tracer = this()
            if tracer is not None:
                tracer._after_fork()

        os.register_at_fork(after_in_child=after_fork)

    def _reset(self) -> None:
        self._counters = Counters()
        self._prefix = os.urandom(8).hex()
        self._numbers = itertools.count(1)
        self._queue: deque[Item] = deque()
        self._in_flight = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._settled = threading.Condition(self._lock)
        self._thread: Optional[threading.Thread] = None
        self._stopping = False
        self._told_after = 0.0
        self._spool: Optional[Spool] = None
        self._spool_failed = False

    def _after_fork(self) -> None:
        if self._spool is not None:
            self._spool.forget()
        self.knowledge = Knowledge(self.options.http)
        self._reset()

    @property
    def counters(self) -> Counters:
        """As they are now."""
        with self._lock:
            return replace(self._counters, waiting=len(self._queue) + self._in_flight)

    def next_id(self) -> str:
        """An event id that no other call of any process has."""
        return f"{self._prefix}-{next(self._numbers)}"

    def record(self, event: Event) -> None:
        """Takes an event; never blocks for the network, never raises."""
        if self._thread is None:
            self._start()
        elif self._stopping and not self._thread.is_alive():
            self._drop("the tracer was shut down")
            return
        item: Item = (event, None)
        if self._spool is not None:
            item = self._to_spool(event)
            if item[0] == b"":
                return
        elif len(self._queue) >= self.options.queue_max:
            self._drop("the queue is full")
            return
        self._queue.append(item)
        if len(self._queue) >= _BATCH_EVENTS:
            self._wake.set()

    def _to_spool(self, event: Event) -> Item:
        line = to_line(event)
        try:
            assert self._spool is not None
            segment = self._spool.append(line)
        except OSError as error:
            self._drop(f"the spool cannot be written: {error}")
            return b"", None
        if segment is None:
            self._drop("the spool is full")
            return b"", None
        return line, segment

    def _drop(self, why: str) -> None:
        with self._lock:
            self._counters.dropped += 1
        self._tell("%d calls or completions are dropped so far: %s.", self._counters.dropped, why)

    def _tell(self, sentence: str, *args: Any) -> None:
        now = time.monotonic()
        if now >= self._told_after:
            self._told_after = now + _REPORT_S
            LOGGER.warning(sentence, *args)

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or self._stopping:
                return
            self._open_spool()
            _at_end_of_worker(self.shutdown)
            self._thread = threading.Thread(target=self._run, name="itemized", daemon=True)
            self._thread.start()

    def _open_spool(self) -> None:
        directory = self.options.spool_directory
        if directory is None or self._spool_failed:
            return
        try:
            self._spool = Spool(directory, self.options.spool_bytes_max, self._prefix)
            self._queue.extend(self._spool.recover())
        except OSError as error:
            self._spool_failed = True
            warn_once("spool", "Without a spool: %s cannot be used: %s.", directory, error)

    # The thread.

    def _make_transport(self) -> Union[GrpcTransport, HttpTransport]:
        # A child of a process that used gRPC cannot use it.
        if self.options.transport != "http" and not self._used_grpc:
            grpc = load_grpc()
            if grpc is not None:
                self._used_grpc = True
                return GrpcTransport(grpc, self.options.server)
            if self.options.transport == "grpc":
                warn_once("grpc", "grpcio is not installed; sending over HTTP to %s.", self.options.http)
        return HttpTransport(self.options.http)

    def _run(self) -> None:
        transport = self._make_transport()
        while True:
            self.knowledge.refresh_if_due()
            if not self._queue:
                if self._stopping:
                    break
                self._wake.wait(_LINGER_S if not self._queue else 0)
                self._wake.clear()
                continue
            if len(self._queue) < _BATCH_EVENTS and not self._stopping:
                self._wake.wait(_LINGER_S)
                self._wake.clear()
            self._deliver(transport, self._take())
        transport.close()
        if self._spool is not None:
            self._spool.close()

    def _take(self) -> list[Item]:
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH_EVENTS))]
            self._in_flight = len(batch)
            return batch

    def _deliver(self, transport: Union[GrpcTransport, HttpTransport], batch: list[Item]) -> None:
        pause = _RETRY_S[0]
        while True:
            try:
                self._settle(batch, self._send(transport, batch))
                return
            except Unreachable as trouble:
                self._tell("itemized: %s; %d events wait.", trouble, len(batch) + len(self._queue))
            except TooLarge:
                half = len(batch) // 2
                self._deliver(transport, batch[:half])
                self._in_flight = len(batch) - half
                batch = batch[half:]
                continue
            except Rejected as trouble:
                self._settle(batch, Ack(0, 0, [str(trouble)] * len(batch)))
                return
            except Exception as bug:  # A bug of ours must not end the thread.
                warn_once(f"bug {bug!r}", "itemized: a batch is given up: %r.", bug)
                self._settle(batch, Ack(0, 0, [repr(bug)] * len(batch)))
                return
            if self._stopping:  # The process ends; what is spooled is not lost.
                time.sleep(0.05)
            else:
                time.sleep(pause)
                pause = min(2 * pause, _RETRY_S[1])

    @staticmethod
    def _send(transport: Union[GrpcTransport, HttpTransport], batch: list[Item]) -> Ack:
        if isinstance(transport, GrpcTransport):
            return transport.send([_to_event(event) for event, _ in batch])
        return transport.send([event if isinstance(event, bytes) else to_line(event) for event, _ in batch])

    def _settle(self, batch: list[Item], ack: Ack) -> None:
        for sentence in ack.refusals[:5]:
            warn_once(f"refused {sentence}", "itemized: an event was refused: %s", sentence)
        if self._spool is not None:
            for _, segment in batch:
                if segment is not None:
                    self._spool.delivered(segment)
        with self._settled:
            self._counters.delivered += len(batch) - len(ack.refusals)
            self._counters.refused += len(ack.refusals)
            self._in_flight = 0
            self._settled.notify_all()

    # The end.

    def flush(self, seconds: Optional[float] = None) -> bool:
        """Waits until all that was recorded is at the server; False if it is not in time."""
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._settled:
            while self._queue or self._in_flight:
                self._wake.set()
                rest = None if deadline is None else deadline - time.monotonic()
                if rest is not None and rest <= 0:
                    return False
                self._settled.wait(0.05 if rest is None else min(rest, 0.05))
        return True

    def shutdown(self, seconds: Optional[float] = None) -> bool:
        """Flushes and ends the thread; told at the end of the process as well. What could
        not be delivered is lost, unless there is a spool: then the next process sends it.
        """
        thread = self._thread
        if thread is None or self._stopping:
            return not self.counters.waiting
        self._stopping = True
        done = self.flush(self.options.exit_seconds if seconds is None else seconds)
        if done:
            thread.join(1.0)
        else:
            waiting = self.counters.waiting
            kept = "kept in the spool" if self._spool is not None else "lost"
            LOGGER.warning("itemized: %d calls or completions could not be delivered and are %s.", waiting, kept)
        return done


def _at_end_of_worker(function: Callable[[], Any]) -> None:
    """Workers of multiprocessing, and of Celery's billiard, end without atexit."""
    for name in ("multiprocessing.util", "billiard.util"):
        util = sys.modules.get(name)
        if util is not None:
            util.Finalize(None, function, exitpriority=0)


def _to_event(event: Union[Event, bytes]) -> Event:
    if isinstance(event, bytes):
        import json  # pylint: disable=import-outside-toplevel

        parsed: Event = json.loads(event)
        return parsed
    return event


_tracer: Optional[Tracer] = None
_tracer_lock = threading.Lock()


def get_tracer() -> Tracer:
    """The tracer of this process, made when it is first needed."""
    global _tracer
    if _tracer is None:
        with _tracer_lock:
            if _tracer is None:
                _tracer = Tracer()
    return _tracer


def set_tracer(tracer: Optional[Tracer]) -> Optional[Tracer]:
    """Puts another one in its place; returns the one before."""
    global _tracer
    before, _tracer = _tracer, tracer
    return before


def configure(**options: Any) -> Tracer:
    """Makes the tracer of this process with other `Options`. What an earlier one holds is
    delivered first, for at most `exit_seconds`."""
    before = set_tracer(Tracer(Options(**options)))
    if before is not None:
        before.shutdown()
    return get_tracer()


def flush(seconds: Optional[float] = None) -> bool:
    """Waits until all that was recorded is at the server; False if it is not in time."""
    return get_tracer().flush(seconds)


def shutdown(seconds: Optional[float] = None) -> bool:
    """Delivers what is left and ends the background thread. Done at exit as well."""
    return get_tracer().shutdown(seconds)
