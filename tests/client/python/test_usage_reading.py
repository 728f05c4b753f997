# SPDX-License-Identifier: Apache-2.0
"""How responses are put together to the usage of one call, and what is told of those that are not
understood."""

import logging
import uuid
from decimal import Decimal
from types import SimpleNamespace

import pytest

from conftest import CHAT, MESSAGE, recorded
from itemized import ItemizedCallbackHandler, Usage, cost_trace, step
from itemized.testing import record
from itemized.usage_expressions import parse
from itemized.usage_shapes import Table, table

CONTRADICTION = {"id": "c", "model": "m", "usage": {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}}}


# What is set by hand, and what a response says.


def test_what_is_set_by_hand_counts_before_what_a_response_says():
    usage = recorded(MESSAGE)
    usage["output_tokens"] = 40
    assert dict(usage) == {"input_tokens": 3, "cache_read_tokens": 5, "output_tokens": 40}
    usage.record({"type": "message_delta", "usage": {"output_tokens": 7, "input_tokens": 6}})
    assert dict(usage) == {"input_tokens": 6, "cache_read_tokens": 5, "output_tokens": 40}
    del usage["output_tokens"]
    assert "output_tokens" not in usage and len(usage) == 2


def test_a_count_set_by_hand_stays_when_the_response_contradicts_itself():
    usage = recorded(CONTRADICTION)
    usage["web_searches"] = 2
    assert dict(usage) == {"web_searches": 2} and usage.is_misreported


def test_provider_and_model_may_be_set_by_hand():
    usage = recorded(MESSAGE)
    assert (usage.provider, usage.model) == ("anthropic", "claude-x")
    usage.provider, usage.model = "vertex", "y"
    assert (usage.provider, usage.model) == ("vertex", "y")


def test_nothing_is_told_before_anything_is_recorded():
    usage = Usage()
    assert (usage.shape, usage.provider, usage.service_tier, usage.region, usage.reported_cost_usd) == (None,) * 5
    assert not usage.is_misreported and not usage.is_reported and usage.counts == {}
    for name in ("shape", "service_tier", "region", "reported_cost_usd", "is_misreported"):
        with pytest.raises(AttributeError):
            setattr(usage, name, "x")


# What is not understood is told once, and never billed as something else.


@pytest.mark.parametrize("value, told", [
    ("50", "'50'"), (True, "True"), (float("nan"), "nan"), (float("inf"), "inf"), (-1, "-1"), (1.5, "1.5"), (2**41, "2199023255552"), (2**400, "2582249878"), ([], "[]"), ({}, "{}"), ({"a": 1}, "{'a': 1}")])
def test_a_count_that_is_none_makes_the_report_unknown(value, told, caplog):
    usage = recorded({"model": "m", "usage": {"prompt_tokens": value, "completion_tokens": 9}})
    assert dict(usage) == {} and usage.is_misreported
    assert f"prompt_tokens is {told}" in caplog.text


@pytest.mark.parametrize("value", [50, 50.0, Decimal(50), Decimal("50.00"), 2**40])
def test_a_whole_number_counts_whatever_its_type(value):
    assert recorded({"model": "m", "usage": {"prompt_tokens": value, "completion_tokens": 9}})["input_tokens"] == value


def test_an_unknown_shape_is_told_once_for_its_keys_and_not_for_its_type(caplog):
    for _ in range(3):
        recorded({"usage": {"tokens_in": 5}}).counts
        recorded(SimpleNamespace(usage=SimpleNamespace(tokens_in=5))).counts
        recorded({"usage": {"tokens_in": 5, "tokens_out": 6}}).counts
        recorded({"text": "x"}), recorded({"answer": "x"}), recorded(SimpleNamespace(answer="x"))
    told = [entry.getMessage().split("which has ")[1].split(";")[0] for entry in caplog.records]
    assert told == ["the keys tokens_in", "the keys tokens_in, tokens_out", "the keys text", "the keys answer"]


