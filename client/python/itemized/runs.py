# SPDX-License-Identifier: Apache-2.0
"""Runs of workflows, and how they end."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Set
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Optional, Union

from .diagnostics import warn_once
from .events import OUTCOMES, UNUSED_STEPS_MAX, Event, id_of, name_of, one_of, reason_of, show
from .tracer import get_tracer

#: What gives up a call or a run, where other exceptions fail it.
CANCELLED = (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit)

Steps = Union[str, Iterable[str]]


def _names_in(steps: tuple[Any, ...]) -> Iterator[str]:
    """The names among names and lists of names. Raises ValueError for a list in a list."""
    for each in steps:
        is_list = isinstance(each, Iterable) and not isinstance(each, (str, bytes, Mapping))
        parts = sorted(each, key=name_of) if isinstance(each, Set) else each if is_list else [each]
        for part in parts:
            if isinstance(part, Iterable) and not isinstance(part, (str, bytes)):
                raise ValueError(f"unused() takes names of steps, or lists of names, not {show(part)}")
            name = "" if part is None else name_of(part)
            if name:
                yield name
            else:
                warn_once("unused name", "A call of unused() has %s, which names no step; it is left out.", show(part))


class Run:
    """One run of a workflow, as the body of ``workflow`` sees it."""

    def __init__(self, name: str, run_id: str) -> None:
        self.name = name
        self.id = run_id
        self._outcome: Optional[str] = None
        self.unused_steps: list[str] = []

    def __repr__(self) -> str:
        return f"Run({self.name!r}, id={self.id!r}, outcome={self._outcome!r}, unused_steps={self.unused_steps!r})"

    @property
    def outcome(self) -> Optional[str]:
        """One of "completed", "failed", "short_circuited" or "abandoned"; None: what the end of
        the block says. Anything else raises ValueError as it is set."""
        return self._outcome

    @outcome.setter
    def outcome(self, value: Optional[str]) -> None:
        self._outcome = None if value is None else one_of(OUTCOMES, "outcome", value)

    def unused(self, *steps: Steps) -> None:
        """Says that no user saw the output of these steps: names, or lists of names. Raises
        ValueError for what is neither."""
        for name in _names_in(steps):
            if name in self.unused_steps:
                continue
            if len(self.unused_steps) >= UNUSED_STEPS_MAX:
                warn_once("unused max", "Unused steps beyond %d of a run are left out.", UNUSED_STEPS_MAX)
                return
            self.unused_steps.append(name)


_run: ContextVar[Optional[Run]] = ContextVar("itemized_run", default=None)


def current_run() -> Optional[Run]:
    """The run that code here belongs to, if ``workflow`` named one."""
    return _run.get()


class workflow:  # pylint: disable=invalid-name
    """One run of a workflow: ``with`` or ``async with``. Calls inside, also in tasks that
    are started there, belong to it; its end sends the completion: "failed" after an
    exception, "abandoned" after a cancellation, else "completed", unless the body sets
    ``run.outcome``.

    Threads that are started inside belong to it if they run in a copy of the context
    (``contextvars.copy_context().run``), as ``asyncio.to_thread`` does.

    :param name: the kind of task, such as "support_ticket".
    :param id: the run; by default a random one.
    """

    def __init__(self, name: str, id: Optional[str] = None) -> None:  # pylint: disable=redefined-builtin
        run_id = "" if id is None else id_of(id)
        self._run = Run("" if name is None else name_of(name), run_id or uuid.uuid4().hex)
        self._token: Optional[Token[Optional[Run]]] = None

    def __enter__(self) -> Run:
        self._token = _run.set(self._run)
        return self._run

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._token is not None:
            try:
                _run.reset(self._token)
            except ValueError:  # It ends in another context than it began in, as some frameworks do.
                pass
        ended = "completed" if kind is None else "abandoned" if issubclass(kind, CANCELLED) else "failed"
        try:
            get_tracer().record(self._completion(ended))
        except Exception as bug:  # A bug of ours must not reach the caller.
            warn_once(f"bug {reason_of(bug)}", "The end of a run could not be recorded: %s.", reason_of(bug))

    def _completion(self, ended: str) -> Event:
        run = self._run
        event: Event = {
            "time_us": time.time_ns() // 1000,
            "workflow": name_of(run.name),
            "workflow_id": id_of(run.id),
            "outcome": run.outcome or ended,
        }
        if run.unused_steps:  # A list that the body may have written itself.
            event["unused_steps"] = [name_of(step) for step in run.unused_steps][:UNUSED_STEPS_MAX]
        return event

    async def __aenter__(self) -> Run:
        return self.__enter__()

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.__exit__(kind, error, trace)


def unused(*steps: Steps) -> None:
    """Says that no user saw the output of these steps of the current run: names, or lists
    of names. Raises ValueError for what is neither."""
    run = _run.get()
    if run is None:
        warn_once("unused", "A call of unused() outside of workflow() has no effect.")
    else:
        run.unused(*steps)
