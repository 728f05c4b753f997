# SPDX-License-Identifier: Apache-2.0
"""What users put around a model call."""

from __future__ import annotations

import logging
import time
from collections import deque
from contextvars import ContextVar
from decimal import Context, Decimal
from types import TracebackType
from typing import Any, Optional

from .diagnostics import LOGGER, warn_once
from .events import Event, attributes_of, id_of, name_of, reason_of
from .log_records import RecordMaker
from .pricing import served_as, to_usd
from .runs import CANCELLED, current_run
from .tracer import get_tracer
from .usage import Usage
from .usage_reading import Found


_SCOPE_CALLS_MAX = 16
_COST_MAX_USD = 9_000_000  # More is no cost of a call, and the server would refuse it.
_PICO = Decimal("1e-12")
_EXACT = Context(prec=60)


class StepScope:
    """One execution of a step, and the calls that are traced in it."""

    __slots__ = ("name", "above", "has_call", "_usages")

    def __init__(self, name: str, above: Optional["StepScope"]) -> None:
        self.name = name
        self.above = above
        self.has_call = False  # One was recorded.
        self._usages: deque[Usage] = deque(maxlen=_SCOPE_CALLS_MAX)

    def watch(self, usage: Usage) -> None:
        """A call is traced here, and so in the steps around."""
        scope: Optional[StepScope] = self
        while scope is not None:
            scope._usages.append(usage)
            scope = scope.above

    def mark_call(self) -> None:
        """A call was recorded here."""
        scope: Optional[StepScope] = self
        while scope is not None:
            scope.has_call = True
            scope = scope.above

    def has_call_of(self, response: Any, found: Found) -> bool:
        """Whether this response, in which `found` was found, is that of a call that is traced
        here. The function may return or yield it, which must not bill it twice."""
        return any(usage.is_of(response, found) for usage in self._usages)


_STEP_COST = RecordMaker("step_cost")
#: The step that code here belongs to, if ``step`` named one.
current_step: ContextVar[Optional[StepScope]] = ContextVar("itemized_step", default=None)


def mark_call() -> None:
    """A call was recorded here: in the step of this code, if there is one."""
    scope = current_step.get()
    if scope is not None:
        scope.mark_call()


def _is_given(value: object) -> bool:
    return value is not None and value != ""


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
        self.usage = Usage(model, provider)
        self._begin = 0

    def __enter__(self) -> Usage:
        scope = current_step.get()
        if scope is not None:
            scope.watch(self.usage)
        self._begin = time.perf_counter_ns()
        return self.usage

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        duration_us = (time.perf_counter_ns() - self._begin) // 1000 if self._begin else 0
        status = "ok" if kind is None else "cancelled" if issubclass(kind, CANCELLED) else "error"
        mark_call()
        try:
            event = self._event(duration_us, status)
        except Exception as bug:  # A bug of ours must not reach the caller.
            lose_call(bug)
        else:
            record_call(event, self.usage)

    async def __aenter__(self) -> Usage:
        return self.__enter__()

    async def __aexit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.__exit__(kind, error, trace)

    def _event(self, duration_us: int, status: str) -> Event:
        usage = self.usage
        run = current_run()
        event_id = id_of(self.event_id) if _is_given(self.event_id) else get_tracer().next_id()
        workflow_id = self.workflow_id if _is_given(self.workflow_id) else run.id if run is not None else None
        if not _is_given(workflow_id):
            warn_once("workflow_id", "A call has no workflow_id and is a run of its own; name one, or use workflow().")
            workflow_id = event_id
        scope = current_step.get()
        event: Event = {
            "event_id": event_id,
            "time_us": time.time_ns() // 1000,
            "workflow": name_of(self.workflow or (run.name if run is not None else "")),
            "workflow_id": id_of(workflow_id),
            "step": name_of(self.step_name or (scope.name if scope is not None else "(none)")),
            "provider": name_of(self.provider or usage.provider or ""),
            "model": name_of(usage.model or self.model or "(unknown)"),
            "duration_us": duration_us,
            "status": status,
        }
        put_usage(event, usage)
        attributes = attributes_of(self.attributes)
        if attributes:
            event["attributes"] = attributes
        return event


def put_usage(event: Event, usage: Usage) -> None:
    """Says in a call what it used, and how it was served where that decides its price."""
    counts = usage.billed_counts
    if counts:
        event["usage"] = dict(counts)
    elif usage.is_uncounted:
        event["usage_unknown"] = True  # Or a call that failed would be taken for free.
    reported_cost = usage.reported_cost_usd
    if reported_cost is not None and reported_cost < _COST_MAX_USD:
        event["reported_cost_usd"] = f"{reported_cost.quantize(_PICO, context=_EXACT):f}"
    service_tier, region = served_as(usage.service_tier, usage.region)
    if service_tier:
        event["service_tier"] = name_of(service_tier)
    if region:
        event["region"] = name_of(region)


def record_call(event: Event, usage: Usage) -> None:
    """Sends it on its way to the server and to the log. Never raises."""
    try:
        get_tracer().record(event)
        if usage.is_misreported:
            get_tracer().note_misreport()
    except Exception as bug:
        lose_call(bug)
        return
    try:
        log_cost(event, usage)
    except Exception as bug:  # The log is not the bill.
        warn_once(f"log {reason_of(bug)}", "The cost of a call could not be logged: %s.", reason_of(bug))


def lose_call(bug: Exception) -> None:
    """Counts and tells a call that could not be recorded. Never raises."""
    warn_once(f"bug {reason_of(bug)}", "A call could not be recorded: %s.", reason_of(bug))
    try:
        get_tracer().lose(f"a call could not be recorded: {reason_of(bug)}")
    except Exception:  # There is no tracer to be had, which was told.
        pass


def log_cost(event: Event, usage: Usage) -> None:
    """Logs the record ``step_cost``, if anybody listens."""
    if not LOGGER.isEnabledFor(logging.INFO):
        return
    knowledge = get_tracer().knowledge
    counts = usage.billed_counts
    served = (event.get("service_tier"), event.get("region"), event.get("attributes"))
    is_free = not counts and event["status"] == "error" and "usage_unknown" not in event
    cost = 0 if is_free else knowledge.book.cost(event["provider"], event["model"], event["time_us"], counts, *served)
    cost_usd = None if cost is None else to_usd(cost)
    record = _STEP_COST.make()
    record.__dict__.update(
        msg="step_cost step=%s cost_usd=%s %s",
        args=(
            event["step"],
            "unknown" if cost_usd is None else cost_usd,
            " ".join([f"{name}={count}" for name, count in counts.items()]) or ("usage=none" if is_free else "usage=unknown"),
        ),
        cost_usd=cost_usd,
        step=event["step"],
        is_outlier=knowledge.is_outlier(event["step"], cost),
        is_learning=knowledge.is_learning(event["step"]),
        input_tokens=counts.get("input_tokens", 0),
        output_tokens=counts.get("output_tokens", 0),
        workflow_id=event["workflow_id"],
        model=event["model"],
    )
    LOGGER.handle(record)