def test_a_contradiction_is_told_once_for_each_shape_with_its_numbers(caplog):
    for cached in (9, 10, 11):
        response = {"usage": {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": cached}}}
        assert dict(recorded(response)) == {}
    recorded({"usage": {"input_tokens": 5, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 9}}}).counts
    chat, responses = [entry.getMessage() for entry in caplog.records]
    assert "openai.chat cannot be counted: input_tokens would be -4, from prompt=5 said=1 cached_in_details=9" in chat
    assert "openai.responses" in responses


def test_a_total_that_is_off_is_told_once_and_the_parts_count(caplog):
    for total in (100, 200):
        assert dict(recorded({"usage": {**CHAT, "total_tokens": total}})) == {"input_tokens": 50, "output_tokens": 9}
    (told,) = caplog.records
    assert "total is not the sum of its parts, in prompt=50 said=9 total=100" in told.getMessage()


def test_numbers_that_are_not_known_are_told(caplog):
    assert recorded({"usage": {**CHAT, "video_seconds": 0, "holograms": 4, "latency": 0.5}})["input_tokens"] == 50
    assert "holograms" in caplog.text and "latency" in caplog.text and "video_seconds" not in caplog.text


def test_more_reasoning_than_output_is_never_sent():
    usage = recorded({"usage": {"inputTokens": 5, "outputTokens": 3, "outputTokenDetails": {"reasoningTokens": 4}}})
    assert dict(usage) == {} and usage.is_misreported


def test_a_call_that_is_misreported_is_recorded_without_usage_and_counted():
    with record() as recorder:
        for response in (MESSAGE, CONTRADICTION, {"usage": {**CHAT, "total_tokens": 1}}, {"usage": {"tokens_in": 5}}):
            with cost_trace("plan", "m", "run") as usage:
                usage.record(response)
    assert [call.get("usage", {}).get("output_tokens") for call in recorder.calls] == [4, None, 9, None]
    assert "usage" not in recorder.calls[1]
    assert recorder.counters.misreported == 3


# Several responses in one call.


def test_messages_are_told_apart_by_their_ids_in_any_order():
    def chunk(name, **usage):
        return {"id": name, "object": "chat.completion.chunk", "choices": [], "usage": usage or None}

    usage = recorded(chunk("a"), chunk("b"), chunk("a", prompt_tokens=1, completion_tokens=1), chunk("b", prompt_tokens=10, completion_tokens=1),
                     chunk("a", prompt_tokens=1, completion_tokens=5))
    assert dict(usage) == {"input_tokens": 11, "output_tokens": 6}


def test_the_same_object_without_an_id_counts_once_and_one_like_it_twice():
    response = {"output": {}, "usage": {"inputTokens": 5, "outputTokens": 1}}
    assert dict(recorded(response, response)) == {"input_tokens": 5, "output_tokens": 1}
    assert dict(recorded(response, dict(response))) == {"input_tokens": 10, "output_tokens": 2}


def test_costs_of_several_responses_are_added_up_exactly():
    first, second = ({"id": name, "object": "chat.completion", "model": "m", "usage": {**CHAT, "cost": 0.1}} for name in "ab")
    assert recorded(first, second).reported_cost_usd == Decimal("0.2")


@pytest.mark.parametrize("cost", ["x", True, -1, float("nan"), float("inf"), "1e999999999", [], {}, None])
def test_a_cost_that_is_none_is_left_out(cost):
    usage = recorded({"id": "a", "model": "m", "usage": {**CHAT, "cost": cost}})
    assert usage.reported_cost_usd is None and usage["input_tokens"] == 50


# Steps.


def test_a_step_whose_response_is_misreported_is_a_call():
    @step
    def plan():
        return CONTRADICTION

    with record() as recorder:
        plan()
    (call,) = recorder.calls
    assert (call["step"], "usage" in call) == ("plan", False)


def test_a_step_may_return_any_of_the_responses_that_were_recorded_inside():
    @step
    def plan():
        with cost_trace(model="m") as usage:
            usage.record(MESSAGE)
            usage.record({**MESSAGE, "id": "msg_2"})
        return dict(MESSAGE)

    with record() as recorder:
        plan()
    (call,) = recorder.calls
    assert call["usage"]["input_tokens"] == 6


def test_a_dict_that_looks_like_bare_usage_makes_no_call_of_a_step(caplog):
    @step
    def count():
        return {"input_tokens": 5, "output_tokens": 6}

    with record() as recorder, caplog.at_level(logging.WARNING, "itemized"):
        count()
    assert recorder.calls == []
    assert "recorded no call" in caplog.text


# The table.


@pytest.mark.parametrize("text, value", [
    ("a", 5), ("a - b + 1", 3), ("a - (b)", None), ("max(a, b) - b", 2), ("where_equal(a - b, 2, a)", 5), ("where_equal(a, b, a)", 0), ("where_less(b, a, 7)", 7),
    ("where_less(a, a, 7)", 0), ("a +", None), ("max(a, b", None), ("a b", None), ("a * b", None), ("", None)])
def test_expressions_are_read_as_the_table_says(text, value):
    if value is None:
        with pytest.raises(ValueError):
            parse(text)
    else:
        assert parse(text)[0]({"a": 5, "b": 3}) == value


def test_the_order_of_envelopes_decides():
    source = {"labels": [], "spellings": {}, "context": {}, "shapes": [],
              "envelopes": [{"name": "first", "when": {"has": ["a"], "lacks": ["b.c"]}}, {"name": "second", "when": {"any": ["b", "x"]}},
                            {"name": "third", "when": {"is": {"type": ["t.*", None], "d": True}}}]}
    own = Table(source)
    found = [own.envelope_of(response) for response in (
        {"a": 1}, {"a": 1, "b": {"c": 1}}, {"a": 1, "b": {}}, {"d": True}, {"d": True, "type": "t.x"}, {"d": True, "type": "u"}, {"d": 1}, SimpleNamespace(a=1))]
    assert [envelope and envelope.name for envelope in found] == ["first", "second", "first", "third", "third", None, None, "first"]


def test_the_table_is_read_once():
    assert table() is table()


# LangChain's callbacks.


def answered(handler, result):
    run_id = uuid.uuid4()
    handler.on_llm_start({}, ["text"], run_id=run_id, metadata={})
    handler.on_llm_end(result, run_id=run_id)


def test_a_text_model_of_langchain_tells_its_usage_beside_the_text():
    result = SimpleNamespace(generations=[[SimpleNamespace(text="x")]], llm_output={"model_name": "gpt-x", "token_usage": CHAT})
    with record() as recorder:
        answered(ItemizedCallbackHandler(), result)
    (call,) = recorder.calls
    assert (call["model"], call["usage"]) == ("gpt-x", {"input_tokens": 50, "output_tokens": 9})


def test_a_step_may_return_the_message_that_langchain_told_of():
    message = SimpleNamespace(id="run--1", type="ai", usage_metadata={"input_tokens": 5, "output_tokens": 6, "total_tokens": 11}, response_metadata={"model_name": "m"})

    @step
    def with_callbacks():
        answered(ItemizedCallbackHandler(), SimpleNamespace(generations=[[SimpleNamespace(message=message)]]))
        return message

    @step
    def without():
        return message

    with record() as recorder:
        with_callbacks(), without()
    assert [call["usage"]["output_tokens"] for call in recorder.calls] == [6, 6]
