# SPDX-License-Identifier: Apache-2.0
"""Answers of the HTTP API in both of its forms: with counts as numbers and without what is
unknown or empty, and as older servers give them, with counts as text and "" for unknown."""

import http.server
import json
import threading
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from itemized import Client, RunCall, Unreachable
from itemized.knowledge import Knowledge
from itemized.usage_classes import CLASSES

COUNTS = {"calls": 7, "outliers": 0, "unpriced_calls": 1, "input_tokens": 2**53 - 1, "cache_read_tokens": 0, "cache_write_5m_tokens": 0,
          "cache_write_1h_tokens": 0, "output_tokens": 5, "reasoning_tokens": 0}
MONEY = {"cost_usd": "0.147", "mean_cost_usd": "0.021", "p50_cost_usd": "0.000000000001", "p95_cost_usd": "0.1", "threshold_usd": "0.005",
         "unsurfaced_usd": "0"}
REALS = {"call_share": 1, "spend_share": 1.0, "cumulative_spend_share": 0.5, "p50_duration_ms": 812.5, "p95_duration_ms": 900}
STEP = {"key": "plan", **COUNTS, **MONEY, **REALS}
UNKNOWN_STEP = {"key": "", **COUNTS, **REALS, "cost_usd": "0", "unsurfaced_usd": "0"}
WORKFLOW = {"workflow": "ticket", "runs": 3, "completed": 0, "failed": 1, "short_circuited": 0, "abandoned": 0, "open": 2, "spend_usd": "1.5",
            "unsurfaced_usd": "0"}
CALL = {"event_id": "e-1", "time": "2026-11-01T00:00:00.123456Z", "workflow": "ticket", "workflow_id": "run", "step": "plan", "model": "m",
        "usage": {"input_tokens": 5, "output_tokens": 0}, "duration_ms": 1.5, "status": "error", "is_outlier": False, "unpriced": True,
        "unsurfaced": False, "attributes": {}}
RATES = [{"match": {"equals": "m"}, "effective_from_unix_us": 0, "prices": {"input": "3"}, "tiers": [{"input_tokens_over": 10, "prices": {"input": "4"}}]}]


def as_older_servers_say_it(value):
    """Counts as text, and "" and null for what is absent."""
    if isinstance(value, dict):
        said = {name: as_older_servers_say_it(part) for name, part in value.items()}
        for name in ("threshold_usd", "mean_cost_usd", "p50_cost_usd", "p95_cost_usd") if "calls" in value and "key" in value else ():
            said.setdefault(name, "")
        if "event_id" in value:
            said.update(provider="", cost_usd="")
        if "effective_from_unix_us" in value:
            said["provider"] = ""
        return said
    if isinstance(value, list):
        return [as_older_servers_say_it(part) for part in value]
    return str(value) if type(value) is int else value


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlsplit(self.path)
        answer = self.server.answer(address.path, parse_qs(address.query))
        body = json.dumps(self.server.form(answer)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(params=[lambda value: value, as_older_servers_say_it], ids=["numbers", "text"])
def answering(request):
    """Makes a server of `answer(path, parameters)`; returns its URL."""
    made = []

    def make(answer):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        server.answer, server.form = answer, request.param
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        made.append(server)
        return "http://127.0.0.1:%d" % server.server_address[1]

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


def test_a_ranking(answering):
    plan, unknown = Client(answering(lambda *_: {"rows": [STEP, UNKNOWN_STEP]})).top()
    assert {name: getattr(plan, name) for name in COUNTS} == COUNTS
    assert {name: getattr(plan, name) for name in MONEY} == {name: Decimal(text) for name, text in MONEY.items()}
    assert {name: getattr(plan, name) for name in REALS} == REALS
    assert (unknown.key, unknown.threshold_usd, unknown.p50_cost_usd, unknown.cost_usd) == ("", None, None, 0)


def test_a_ranking_has_the_sum_of_every_class(answering):
    (plan,) = Client(answering(lambda *_: {"rows": [{**STEP, "input_audio_tokens": 7}]})).top()
    assert list(plan.usage) == list(CLASSES)
    assert plan.usage["output_tokens"] == 5 and plan.usage["input_audio_tokens"] == 7
    assert plan.usage["web_searches"] == 0, "a server that does not know a class has counted none of it"


def test_costs_of_workflows(answering):
    (row,) = Client(answering(lambda *_: {"rows": [WORKFLOW]})).workflows()
    assert (row.runs, row.open, row.spend_usd, row.cost_per_completed_usd, row.mean_steps_per_completed) == (3, 2, Decimal("1.5"), None, None)


def test_a_call_of_a_run(answering):
    (call,) = Client(answering(lambda *_: {"calls": [CALL]})).show("run")
    assert call == RunCall(event_id="e-1", time="2026-11-01T00:00:00.123456Z", step="plan", provider="", model="m",
                           usage={"input_tokens": 5, "output_tokens": 0}, duration_ms=1.5, status="error", attributes={}, cost_usd=None,
                           is_outlier=False, unpriced=True, unsurfaced=False)


def test_a_long_run_is_asked_for_page_by_page(answering):
    def page(path, parameters):
        assert path == "/api/v1/runs/run%2F1"
        begin = int(parameters.get("page_token", ["0"])[0].removeprefix("after "))
        calls = [{**CALL, "event_id": f"e-{number}"} for number in range(begin, min(begin + 10, 25))]
        return {"calls": calls, "call_count": 25, **({"next_page_token": f"after {begin + 10}"} if begin + 10 < 25 else {})}

    assert [call.event_id for call in Client(answering(page)).show("run/1")] == [f"e-{number}" for number in range(25)]


def test_pages_that_never_end_are_no_answer(answering):
    with pytest.raises(Unreachable):
        Client(answering(lambda *_: {"calls": [], "next_page_token": "on"})).show("run")


def test_rates_and_thresholds(answering):
    rows = [STEP, {**STEP, "key": "new", "threshold_learning": True}, {**UNKNOWN_STEP, "key": "quiet"}]
    knowledge = Knowledge(answering(lambda path, _: {"rates": RATES} if path.endswith("rates") else {"rows": rows}))
    knowledge.refresh_if_due()
    assert knowledge.book.cost("", "m", 1, {"input_tokens": 10}) == 30_000_000
    assert knowledge.book.cost("", "m", 1, {"input_tokens": 11}) == 44_000_000
    assert knowledge.thresholds == {"plan": 5_000_000_000, "new": 5_000_000_000}
    assert [knowledge.is_learning(step) for step in ("plan", "new", "quiet", "unheard of")] == [False, True, True, True]


@pytest.mark.parametrize("row", [{}, {"key": "plan"}, {**STEP, "calls": None}, {**STEP, "calls": -1}, {**STEP, "cost_usd": "much"}, {**STEP, "cost_usd": "NaN"},
                                 {**STEP, "calls": 1.5}, [], "plan", 5])
def test_rows_of_something_else_are_no_answer(answering, row):
    with pytest.raises(Unreachable, match="not that of an itemized server"):
        Client(answering(lambda *_: {"rows": [row]})).top()
