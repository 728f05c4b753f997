# SPDX-License-Identifier: Apache-2.0
"""The way from the tracer to the server's disk: outages, forks, crashes, the end of a process."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from conftest import PACKAGE, eventually
from itemized import cost_trace, workflow
from itemized.events import format_time, parse_time
from itemized import wire
from itemized.spool import Spool
from itemized.tracer import Counters


def record(numbers, run="run"):
    for number in numbers:
        with cost_trace("plan", "m", run, event_id=f"e-{number}") as usage:
            usage["input_tokens"] = number


def stored(server, run="run"):
    return sorted(int(call.event_id[2:]) for call in server.client.show(run))


def test_nothing_is_lost_and_nothing_doubled_by_an_outage(server, configure, transport):
    tracer = configure(server, transport=transport)
    record(range(500))
    assert tracer.flush(30)
    server.stop(signal.SIGKILL)
    record(range(500, 1500))
    assert not tracer.flush(0.3)
    server.start()
    record(range(1500, 2000))
    assert tracer.flush(30)
    assert stored(server) == list(range(2000))
    assert tracer.counters == Counters(delivered=2000)


def test_a_connection_that_was_closed_while_idle_is_opened_again_without_a_word(server, configure, transport, caplog):
    tracer = configure(server, transport=transport)
    record([0])
    assert tracer.flush(30)
    server.stop()
    server.start()
    record([1])
    assert tracer.flush(30)
    assert stored(server) == [0, 1]
    assert "events wait" not in caplog.text


def test_kills_in_the_middle_of_deliveries_double_nothing(server, configure, transport):
    tracer = configure(server, transport=transport)
    for burst in range(6):
        record(range(burst * 400, burst * 400 + 400))
        with workflow("ticket", id=f"run-{burst}"):
            pass
        time.sleep(0.03 * burst)  # Kills at another moment each time.
        server.stop(signal.SIGKILL)
        server.start()
    assert tracer.flush(60)
    assert stored(server) == list(range(2400))
    (ticket,) = [row for row in server.client.workflows() if row.workflow == "ticket"]
    assert (ticket.runs, ticket.completed) == (6, 6)


def test_a_server_that_is_never_there_costs_the_caller_nothing(configure, caplog):
    tracer = configure(server="127.0.0.1:9", http="http://127.0.0.1:9", transport="http", queue_max=100)
    begin = time.monotonic()
    record(range(5000))
    assert time.monotonic() - begin < 2
    eventually(lambda: "events wait" in caplog.text or "dropped" in caplog.text)
    assert tracer.counters.dropped >= 5000 - 100 - 2000  # The queue, and a batch on its way.
    assert "the queue is full" in caplog.text
    assert not tracer.shutdown(0.2)
    assert "could not be delivered and are lost" in caplog.text


def test_what_is_recorded_after_the_end_is_told(server, configure, caplog):
    tracer = configure(server, transport="http")
    record([1])
    assert tracer.shutdown(30)
    record([2])
    assert "the tracer was shut down" in caplog.text
    assert tracer.counters == Counters(delivered=1, dropped=1)


def test_refused_events_cost_only_themselves(server, configure, transport, caplog):
    tracer = configure(server, transport=transport)
    with cost_trace("plan", "m", "run", event_id="e-1") as usage:
        usage["output_tokens"] = 1
        usage["reasoning_tokens"] = 2  # More than the output.
    record([2])
    assert tracer.flush(30)
    assert stored(server) == [2]
    assert (tracer.counters.delivered, tracer.counters.refused) == (1, 1)
    assert "An event was refused: " in caplog.text and "reasoning" in caplog.text


def test_a_fork_begins_with_an_empty_queue_and_sends_its_own(server, configure, transport):
    tracer = configure(server, transport=transport)
    record([0], "parent")
    assert tracer.flush(30)
    context = multiprocessing.get_context("fork")

    def child(number):
        record([number], f"child-{number}")
        os._exit(0 if tracer.shutdown(30) else 1)

    record([1], "parent")  # May be in the queue at the moment of the fork.
    children = [context.Process(target=child, args=(number,)) for number in range(4)]
    for each in children:
        each.start()
    record([2], "parent")
    for each in children:
        each.join(60)
    assert [each.exitcode for each in children] == [0, 0, 0, 0]
    assert tracer.flush(30)
    assert stored(server, "parent") == [0, 1, 2]
    assert [stored(server, f"child-{number}") for number in range(4)] == [[0], [1], [2], [3]]
    assert sum(row.calls for row in server.client.top()) == 7


def test_a_worker_of_multiprocessing_sends_what_it_recorded_last(server, configure):
    configure(server, transport="http")
    worker = multiprocessing.get_context("fork").Process(target=record, args=(range(5), "worker"))
    worker.start()
    worker.join(60)
    assert worker.exitcode == 0
    assert stored(server, "worker") == list(range(5))


def run_program(server, body, transport, **environment):
    program = "from itemized import cost_trace, workflow\n" + textwrap.dedent(body)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), "ITEMIZED_SERVER": server.grpc, "ITEMIZED_HTTP": server.url,
             "ITEMIZED_TRANSPORT": transport, **environment})


def test_the_end_of_a_process_flushes(server, transport):
    done = run_program(server, """
        with workflow("ticket", id="run"):
            with cost_trace("plan", "m", event_id="e-1") as usage:
                usage["input_tokens"] = 1
    """, transport)
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(server) == [1]
    assert server.client.workflows()[0].completed == 1


def test_the_end_of_a_process_does_not_wait_for_a_server_that_is_away(server):
    server.stop()
    begin = time.monotonic()
    done = run_program(server, 'cost_trace("plan", "m", "run").__exit__(None, None, None)', "http")
    assert done.returncode == 0
    assert "are lost" in done.stderr
    assert time.monotonic() - begin < 15


def test_a_spool_outlives_a_crash_of_the_process(server, tmp_path, transport):
    server.stop()
    spool = str(tmp_path / "spool")
    done = run_program(server, """
        import os
        for i in range(300):
            with cost_trace("plan", "m", "run", event_id=f"e-{i}") as usage:
                usage["input_tokens"] = i
        os._exit(9)
    """, transport, ITEMIZED_SPOOL=spool)
    assert done.returncode == 9
    (segment,) = os.listdir(spool)
    with open(os.path.join(spool, segment), "ab") as file:
        file.write(b'{"event_id":"e-300","ti')  # Torn by the crash.
    server.start()
    program = """
        from itemized import get_tracer
        with cost_trace("plan", "m", "run", event_id="e-1000") as usage:
            usage["input_tokens"] = 1
        assert get_tracer().flush(30)
    """
    done = run_program(server, program, transport, ITEMIZED_SPOOL=spool)
    assert done.returncode == 0, done.stderr
    assert "1 torn line(s)" in done.stderr
    assert stored(server) == [*range(300), 1000]
    assert os.listdir(spool) == []


def test_two_processes_share_a_spool_directory(server, configure, tmp_path):
    tracer = configure(server, transport="http", spool_directory=str(tmp_path / "spool"))
    record([1])
    eventually(lambda: len(os.listdir(tmp_path / "spool")) == 1)
    done = run_program(server, 'cost_trace("plan", "m", "other").__exit__(None, None, None)', "http",
                       ITEMIZED_SPOOL=str(tmp_path / "spool"))
    assert done.returncode == 0, done.stderr  # It leaves alone what a living process holds.
    assert tracer.flush(30) and tracer.shutdown(5)
    assert os.listdir(tmp_path / "spool") == []
    assert stored(server) == [1]


def test_a_full_spool_drops_and_tells(tmp_path):
    spool = Spool(str(tmp_path), 100, "me")
    assert spool.append(b"x" * 60) is not None
    assert spool.append(b"x" * 60) is None
    assert spool.append(b"x" * 30) is not None


def test_an_unusable_spool_is_told_and_calls_are_sent_all_the_same(server, configure, caplog):
    tracer = configure(server, transport="http", spool_directory="/proc/nowhere")
    record([1])
    assert tracer.flush(30)
    assert stored(server) == [1]
    assert "Without a spool" in caplog.text


def test_a_batch_that_is_too_large_is_sent_in_parts(server, configure, transport, monkeypatch):
    module = __import__(f"itemized.transport_{transport}", fromlist=["BATCH_BYTES_MAX"])
    monkeypatch.setattr(module, "BATCH_BYTES_MAX", 1500)
    tracer = configure(server, transport=transport)
    record(range(100))
    assert tracer.flush(30)
    assert stored(server) == list(range(100))
    assert tracer.counters == Counters(delivered=100)


def test_times_survive_the_way_through_text():
    for time_us in (0, 1, 1_793_491_200_123_456):
        assert parse_time(format_time(time_us)) == time_us
    assert parse_time("2026-11-01T00:00:00Z") == 1_793_491_200_000_000


def test_both_transports_say_the_same(server, configure):
    pytest.importorskip("grpc")
    told = {}
    for name in ("http", "grpc"):
        tracer = configure(server, transport=name)
        with workflow("ticket", id=f"run-{name}") as run:
            for status in (None, ValueError):
                with cost_trace("plan", "m", provider="p", attributes={"tenant": "acme", "n": 3}, event_id=f"e-{status}") as usage:
                    for place, each in enumerate(("input_tokens", "cache_read_tokens", "output_tokens", "web_searches")):
                        usage[each] = 2**35 + place
            run.unused("plan")
        assert tracer.flush(30)
        calls = server.client.show(f"run-{name}")
        told[name] = [(call.event_id, call.step, call.provider, call.usage, call.status, call.attributes, call.unsurfaced) for call in calls]
    assert told["http"] == told["grpc"]
    assert told["http"][0][-1] is True


def test_the_wire_is_that_of_protobuf():
    request = wire.batch(7, [wire.row({"time_us": 300, "workflow_id": "w", "step": "s", "model": "m", "usage": {}, "status": "ok"})])
    call = b"\x10\xac\x02" + b"\x22\x01w" + b"\x2a\x01s" + b"\x3a\x01m" + b"\x42\x00" + b"\x50\x01"
    row = b"\x0a" + bytes([len(call)]) + call
    event = b"\x0a" + bytes([len(row)]) + row
    assert request == b"\x08\x07\x12" + bytes([len(event)]) + event
    assert json.dumps(wire.response(b"\x08\x07\x12\x02\x08\x05")) == '{"sequence": 7, "accepted": 5, "duplicate": 0, "refused": 0, "refusals": []}'
