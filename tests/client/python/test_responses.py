# SPDX-License-Identifier: Apache-2.0
"""Usage out of the responses of providers: as objects, as dicts, whole and in chunks."""

import json
from types import SimpleNamespace

import pytest

from itemized import Usage


def as_object(value):
    return json.loads(json.dumps(value), object_hook=lambda fields: SimpleNamespace(**fields))


ANTHROPIC = {
    "type": "message", "model": "claude-sonnet-4-6-20260101",
    "usage": {
        "input_tokens": 10, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 70,
        "cache_creation": {"ephemeral_5m_input_tokens": 50, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 30, "server_tool_use": {"web_search_requests": 2},
    },
}
OPENAI_CHAT = {
    "object": "chat.completion", "model": "gpt-5.2-2025-12-11",
    "usage": {
        "prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300,
        "prompt_tokens_details": {"cached_tokens": 600, "audio_tokens": 100},
        "completion_tokens_details": {"reasoning_tokens": 120, "audio_tokens": 40},
    },
}
OPENAI_RESPONSES = {
    "object": "response", "model": "gpt-5.2",
    "usage": {"input_tokens": 500, "input_tokens_details": {"cached_tokens": 100}, "output_tokens": 80,
              "output_tokens_details": {"reasoning_tokens": 64}},
}
GOOGLE = {
    "modelVersion": "gemini-2.5-flash",
    "usageMetadata": {
        "promptTokenCount": 100, "cachedContentTokenCount": 40, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 20,
        "thoughtsTokenCount": 30, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 90}, {"modality": "AUDIO", "tokenCount": 10}],
    },
}
BEDROCK = {
    "output": {}, "usage": {"inputTokens": 9, "outputTokens": 8, "cacheReadInputTokens": 7, "cacheWriteInputTokens": 6,
                            "cacheDetails": [{"ttl": "1h", "inputTokens": 2}]},
}
CASES = {
    "anthropic": (ANTHROPIC, "anthropic", "claude-sonnet-4-6-20260101",
                  {"input_tokens": 10, "cache_read_tokens": 200, "cache_write_5m_tokens": 50, "cache_write_1h_tokens": 20,
                   "output_tokens": 30, "web_searches": 2}),
    "openai chat": (OPENAI_CHAT, None, "gpt-5.2-2025-12-11",  # Many providers answer in this form.
                    {"input_tokens": 300, "cache_read_tokens": 600, "input_audio_tokens": 100, "output_tokens": 260,
                     "reasoning_tokens": 120, "output_audio_tokens": 40}),
    "openai responses": (OPENAI_RESPONSES, "openai", "gpt-5.2",
                         {"input_tokens": 400, "cache_read_tokens": 100, "output_tokens": 80, "reasoning_tokens": 64}),
    "google": (GOOGLE, "google", "gemini-2.5-flash",
               {"input_tokens": 55, "cache_read_tokens": 40, "input_audio_tokens": 10, "output_tokens": 50, "reasoning_tokens": 30}),
    "bedrock": (BEDROCK, "aws.bedrock", None,
                {"input_tokens": 9, "cache_read_tokens": 7, "cache_write_5m_tokens": 4, "cache_write_1h_tokens": 2, "output_tokens": 8}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", [dict, as_object])
def test_every_token_counts_in_one_class(case, form):
    response, provider, model, counts = CASES[case]
    usage = Usage()
    usage.record(form(response))
    assert dict(usage) == counts
    assert (usage.provider, usage.model) == (provider, model)


def test_google_with_names_of_its_python_library():
    usage = Usage()
    usage.record(SimpleNamespace(model_version="gemini-2.5-pro", usage_metadata=SimpleNamespace(
        prompt_token_count=9, candidates_token_count=1, thoughts_token_count=21, cached_content_token_count=None)))
    assert dict(usage) == {"input_tokens": 9, "output_tokens": 22, "reasoning_tokens": 21}


def test_a_stream_of_anthropic_is_cumulative():
    usage = Usage()
    for event in [
        {"type": "message_start", "message": {"model": "claude-x", "usage": {"input_tokens": 25, "output_tokens": 1}}},
        {"type": "content_block_delta", "delta": {"text": "Hello"}},
        {"type": "message_delta", "usage": {"output_tokens": 10}},
        {"type": "message_delta", "usage": {"output_tokens": 15}},
        {"type": "message_stop"},
    ]:
        usage.record(event)
    assert (dict(usage), usage.model) == ({"input_tokens": 25, "output_tokens": 15}, "claude-x")


def test_a_stream_of_chat_completions_tells_at_its_end():
    usage = Usage()
    for piece in [
        {"object": "chat.completion.chunk", "model": "gpt-5.2", "choices": [{"delta": {"content": "Hi"}}], "usage": None},
        {"object": "chat.completion.chunk", "model": "gpt-5.2", "choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 2}},
    ]:
        usage.record(as_object(piece))
    assert dict(usage) == {"input_tokens": 4, "output_tokens": 2}


def test_a_stream_of_responses_and_one_of_bedrock():
    usage = Usage()
    usage.record({"type": "response.output_text.delta", "delta": "Hi"})
    usage.record({"type": "response.completed", "response": OPENAI_RESPONSES})
    assert usage["input_tokens"] == 400
    usage = Usage()
    usage.record({"contentBlockDelta": {"delta": {"text": "Hi"}}, "metadata": None})
    usage.record({"metadata": {"usage": {"inputTokens": 3, "outputTokens": 2}}})
    assert dict(usage) == {"input_tokens": 3, "output_tokens": 2}


@pytest.mark.parametrize("response", [None, 5, "text", object(), {}, {"usage": {"prompt_tokens": "many"}}])
def test_what_is_no_response_changes_nothing(response, caplog):
    usage = Usage()
    usage["input_tokens"] = 1
    usage.record(response)
    assert dict(usage) == {"input_tokens": 1}
    assert caplog.records


def test_what_a_provider_adds_up_wrongly_is_no_usage(caplog):
    usage = Usage()
    usage.record({"model": "m", "usage": {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}}})
    assert dict(usage) == {}
    assert usage.is_misreported
    assert "input_tokens would be -4, from prompt=5 said=1 cached_in_details=9" in caplog.text
