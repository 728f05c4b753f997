# SPDX-License-Identifier: Apache-2.0
"""What test_emitters.py runs, and what each emitter does not pass on of what a model answered.

A model's answer is a dict: the step that asked, its provider, model, status, usage by class, and
whether it was a stream. A `Loss` takes the name of a scenario and an answer, and returns the answer as
the emitter's spans have it, or None if no span of it comes."""

import dataclasses
from typing import Callable

Loss = Callable[[str, dict], dict | None]


@dataclasses.dataclass(frozen=True)
class Emitter:
    script: str
    arguments: tuple = ()
    losses: tuple = ()
    session: str | None = None
    no_session: tuple = ()  # The scenarios that name none.
    workflow: Callable = lambda scenario: scenario
    sees_attempts: bool = False  # Each attempt of a call that is tried again has a span.


def moved(answer, source, target):
    usage = dict(answer.get("usage") or {})
    if source in usage:
        count = usage.pop(source)
        if target:
            usage[target] = usage.get(target, 0) + count
    return {**answer, "usage": usage} if answer.get("usage") else answer


def without_reasoning(_, answer):
    return moved(answer, "reasoning", None)


def without_lifetimes(_, answer):
    return moved(answer, "cache_write_1h", "cache_write_5m")


def with_writes_as_input(_, answer):
    for name in ("cache_write_5m", "cache_write_1h"):
        answer = moved(answer, name, "input")
    return answer


def with_cache_as_input_of_openai(_, answer):
    return moved(answer, "cache_read", "input") if is_of(answer, "openai") else answer


def without_cache_of_anthropic(_, answer):
    if is_of(answer, "anthropic"):
        for name in ("cache_read", "cache_write_5m", "cache_write_1h"):
            answer = moved(answer, name, None)
    return answer


def with_model_as_requested(_, answer):
    return {**answer, "model": requested(answer["model"])}


def is_of(answer, provider):
    return answer.get("provider") == provider


def requested(model):
    for name in ("gpt-4o-mini", "claude-sonnet-4-5"):
        if model.startswith(name):
            return name
    return model


def unknown(answer):
    return {**answer, "usage": None}


def only(condition, *losses):
    """Those losses where the condition holds of the scenario and the answer."""

    def lose(scenario, answer):
        for loss in losses:
            if answer is not None and condition(scenario, answer):
                answer = loss(scenario, answer)
        return answer

    return lose


def no_usage(_, answer):
    return unknown(answer)


def not_at_all(_, answer):
    return None


def as_step(step):
    return lambda scenario, answer: {**answer, "step": step or scenario}


def streams(_, answer):
    return bool(answer.get("stream"))


def failures(_, answer):
    return answer["status"] == "error"


def of_openai(_, answer):
    return is_of(answer, "openai")


def of_anthropic(_, answer):
    return is_of(answer, "anthropic")


def in_scenario(*names):
    return lambda scenario, _: scenario in names


def step_is(*names):
    return lambda _, answer: answer["step"] in names


def both(first, second):
    return lambda scenario, answer: first(scenario, answer) and second(scenario, answer)


def neither(first, second):
    return lambda scenario, answer: not first(scenario, answer) and not second(scenario, answer)


def a_token_more(_, answer):
    """LangChain adds the output that a stream of Anthropic begins with to the one it ends with."""
    return {**answer, "usage": {**answer["usage"], "output": answer["usage"]["output"] + 1}}


# Version 5 has the details of OpenAI's usage in the spans of streams alone.
AI_SDK_5 = Emitter(
    "aisdk",
    ("5",),
    (only(neither(streams, of_anthropic), with_cache_as_input_of_openai, without_reasoning),),
    session="s-9",
    sees_attempts=True,
)
AI_SDKS = (
    Emitter("aisdk", ("6",), session="s-9", sees_attempts=True),
    # The spans of embeddings have not the name that the application gives them.
    Emitter(
        "aisdk",
        ("7",),
        (
            without_reasoning,
            without_lifetimes,
            only(in_scenario("embedding"), as_step("embedding")),
        ),
    ),
    Emitter(
        "aisdk",
        ("7", "detailed"),
        (only(in_scenario("embedding"), as_step("embedding")),),
        session="s-9",
    ),
    Emitter("aisdk", ("7", "legacy"), session="s-9"),
)

