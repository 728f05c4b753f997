# SPDX-License-Identifier: Apache-2.0
"""itemized: a bill for every step of your agents.

    from itemized import cost_trace

    with cost_trace("summarise", "claude-sonnet-4-6", workflow_id) as usage:
        response = client.messages.create(...)
        usage.record(response)

The call is timed, priced, logged as the structured record ``step_cost`` and sent to
an itemized server by a background thread. Nothing here ever blocks the caller for
the network or raises into it, but for ValueError where a value is set that there is not.
The package uses the standard library alone, and grpcio if it is installed.
"""

from .callbacks import ItemizedCallbackHandler
from .options import Counters, Options
from .queries import Client, RunCall, StepCost, WorkflowCost, show, top, workflows
from .runs import Run, unused, workflow
from .steps import step
from .tracer import Tracer, configure, flush, get_tracer, shutdown
from .tracing import cost_trace
from .transport_http import Rejected, Unreachable
from .usage import Usage

__version__ = "0.1.0"

__all__ = [
    "Client",
    "Counters",
    "ItemizedCallbackHandler",
    "Options",
    "Rejected",
    "Run",
    "RunCall",
    "StepCost",
    "Tracer",
    "Unreachable",
    "Usage",
    "WorkflowCost",
    "configure",
    "cost_trace",
    "flush",
    "get_tracer",
    "show",
    "shutdown",
    "step",
    "top",
    "unused",
    "workflow",
    "workflows",
]
