# SPDX-License-Identifier: Apache-2.0
"""Costs as the server computes them, questions to it, LangChain's callbacks, the package."""

import random
import subprocess
import sys
import uuid
import zipfile
from decimal import Decimal
from types import SimpleNamespace

import pytest

from conftest import PACKAGE, ROOT
from itemized import Client, ItemizedCallbackHandler, cost_trace, workflow
from itemized.knowledge import bundled_rates
from itemized.pricing import Rate, RateBook, to_usd
from itemized.testing import record
from itemized.transport_http import HttpTransport, Rejected, Unreachable
from itemized.usage_classes import CLASSES


def test_the_bundled_rates_are_those_of_the_command_line(server):
    server.import_rates()
    ours, theirs = bundled_rates(), HttpTransport(server.url).get("/api/v1/rates")["rates"]
    assert len(ours) > 50
    assert [(vars(Rate(rate)), rate["source"]) for rate in ours] == [(vars(Rate(rate)), rate["source"]) for rate in theirs]


def test_every_cost_is_that_of_the_server(server, configure):
    tracer = configure(server, transport="http")
    server.import_rates()
    transport = HttpTransport(server.url)
    book = RateBook(transport.get("/api/v1/rates")["rates"])
    chance = random.Random(5)
    models = ["claude-sonnet-4-6", "claude-sonnet-4-5", "claude-haiku-4-5-20251001", "gpt-5.2", "gpt-4o", "gemini-2.5-pro",
              "gemini-2.5-flash", "gpt-5.4", "unknown-model"]
    expected = {}
    with record() as recorder:
        for number in range(400):
            with cost_trace("plan", chance.choice(models), "run", event_id=f"e-{number}") as usage:
                for name in chance.sample(CLASSES, chance.randint(0, 6)):
                    usage[name] = chance.choice([0, 1, chance.randint(1, 400_000)])
                usage["output_tokens"] = usage.get("output_tokens", 0) + usage.get("reasoning_tokens", 0)
    for call in recorder.calls:
        cost = book.cost(call["provider"], call["model"], call["time_us"], call["usage"])
        expected[call["event_id"]] = None if cost is None else Decimal(to_usd(cost))
        tracer.record(call)
    assert tracer.flush(30)
    calls = server.client.show("run")
    assert {call.event_id: call.cost_usd for call in calls} == expected
    assert sum(cost is None for cost in expected.values()) > 10


@pytest.mark.parametrize("picos, text", [(0, "0"), (1, "0.000000000001"), (5 * 10**11, "0.5"), (3 * 10**12, "3"), (12_345 * 10**10, "123.45")])
def test_amounts_are_exact_text(picos, text):
    assert to_usd(picos) == text


def test_the_best_match_wins():
    book = RateBook([
        {"match": {"starts_with": "gpt-5"}, "prices": {"input": "1"}},
        {"match": {"equals": "gpt-5-mini"}, "prices": {"input": "2"}},
        {"match": {"equals": "gpt-5-mini"}, "provider": "azure", "prices": {"input": "3"}},
        {"match": {"equals": "gpt-5-mini"}, "effective_from_unix_us": "1000", "prices": {"input": "4"}},
        {"match": {"any_of": {"matches": [{"contains": "opus"}, {"regex": "^o[0-9]$"}]}}, "prices": {"input": "5", "output": "7", "reasoning": "9"}},
    ])
    million = {"input_tokens": 1_000_000}
    assert book.cost("", "gpt-5-nano", 0, million) == 10**12
    assert book.cost("", "gpt-5-mini", 999, million) == 2 * 10**12
    assert book.cost("azure", "gpt-5-mini", 2000, million) == 3 * 10**12
    assert book.cost("", "gpt-5-mini", 1000, million) == 4 * 10**12
    assert book.cost("", "o3", 0, {"output_tokens": 10, "reasoning_tokens": 4}) == (6 * 7 + 4 * 9) * 10**6
    assert book.cost("", "o33", 0, million) is None
    assert book.cost("", "o3", 0, {}) is None


