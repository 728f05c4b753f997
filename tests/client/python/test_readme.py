# SPDX-License-Identifier: Apache-2.0
"""The examples of the package's README, with models that cost nothing."""

import asyncio
import re

import pytest

import itemized
from conftest import PACKAGE
from itemized.testing import record

BLOCK = re.compile(r"^<!-- tested(?:: (.+?))? -->\n```python\n(.*?)^```$", re.M | re.S)
RESPONSE = {"type": "message", "model": "claude-sonnet-4-6", "content": "an answer", "usage": {"input_tokens": 10, "output_tokens": 5}}


class Response(dict):
    content = "an answer"


class Client:
    class messages:
        @staticmethod
        def create(**_):
            return Response(RESPONSE)


def blocks():
    return [(libraries or "", code) for libraries, code in BLOCK.findall((PACKAGE / "README.md").read_text())]


def use(names):
    """Calls what an example defines; returns steps that were recorded."""
    with record() as recorder:
        if "summarise" in names and "Celery" not in names:
            assert names["summarise"](Client, {"id": "run-1"}) == "an answer"
        if "handle" in names:
            names["handle"](Client, {"id": "run-1", "answered": True})
            assert recorder.completions[0]["unused_steps"] == ["doc_synthesis"]
        if "FastAPI" in names:
            from fastapi.testclient import TestClient

            async def ask_the_model(_):
                await asyncio.sleep(0)
                return RESPONSE

            names["ask_the_model"] = ask_the_model
            assert TestClient(names["app"]).post("/tickets/7/answer").json() == {"text": "an answer"}
        if "Celery" in names:
            names["ask"] = lambda _: RESPONSE
            names["app"].conf.task_always_eager = True
            assert names["summarise"].delay(7).get() == "an answer"
        if "test_a_call_is_billed" in names:
            names["test_a_call_is_billed"]()
    return [(call["step"], call["usage"]) for call in recorder.calls]


@pytest.mark.parametrize("place", range(len(blocks())))
def test_an_example_runs(place, server, configure, monkeypatch, capsys):
    libraries, code = blocks()[place]
    for library in libraries.split():
        pytest.importorskip(library)
    monkeypatch.setenv("ITEMIZED_HTTP", server.url)
    tracer = configure(server, transport="http")
    with itemized.cost_trace("plan", "m", "run") as usage:
        usage["input_tokens"] = 1
    assert tracer.flush(30)
    names = {"__name__": "example"}
    exec(compile(code, f"example {place}", "exec"), names)
    steps = use(names)
    counts = {"input_tokens": 10, "output_tokens": 5}
    expected = {
        "handle": [("planning", counts), ("doc_synthesis", counts)], "FastAPI": [("draft_reply", counts)],
        "summarise": [("summarise", counts)],
    }
    for name, recorded in expected.items():
        if name in names:
            assert steps == recorded
    if "itemized.top" in code:
        assert capsys.readouterr().out.startswith("plan 0")


def test_the_page_has_all_its_examples():
    assert len(blocks()) == 6
