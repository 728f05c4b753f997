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
from dataclasses import replace
from typing import Any, Callable, Optional

from .delivery import Delivery, Ending, Item, Row, make_transport
from .diagnostics import Reporter, warn_once
from .events import Event, reason_of, to_line
from .knowledge import Knowledge
from .options import Counters, Options
from .spool import Segment, Spool
from .transport_http import Ack

_BATCH_EVENTS = 2_000
_LINGER_S = 0.1
_INTERRUPTED_S = 0.1  # Pause after an interruption of the thread.


class Tracer:
    """Thread-safe. Survives a fork: the child begins with an empty queue."""

    def __init__(self, options: Optional[Options] = None) -> None:
        self.options = options or Options()
        self.knowledge = Knowledge(self.options.http)
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
        self._dropped_at_flush = 0
        self._prefix = os.urandom(8).hex()
        self._numbers = itertools.count(1)
        self._queue: deque[Item] = deque()
        self._unsettled: list[Item] = []  # Taken from the queue by the thread.
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._settled = threading.Condition(self._lock)
        self._thread: Optional[threading.Thread] = None
        self._stopping = False
        self._ending = Ending()
        self._reporter = Reporter()
        self._spool: Optional[Spool] = None
        self._must_recover = False

    def _after_fork(self) -> None:
        if self._spool is not None:
            self._spool.forget()
        self.knowledge = Knowledge(self.options.http)
        self._reset()

    def __repr__(self) -> str:
        counts = self.counters
        where = self.options.http if self.options.transport == "http" else self.options.server
        return (
            f"<Tracer {self.options.transport} {where}: {counts.delivered} delivered, {counts.refused} refused, "
            f"{counts.dropped} dropped, {counts.waiting} waiting>"
        )

    @property
    def counters(self) -> Counters:
        """The counters as they are now."""
        with self._lock:
            return replace(self._counters, waiting=len(self._queue) + len(self._unsettled))

    def next_id(self) -> str:
        """An event id that no other call of any process has."""
        return f"{self._prefix}-{next(self._numbers)}"

    def record(self, event: Event) -> None:
        """Takes an event; never blocks for the network, never raises. It belongs to the
        tracer from then on."""
        try:
            if self._thread is None:
                self._start()
            elif self._stopping and not self._thread.is_alive():
                self.lose("the tracer was shut down")
                return
            if "event_id" not in event and "outcome" not in event:
                event = {**event, "event_id": self.next_id()}  # What is sent twice counts once.
            item: Item = (event, None)
            if self._spool is not None:
                line = to_line(event)
                segment = self._to_spool(line)
                if segment is None:
                    return
                item = (line, segment)
            elif len(self._queue) >= self.options.queue_max:
                self.lose("the queue is full")
                return
            self._queue.append(item)
            if len(self._queue) >= _BATCH_EVENTS:
                self._wake.set()
        except Exception as error:
            self.lose(reason_of(error))

    def _to_spool(self, line: bytes) -> Optional[Segment]:
        assert self._spool is not None
        try:
            segment = self._spool.append(line)
        except OSError as error:
            self.lose(f"the spool cannot be written: {error}")
            return None
        if segment is None:
            self.lose("the spool is full")
        return segment

    def lose(self, why: str) -> None:
        """Counts a call or a completion that cannot be recorded, and tells."""
        with self._lock:
            self._counters.dropped += 1
            dropped = self._counters.dropped
        kind = " ".join(why.split(" ", 2)[:2])  # A text such as "outcome is".
        self._reporter.tell(f"dropped: {kind}", "%d calls or completions are dropped so far: %s.", dropped, why)

    def note_misreport(self) -> None:
        """Counts a call whose usage was reported in a way that is not understood, which was told."""
        with self._lock:
            self._counters.misreported += 1

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or self._stopping:
                return
            self._open_spool()
            _at_end_of_worker(self.shutdown)
            thread = threading.Thread(target=self._run, name="itemized", daemon=True)
            thread.start()
            self._thread = thread

    def _open_spool(self) -> None:
        directory = self.options.spool_directory
        if directory is None or self._spool is not None:
            return
        try:
            self._spool = Spool(directory, self.options.spool_bytes_max, self._prefix)
            self._must_recover = True
        except Exception as error:  # Calls are worth more than their spool.
            self.options = replace(self.options, spool_directory=None)
            warn_once("spool", "Without a spool: %s cannot be used: %s.", directory, error)

    # The thread.

    def _run(self) -> None:
        """Delivers until it is told to stop. What interrupts it is told, and it begins again
        with all that is not settled."""
        while True:
            try:
                self._work()
                return
            except BaseException as trouble:  # pylint: disable=broad-except
                with self._lock:
                    self._queue.extendleft(reversed(self._unsettled))
                    self._unsettled = []
                self._reporter.tell(
                    "interrupted", "Delivery was interrupted by %s and begins again; %d events wait.",
                    reason_of(trouble), len(self._queue),
                )  # fmt: skip
            self._ending.pause(_INTERRUPTED_S)
            if self._ending.is_over:
                return

    def _work(self) -> None:
        if self._must_recover and self._spool is not None:
            self._must_recover = False
            self._queue.extend(self._spool.recover(self.lose))
        transport = make_transport(self.options)
        delivery = Delivery(transport, self._ending, self._reporter)
        try:
            while self._queue or not self._stopping:
                self._turn(delivery)
        finally:
            transport.close()
        if self._spool is not None:
            self._spool.close()

    def _turn(self, delivery: Delivery) -> None:
        self.knowledge.refresh_if_due()
        if len(self._queue) < _BATCH_EVENTS and not self._stopping:
            self._wake.wait(_LINGER_S)
            self._wake.clear()
        if not self._queue:
            return
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH_EVENTS))]
            self._unsettled = batch
        rows = delivery.encode(batch, self._lose_item)
        with self._settled:
            self._unsettled = [item for item, _ in rows]
            self._settled.notify_all()
        delivery.deliver(rows, self._settle, lambda: len(self._unsettled) + len(self._queue))

    def _lose_item(self, item: Item, why: str) -> None:
        self.lose(why)
        self._forget(item)

    def _forget(self, item: Item) -> None:
        segment = item[1]
        if segment is not None and self._spool is not None:
            self._spool.delivered(segment)

    def _settle(self, part: list[Row], ack: Ack) -> None:
        for sentence in ack.refusals[:5]:
            warn_once(f"refused {sentence}", "An event was refused: %s", sentence)
        for item, _ in part:
            self._forget(item)
        with self._settled:
            self._counters.delivered += len(part) - ack.refused
            self._counters.refused += ack.refused
            del self._unsettled[: len(part)]
            self._settled.notify_all()

    # The end.

    def _await(self, seconds: Optional[float]) -> bool:
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._settled:
            while self._queue or self._unsettled:
                self._wake.set()
                rest = None if deadline is None else deadline - time.monotonic()
                if rest is not None and rest <= 0:
                    return False
                self._settled.wait(0.05 if rest is None else min(rest, 0.05))
        return True

    def flush(self, seconds: Optional[float] = None) -> bool:
        """Waits until all that was recorded is settled: stored by the server, or refused by
        it (`counters.refused`). False if that is not so in time, and if calls or completions
        were lost since the last flush (`counters.dropped`).
        """
        done = self._await(seconds)
        with self._lock:
            lost = self._counters.dropped - self._dropped_at_flush
            self._dropped_at_flush = self._counters.dropped
        return done and not lost

    def shutdown(self, seconds: Optional[float] = None) -> bool:
        """Flushes and ends the thread; told at the end of the process as well. What could
        not be delivered is lost, unless there is a spool: then the next process sends it.
        """
        thread = self._thread
        if thread is None or self._stopping:
            return not self.counters.waiting
        seconds = self.options.exit_seconds if seconds is None else seconds
        self._stopping = True
        self._ending.begin(seconds)
        done = self.flush(seconds)
        waiting = self.counters.waiting
        if not waiting:
            thread.join(1.0)
        else:
            kept = "kept in the spool" if self._spool is not None else "lost"
            self._reporter.tell(
                "end", "%d calls or completions could not be delivered and are %s.", waiting, kept
            )
        return done


def _at_end_of_worker(function: Callable[[], Any]) -> None:
    """Workers of multiprocessing, and of Celery's billiard, end without atexit."""
    for name in ("multiprocessing.util", "billiard.util"):
        util = sys.modules.get(name)
        if util is not None:
            util.Finalize(None, function, exitpriority=0)


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
    """`Tracer.flush` of this process."""
    return get_tracer().flush(seconds)


def shutdown(seconds: Optional[float] = None) -> bool:
    """Delivers what is left and ends the background thread. Done at exit as well."""
    return get_tracer().shutdown(seconds)
