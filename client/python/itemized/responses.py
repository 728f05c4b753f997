# SPDX-License-Identifier: Apache-2.0
"""Usage out of the responses of providers, in disjoint token classes.

What providers report overlaps: input counts of OpenAI and Google include cached tokens,
those of Anthropic and Bedrock do not; Google's output count lacks reasoning, that of the
others includes it. Sources: the providers' API references for each type named below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional


@dataclass
class Found:
    """What a response, or a chunk of one, tells."""

    counts: dict[str, Any] = field(default_factory=dict)
    model: Optional[str] = None
    provider: Optional[str] = None


def _get(source: Any, *names: str) -> Any:
    """The first of these attributes or keys that is there and not None."""
    if source is None:
        return None
    for name in names:
        value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
        if value is not None:
            return value
    return None


def _less(total: Any, *parts: Any) -> Any:
    """A total without its parts; what a provider reports may be wrong, but never negative."""
    if total is None:
        return None
    return max(0, total - sum(part or 0 for part in parts))


def _present(**counts: Any) -> dict[str, Any]:
    return {name: count for name, count in counts.items() if count is not None}


def _anthropic(usage: Any) -> dict[str, Any]:
    """anthropic.types.Usage and MessageDeltaUsage; the latter is cumulative."""
    written = _get(usage, "cache_creation_input_tokens")
    by_age = _get(usage, "cache_creation")
    one_hour = _get(by_age, "ephemeral_1h_input_tokens")
    return _present(
        input_tokens=_get(usage, "input_tokens"),
        cache_read_tokens=_get(usage, "cache_read_input_tokens"),
        # What is not said to be for an hour is for five minutes.
        cache_write_5m_tokens=_less(written, one_hour)
        if written is not None
        else _get(by_age, "ephemeral_5m_input_tokens"),
        cache_write_1h_tokens=one_hour,
        output_tokens=_get(usage, "output_tokens"),
        reasoning_tokens=_get(_get(usage, "output_tokens_details"), "thinking_tokens"),
        web_searches=_get(_get(usage, "server_tool_use"), "web_search_requests"),
    )


def _openai(usage: Any) -> dict[str, Any]:
    """openai.types.CompletionUsage, and openai.types.responses.ResponseUsage."""
    details = _get(usage, "prompt_tokens_details", "input_tokens_details")
    out_details = _get(usage, "completion_tokens_details", "output_tokens_details")
    cached = _get(details, "cached_tokens")
    written = _get(details, "cache_write_tokens")
    audio = _get(details, "audio_tokens")
    audio_out = _get(out_details, "audio_tokens")
    return _present(
        input_tokens=_less(_get(usage, "prompt_tokens", "input_tokens"), cached, written, audio),
        cache_read_tokens=cached,
        cache_write_5m_tokens=written,
        input_audio_tokens=audio,
        output_tokens=_less(_get(usage, "completion_tokens", "output_tokens"), audio_out),
        reasoning_tokens=_get(out_details, "reasoning_tokens"),
        output_audio_tokens=audio_out,
    )


def _modality(details: Any, modality: str) -> Optional[int]:
    counts = [
        _get(part, "token_count", "tokenCount") or 0
        for part in details or ()
        if str(getattr(_get(part, "modality"), "value", _get(part, "modality"))).upper() == modality
    ]
    return sum(counts) if counts else None


def _google(usage: Any) -> dict[str, Any]:
    """google.genai.types.GenerateContentResponseUsageMetadata."""
    prompt = _get(usage, "prompt_token_count", "promptTokenCount")
    tools = _get(usage, "tool_use_prompt_token_count", "toolUsePromptTokenCount")
    cached = _get(usage, "cached_content_token_count", "cachedContentTokenCount")
    said = _get(usage, "candidates_token_count", "candidatesTokenCount")
    thought = _get(usage, "thoughts_token_count", "thoughtsTokenCount")
    audio = _modality(_get(usage, "prompt_tokens_details", "promptTokensDetails"), "AUDIO")
    images_out = _modality(_get(usage, "candidates_tokens_details", "candidatesTokensDetails"), "IMAGE")
    cached_audio = _modality(_get(usage, "cache_tokens_details", "cacheTokensDetails"), "AUDIO")
    audio = _less(audio, cached_audio)
    cached_text = _less(cached, cached_audio)
    return _present(
        input_tokens=None
        if prompt is None
        else _less(prompt + (tools or 0), cached_text, cached_audio, audio),
        cache_read_tokens=cached_text,
        input_audio_tokens=audio,
        cache_read_audio_tokens=cached_audio,
        output_tokens=None
        if said is None and thought is None
        else _less((said or 0) + (thought or 0), images_out),
        reasoning_tokens=thought,
        output_image_tokens=images_out,
    )


def _bedrock(usage: Any) -> dict[str, Any]:
    """TokenUsage of the Converse API."""
    written = _get(usage, "cacheWriteInputTokens")
    one_hour = sum(
        _get(part, "inputTokens") or 0
        for part in _get(usage, "cacheDetails") or ()
        if _get(part, "ttl") == "1h"
    )
    return _present(
        input_tokens=_get(usage, "inputTokens"),
        cache_read_tokens=_get(usage, "cacheReadInputTokens"),
        cache_write_5m_tokens=_less(written, one_hour),
        cache_write_1h_tokens=one_hour or None,
        output_tokens=_get(usage, "outputTokens"),
    )


def _is_chat(usage: Any) -> bool:
    return _get(usage, "prompt_tokens", "completion_tokens") is not None


def extract(response: Any) -> Optional[Found]:
    """What `response` tells; None if it is no response that is known here."""
    google = _get(response, "usage_metadata", "usageMetadata")
    if google is not None and _get(google, "input_tokens") is None:
        model = _get(response, "model_version", "modelVersion")
        return Found(_google(google), model, "google")
    # A stream of Bedrock ends with its usage; one of Anthropic begins with the message,
    # one of Responses ends with the response.
    bedrock = _get(response, "metadata") if _get(response, "usage") is None else None
    if _get(_get(bedrock, "usage"), "inputTokens") is not None:
        return Found(_bedrock(_get(bedrock, "usage")), None, "aws.bedrock")
    kind = _get(response, "type")
    if kind == "message_start":
        response = _get(response, "message")
    elif isinstance(kind, str) and kind.startswith("response."):
        response = _get(response, "response")
        if response is None:
            return Found()  # A delta of text.
    usage = _get(response, "usage")
    model = _get(response, "model")
    if usage is None:
        is_chunk = model is not None or _get(response, "choices", "candidates") is not None
        return Found(model=model) if is_chunk or isinstance(kind, str) else None
    if _get(usage, "inputTokens", "outputTokens") is not None:
        return Found(_bedrock(usage), model, "aws.bedrock")
    if _is_chat(usage) or _get(response, "object") == "response" or _get(usage, "input_tokens_details"):
        return Found(_openai(usage), model, "openai")
    return Found(_anthropic(usage), model, "anthropic")
