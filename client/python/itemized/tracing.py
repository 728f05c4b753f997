# SPDX-License-Identifier: Apache-2.0
"""What users put around their code: calls, steps and runs."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import time
import uuid
from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar

from .diagnostics import LOGGER, warn_once
from .events import Event, attributes_of, name_of
from .log_records import RecordMaker
from .pricing import to_usd
from .responses import extract
from .tracer import get_tracer
from .usage import Usage

_CANCELLED = (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit)
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Run:
    """One run of a workflow, as the body of ``workflow`` sees it."""

    def __init__(self, name: str, run_id: str) -> None:
        self.name = name
        self.id = run_id
        #: "completed", "failed", "short_circuited" or "abandoned"; None: what the end of
        #: the block says.
        self.outcome: Optional[str] = None
        self.unused_steps: list[str] = []

    def unused(self, *steps: str) -> None:
        """Says that no user saw the output of these steps."""
        self.unused_steps += [name_of(step) for step in steps if step not in self.unused_steps]


_STEP_COST = RecordMaker("step_cost")
_run: ContextVar[Optional[Run]] = ContextVar("itemized_run", default=None)
_step: ContextVar[str] = ContextVar("itemized_step", default="")


def current_run() -> Optional[Run]:
    """The run that code here belongs to, if ``workflow`` named one."""
    return _run.get()


class cost_trace:  # pylint: disable=invalid-name
    """Records one model call: ``with`` or ``async with``.

    :param step_name: the node of the agent graph, such as "doc_synthesis"; by default the
        one that ``step`` set.
    :param model: as asked for; the one that a recorded response names takes its place.
    :param workflow_id: the run; by default that of ``workflow``.
    :param workflow: the kind of task; by default that of ``workflow``.
    :param provider: such as "anthropic"; by default what a recorded response tells.
    :param attributes: names with values to group and filter by, at most 64.
    :param event_id: an identity within the run, if there is one already: the same call
        recorded twice counts once.

    An exception inside is recorded (status "error", or "cancelled") and goes on.
    """

    __slots__ = (
        "step_name", "model", "workflow_id", "workflow", "provider", "attributes", "event_id",
        "usage", "_begin",
    )  # fmt: skip

    def __init__(
        self,
        step_name: Optional[str] = None,
        model: str = "",
        workflow_id: Optional[str] = None,
        *,
        workflow: Optional[str] = None,
        provider: str = "",
        attributes: Optional[dict[str, Any]] = None,
        event_id: Optional[str] = None,
    ) -> None:
        self.step_name = step_name
        self.model = model
        self.workflow_id = workflow_id
        self.workflow = workflow
        self.provider = provider
        self.attributes = attributes
        self.event_id = event_id
        self.usage = Usage()
        self._begin = 0

    def __enter__(self) -> Usage:
        self._begin = time.perf_counter_ns()
        return self.usage

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        duration_us = (time.perf_counter_ns() - self._begin) // 1000
        status = "ok" if kind is None else "cancelled" if issubclass(kind, _CANCELLED) else "error"
        try:
            self._record(duration_us, status)
        except Exception as bug:  # A bug of ours must not reach the caller.
            warn_once(f"bug {bug!r}", "itemized: a call could not be recorded: %r.", bug)

    async def __aenter__(self) -> Usage:
        return self.__enter__()

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.__exit__(kind, error, trace)

    def _record(self, duration_us: int, status: str) -> None:
        tracer = get_tracer()
        usage = self.usage
        run = _run.get()
        event_id = name_of(self.event_id) if self.event_id else tracer.next_id()
        workflow_id = self.workflow_id or (run.id if run is not None else "")
        if not workflow_id:
            warn_once("workflow_id", "A call has no workflow_id and is a run of its own; name one, or use workflow().")
            workflow_id = event_id
        event: Event = {
            "event_id": event_id,
            "time_us": time.time_ns() // 1000,
            "workflow": name_of(self.workflow or (run.name if run is not None else "")),
            "workflow_id": name_of(workflow_id),
            "step": name_of(self.step_name or _step.get() or "(none)"),
            "provider": name_of(self.provider or usage.provider or ""),
            "model": name_of(usage.model or self.model or "(unknown)"),
            "duration_ms": duration_us / 1000,
            "status": status,
        }
        if usage.counts:
            event["usage"] = usage.counts
        attributes = attributes_of(self.attributes)
        if attributes:
            event["attributes"] = attributes
        tracer.record(event)
        log_cost(event, usage)


def log_cost(event: Event, usage: Usage) -> None:
    """Logs the record ``step_cost``, if anybody listens."""
    if not LOGGER.isEnabledFor(logging.INFO):
        return
    knowledge = get_tracer().knowledge
    counts = usage.counts
    cost = knowledge.book.cost(event["provider"], event["model"], event["time_us"], counts)
    record = _STEP_COST.make()
    record.__dict__.update(
        cost_usd=None if cost is None else to_usd(cost),
        step=event["step"],
        is_outlier=knowledge.is_outlier(event["step"], cost),
        input_tokens=counts.get("input_tokens", 0),
        output_tokens=counts.get("output_tokens", 0),
        workflow_id=event["workflow_id"],
        model=event["model"],
    )
    LOGGER.handle(record)


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
        self._run = Run(name_of(name), name_of(id) if id else uuid.uuid4().hex)
        self._token: Optional[Token[Optional[Run]]] = None

    def __enter__(self) -> Run:
        self._token = _run.set(self._run)
        return self._run

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._token is not None:
            _run.reset(self._token)
        run = self._run
        ended = "completed" if kind is None else "abandoned" if issubclass(kind, _CANCELLED) else "failed"
        event: Event = {
            "time_us": time.time_ns() // 1000,
            "workflow": run.name,
            "workflow_id": run.id,
            "outcome": run.outcome or ended,
        }
        if run.unused_steps:
            event["unused_steps"] = run.unused_steps
        get_tracer().record(event)

    async def __aenter__(self) -> Run:
        return self.__enter__()

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.__exit__(kind, error, trace)


def unused(*steps: str) -> None:
    """Says that no user saw the output of these steps of the current run."""
    run = _run.get()
    if run is None:
        warn_once("unused", "unused() was called outside of workflow() and has no effect.")
    else:
        run.unused(*steps)


def _workflow_id_in(arguments: tuple[Any, ...]) -> Optional[str]:
    """That of a state such as LangGraph hands to its nodes."""
    for argument in arguments[:2]:  # The second one if the first is self.
        if isinstance(argument, Mapping):
            found = argument.get("workflow_id")
        else:
            found = getattr(argument, "workflow_id", None)
        if isinstance(found, str):
            return found
    return None


class _StepTrace:
    """What ``step`` does around one execution of a function."""

    def __init__(self, name: str, model: str, arguments: tuple[Any, ...]) -> None:
        self._name = name
        run = _run.get()
        self._trace = cost_trace(name, model, None if run is not None else _workflow_id_in(arguments))

    def __enter__(self) -> "_StepTrace":
        self._token = _step.set(self._name)
        self._trace.__enter__()
        return self

    def returned(self, result: Any) -> Any:
        """Looks whether the function returns a response."""
        try:
            found = extract(result)
        except Exception:
            found = None
        if found is not None and found.counts:
            self._trace.usage.record(result)
        return result

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        _step.reset(self._token)
        if self._trace.usage.counts:  # Else the function made its calls under cost_trace, or none.
            self._trace.__exit__(kind, error, trace)


def step(name: str, *, model: str = "") -> Callable[[_Function], _Function]:
    """Makes a function, or a coroutine function, a step: ``cost_trace()`` inside it needs
    no name, and if it returns a provider's response that call is recorded.

    The run is that of ``workflow``, or else the ``workflow_id`` of the state that the
    function is given, as a node of LangGraph is.
    """

    def decorate(function: _Function) -> _Function:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                with _StepTrace(name, model, args) as trace:
                    return trace.returned(await function(*args, **kwargs))

            return run_async  # type: ignore[return-value]

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with _StepTrace(name, model, args) as trace:
                return trace.returned(function(*args, **kwargs))

        return run  # type: ignore[return-value]

    return decorate