# What Traceloop's instrumentation of OpenAI leaves out: the span of what fails never ends, embeddings
# have none, and streams no usage unless it guesses.
TRACELOOP_OPENAI = (
    with_cache_as_input_of_openai,
    without_reasoning,
    only(failures, not_at_all),
    only(in_scenario("embedding"), not_at_all),
    only(streams, no_usage),
    only(in_scenario("responses_streamed"), with_model_as_requested),
)
OPENINFERENCE_OPENAI = (
    only(failures, not_at_all),
    only(in_scenario("embedding", "streamed", "unmeasured"), no_usage, with_model_as_requested),
)
OPENAI = (
    Emitter("clients", ("openai.traceloop",), TRACELOOP_OPENAI),
    Emitter("clients", ("openai.openinference",), OPENINFERENCE_OPENAI),
    Emitter(
        "clients",
        ("openai.opentelemetry",),
        (with_cache_as_input_of_openai, without_reasoning),
    ),
    # OpenInference cannot read a stream that Traceloop has wrapped, and its span never ends: the step is
    # lost with it, and so is what it would have said of the tokens.
    Emitter(
        "clients",
        ("openai.traceloop,openai.openinference",),
        (
            only(failures, not_at_all),
            only(in_scenario("embedding", "streamed", "unmeasured"), no_usage),
            only(in_scenario("streamed", "unmeasured"), as_step(None)),
        ),
    ),
)
ANTHROPIC = (
    Emitter("clients", ("anthropic.itself",)),
    Emitter("clients", ("anthropic.openinference",)),
    Emitter("clients", ("anthropic0.traceloop",), (without_lifetimes,)),
)

# Metadata name the node of the graph, not the tool that it runs.
NODES = only(step_is("lookup"), as_step("tools"))
OPENINFERENCE_LANGCHAIN = (
    with_model_as_requested,
    with_writes_as_input,
    only(both(streams, of_anthropic), a_token_more),
    NODES,
)
# Its spans stand side by side, and none has the name of a node. What is left of an answer's usage
# depends on where LangChain puts it.
TRACELOOP_LANGCHAIN = (
    without_reasoning,
    with_cache_as_input_of_openai,
    only(of_openai, with_model_as_requested),
    only(in_scenario("responses"), no_usage),
    only(
        both(streams, of_anthropic),
        lambda _, answer: moved(answer, "cache_read", "input"),
        with_writes_as_input,
        with_model_as_requested,
        a_token_more,
    ),
    without_cache_of_anthropic,
    as_step(None),
)
LANGGRAPH = (
    Emitter(
        "langgraph",
        ("langchain.openinference",),
        OPENINFERENCE_LANGCHAIN,
        session="s-9",
        no_session=("alone",),
    ),
    Emitter("langgraph", ("langchain.traceloop",), TRACELOOP_LANGCHAIN),
    Emitter(
        "langgraph",
        (
            "langchain.openinference,openai_of_langchain.openinference,"
            "anthropic_of_langchain.openinference",
        ),
        (
            without_lifetimes,
            NODES,
            only(both(streams, of_openai), with_model_as_requested),
        ),
        session="s-9",
        no_session=("alone",),
    ),
    Emitter(
        "langgraph",
        (
            "langchain.openinference,langchain.traceloop,openai_of_langchain.traceloop,"
            "anthropic_of_langchain.traceloop",
        ),
        (without_lifetimes, NODES),
        session="s-9",
        no_session=("alone",),
    ),
)

TRACELOOP = Emitter(
    "traceloop",
    (),
    (
        without_lifetimes,
        # What version 6 of the AI SDK says of OpenAI's tokens is left as it is.
        only(
            lambda scenario, _: scenario != "ai6", with_cache_as_input_of_openai, without_reasoning
        ),
        only(both(streams, of_openai), no_usage),
        only(in_scenario("langchain"), without_cache_of_anthropic),
        only(both(in_scenario("langchain"), of_openai), with_model_as_requested),
        only(
            both(in_scenario("ai5"), of_anthropic), lambda _, answer: moved(answer, "cache_read", None)
        ),
    ),
    session="s-9",
)
# A run has the name that the application gives it, or that of the highest span that comes.
LANGFUSE = Emitter(
    "langfuse",
    (),
    (
        only(in_scenario("langgraph"), without_lifetimes),
        only(both(in_scenario("langgraph"), of_anthropic), with_model_as_requested),
        only(in_scenario("client_streamed"), with_model_as_requested),
    ),
    session="s-9",
    no_session=("filtered",),
    workflow=lambda scenario: (
        "writer" if scenario in ("filtered", "client_streamed", "client_down") else "research"
    ),
)
