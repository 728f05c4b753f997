# SPDX-License-Identifier: Apache-2.0
"""A value that there is not costs at most the event that has it, and never in silence."""

import contextvars
import math
import os
import shutil
from decimal import Decimal
from fractions import Fraction

import pytest

import itemized
from conftest import eventually
from itemized import Run, cost_trace, unused, workflow
from itemized.events import from_line, parse_millis, to_line
from itemized.testing import record
from itemized.tracer import Counters, Options, Tracer

TIME_US = 1_793_491_200_123_456
CALL = {"time_us": TIME_US, "workflow": "w", "workflow_id": "run", "step": "s", "provider": "p", "model": "m",
        "usage": {"input_tokens": 1}, "duration_ms": 1.5, "status": "ok", "attributes": {"tenant": "acme"}}
COMPLETION = {"time_us": TIME_US, "workflow": "w", "workflow_id": "run", "outcome": "completed", "unused_steps": ["s"]}
ODD = [5, 1.5, float("nan"), float("inf"), True, -1, 2**63, 2**64 + 5, 10**400, b"bytes", "\ud800", [], {}, object(), lambda: 0,
       Fraction(1, 3), Decimal("1e999999999999")]
NO_NUMBER = [value for value in ODD if type(value) is not int] + [2**63, 2**64 + 5, 10**400, "5"]
BAD = {
    **{f"call.{name}": (CALL, name, [value for value in ODD if value != "\ud800"] + ["\ud800", "x\udfff"])
       for name in ("event_id", "workflow", "workflow_id", "step", "provider", "model")},
    "call.time_us": (CALL, "time_us", NO_NUMBER + [2**62, -(2**62)]),
    "call.duration_ms": (CALL, "duration_ms", [value for value in ODD if value not in (5, 1.5, -1, Fraction(1, 3)) or value is True]
                         + [2**80, "5", "\ud800"]),
    "call.status": (CALL, "status", ["fine", "OK", "", *ODD]),
    "call.usage": (CALL, "usage", [5, "many", [1], {"tokens": 1}, {5: 1}] + [{"input_tokens": value} for value in NO_NUMBER if value != {}]),
    "call.attributes": (CALL, "attributes", ["x", 5, ["a"], {"n": 5}, {5: "n"}, {"n": None}, {"\ud800": "x"}, {"x": "\ud800"}, {("a",): "x"}]),
    "call.revision": (CALL, "revision", [value for value in ODD if value != 5] + [2**32, "5"]),
    "call.service_tier": (CALL, "service_tier", ODD),
    "call.region": (CALL, "region", ODD),
    "call.unknown": (CALL, "prompt", ["text", 5]),
    "completion.outcome": (COMPLETION, "outcome", ["success", "Completed", "", *ODD]),
    "completion.unused_steps": (COMPLETION, "unused_steps", ["s", 5, {"a": 1}, [5], [["a"]], ["\ud800"], [None]]),
    "completion.time_us": (COMPLETION, "time_us", NO_NUMBER),
    "completion.workflow_id": (COMPLETION, "workflow_id", ODD),
    "completion.unknown": (COMPLETION, "model", ["m"]),
}


def stored(server, run="run"):
    return sorted(int(call.event_id[2:]) for call in server.client.show(run))


def trace(numbers, run="run"):
    for number in numbers:
        with cost_trace("plan", "m", run, event_id=f"e-{number}") as usage:
            usage["input_tokens"] = number


def test_a_misspelt_outcome_is_told_where_it_is_set_and_the_run_ends(server, configure, transport):
    tracer = configure(server, transport=transport)
    trace(range(50))
    with pytest.raises(ValueError, match="outcome is 'success': it must be one of completed, failed, short_circuited, abandoned"):
        with workflow("ticket", id="run-1") as run:
            run.outcome = "success"
    trace(range(50, 100))
    assert tracer.flush(30)
    assert stored(server) == list(range(100))
    (ticket,) = [row for row in server.client.workflows() if row.workflow == "ticket"]
    assert (ticket.failed, ticket.open) == (1, 0)


