# SPDX-License-Identifier: Apache-2.0
"""Questions to the server, answered as plain dataclasses with exact money."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Callable, Optional, TypeVar
from urllib.parse import quote, urlencode

from .answers import count_of
from .options import Options
from .transport_http import HttpTransport, Unreachable
from .usage_classes import CLASSES

_Row = TypeVar("_Row")
_SENTENCE_MAX = 300


@dataclass(frozen=True)
class StepCost:
    """A row of the ranking. Money in USD; shares from 0 to 1; durations in milliseconds."""

    key: str
    calls: int
    cost_usd: Decimal
    call_share: float
    spend_share: float
    cumulative_spend_share: float
    mean_cost_usd: Optional[Decimal]  # These three None while no call has a price.
    p50_cost_usd: Optional[Decimal]
    p95_cost_usd: Optional[Decimal]
    outliers: int
    threshold_usd: Optional[Decimal]  # None unless by step.
    unpriced_calls: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    p50_duration_ms: float
    p95_duration_ms: float
    unsurfaced_usd: Decimal
    usage: dict[str, int]  # The sum of every class.


@dataclass(frozen=True)
class WorkflowCost:
    """A row of the cost per completed workflow, USD; None where no run has completed."""

    workflow: str
    runs: int
    completed: int
    failed: int
    short_circuited: int
    abandoned: int
    open: int
    spend_usd: Decimal
    cost_per_completed_usd: Optional[Decimal]  # Fully loaded: all spend, by completed runs.
    mean_completed_usd: Optional[Decimal]
    p50_completed_usd: Optional[Decimal]
    p95_completed_usd: Optional[Decimal]
    mean_steps_per_completed: Optional[float]
    unsurfaced_usd: Decimal


@dataclass(frozen=True)
class RunCall:
    """A call of a run, as it stands in the bill."""

    event_id: str
    time: str  # RFC 3339, UTC.
    step: str
    provider: str
    model: str
    usage: Optional[dict[str, int]]  # None if none was reported.
    duration_ms: float
    status: str
    attributes: dict[str, str]
    cost_usd: Optional[Decimal]  # None while unpriced.
    is_outlier: bool
    unpriced: bool
    unsurfaced: bool


def _value(annotation: str, value: Any) -> Any:
    """An answer leaves out what is unknown or empty. Raises ValueError and the like."""
    if annotation == "int":
        return count_of(value)
    if value is None or value == "":
        return {"str": "", "bool": False}.get(annotation, {} if annotation.startswith("dict") else None)
    if "Decimal" in annotation:
        amount = Decimal(value)
        if not amount.is_finite():
            raise ValueError(f"{value} is no amount")
        return amount
    if "float" in annotation:
        return float(value)
    return value


def _row(kind: type[_Row], source: dict[str, Any]) -> _Row:
    return kind(**{item.name: _value(str(item.type), source.get(item.name)) for item in fields(kind)})


def _rows(
    kind: type[_Row],
    answer: dict[str, Any],
    name: str,
    prepare: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> list[_Row]:
    """The rows of that name, each as `prepare` makes it. Raises Unreachable if whoever answered
    is no itemized server."""
    try:
        return [_row(kind, prepare(row)) for row in answer[name]]
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreachable(f"the answer is not that of an itemized server: {error!r}"[:_SENTENCE_MAX]) from error


def _billed(call: dict[str, Any]) -> dict[str, Any]:
    """A call with counts that are numbers."""
    usage = call.get("usage")
    status = str(call.get("status", "ok")).replace("CALL_STATUS_", "").lower()
    counts = None if usage is None else {name: count_of(count) for name, count in usage.items()}
    return {**call, "usage": counts, "status": status}


def _ranked(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the ranking with its sums in one place; an older server does not know every class."""
    return {**row, "usage": {name: count_of(row.get(name, 0)) for name in CLASSES}}


def _calls(answer: dict[str, Any]) -> list[RunCall]:
    return _rows(RunCall, answer, "calls", _billed)


class Client:
    """Asks a server. Raises ``itemized.Unreachable`` if it does not answer, or not in a
    server's words, and ``itemized.Rejected`` with its sentence if the question is wrong.
    Not thread-safe."""

    def __init__(self, http: Optional[str] = None) -> None:
        """`http` is its URL; by default as `Options`."""
        self._transport = HttpTransport(http or Options().http)

    def _ask(self, path: str, parameters: dict[str, Any]) -> Any:
        given = {name: value for name, value in parameters.items() if value is not None}
        attributes = given.pop("attributes", {})
        pairs = [*given.items(), *(("attribute", f"{key}={value}") for key, value in attributes.items())]
        return self._transport.get(f"/api/v1/{path}?{urlencode(pairs)}")

    def top(self, window: Optional[str] = None, *, by: str = "step", limit: int = 0, **parameters: Any) -> list[StepCost]:
        """What the money went to, the dearest first.

        :param window: such as "7d"; by default 30 days. Or pass from_ and to.
        :param by: step, model, workflow, provider or attribute:KEY.
        :param parameters: tz, and the filters step, model, workflow, provider, attributes.
        """
        if "from_" in parameters:
            parameters["from"] = parameters.pop("from_")
        answer = self._ask("top", {"window": window, "by": by, "limit": limit, **parameters})
        return _rows(StepCost, answer, "rows", _ranked)

    def workflows(self, window: Optional[str] = None, **parameters: Any) -> list[WorkflowCost]:
        """What a completed run of each workflow costs."""
        answer = self._ask("workflows", {"window": window, **parameters})
        return _rows(WorkflowCost, answer, "rows")

    def show(self, workflow_id: str) -> list[RunCall]:
        """The calls of one run in time order. A long run comes in pages, all of which are
        asked for."""
        path = f"runs/{quote(workflow_id, safe='')}"
        calls: list[RunCall] = []
        page_token: Optional[str] = None
        while True:
            answer = self._ask(path, {"page_token": page_token})
            calls += _calls(answer)
            page_token = answer.get("next_page_token") or None
            if page_token is None:
                return calls
            if not answer["calls"]:
                raise Unreachable("the answer is not that of an itemized server: a page without calls goes on")


def top(window: Optional[str] = None, **parameters: Any) -> list[StepCost]:
    """`Client.top` of the server in the environment."""
    return Client().top(window, **parameters)


def workflows(window: Optional[str] = None, **parameters: Any) -> list[WorkflowCost]:
    """`Client.workflows` of the server in the environment."""
    return Client().workflows(window, **parameters)


def show(workflow_id: str) -> list[RunCall]:
    """`Client.show` of the server in the environment."""
    return Client().show(workflow_id)
