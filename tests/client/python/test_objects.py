# SPDX-License-Identifier: Apache-2.0
"""What objects of the package say of themselves, and what its log says of a call."""

import ast
import logging
import re
from decimal import Decimal

import itemized
from conftest import PACKAGE
from itemized import Run, Tracer, Usage, cost_trace
from itemized.testing import record

RESPONSE = {"type": "message", "model": "claude-x", "usage": {"input_tokens": 3, "output_tokens": 4}}


def test_objects_say_what_they_are(server, configure):
    usage = Usage()
    usage.record(RESPONSE)
    assert repr(usage) == "<Usage input_tokens=3 output_tokens=4 model='claude-x'>"
    assert repr(Usage()) == "<Usage nothing reported model=''>"
    run = Run("ticket", "run-1")
    run.outcome = "failed"
    run.unused("plan")
    assert repr(run) == "Run('ticket', id='run-1', outcome='failed', unused_steps=['plan'])"
    tracer = configure(server, transport="http")
    with cost_trace("plan", "m", "run") as usage:
        usage["input_tokens"] = 1
    assert tracer.flush(30)
    assert repr(tracer) == f"<Tracer http {server.url}: 1 delivered, 0 refused, 0 dropped, 0 waiting>"


def test_a_usage_tells_its_cost_exactly():
    with record(), cost_trace("plan", "claude-sonnet-4-6", "run") as usage:
        assert usage.cost_usd is None
        usage["input_tokens"] = 8400
        usage["output_tokens"] = 620
        assert usage.cost_usd == Decimal("0.0345")
    assert usage.cost_usd == Decimal("0.0345")
    with record(), cost_trace("plan", "never-heard-of", "run") as unknown:
        unknown["input_tokens"] = 1
    assert unknown.cost_usd is None
    big = Usage("claude-sonnet-4-6")
    big["output_tokens"] = 2**40
    assert big.cost_usd * 1_000_000 == 15 * 2**40


def test_the_message_of_the_log_names_step_cost_and_tokens(caplog):
    with record(), caplog.at_level(logging.INFO, "itemized"):
        with cost_trace("plan", "claude-sonnet-4-6", "run") as usage:
            usage["input_tokens"] = 8400
            usage["output_tokens"] = 620
            usage["cache_read_tokens"] = 7
        with cost_trace("100 % {odd}", "never-heard-of", "run") as usage:
            usage["input_tokens"] = 1
        with cost_trace("silent", "claude-sonnet-4-6", "run"):
            pass
    assert [entry.getMessage() for entry in caplog.records] == [
        "step_cost step=plan cost_usd=0.0345021 input_tokens=8400 output_tokens=620 cache_read_tokens=7",
        "step_cost step=100 % {odd} cost_usd=unknown input_tokens=1", "step_cost step=silent cost_usd=unknown usage=unknown"]


def test_what_a_caller_may_have_to_catch_is_exported():
    for name in itemized.__all__:
        assert getattr(itemized, name) is not None
    assert issubclass(itemized.Unreachable, Exception) and issubclass(itemized.Rejected, Exception)
    assert isinstance(Tracer(itemized.Options(transport="http")).counters, itemized.Counters)


def test_every_warning_is_a_sentence():
    sentences = []
    for path in (PACKAGE / "itemized").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            name = getattr(call, "func", None) and getattr(call.func, "id", getattr(call.func, "attr", ""))
            if isinstance(call, ast.Call) and name in ("warn_once", "tell"):
                sentences.append(call.args[1].value)
    assert len(sentences) > 20
    # What comes from the server is a sentence already.
    bad = [one for one in sentences if not re.match(r"([A-Z]|%[sd]).*(\.|refused: %s)$", one)]
    assert bad == []
