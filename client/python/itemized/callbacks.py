# SPDX-License-Identifier: Apache-2.0
"""A callback handler for LangChain and LangGraph, neither of which is needed to import it."""

from __future__ import annotations

import time
from typing import Any

from .events import Event, id_of, name_of
from .runs import current_run
from .tracing import current_step, lose_call, mark_call, put_usage, record_call
from .usage import Usage


def _first_message(response: Any) -> Any:
    for generations in getattr(response, "generations", None) or ():
        for generation in generations:
            message = getattr(generation, "message", None)
            if message is not None:
                return message
    return None


def _usage_in(response: Any) -> Usage:
    """What a response tells of usage and of the model that answered."""
    usage = Usage()
    message = _first_message(response)
    told = getattr(response, "llm_output", None) if message is None else message
    if told:
        usage.record(told)
    return usage


class ItemizedCallbackHandler:
    """Records every model call of a chain or a graph.

        graph.invoke(state, config={"callbacks": [ItemizedCallbackHandler()],
                                    "metadata": {"workflow_id": run_id}})

    The step is LangGraph's node, else the name of the runnable; the run is that of
    ``workflow``, else metadata["workflow_id"], else LangGraph's thread. Thread-safe.
    """

    # What LangChain asks of a handler.
    raise_error = False
    run_inline = False
    ignore_llm = False
    ignore_chat_model = False
    ignore_chain = True
    ignore_agent = True
    ignore_retriever = True
    ignore_retry = True
    ignore_custom_event = True

    def __init__(self, workflow: str = "") -> None:
        """`workflow` is the kind of task, where no ``workflow`` says it."""
        self._workflow = workflow
        self._open: dict[Any, tuple[int, dict[str, Any], str]] = {}  # The key is LangChain's run_id.

    def on_chat_model_start(self, serialized: Any, messages: Any, *, run_id: Any, **kwargs: Any) -> None:
        """A chat model is called."""
        self._begin(serialized, run_id, kwargs)

    def on_llm_start(self, serialized: Any, prompts: Any, *, run_id: Any, **kwargs: Any) -> None:
        """A text model is called."""
        self._begin(serialized, run_id, kwargs)

    def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
        """Nothing to do."""

    def on_llm_end(self, response: Any, *, run_id: Any, **kwargs: Any) -> None:
        """It has answered."""
        self._settle(run_id, response, "ok")

    def on_llm_error(self, error: BaseException, *, run_id: Any, **kwargs: Any) -> None:
        """It has failed."""
        self._settle(run_id, kwargs.get("response"), "error")

    def _begin(self, serialized: Any, run_id: Any, kwargs: dict[str, Any]) -> None:
        metadata = dict(kwargs.get("metadata") or {})
        name = kwargs.get("name") or (serialized or {}).get("name") or "(none)"
        self._open[run_id] = (time.perf_counter_ns(), metadata, name)

    def _settle(self, run_id: Any, response: Any, status: str) -> None:
        try:
            self._end(run_id, response, status)
        except Exception as bug:  # Whatever an unknown object does must not reach the chain.
            lose_call(bug)

    def _end(self, run_id: Any, response: Any, status: str) -> None:
        begun = self._open.pop(run_id, None)
        if begun is None:
            return
        begin_ns, metadata, name = begun
        usage = _usage_in(response)
        scope = current_step.get()
        if scope is not None:
            scope.watch(usage)  # The step may return the message, which is not another call.
        run = current_run()
        event_id = id_of(run_id)
        workflow_id = (run.id if run is not None else None) or metadata.get("workflow_id") or metadata.get("thread_id")
        event: Event = {
            "event_id": event_id,
            "time_us": time.time_ns() // 1000,
            "workflow": name_of(run.name if run is not None else metadata.get("workflow") or self._workflow),
            "workflow_id": id_of(workflow_id or event_id),
            "step": name_of(metadata.get("langgraph_node") or name),
            "provider": name_of(metadata.get("ls_provider") or usage.provider or ""),
            "model": name_of(usage.model or metadata.get("ls_model_name") or "(unknown)"),
            "duration_us": (time.perf_counter_ns() - begin_ns) // 1000,
            "status": status,
        }
        put_usage(event, usage)
        mark_call()
        record_call(event, usage)