def test_questions_are_answered_with_exact_money(server, configure):
    tracer = configure(server, transport="http")
    server.import_rates()
    with workflow("ticket", id="run 1/é"):
        with cost_trace("plan", "claude-sonnet-4-6", attributes={"tenant": "acme"}) as usage:
            usage["input_tokens"] = 1
        with cost_trace("write", "claude-sonnet-4-6") as usage:
            usage["output_tokens"] = 1
    assert tracer.flush(30)
    client = Client(server.url)
    write, plan = client.top("1d")
    assert (write.key, write.cost_usd, plan.cost_usd) == ("write", Decimal("0.000015"), Decimal("0.000003"))
    assert (plan.calls, plan.threshold_usd) == (1, Decimal("0.005"))
    (acme,) = client.top(attributes={"tenant": "acme"})
    assert acme.key == "plan"
    (by_model,) = client.top(by="model")
    assert (by_model.threshold_usd, by_model.calls) == (None, 2)
    (ticket,) = client.workflows("1d")
    assert ticket.cost_per_completed_usd == Decimal("0.000018")
    assert [call.step for call in client.show("run 1/é")] == ["plan", "write"]
    with pytest.raises(Rejected, match="by must be step"):
        client.top(by="day")
    with pytest.raises(Unreachable):
        Client("http://127.0.0.1:9").top()


def answer_of(usage, model="gpt-5.2"):
    message = SimpleNamespace(usage_metadata=usage, response_metadata={"model_name": model})
    return SimpleNamespace(generations=[[SimpleNamespace(message=message)]])


def test_langgraph_is_billed_by_node():
    handler = ItemizedCallbackHandler(workflow="ticket")
    with record() as recorder:
        first, second, third = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
        metadata = {"langgraph_node": "planner", "thread_id": "thread-1", "ls_provider": "openai", "ls_model_name": "gpt-5"}
        handler.on_chat_model_start({"name": "ChatOpenAI"}, [[]], run_id=first, metadata=metadata, tags=[], parent_run_id=None)
        handler.on_llm_start({"name": "OpenAI"}, ["text"], run_id=second, metadata={})
        handler.on_llm_new_token("Hi", run_id=first)
        handler.on_llm_end(answer_of({"input_tokens": 100, "output_tokens": 30, "total_tokens": 130,
                                      "input_token_details": {"cache_read": 40, "cache_creation": 10},
                                      "output_token_details": {"reasoning": 20}}), run_id=first)
        handler.on_llm_error(ValueError(), run_id=second)
        with workflow("other", id="run-2"):
            handler.on_chat_model_start(None, [[]], run_id=third, metadata=None, name="Summariser")
            handler.on_llm_end(answer_of(None), run_id=third)
        handler.on_llm_end(answer_of(None), run_id=uuid.uuid4())  # Never begun.
    planned, failed, summarised = recorder.calls
    assert planned["usage"] == {"input_tokens": 50, "cache_read_tokens": 40, "cache_write_5m_tokens": 10, "output_tokens": 30, "reasoning_tokens": 20}
    assert [planned[name] for name in ("step", "workflow", "workflow_id", "provider", "model", "event_id", "status")] == [
        "planner", "ticket", "thread-1", "openai", "gpt-5.2", str(first), "ok"]
    assert (failed["step"], failed["status"], "usage" in failed) == ("OpenAI", "error", False)
    assert (summarised["step"], summarised["workflow"], summarised["workflow_id"]) == ("Summariser", "other", "run-2")


def test_the_wheel_holds_the_package_and_its_record(tmp_path):
    done = subprocess.run([sys.executable, PACKAGE / "build_wheel.py", tmp_path], capture_output=True, text=True, check=True)
    with zipfile.ZipFile(done.stdout.strip()) as wheel:
        names = set(wheel.namelist())
        assert {"itemized/__init__.py", "itemized/py.typed", "itemized/rates.json", "itemized/usage_shapes.json"} <= names
        recorded = wheel.read("itemized-0.1.0.dist-info/RECORD").decode().splitlines()
        assert {line.split(",")[0] for line in recorded} == names
        metadata = wheel.read("itemized-0.1.0.dist-info/METADATA").decode().splitlines()
        assert {"License-Expression: Apache-2.0", "License-File: LICENSE"} <= set(metadata)
        assert wheel.read("itemized-0.1.0.dist-info/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    target = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, done.stdout.strip()], check=True)
    check = "import itemized, sys; sys.exit(itemized.__version__ != '0.1.0')"
    subprocess.run([sys.executable, "-c", check], env={"PYTHONPATH": str(target)}, check=True)
