# SPDX-License-Identifier: Apache-2.0
"""Answers that are not the server's: whatever stands at its address, no call is given up,
the delivery goes on, and its caller sees nothing of it."""

import http.client
import http.server
import itertools
import json
import signal
import socket
import threading
import uuid

import pytest

from conftest import Server, eventually
from itemized import Client, Rejected, Unreachable, cost_trace
from itemized.knowledge import Knowledge
from itemized.pricing import RateBook
from itemized.tracer import Counters
from itemized.transport_http import HttpTransport

PROXY_PAGE = b"<html><body><h1>403 Forbidden</h1></body></html>"
ZERO = {"accepted": 0, "duplicate": 0, "refused": 0, "conflict": 0, "refusals": []}


def as_json(value):
    return json.dumps(value).encode()


#: Status and body: of proxies, of other programs, of somebody who means harm.
ANSWERS = {
    "403 page": (403, PROXY_PAGE), "404 page": (404, PROXY_PAGE), "404 text": (404, b"404 page not found\n"), "413 page": (413, PROXY_PAGE),
    "502 page": (502, PROXY_PAGE), "200 page": (200, PROXY_PAGE), "empty": (200, b""), "301": (301, b""), "204": (204, b""),
    "list": (200, b"[1]"), "null": (200, b"null"), "number": (200, b"5"), "text": (200, b'"stored"'), "object": (200, b"{}"),
    "422 object": (422, b"{}"), "list of refusals": (422, b"[]"), "401": (401, as_json({"error": "unauthorized"})),
    "400 error": (400, as_json({"error": "bad request"})), "403 error": (403, as_json({"error": "forbidden"})),
    "404 error": (404, as_json({"error": "no such route"})), "404 list": (404, as_json({"error": ["x"]})), "405": (405, as_json({"message": "no"})),
    "nothing of ours": (200, as_json(ZERO)), "text for counts": (200, as_json({**ZERO, "accepted": "all"})),
    "more than was sent": (200, as_json({**ZERO, "accepted": 10**9})), "negative": (200, as_json({**ZERO, "accepted": 10**9, "refused": -(10**9) + 1})),
    "fractions": (200, as_json({**ZERO, "accepted": 0.5, "refused": 0.5})), "true": (200, as_json({**ZERO, "accepted": True})),
    "no refusals": (200, b'{"accepted":0,"duplicate":0,"refused":100}'), "refusals of text": (422, as_json({**ZERO, "refused": 1, "refusals": "all"})),
    "deep lists": (200, b"[" * 300_000), "deep objects": (200, b'{"refusals":' * 100_000), "deep inside": (200, b'{"accepted":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "long number": (200, b'{"accepted":' + b"9" * 1_000_000 + b"}"), "no unicode": (200, b'{"error":"\xff\xfe"}'), "nan": (200, b'{"accepted":NaN}'),
    "constants": (500, as_json({"error": 5})), "long sentence": (503, as_json({"error": "x" * 100_000 + "\n\nforged line"})),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.forward(b"")

    def do_POST(self):
        self.forward(self.rfile.read(int(self.headers["Content-Length"])))

    def forward(self, body):
        stranger = self.server.stranger
        answer = stranger.answer_to(self.command)
        if callable(answer):
            self.close_connection = True
            return answer(self.wfile)
        if answer is None:
            behind = http.client.HTTPConnection(stranger.behind, timeout=20)
            behind.request(self.command, self.path, body)
            response = behind.getresponse()
            answer = response.status, response.read()
        self.send_response(answer[0])
        if answer[0] != 204:
            self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def log_message(self, *_):
        pass


class Stranger:
    """Stands in front of a server: gives its own answers until `honest` is set, then the server's."""

    def __init__(self, behind, answers):
        self.behind, self.honest, self.given = behind, False, 0
        self._answers = itertools.cycle(answers)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.stranger = self
        self.url = "http://127.0.0.1:%d" % self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer_to(self, method):
        if self.honest:
            return None
        self.given += method == "POST"
        return next(self._answers)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One for all tests here: each has a run of its own."""
    running = Server(tmp_path_factory.mktemp("server") / "data").start()
    yield running
    running.stop(signal.SIGKILL)


@pytest.fixture
def run():
    return uuid.uuid4().hex


@pytest.fixture
def stranger(server):
    made = []

    def make(*answers):
        made.append(Stranger(server.http, answers))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def short_pauses(monkeypatch):
    monkeypatch.setattr("itemized.delivery._RETRY_S", (0.01, 0.05))


def trace(numbers, run):
    for number in numbers:
        with cost_trace("plan", "m", run, event_id=f"e-{number}") as usage:
            usage["input_tokens"] = number


def stored(server, run):
    return sorted(int(call.event_id[2:]) for call in server.client.show(run))


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_not_the_servers_word_gives_up_no_call(server, configure, stranger, short_pauses, kind, run, caplog):
    proxy = stranger(ANSWERS[kind])
    tracer = configure(http=proxy.url, transport="http")
    trace(range(100), run)
    eventually(lambda: proxy.given >= 3)
    assert tracer.counters == Counters(waiting=100)
    eventually(lambda: "events wait" in caplog.text)
    assert "forged line" not in caplog.text
    proxy.honest = True
    assert tracer.flush(30)
    assert stored(server, run) == list(range(100))
    assert tracer.counters == Counters(delivered=100)


def test_what_is_spooled_outlasts_every_strange_answer(server, configure, stranger, short_pauses, tmp_path, run):
    proxy = stranger(*ANSWERS.values())
    tracer = configure(http=proxy.url, transport="http", spool_directory=str(tmp_path))
    trace(range(100), run)
    eventually(lambda: proxy.given >= 2 * len(ANSWERS), 60)
    proxy.honest = True
    assert tracer.flush(30)
    assert stored(server, run) == list(range(100))


def never_ending(head, piece):
    def write(file):
        try:
            file.write(head)
            while True:
                file.write(piece)
        except OSError:
            pass  # The other end has had enough.

    return write


def dripping(text):
    ended = threading.Event()

    def write(file):
        try:
            for byte in itertools.chain(text, itertools.repeat(32)):
                file.write(bytes([byte]))
                file.flush()
                ended.wait(0.01)
        except OSError:
            ended.set()

    return write


ENDLESS = {
    "body": never_ending(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536),
    "announced": never_ending(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n", b" " * 65536),
    "chunks": never_ending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "one chunk": never_ending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b" " * 65536),
    "header": never_ending(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536),
    "headers": never_ending(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
    "interim answers": never_ending(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "trailers": never_ending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n" * 1000),
    "slow body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{"),
    "slow header": dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "cut": lambda file: file.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"accepted":1,"duplicate":0,"refused":0,"refusals":[]}'),
    "nothing": lambda file: None,
    "no http": lambda file: file.write(b"220 mail.example ESMTP\r\n"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_without_an_end_is_none(server, stranger, kind):
    proxy = stranger(ENDLESS[kind])
    transport = HttpTransport(proxy.url, timeout_s=0.5)
    line = b'{"event_id":"%s","time":"2026-11-01T00:00:00Z","workflow_id":"run","step":"plan","model":"m"}' % kind.encode()
    for _ in range(2):
        with pytest.raises(Unreachable):
            transport.send([line])
    proxy.honest = True
    assert transport.send([line]).accepted == 1
    with pytest.raises(Unreachable):
        proxy.honest = False
        Client(proxy.url).top() if kind not in ("slow body", "slow header") else transport.get("/api/v1/top")


def test_a_delivery_that_is_interrupted_is_told_and_begins_again(server, configure, monkeypatch, run, caplog):
    tracer = configure(server, transport="http")
    troubles = iter([SystemExit(), MemoryError(), RuntimeError("a bug"), KeyboardInterrupt()])
    sent = HttpTransport.send

    def interrupted(transport, lines):
        for trouble in troubles:
            raise trouble
        return sent(transport, lines)

    monkeypatch.setattr(HttpTransport, "send", interrupted)
    trace(range(100), run)
    assert tracer.flush(30)
    assert stored(server, run) == list(range(100))
    assert tracer.counters == Counters(delivered=100)
    assert "Delivery was interrupted by SystemExit() and begins again; 100 events wait" in caplog.text


def test_a_handler_of_the_log_that_fails_ends_nothing(server, configure, stranger, short_pauses, monkeypatch, run):
    proxy = stranger((403, PROXY_PAGE))
    monkeypatch.setattr("itemized.diagnostics.LOGGER.warning", lambda *_: 1 / 0)
    tracer = configure(http=proxy.url, transport="http", queue_max=150)
    with cost_trace("plan", "m") as usage:  # There is no run, which is told.
        usage["input_tokens"] = "many"
    trace(range(100), run)
    eventually(lambda: proxy.given >= 3)
    proxy.honest = True
    assert tracer.flush(30)
    assert stored(server, run) == list(range(100))


@pytest.mark.parametrize("kind", ANSWERS)
def test_questions_to_a_stranger_are_not_answered(server, stranger, kind):
    proxy = stranger(ANSWERS[kind])
    client = Client(proxy.url)
    for ask in (client.top, client.workflows, lambda: client.show("run")):
        with pytest.raises((Unreachable, Rejected)):
            ask()


@pytest.mark.parametrize("rates", [
    [1], [None], 5, "x", {"a": 1}, [{}], [{"match": 5}], [{"match": {}}], [{"match": {"regex": 5}}], [{"match": {"any_of": {"matches": 5}}}],
    [{"match": {"equals": "m"}, "prices": {"input": "1e999999999999"}}], [{"match": {"equals": "m"}, "prices": {"input": "NaN"}}],
    [{"match": {"equals": "m"}, "prices": {"input": "9" * 100_000}}], [{"match": {"equals": "m"}, "tiers": [{"input_tokens_over": "x"}]}],
])
def test_rates_that_are_none_change_nothing(server, stranger, rates):
    proxy = stranger((200, as_json({"rates": rates})))
    knowledge = Knowledge(proxy.url)
    before = knowledge.book
    knowledge.refresh_if_due()
    assert knowledge.book is before
    assert knowledge.book.cost("", "claude-sonnet-4-6", 0, {"input_tokens": 1}) == 3_000_000


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|a)*b", "(a?){200}b", "a?" * 60 + "a" * 60, "a*" * 30 + "b", r"(a)\1", "(?=(a+))*b", "(", "[", "*", r"\pN", "(" * 10_000])
def test_a_regular_expression_keeps_no_caller_waiting(regex, caplog):
    book = RateBook([{"match": {"regex": regex}, "prices": {"input": "1"}}, {"match": {"regex": r"^a+-\d{4}-\d{2}(-x)?$"}, "prices": {"input": "2"}}])
    assert book.cost("", "a" * 150, 0, {"input_tokens": 1}) is None
    assert book.cost("", "a-2026-11", 0, {"input_tokens": 1}) == 2_000_000
    assert "is unknown here" in caplog.text


def test_matches_in_matches_have_an_end():
    match = {"equals": "m"}
    for _ in range(5_000):
        match = {"any_of": {"matches": [match]}}
    with pytest.raises(ValueError):
        RateBook([{"match": match, "prices": {}}])


def test_a_port_that_is_no_server_gives_up_no_call(configure, short_pauses, run):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        tracer = configure(http=f"http://{address}", server=address, transport="http")
        trace([1], run)
        for _ in range(3):
            connection, _ = listener.accept()
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            connection.close()
        assert tracer.counters == Counters(waiting=1)
