# SPDX-License-Identifier: Apache-2.0
"""The table of priced cases, priced in Python by the rates of a server, and by that server."""

import json
import os
import subprocess
import sys
import urllib.request
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from conftest import ROOT
from itemized.pricing import RateBook, to_usd
from itemized.transport_http import HttpTransport

DATA = ROOT / "tests" / "data"
TABLE = json.loads((DATA / "priced_cases.json").read_text())
FORMS = ["plain", "genai-prices", "litellm"]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def cases_of(form):
    found = [case for case in TABLE["cases"] if case["rates"] == form]
    assert len(found) >= 50
    return found


@pytest.fixture(params=FORMS)
def priced(request, server, tmp_path):
    """A server with the price list of one form, and that form."""
    path = tmp_path / "prices.json"
    path.write_text(TABLE["price_lists"][request.param])
    program = os.environ.get("ITEMIZE_BIN", ROOT / "build" / "bin" / "itemize")
    subprocess.run([program, "--server", server.grpc, "rates", "import", path], check=True, stdout=subprocess.DEVNULL)
    return server, request.param


def test_the_table_is_what_its_script_makes():
    assert subprocess.run([sys.executable, DATA / "make_priced_cases.py", "--check"], check=False).returncode == 0
    assert len(TABLE["cases"]) >= 120


def test_python_prices_each_case_to_the_last_digit(priced):
    server, form = priced
    book = RateBook(HttpTransport(server.url).get("/api/v1/rates")["rates"])
    for case in cases_of(form):
        when = datetime.fromisoformat(case["time"].replace("Z", "+00:00"))
        time_us = (when - EPOCH) // timedelta(microseconds=1)
        cost = book.cost(
            case["provider"], case["model"], time_us, case["usage"], case.get("service_tier"), case.get("region")
        )
        assert (None if cost is None else to_usd(cost)) == case["cost_usd"], case


def test_the_server_bills_each_case_to_the_last_digit(priced):
    server, form = priced
    events = []
    for case in cases_of(form):
        fields = {key: case[key] for key in ("time", "provider", "model", "usage", "service_tier", "region") if key in case}
        events.append({"event_id": case["name"], "workflow": "w", "workflow_id": "run", "step": "s", **fields})
    request = urllib.request.Request(
        f"{server.url}/api/v1/events", json.dumps(events).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["accepted"] == len(events)
    billed = {call.event_id: call.cost_usd for call in server.client.show("run")}
    assert billed == {c["name"]: None if c["cost_usd"] is None else Decimal(c["cost_usd"]) for c in cases_of(form)}
