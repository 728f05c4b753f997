# SPDX-License-Identifier: Apache-2.0
"""For LangChain and LangGraph, by their public callback interface; neither is needed."""

from __future__ import annotations

import time
from typing import Any, Optional

from .events import Event, name_of
from .tracer import get_tracer
from .tracing import current_run, log_cost
from .usage import Usage


def _first_message(response: Any) -> Any:
    for generations in getattr(response, "generations", None) or ():
        for generation in generations:
            message = getattr(generation, "message", None)
            if message is not None:
                return message
    return None


def _fill(usage: Usage, metadata: dict[str, Any]) -> None:
    """langchain_core.messages.ai.UsageMetadata: input and output include their details."""
    details = metadata.get("input_token_details") or {}
    out = metadata.get("output_token_details") or {}
    read, written, audio = (details.get(name) or 0 for name in ("cache_read", "cache_creation", "audio"))
    usage["input_tokens"] = max(0, (metadata.get("input_tokens") or 0) - read - written - audio)
    usage["output_tokens"] = max(0, (metadata.get("output_tokens") or 0) - (out.get("audio") or 0))
    for name, count in (
        ("cache_read_tokens", read),
        ("cache_write_5m_tokens", written),
        ("input_audio_tokens", audio),
        ("reasoning_tokens", out.get("reasoning")),
        ("output_audio_tokens", out.get("audio")),
    ):
        if count:
            usage[name] = count


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
        self._open: dict[Any, tuple[int, dict[str, Any], str]] = {}  # By LangChain's run_id.

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
        self._end(run_id, response, "ok")

    def on_llm_error(self, error: BaseException, *, run_id: Any, **kwargs: Any) -> None:
        """It has failed."""
        self._end(run_id, kwargs.get("response"), "error")

    def _begin(self, serialized: Any, run_id: Any, kwargs: dict[str, Any]) -> None:
        metadata = dict(kwargs.get("metadata") or {})
        name = kwargs.get("name") or (serialized or {}).get("name") or "(none)"
        self._open[run_id] = (time.perf_counter_ns(), metadata, name)

    def _end(self, run_id: Any, response: Any, status: str) -> None:
        begun = self._open.pop(run_id, None)
        if begun is None:
            return
        begin_ns, metadata, name = begun
        usage = Usage()
        message = _first_message(response)
        reported = getattr(message, "usage_metadata", None)
        if reported:
            _fill(usage, reported)
        answered_by = (getattr(message, "response_metadata", None) or {}).get("model_name")
        run = current_run()
        event_id = name_of(str(run_id))
        workflow_id: Optional[str] = run.id if run is not None else None
        workflow_id = workflow_id or metadata.get("workflow_id") or metadata.get("thread_id") or event_id
        event: Event = {
            "event_id": event_id,
            "time_us": time.time_ns() // 1000,
            "workflow": run.name if run is not None else name_of(metadata.get("workflow") or self._workflow),
            "workflow_id": name_of(workflow_id),
            "step": name_of(metadata.get("langgraph_node") or name),
            "provider": name_of(metadata.get("ls_provider") or ""),
            "model": name_of(answered_by or metadata.get("ls_model_name") or "(unknown)"),
            "duration_ms": (time.perf_counter_ns() - begin_ns) // 1000 / 1000,
            "status": status,
        }
        if usage.counts:
            event["usage"] = usage.counts
        get_tracer().record(event)
        log_cost(event, usage)
