# SPDX-License-Identifier: Apache-2.0
"""Functions of every kind as steps, in every form of the decorator."""

import asyncio
import inspect
import logging

import pytest

from itemized import cost_trace, step, workflow
from itemized.testing import record
from itemized.tracing import current_step

RESPONSE = {"type": "message", "model": "claude-x", "usage": {"input_tokens": 3, "output_tokens": 4}}
COUNTS = {"input_tokens": 3, "output_tokens": 4}
PIECES = [
    {"type": "message_start", "message": {"model": "claude-x", "usage": {"input_tokens": 3, "output_tokens": 1}}},
    {"type": "content_block_delta", "delta": {"text": "Hello"}},
    {"type": "message_delta", "usage": {"output_tokens": 4}},
]


def name_here():
    scope = current_step.get()
    return None if scope is None else scope.name


def billed(recorder):
    return [(call["step"], call["model"], call["usage"], call["status"]) for call in recorder.calls]


FORMS = {
    "bare": (lambda function: step(function), "plan"),
    "called": (lambda function: step()(function), "plan"),
    "named": (lambda function: step("planning")(function), "planning"),
    "by keyword": (lambda function: step(name="planning")(function), "planning"),
    "with a model": (lambda function: step(model="m")(function), "plan"),
    "named, with a model": (lambda function: step("planning", model="m")(function), "planning"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_decorates_every_kind_of_function(form):
    decorate, name = FORMS[form]
    seen = []

    @decorate
    def plan(a, *, b):
        seen.append((a, b, name_here()))
        return RESPONSE

    function = plan

    @decorate
    async def plan(a, *, b):  # noqa: F811
        await asyncio.sleep(0)
        seen.append((a, b, name_here()))
        return RESPONSE

    coroutine_function = plan

    @decorate
    def plan(a, *, b):  # noqa: F811
        seen.append((a, b, name_here()))
        yield from PIECES

    generator_function = plan

    @decorate
    async def plan(a, *, b):  # noqa: F811
        for piece in PIECES:
            await asyncio.sleep(0)
            yield piece
        seen.append((a, b, name_here()))

    async def consume():
        return [piece async for piece in plan(1, b=2)]

    with record() as recorder:
        assert function(1, b=2) is RESPONSE
        assert asyncio.run(coroutine_function(1, b=2)) is RESPONSE
        assert list(generator_function(1, b=2)) == PIECES
        assert asyncio.run(consume()) == PIECES
    assert seen == [(1, 2, name)] * 4
    assert billed(recorder) == [(name, "claude-x", COUNTS, "ok")] * 4
    assert function.__name__ == "plan"
    assert inspect.iscoroutinefunction(coroutine_function)
    assert inspect.isgeneratorfunction(generator_function)
    assert inspect.isasyncgenfunction(plan)


def test_methods_are_steps():
    class Agent:
        @step
        def plain(self):
            return {**RESPONSE, "by": self}

        @step
        @staticmethod
        def static():
            return RESPONSE

        @step
        @classmethod
        def of_class(cls):
            return {**RESPONSE, "by": cls}

    with record() as recorder:
        agent = Agent()
        assert agent.plain()["by"] is agent
        assert agent.static() is RESPONSE
        assert agent.of_class()["by"] is Agent
    assert [call["step"] for call in recorder.calls] == ["plain", "static", "of_class"]


def test_what_a_function_hands_out_to_run_later_is_part_of_the_step():
    async def answer():
        return name_here(), RESPONSE

    @step
    def later():
        return answer()

    @step
    def pieces():
        return (piece for piece in PIECES)

    @step
    async def stream():
        async def generate():
            for piece in PIECES:
                yield piece

        return generate()

    async def consume():
        return [piece async for piece in await stream()]

    with record() as recorder:
        assert asyncio.run(later())[0] == "later"
        assert list(pieces()) == PIECES
        assert asyncio.run(consume()) == PIECES
    assert [call["step"] for call in recorder.calls] == ["pieces", "stream"]  # The first gave no response.


@pytest.mark.parametrize("make", [
    lambda: "a text", lambda: None, lambda: 5, lambda: {"text": "x"}, lambda: iter(PIECES), lambda: (text for text in ["a", "b"])])
def test_what_cannot_be_recorded_is_said_once(make, caplog):
    @step("planning")
    def plan():
        return make()

    with record() as recorder, caplog.at_level(logging.WARNING, "itemized"):
        for _ in range(3):
            result = plan()
            if inspect.isgenerator(result):
                assert list(result) == ["a", "b"]
    assert recorder.calls == []
    (warning,) = caplog.records
    assert "The step 'planning' recorded no call" in warning.getMessage()


def test_a_generator_of_text_says_so_too(caplog):
    @step
    def plan():
        yield "a"
        yield "b"

    @step
    async def research():
        yield "a"

    async def consume():
        return [text async for text in research()]

    with record(), caplog.at_level(logging.WARNING, "itemized"):
        assert list(plan()) == ["a", "b"]
        assert asyncio.run(consume()) == ["a"]
    assert [entry.getMessage().split(",")[0] for entry in caplog.records] == [
        "itemized: The step 'plan' recorded no call: it gave a str", "itemized: The step 'research' recorded no call: it gave a str"]


def test_a_call_that_is_traced_inside_is_not_billed_twice(caplog):
    @step
    def by_response():
        with cost_trace(model="m") as usage:
            usage.record(RESPONSE)
        return RESPONSE

    @step
    def by_hand():
        with cost_trace(model="m") as usage:
            usage["input_tokens"] = RESPONSE["usage"]["input_tokens"]
            usage["output_tokens"] = RESPONSE["usage"]["output_tokens"]
        return RESPONSE

    @step
    def in_pieces():
        with cost_trace(model="m") as usage:
            for piece in PIECES:
                usage.record(piece)
                yield piece

    @step
    def inner():
        yield from PIECES

    @step
    def outer():
        yield from inner()

    @step
    def outermost():
        return by_response()

    @step
    def two_calls():
        with cost_trace(model="m") as usage:
            usage.record({**RESPONSE, "usage": {"input_tokens": 30, "output_tokens": 40}})
        return RESPONSE

    with record() as recorder, caplog.at_level(logging.WARNING, "itemized"), workflow("ticket"):
        by_response(), by_hand(), list(in_pieces()), list(outer()), outermost(), two_calls()
    assert [call["step"] for call in recorder.calls] == ["by_response", "by_hand", "in_pieces", "inner", "by_response", "two_calls", "two_calls"]
    assert caplog.records == []


def test_a_generator_is_driven_as_it_would_be_without():
    log = []

    @step
    def talk():
        try:
            log.append((yield 1))
            try:
                yield 2
            except KeyError:
                log.append("caught")
            yield 3
            return "end"
        finally:
            log.append("closed")

    def delegate():
        log.append((yield from talk()))

    generator = delegate()
    assert next(generator) == 1
    assert name_here() is None  # The caller's code runs between two values.
    assert generator.send("sent") == 2
    assert generator.throw(KeyError()) == 3
    assert list(generator) == []
    assert log == ["sent", "caught", "closed", "end"]
    log.clear()
    generator = talk()
    next(generator)
    generator.close()
    assert log == ["closed"]
    with pytest.raises(ZeroDivisionError):
        generator = talk()
        next(generator)
        generator.throw(ZeroDivisionError())


def test_an_async_generator_is_driven_as_it_would_be_without():
    log = []

    @step
    async def talk():
        try:
            log.append((yield 1))
            try:
                yield 2
            except KeyError:
                log.append("caught")
            yield 3
        finally:
            await asyncio.sleep(0)
            log.append("closed")

    async def main():
        generator = talk()
        assert await generator.asend(None) == 1
        assert name_here() is None
        assert await generator.asend("sent") == 2
        assert await generator.athrow(KeyError()) == 3
        with pytest.raises(StopAsyncIteration):
            await generator.asend(None)
        generator = talk()
        await generator.asend(None)
        await generator.aclose()
        generator = talk()
        await generator.asend(None)
        with pytest.raises(ZeroDivisionError):
            await generator.athrow(ZeroDivisionError())

    asyncio.run(main())
    assert log == ["sent", "caught", "closed", "closed", "closed"]


def test_a_stream_that_fails_or_is_left_is_billed_as_far_as_it_told():
    @step
    def stream(fails):
        yield from PIECES
        if fails:
            raise ConnectionError

    with record() as recorder:
        with pytest.raises(ConnectionError):
            list(stream(True))
        left = stream(False)
        next(left)
        left.close()
    assert billed(recorder) == [("stream", "claude-x", COUNTS, "error"), ("stream", "claude-x", {"input_tokens": 3, "output_tokens": 1}, "cancelled")]


def test_steps_of_tasks_stay_apart():
    @step
    async def first():
        await asyncio.sleep(0)
        with cost_trace(model="m") as usage:
            usage["input_tokens"] = 1
        yield name_here()

    @step
    async def second():
        await asyncio.sleep(0)
        with cost_trace(model="m") as usage:
            usage["input_tokens"] = 2
        yield name_here()

    async def names(generator):
        return [name async for name in generator]

    async def main():
        return await asyncio.gather(*(names(make()) for make in (first, second) * 5))

    with record() as recorder:
        assert asyncio.run(main()) == [["first"], ["second"]] * 5
    assert sorted((call["step"], call["usage"]["input_tokens"]) for call in recorder.calls) == [("first", 1)] * 5 + [("second", 2)] * 5