@pytest.mark.parametrize("kind", BAD)
def test_an_event_that_no_wire_can_say_loses_only_itself(server, configure, transport, kind, caplog):
    whole, field, values = BAD[kind]
    tracer = configure(server, transport=transport)
    for number, value in enumerate(values):
        trace([number])
        tracer.record({**whole, field: value})
    assert not tracer.flush(30)
    assert stored(server) == list(range(len(values)))
    assert tracer.counters == Counters(delivered=len(values), dropped=len(values))
    assert "calls or completions are dropped so far: " in caplog.text
    assert tracer.flush(30)  # Nothing was lost since.


def test_what_only_the_server_can_judge_is_refused_by_itself(server, configure, transport, caplog):
    tracer = configure(server, transport=transport)
    bad = [{"step": ""}, {"model": "m" * 201}, {"usage": {"input_tokens": -1}}, {"usage": {"input_tokens": 2**41}}, {"duration_ms": -1},
           {"duration_ms": 10**12}, {"time_us": -1}, {"time_us": 2**53}, {"attributes": {f"a-{n}": "x" for n in range(65)}}, {"attributes": {"": "x"}}]
    for number, fields in enumerate(bad):
        trace([number])
        tracer.record({**CALL, **fields})
    tracer.record({**COMPLETION, "unused_steps": ["s"] * 1001})
    tracer.record({**COMPLETION, "unused_steps": [""]})
    assert tracer.flush(30)
    assert stored(server) == list(range(len(bad)))
    assert tracer.counters == Counters(delivered=len(bad), refused=len(bad) + 2)
    assert "An event was refused: " in caplog.text


@pytest.mark.parametrize("no_event", [None, 5, "text", [], {}, {"outcome": "completed"}, {"step": "s"}, {**CALL, "workflow_id": None}])
def test_what_is_no_event_is_counted(server, configure, transport, no_event):
    tracer = configure(server, transport=transport)
    trace([1])
    tracer.record(no_event)
    assert not tracer.flush(30)
    assert tracer.counters == Counters(delivered=1, dropped=1)


def test_a_field_that_is_none_is_absent(server, configure, transport):
    tracer = configure(server, transport=transport)
    tracer.record({**CALL, **dict.fromkeys(["event_id", "workflow", "provider", "usage", "duration_ms", "status", "attributes"])})
    assert tracer.flush(30)
    (call,) = server.client.show("run")
    assert (call.provider, call.usage, call.duration_ms, call.status, call.attributes, call.unpriced) == ("", None, 0, "ok", {}, True)


