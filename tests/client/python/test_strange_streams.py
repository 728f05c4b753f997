# SPDX-License-Identifier: Apache-2.0
"""Streams that are not the server's: no status and no message of a stranger gives up a call."""

import signal
import threading
import time
import uuid
from concurrent import futures

import pytest

from conftest import Server, eventually
from itemized import wire
from itemized.tracer import Counters, Options, Tracer
from itemized.transport_grpc import GrpcTransport, load_grpc

WELCOME = b"\x1a\x00"


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
def short_pauses(monkeypatch):
    monkeypatch.setattr("itemized.delivery._RETRY_S", (0.01, 0.05))


def stored(server, run):
    return sorted(int(call.event_id[2:]) for call in server.client.show(run))


def ack(sequence, accepted=0, refused=0):
    return wire.number(1, sequence) + wire.chunk(2, wire.number(1, accepted) + wire.number(3, refused))


def message(*answers):
    """The behaviour of a stranger that sends these, one for each message it gets."""

    def behave(requests, _):
        for answer, _ in zip(answers, requests):
            yield answer

    return behave


def abort(name, details="forbidden", after=()):
    import grpc

    def behave(requests, context):
        for answer in after:
            next(requests)
            yield answer
        context.abort(getattr(grpc.StatusCode, name), details)

    return behave


def silent(requests, context):
    ended = threading.Event()
    context.add_callback(ended.set)
    ended.wait(60)
    yield b""


STATUSES = ["CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"]
STREAMS = {
    **{status: abort(status) for status in STATUSES},
    **{f"{status} after the Welcome": abort(status, after=[WELCOME]) for status in STATUSES},
    "too large": abort("RESOURCE_EXHAUSTED", "Received message larger than max (9 vs. 4)", [WELCOME]),
    "an end": message(), "an end after the Welcome": message(WELCOME), "no Welcome": message(ack(1, 100)), "empty": message(b"", b""),
    "no message": message(b"\xff" * 10), "a Welcome of text": message(b"\x1a\x02\x0a\x00"), "a Welcome of numbers": message(b"\x18\x05"),
    "a Welcome from far away": message(b"\x1a" + bytes([11]) + wire.number(1, 2**64 - 1)), "no ack": message(WELCOME, b"\xff"),
    "another sequence": message(WELCOME, ack(7, 100)), "other counts": message(WELCOME, ack(1, 99)), "none of ours": message(WELCOME, ack(1)),
    "a number without an end": message(WELCOME, b"\x08" + b"\x80" * 3_000_000), "a field without an end": message(WELCOME, b"\x12\xff\x01a"),
    "numbers for messages": message(WELCOME, b"\x08\x01\x10\x05"), "refusals of numbers": message(WELCOME, wire.number(1, 1) + b"\x12\x02\x20\x05"),
    "silence": silent,
}


@pytest.mark.parametrize("kind", STREAMS)
def test_no_status_and_no_message_of_a_stranger_gives_up_a_call(server, configure, short_pauses, monkeypatch, kind, run):
    grpc = load_grpc() or pytest.skip("grpcio is not installed")
    monkeypatch.setattr(GrpcTransport.__init__, "__defaults__", (0.3,))
    state = {"honest": False, "given": 0}

    def ingest(requests, context):
        if not state["honest"]:
            state["given"] += 1
            yield from STREAMS[kind](requests, context)
            return
        with grpc.insecure_channel(server.grpc) as channel:
            try:
                yield from channel.stream_stream("/itemized.v1.IngestService/Ingest")(requests)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())

    class AnyMethod(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.stream_stream_rpc_method_handler(ingest)

    proxy = grpc.server(futures.ThreadPoolExecutor(16), handlers=[AnyMethod()])
    port = proxy.add_insecure_port("127.0.0.1:0")
    proxy.start()
    tracer = Tracer(Options(server=f"127.0.0.1:{port}", http=server.url, transport="grpc"))
    try:
        for number in range(100):
            tracer.record({"event_id": f"e-{number}", "time_us": time.time_ns() // 1000, "workflow_id": run, "step": "s", "model": "m"})
        eventually(lambda: state["given"] >= 3)
        assert tracer.counters == Counters(waiting=100)
        state["honest"] = True
        assert tracer.flush(30)
        assert stored(server, run) == list(range(100))
        assert tracer.counters == Counters(delivered=100)
    finally:
        tracer.shutdown(0)
        proxy.stop(0)
