# SPDX-License-Identifier: Apache-2.0
"""Agents that talk HTTP to (fake) providers: what comes over the wire is what is billed."""

import http.client
import http.server
import json
import threading

import pytest

from itemized import cost_trace
from itemized.testing import record

MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-6", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "Hi"}],
    "usage": {"input_tokens": 12, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 2000, "output_tokens": 7,
              "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 0}, "service_tier": "standard"},
}
MESSAGE_EVENTS = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None,
                                          "usage": {**MESSAGE["usage"], "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]
CHAT_USAGE = {
    "prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70,
    "prompt_tokens_details": {"cached_tokens": 32, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 16, "audio_tokens": 0, "accepted_prediction_tokens": 0},
}
CHAT = {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-5.2-2025-12-11", "service_tier": "default",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}], "usage": CHAT_USAGE}
CHAT_CHUNKS = [
    {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-5.2-2025-12-11", "usage": None,
     "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": None}]},
    {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-5.2-2025-12-11", "usage": None,
     "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-5.2-2025-12-11", "choices": [], "usage": CHAT_USAGE},
]
RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-5.2-2025-12-11", "output": [],
            "usage": {"input_tokens": 50, "input_tokens_details": {"cached_tokens": 32}, "output_tokens": 20,
                      "output_tokens_details": {"reasoning_tokens": 16}, "total_tokens": 70}}
RESPONSE_EVENTS = [
    {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "usage": None}},
    {"type": "response.output_text.delta", "delta": "Hi"},
    {"type": "response.completed", "response": RESPONSE},
]
ANSWERS = {
    "/v1/messages": (MESSAGE, MESSAGE_EVENTS),
    "/v1/chat/completions": (CHAT, CHAT_CHUNKS),
    "/v1/responses": (RESPONSE, RESPONSE_EVENTS),
}
ANTHROPIC_COUNTS = {"input_tokens": 12, "cache_read_tokens": 2000, "cache_write_5m_tokens": 100, "output_tokens": 7}
OPENAI_COUNTS = {"input_tokens": 18, "cache_read_tokens": 32, "output_tokens": 20, "reasoning_tokens": 16}
BILLED = {
    "/v1/messages": ("anthropic", "claude-sonnet-4-6", ANTHROPIC_COUNTS),
    "/v1/chat/completions": ("", "gpt-5.2-2025-12-11", OPENAI_COUNTS),
    "/v1/responses": ("openai", "gpt-5.2-2025-12-11", OPENAI_COUNTS),
}


class Provider(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        whole, pieces = ANSWERS[self.path]
        if asked.get("stream"):
            body = "".join(f"event: {piece.get('type', '')}\ndata: {json.dumps(piece)}\n\n" for piece in pieces) + "data: [DONE]\n\n"
        else:
            body = json.dumps(whole)
        self.send_response(529 if asked.get("overloaded") else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def provider():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address
    server.shutdown()
    server.server_close()


def ask(address, path, **body):
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request("POST", path, json.dumps(body))
    response = connection.getresponse()
    if response.status != 200:
        raise ConnectionError(response.status)
    return response


def billed(call):
    return call["provider"], call["model"], {name: count for name, count in call["usage"].items() if count}


@pytest.mark.parametrize("path", ANSWERS)
def test_a_whole_response_is_billed(provider, path):
    with record() as recorder:
        with cost_trace("answer", "as-asked-for", "run") as usage:
            usage.record(json.load(ask(provider, path)))
    assert billed(recorder.calls[0]) == BILLED[path]


@pytest.mark.parametrize("path", ANSWERS)
def test_a_streamed_response_is_billed_once(provider, path):
    with record() as recorder:
        with cost_trace("answer", "as-asked-for", "run") as usage:
            for line in ask(provider, path, stream=True):
                if line.startswith(b"data: {"):
                    usage.record(json.loads(line[6:]))
    assert billed(recorder.calls[0]) == BILLED[path]


@pytest.mark.parametrize("path", ANSWERS)
def test_a_provider_that_fails_is_a_call_without_usage(provider, path):
    with record() as recorder:
        with pytest.raises(ConnectionError):
            with cost_trace("answer", "m", "run") as usage:
                usage.record(json.load(ask(provider, path, overloaded=True)))
    assert recorder.calls[0]["status"] == "error"
    assert "usage" not in recorder.calls[0]