def test_what_is_wrong_in_a_spool_loses_only_itself(server, configure, transport, tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    good = [to_line({**CALL, "event_id": f"e-{number}"}) for number in range(20)]
    bad = [b"[1]", b"null", b"text", b'{"a":NaN}', b"[" * 100_000, b'{"event_id":' * 3_000, b'{"outcome":"success"}', b"\xff\xfe", b'{"time":5}',
           good[0].replace(b'"input_tokens":1', b'"input_tokens":' + b"9" * 5_000), good[0].replace(b"1.500", b"1e99999999999999999999"),
           good[0].replace(b"1.500", b"Infinity"), good[0].replace(b'"ok"', b'"success"'), good[0].replace(b'"acme"', b'"\\ud800"')]
    lines = [line for pair in zip(good, bad) for line in pair] + good[len(bad):]
    (spool / "itemized-00000000000000aa-1.spool").write_bytes(b"itemized spool 1\n" + b"\n".join(lines) + b"\n")
    tracer = configure(server, transport=transport, spool_directory=str(spool))
    tracer.record({**CALL, "event_id": "e-20"})
    assert not tracer.flush(30)
    assert stored(server) == list(range(21))
    assert tracer.counters == Counters(delivered=21, dropped=len(bad))
    assert tracer.shutdown(5) and os.listdir(spool) == []


def test_what_cannot_be_spooled_is_counted(server, configure, tmp_path):
    tracer = configure(server, transport="http", spool_directory=str(tmp_path / "spool"))
    trace([1])
    tracer.record({**CALL, "step": 5})
    assert not tracer.flush(30)
    assert tracer.counters == Counters(delivered=1, dropped=1)


class Hostile:
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __bool__ = __eq__ = __str__
    __hash__ = None


def test_names_of_any_type_are_recorded(configure, server):
    tracer = configure(server, transport="http")
    values = [5, 0, -1.5, float("nan"), True, None, b"bytes", "\ud800", "x" * 10_000, "é" * 10_000, [], {"a": 1}, object()]
    fields = ("step_name", "model", "workflow_id", "workflow", "provider", "event_id")
    for field in fields:
        for value in values:
            with cost_trace(**{"step_name": "plan", "model": "m", "workflow_id": "run", field: value}) as usage:
                usage["input_tokens"] = 1
    assert tracer.flush(30)
    assert tracer.counters == Counters(delivered=len(fields) * len(values))


def test_a_call_is_worth_more_than_its_attributes(configure, server):
    tracer = configure(server, transport="http")
    odd = [5, "x", ["a"], {"n": 5, "": "x"}, {f"a-{n}": n for n in range(100)}, {None: None}, {"k": "\ud800"}]
    for attributes in odd:
        with cost_trace("plan", "m", "run", attributes=attributes) as usage:
            usage["input_tokens"] = 1
    assert tracer.flush(30)
    assert [len(call.attributes) for call in server.client.show("run")] == [0, 0, 0, 1, 64, 1, 1]


def test_what_an_object_of_the_user_does_never_reaches_the_caller(configure, server, caplog):
    tracer = configure(server, transport="http")
    for fields in ({"model": Hostile()}, {"attributes": Hostile()}, {"attributes": {"k": Hostile()}}, {"event_id": Hostile()}):
        with cost_trace("plan", **{"model": "m", "workflow_id": "run", **fields}) as usage:
            usage["input_tokens"] = Hostile()
            usage[Hostile] = 5
    with workflow(Hostile(), id=Hostile()):
        pass
    settled = tracer.flush(30)
    counts = tracer.counters
    assert counts.delivered + counts.dropped == 5 and counts.delivered >= 3
    assert settled == (counts.dropped == 0)
    assert not counts.dropped or "could not be recorded" in caplog.text


@pytest.mark.parametrize("value", ["success", "", "COMPLETED", 5, True, math.nan, [], {}, b"failed", object()])
def test_an_outcome_is_one_of_four(value):
    run = Run("ticket", "run-1")
    with pytest.raises(ValueError, match="it must be one of completed, failed, short_circuited, abandoned"):
        run.outcome = value
    for each in ("completed", "failed", "short_circuited", "abandoned", None):
        run.outcome = each
        assert run.outcome == each


def test_a_transport_is_one_of_three(monkeypatch, caplog):
    with pytest.raises(ValueError, match="it must be one of auto, grpc, http"):
        itemized.configure(transport="htpp")
    monkeypatch.setenv("ITEMIZED_TRANSPORT", "htpp")
    assert Options().transport == "auto"
    assert "ITEMIZED_TRANSPORT is 'htpp'" in caplog.text


def test_ids_that_are_too_long_stay_apart(server, configure):
    tracer = configure(server, transport="http")
    for tail in ("a", "b", "\ud800", "\ud801"):
        with cost_trace("plan", "m", "r" * 300, event_id="e" * 300 + tail) as usage:
            usage["input_tokens"] = 1
    assert tracer.flush(30)
    assert tracer.counters == Counters(delivered=4)
    assert [row.calls for row in server.client.top()] == [4]


def test_a_run_that_ends_in_another_context_ends():
    with record() as recorder:
        block = workflow("ticket", id="run-1")
        contextvars.copy_context().run(block.__enter__)
        contextvars.copy_context().run(block.__exit__, None, None, None)
    assert [completion["outcome"] for completion in recorder.completions] == ["completed"]


def test_unused_steps_take_names_and_lists(caplog):
    with record() as recorder:
        with workflow("ticket") as run:
            unused(["a", "b"])
            run.unused("a", ("c",), {"e", "d"}, "", None, iter(["f"]))
            with pytest.raises(ValueError, match="names of steps, or lists of names"):
                run.unused([["x"]])
            with pytest.raises(ValueError, match="names of steps, or lists of names"):
                run.unused({"x": 1})
            run.unused_steps.append(7)
        with workflow("ticket") as run:
            run.unused([f"step-{n}" for n in range(1_500)])
    first, many = recorder.completions
    assert first["unused_steps"] == ["a", "b", "c", "d", "e", "f", "7"]
    assert len(many["unused_steps"]) == 1_000
    assert "names no step" in caplog.text and "beyond 1000" in caplog.text


def test_a_full_queue_is_what_flush_tells_once(configure):
    tracer = configure(server="127.0.0.1:9", http="http://127.0.0.1:9", transport="http", queue_max=1)
    trace(range(5_000))
    eventually(lambda: tracer.counters.dropped > 0)
    assert not tracer.flush(0)


# What every wire says alike.


def test_a_later_revision_takes_the_place_of_a_call(server, configure, transport):
    tracer = configure(server, transport=transport)
    for revision, tokens in ((1, 10), (3, 30), (2, 20)):
        tracer.record({**CALL, "event_id": "c", "usage": {"input_tokens": tokens}, "revision": revision,
                       "service_tier": "flex", "region": "us"})
        assert tracer.flush(10)
    (call,) = server.client.show("run")
    assert call.usage["input_tokens"] == 30


def odd_durations():
    """Microseconds that a detour through floating point makes others of."""
    return [us for us in range(1, 200_000) if int(us / 1000 * 1000) != us]


def test_every_duration_survives_the_way_through_text():
    for duration_us in [*range(5_000), *odd_durations(), 2_592_000_000_000, 2**53 + 1, 2**63 - 1, -1, -1_500]:
        line = to_line({**CALL, "duration_ms": None, "duration_us": duration_us})
        assert from_line(line)["duration_us"] == duration_us
    assert [parse_millis(value) for value in (0, 1, 0.001, 812.5, 1.0005, Decimal("-0.0019"))] == [0, 1000, 1, 812_500, 1000, -1]


def test_a_spool_that_is_sent_over_both_transports_is_one_bill(server, configure, tmp_path):
    pytest.importorskip("grpc")
    durations = odd_durations()
    assert len(durations) > 1_000
    writer = configure(server="127.0.0.1:9", http="http://127.0.0.1:9", transport="http", spool_directory=str(tmp_path / "one"))
    for number, duration_us in enumerate(durations):
        writer.record({**CALL, "event_id": f"e-{number}", "time_us": TIME_US + number, "duration_ms": duration_us / 1000})
    shutil.copytree(tmp_path / "one", tmp_path / "two")  # The writer holds the locks of its own.
    shutil.copytree(tmp_path / "one", tmp_path / "three")
    for transport, directory in (("grpc", "two"), ("http", "three")):
        tracer = Tracer(Options(server=server.grpc, http=server.url, transport=transport, spool_directory=str(tmp_path / directory)))
        tracer.record({**COMPLETION})
        assert tracer.flush(60)
        assert tracer.counters == Counters(delivered=len(durations) + 1)
        tracer.shutdown(0)
    calls = server.client.show("run")
    assert [round(call.duration_ms * 1000) for call in calls] == durations
