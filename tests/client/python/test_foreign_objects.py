# SPDX-License-Identifier: Apache-2.0
"""Responses that are objects of any kind, some of which answer to every name, or with a trouble."""

from collections import UserDict
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from conftest import CHAT, MESSAGE, recorded


class Slots:
    __slots__ = ("input_tokens", "output_tokens", "cache_read_input_tokens", "_secret")


class Property:
    """An object of protobuf: no dict of its own that says anything."""

    def __init__(self, fields):
        self._pb = fields

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._pb:
            raise AttributeError(name)
        return self._pb[name]


def test_objects_without_a_dict_are_asked_for_the_names_that_count():
    slots = Slots()
    slots.input_tokens, slots.output_tokens, slots.cache_read_input_tokens, slots._secret = 3, 4, 5, 6
    assert dict(recorded(SimpleNamespace(model="m", usage=slots))) == {"input_tokens": 3, "output_tokens": 4, "cache_read_tokens": 5}
    details = [Property({"modality": "AUDIO", "token_count": 4}), Property({"modality": "TEXT", "token_count": 6})]
    counts = Property({"prompt_token_count": 10, "candidates_token_count": 2, "prompt_tokens_details": details, "total_token_count": 12})
    google = recorded(Property({"candidates": [], "usage_metadata": counts, "model_version": "gemini"}))
    assert (dict(google), google.model) == ({"input_tokens": 6, "input_audio_tokens": 4, "output_tokens": 2}, "gemini")


def test_mappings_of_other_kinds_are_dicts():
    assert dict(recorded(UserDict({**MESSAGE, "usage": UserDict(MESSAGE["usage"])}))) == {"input_tokens": 3, "cache_read_tokens": 5, "output_tokens": 4}


def test_a_list_of_chunks_is_as_good_as_one_after_the_other():
    first = {"responseId": "r", "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}}
    last = {"responseId": "r", "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 2, "totalTokenCount": 9}}
    assert dict(recorded([first, last])) == dict(recorded(first, last)) == {"input_tokens": 7, "output_tokens": 2}


class Any:
    """An object that answers to every name with one like it, or with a trouble."""

    def __init__(self, error=None):
        self._error = error

    def __getattr__(self, name):
        if self._error is not None:
            raise self._error
        return Any()


class Raising(Mapping):
    def __getitem__(self, name):
        raise RuntimeError("no")

    def __iter__(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")


def endless():
    usage = {"prompt_tokens": 5}
    usage["prompt_tokens_details"] = usage["list"] = usage
    return usage


def wide():
    inner = [{"type": "x", "tokens": 1}] * 1_000
    for _ in range(8):
        inner = [inner] * 1_000
    return {"prompt_tokens": 5, "list": inner}


FOREIGN = [
    Any(), Any(RuntimeError("no")), Any(RecursionError()), Raising(), {"usage": Any()}, {"usage": Any(RuntimeError("no"))}, {"usage": Raising()},
    {"usage": {"prompt_tokens": Any(RuntimeError("no"))}}, {"model": Any(), "usage": {**CHAT, "completion_tokens": Any()}}, {"usage": 5}, {"usage": "text"},
    {"usage": wide()}, {"usage": [1, 2]}, {("a",): 1, 5: 2}, [[[]]], b"bytes", float("nan"), type, lambda: 0]


@pytest.mark.parametrize("number", range(len(FOREIGN)))
def test_what_a_foreign_object_does_never_reaches_the_caller(number, caplog):
    usage = recorded(FOREIGN[number])
    assert dict(usage) == {} and usage.cost_usd is None
    assert caplog.records


def test_an_object_that_refers_to_itself_has_an_end():
    assert dict(recorded({"usage": endless()})) == {"input_tokens": 5}


def test_a_piece_that_cannot_be_read_leaves_what_was_there():
    usage = recorded(MESSAGE)
    usage.record({"type": "message_delta", "usage": {"output_tokens": 9, "x": Any(RuntimeError("no"))}})
    assert usage["output_tokens"] == 4
