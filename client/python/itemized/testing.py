# SPDX-License-Identifier: Apache-2.0
"""What tests of code that records calls need: nothing leaves the process.

    from itemized.testing import record

    def test_the_summary_costs_one_call():
        with record() as recorder:
            summarise(ticket)
        (call,) = recorder.calls
        assert call["step"] == "summarise"
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional

from .events import Event
from .options import Options
from .tracer import Tracer, set_tracer


class Recorder(Tracer):
    """A tracer that keeps everything and sends nothing."""

    def __init__(self) -> None:
        super().__init__(Options(transport="http"))
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        """Keeps `event`."""
        self.events.append(event)

    def flush(self, seconds: Optional[float] = None) -> bool:
        """There is nothing to wait for."""
        return True

    @property
    def calls(self) -> list[Event]:
        """Calls so far, as dicts with the fields of a line of ``itemize import``, but for
        the time: `time_us`, microseconds since 1970-01-01 UTC."""
        return [_with_millis(event) for event in self.events if "outcome" not in event]

    @property
    def completions(self) -> list[Event]:
        """Completions so far."""
        return [event for event in self.events if "outcome" in event]


def _with_millis(call: Event) -> Event:
    fields = dict(call)
    fields["duration_ms"] = fields.pop("duration_us") / 1000
    return fields


@contextmanager
def record() -> Iterator[Recorder]:
    """A recorder in place of the tracer of this process."""
    recorder = Recorder()
    before = set_tracer(recorder)
    try:
        yield recorder
    finally:
        set_tracer(before)


__all__ = ["Recorder", "record"]
