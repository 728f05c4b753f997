# SPDX-License-Identifier: Apache-2.0
"""cost_trace, step and workflow, as users write them."""

import asyncio
import contextvars
import logging
import threading
from types import SimpleNamespace

import pytest

import itemized
from itemized import cost_trace, step, unused, workflow
from itemized.testing import record


def test_the_code_of_the_article_runs_unchanged(server, configure, transport):
    tracer = configure(server, transport=transport)
    server.import_rates()
    client = SimpleNamespace(messages=SimpleNamespace(create=lambda: SimpleNamespace(
        usage=SimpleNamespace(input_tokens=8400, output_tokens=620), content="a summary")))

    def extract_text(content):
        return content

    def summarise_node(state):
        with cost_trace("summarise", "claude-sonnet-4-6", state["workflow_id"]) as usage:
            response = client.messages.create()
            usage["input_tokens"] = response.usage.input_tokens
            usage["output_tokens"] = response.usage.output_tokens
        return {**state, "summary": extract_text(response.content)}

    assert summarise_node({"workflow_id": "run-1"})["summary"] == "a summary"
    assert tracer.flush(30)
    (call,) = server.client.show("run-1")
    assert (call.step, call.model, call.status) == ("summarise", "claude-sonnet-4-6", "ok")
    assert (call.usage["input_tokens"], call.usage["output_tokens"]) == (8400, 620)
    assert str(call.cost_usd) == "0.0345"


def test_an_exception_is_recorded_and_goes_on():
    with record() as recorder:
        with pytest.raises(ZeroDivisionError):
            with cost_trace("plan", "m", "run") as usage:
                usage["input_tokens"] = 5
                1 / 0
        with pytest.raises(asyncio.CancelledError):
            with cost_trace("plan", "m", "run"):
                raise asyncio.CancelledError
    assert [call["status"] for call in recorder.calls] == ["error", "cancelled"]
    assert recorder.calls[0]["usage"] == {"input_tokens": 5}
    assert "usage" not in recorder.calls[1]  # What is not reported is not zero.


def test_a_failed_call_that_reports_nothing_is_free(server, configure, transport, caplog):
    tracer = configure(server, transport=transport)
    unknown = {"usage": {"tokens_in": 10}}
    with caplog.at_level(logging.INFO, "itemized"):
        for name, responses in (("nothing", []), ("an error", [{"error": {"message": "overloaded"}}]), ("unknown", [unknown])):
            with pytest.raises(ZeroDivisionError):
                with cost_trace(name, "claude-sonnet-4-6", f"failed-{transport}") as usage:
                    for response in responses:
                        usage.record(response)
                    1 / 0
        with cost_trace("well", "claude-sonnet-4-6", f"failed-{transport}"):
            pass
    logged = {record.step: record.cost_usd for record in caplog.records if hasattr(record, "step")}
    assert logged == {"nothing": "0", "an error": "0", "unknown": None, "well": None}
    assert tracer.flush(30)
    billed = {call.step: call.cost_usd for call in server.client.show(f"failed-{transport}")}
    assert billed == {"nothing": 0, "an error": 0, "unknown": None, "well": None}


def test_what_a_provider_charged_is_sent():
    response = {"object": "chat.completion", "usage": {"prompt_tokens": 10, "completion_tokens": 5, "cost": 1.5e-05}}
    with record() as recorder:
        with cost_trace("plan", "m", "run") as usage:
            usage.record(response)
    assert recorder.calls[0]["reported_cost_usd"] == "0.000015000000"


def test_the_sender_may_say_how_the_cache_is_counted(caplog):
    chat = {"usage": {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}}
    message = {"type": "message", "usage": {"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 3}}
    with record() as recorder:
        for accounting in ("inclusive", "exclusive"):
            for response in (chat, message):
                with cost_trace("plan", "m", "run") as usage:
                    usage.record(response)
                    usage.cache_accounting = accounting
            with cost_trace("plan", "m", "run") as usage:
                usage.cache_accounting = accounting
                usage["input_tokens"] = 10
                usage["cache_read_tokens"] = 4
        with cost_trace("plan", "m", "run") as usage:
            usage.cache_accounting = "inclusive"
            usage["input_tokens"] = 3
            usage["cache_read_tokens"] = 4
    assert [call.get("usage", {}).get("input_tokens") for call in recorder.calls] == [6, 6, 6, 10, 10, 10, None]
    assert "input_tokens are 3 and the cache's counts, which they should include, are 4" in caplog.text
    assert recorder.calls[-1]["usage_unknown"] is True


def test_a_run_supplies_its_id_and_sends_its_end():
    with record() as recorder:
        with workflow("support_ticket", id="run-1") as run:
            with cost_trace("plan", "m") as usage:
                usage["input_tokens"] = 1
            run.unused("plan")
            unused("research", "plan")
        with pytest.raises(KeyError):
            with workflow("support_ticket"):
                raise KeyError
        with workflow("support_ticket") as run:
            run.outcome = "short_circuited"
    (call,) = recorder.calls
    assert (call["workflow"], call["workflow_id"]) == ("support_ticket", "run-1")
    first, failed, short = recorder.completions
    assert (first["outcome"], first["unused_steps"]) == ("completed", ["plan", "research"])
    assert failed["outcome"] == "failed"
    assert (short["outcome"], short["workflow_id"]) == ("short_circuited", run.id)


def test_tasks_and_threads_know_the_run_they_were_started_in():
    async def node(name):
        async with cost_trace(name, "m"):
            await asyncio.sleep(0)

    async def agent(run_id):
        async with workflow("ticket", id=run_id):
            await asyncio.gather(node("a"), node("b"), asyncio.to_thread(lambda: cost_trace("c", "m").__exit__(None, None, None)))

    async def main():
        await asyncio.gather(*(agent(f"run-{i}") for i in range(5)))

    with record() as recorder:
        asyncio.run(main())
        with workflow("ticket", id="threads"):
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(lambda: cost_trace("d", "m").__exit__(None, None, None),))
            thread.start()
            thread.join()
    by_run = {}
    for call in recorder.calls:
        by_run.setdefault(call["workflow_id"], []).append(call["step"])
    assert {run: sorted(steps) for run, steps in by_run.items()} == {
        **{f"run-{i}": ["a", "b", "c"] for i in range(5)}, "threads": ["d"]}
    assert len({call["event_id"] for call in recorder.calls}) == 16


def test_a_decorated_function_is_a_step():
    response = {"type": "message", "model": "claude-x", "usage": {"input_tokens": 3, "output_tokens": 4}}

    @step("planning")
    def plan(state):
        return response

    @step("research")
    async def research(state):
        with cost_trace(model="m") as usage:
            usage["input_tokens"] = 7
        return state

    @step("nothing")
    def nothing(state):
        return {"text": "no model was asked"}

    with record() as recorder:
        state = {"workflow_id": "run-1"}
        assert plan(state) is response
        with workflow("ticket", id="run-2"):
            asyncio.run(research(state))
        nothing(state)
        assert plan.__name__ == "plan"
    planned, researched = recorder.calls
    assert (planned["step"], planned["model"], planned["workflow_id"]) == ("planning", "claude-x", "run-1")
    assert planned["usage"] == {"input_tokens": 3, "output_tokens": 4}
    assert (researched["step"], researched["workflow_id"], researched["usage"]) == ("research", "run-2", {"input_tokens": 7})


@pytest.mark.parametrize("value, sentence", [
    (None, "it is None"), ("12", "whole number"), (-1, "negative"), (float("nan"), "whole number"), (1.5, "whole number"),
    (True, "whole number"), (2**41, "whole number"), ([], "whole number"),
])
def test_malformed_usage_is_left_out_with_one_warning(value, sentence, caplog):
    with record() as recorder, caplog.at_level(logging.WARNING, "itemized"):
        for _ in range(3):
            with cost_trace("plan", "m", "run") as usage:
                usage["input_tokens"] = value
                usage["output_tokens"] = 5.0  # A whole number all the same.
    assert [call["usage"] for call in recorder.calls] == [{"output_tokens": 5}] * 3
    (warning,) = caplog.records
    assert sentence in warning.getMessage()


def test_a_misspelt_class_is_told_and_names_are_cut(caplog):
    with record() as recorder, caplog.at_level(logging.WARNING, "itemized"):
        with cost_trace("s" * 500, "é" * 150, "run", attributes={"n": 5, "k" * 300: "v"}) as usage:
            usage["inptu_tokens"] = 1
    (call,) = recorder.calls
    assert call["step"] == "s" * 200
    assert call["model"] == "é" * 100
    assert call["attributes"] == {"n": "5", "k" * 200: "v"}
    assert "inptu_tokens" in caplog.text and "input_tokens" in caplog.text
    assert "Names are cut at 200 bytes" in caplog.text


def test_a_call_without_a_run_is_one_of_its_own(caplog):
    with record() as recorder:
        with cost_trace("plan", "m"):
            pass
    (call,) = recorder.calls
    assert call["workflow_id"] == call["event_id"]
    assert "no workflow_id" in caplog.text


def test_the_log_record_has_the_cost_and_the_threshold_of_the_server(server, configure, caplog):
    tracer = configure(server, transport="http")
    server.import_rates()
    for i in range(40):
        with cost_trace("plan", "claude-sonnet-4-6", f"run-{i}") as usage:
            usage["input_tokens"] = 10_000  # 0.03 USD
    assert tracer.flush(30)
    tracer.knowledge._refresh_after = 0
    tracer.knowledge.refresh_if_due()
    assert tracer.knowledge.thresholds == {"plan": 150_000_000_000}  # Five times 0.03.
    with caplog.at_level(logging.INFO, "itemized"):
        for tokens in (50_000, 50_001):
            with cost_trace("plan", "claude-sonnet-4-6", "run-x") as usage:
                usage["input_tokens"] = tokens
                usage["output_tokens"] = 0
    cheap, dear = (entry for entry in caplog.records if entry.getMessage().startswith("step_cost "))
    assert (cheap.cost_usd, cheap.is_outlier, cheap.step, cheap.workflow_id) == ("0.15", False, "plan", "run-x")
    assert (dear.cost_usd, dear.is_outlier, dear.input_tokens, dear.output_tokens) == ("0.150003", True, 50_001, 0)
    assert not dear.is_learning  # The server has 40 calls to judge by.
    assert tracer.flush(30)
    stored = server.client.show("run-x")
    assert [(str(call.cost_usd), call.is_outlier) for call in stored] == [("0.15", False), ("0.150003", True)]


def test_without_a_server_it_logs_by_the_bundled_prices(configure, caplog):
    tracer = configure(server="127.0.0.1:9", http="http://127.0.0.1:9", transport="http")
    with caplog.at_level(logging.INFO, "itemized"):
        with cost_trace("plan", "claude-sonnet-4-6", "run") as usage:
            usage["input_tokens"] = 1_000_000
        with cost_trace("plan", "never-heard-of", "run") as usage:
            usage["input_tokens"] = 1
    known, unknown = (entry for entry in caplog.records if entry.getMessage().startswith("step_cost "))
    assert (known.cost_usd, known.is_outlier, known.is_learning) == ("3", True, True)
    assert unknown.cost_usd is None  # Unknown is never $0.
    assert not tracer.flush(0.3)


def test_what_a_tracer_cannot_do_never_reaches_the_caller(configure, monkeypatch, caplog):
    tracer = configure(server="127.0.0.1:9", http="http://127.0.0.1:9", transport="http")
    monkeypatch.setattr(tracer, "record", lambda event: 1 / 0)
    with cost_trace("plan", "m", "run"):
        pass
    assert "could not be recorded" in caplog.text
    assert itemized.__version__
