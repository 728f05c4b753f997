# SPDX-License-Identifier: Apache-2.0
"""Prices that are corrected: what is changed, what it was before, and how it is taken back."""

import datetime
import json
import time
import unittest
import urllib.error
import urllib.request
from decimal import Decimal

from harness import TestCase

MODEL = "house-model-1"


def now():
    """The present instant, behind all that was done before and ahead of all that is done next."""
    time.sleep(0.002)  # Instants are compared by the microsecond, which two processes may share.
    at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    time.sleep(0.002)
    return at


def call(number, model=MODEL, **fields):
    return {
        "event_id": f"c-{number}",
        "time": "2026-11-01T10:00:00Z",
        "workflow": "support_ticket",
        "workflow_id": f"run-{number % 3}",
        "step": f"step-{number % 2}",
        "model": model,
        "usage": {"input_tokens": 1_000_000, "output_tokens": number},
        **fields,
    }


class Repricing(TestCase):
    def setUp(self):
        super().setUp()
        self.start()

    def cost(self, *arguments):
        answer = self.ask("top", "--from", "2026-10-01", "--to", "2026-12-01", *arguments)
        return Decimal(answer["total"].get("cost_usd", "0"))

    def answers(self, *arguments):
        """Everything that can be asked, as text; thresholds are of today and left out."""
        window = ("--from", "2026-10-01", "--to", "2026-12-01", *arguments)
        parts = [
            self.ask("top", *window),
            self.ask("top", "--by", "model", *window),
            self.ask("top", "--by", "model", "--step", "step-1", *window),
            self.ask("workflows", *window),
            self.ask("series", "--step", "step-0", *window),
            self.ask("outliers", *window),
            self.ask("show", "run-1", *arguments),
        ]
        for part in parts:
            part.get("window", {}).pop("as_known_at", None)
        return json.dumps(parts, indent=1)

    def post(self, path, status=200):
        request = urllib.request.Request(f"http://{self.server.http}{path}", data=b"")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                self.assertEqual(response.status, status)
                return json.load(response)
        except urllib.error.HTTPError as error:
            self.assertEqual(error.code, status)
            return json.load(error)

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.server.http}{path}", timeout=60) as response:
            return json.load(response)

    def test_a_corrected_rate_changes_the_bill_when_it_is_asked_to_and_back_again(self):
        self.itemize("rates", "set", MODEL, "--input", "3", "--output", "15", "--note", "as quoted")
        self.import_events([call(number) for number in range(12)])
        self.assertEqual(self.cost(), Decimal("36.00099"))
        before, then = self.answers(), now()
        said = self.itemize("rates", "set", MODEL, "--input", "5", "--output", "15").stdout
        self.assertIn("itemize rates reprice --dry-run", said)
        self.assertEqual(self.answers(), before)

        dry = self.ask("rates", "reprice", "--dry-run")
        self.assertEqual(dry["looked_at"], 12)
        self.assertEqual([row["step"] for row in dry["rows"]], ["step-0", "step-1"])
        self.assertEqual([row["model"] for row in dry["rows"]], [MODEL, MODEL])
        self.assertEqual([row["change_usd"] for row in dry["rows"]], ["12", "12"])
        self.assertEqual(dry["total"]["after_usd"], "60.00099")
        self.assertEqual(self.answers(), before)
        self.assertIn("+$24", self.itemize("rates", "reprice", "--dry-run").stdout)

        job = self.ask("rates", "reprice", "--from", "2026-11-01", "--to", "2026-11-02")["job"]
        self.assertEqual((job["calls"], job["after_usd"]), (12, "60.00099"))
        self.assertEqual(self.cost(), Decimal("60.00099"))
        between = now()
        self.assertEqual(self.ask("rates", "reprice", "--dry-run").get("rows", []), [])

        undo = self.ask("rates", "reprice", "--undo", str(job["id"]))["job"]
        self.assertEqual((undo["kind"], undo["undoes"]), ("undo", job["id"]))
        self.assertEqual(self.answers(), before)
        self.assertEqual(self.answers("--as-known-at", then), before)
        self.assertEqual(self.cost("--as-known-at", between), Decimal("60.00099"))
        listed = self.itemize("rates", "reprice", "--list").stdout
        self.assertIn(f"undo of {job['id']}", listed)
        again = self.itemize("rates", "reprice", "--undo", str(job["id"]), status=3).stderr
        self.assertIn("was undone by", again)
        self.itemize("verify")

        self.server.stop()
        self.start()
        self.assertEqual(self.answers(), before)
        self.assertEqual(self.answers("--as-known-at", then), before)
        self.itemize("verify")

    def test_the_book_is_known_as_it_was(self):
        self.itemize("rates", "set", MODEL, "--input", "3", "--output", "15", "--note", "as quoted")
        then = now()
        self.itemize("rates", "set", MODEL, "--input", "5", "--output", "15", "--source", "contract")
        self.itemize("rates", "set", "later", "--input", "1")
        rates = self.ask("rates", "list", "--as-known-at", then)["rates"]
        self.assertEqual([rate["prices"]["input"] for rate in rates], ["3"])
        history = self.ask("rates", "list", "--history")["rates"]
        self.assertEqual(
            sorted(rate["prices"]["input"] for rate in history), ["1", "3", "5"]
        )
        ended = [rate for rate in history if "ended_at_unix_us" in rate]
        self.assertEqual([rate["note"] for rate in ended], ["as quoted"])
        self.assertIn("as quoted", self.itemize("rates", "list", "--history").stdout)
        self.itemize("rates", "remove", "later")
        self.assertEqual(len(self.ask("rates", "list", "--history")["rates"]), 3)

    def test_exchange_rates_are_known_as_they_were(self):
        self.itemize("rates", "exchange", "set", "EUR", "1.08")
        then = now()
        self.itemize("rates", "exchange", "set", "EUR", "1.10")
        self.itemize("rates", "exchange", "remove", "EUR")

        def usd(*words):
            rates = self.ask("rates", "list", *words).get("exchange_rates", [])
            return [(rate["usd"], "ended_at_unix_us" in rate) for rate in rates]

        self.assertEqual(usd(), [])
        self.assertEqual(usd("--as-known-at", then), [("1.08", False)])
        self.assertEqual(usd("--history"), [("1.1", True), ("1.08", True)])
        self.assertIn("ENDED", self.itemize("rates", "list", "--history").stdout)

    def test_http_does_the_same(self):
        self.itemize("rates", "set", MODEL, "--input", "3", "--output", "15")
        self.import_events([call(number) for number in range(4)])
        self.itemize("rates", "set", MODEL, "--input", "5", "--output", "15")
        dry = self.post(f"/api/v1/rates/reprice?dry_run=true&model={MODEL}&from=2026-11-01")
        self.assertEqual(dry["total"]["change_usd"], "8")
        self.assertEqual(self.post("/api/v1/rates/reprice?model=other")["job"]["calls"], 0)
        job = self.post("/api/v1/rates/reprice")["job"]
        self.assertEqual(job["calls"], 4)
        then = now().replace("+", "%2B")
        undo = self.post(f"/api/v1/rates/reprice/undo?id={job['id']}")["job"]
        self.assertEqual(undo["calls"], 4)
        self.assertEqual(
            [listed["id"] for listed in self.get("/api/v1/rates/reprice")["jobs"]][:2],
            [undo["id"], job["id"]],
        )
        window = "from=2026-10-01&to=2026-12-01"
        self.assertEqual(self.get(f"/api/v1/top?{window}")["total"]["cost_usd"], "12.00009")
        known = self.get(f"/api/v1/top?{window}&as_known_at={then}")
        self.assertEqual(known["total"]["cost_usd"], "20.00009")
        self.assertEqual(
            self.get(f"/api/v1/runs/run-1?as_known_at={then}")["cost_usd"], "5.000015"
        )
        self.assertIn("no repricing", self.post("/api/v1/rates/reprice/undo?id=99999", 404)["error"])
        self.assertIn("must be", self.post("/api/v1/rates/reprice/undo?id=x", 400)["error"])
        self.assertIn("empty", self.post("/api/v1/rates/reprice?from=2026-11-02&to=2026-11-01", 400)["error"])

    def test_what_is_wrong_is_said(self):
        self.itemize("rates", "reprice", "--undo", "77", status=4)
        self.itemize("rates", "reprice", "--from", "2026-11-02", "--to", "2026-11-01", status=2)
        self.itemize("rates", "reprice", "--undo", "7", "--dry-run", status=2)
        said = self.itemize("top", "--as-known-at", "2150-01-01", status=2).stderr
        self.assertIn("in the future", said)
        self.itemize("top", "--as-known-at", "soon", status=2)

    def test_a_rate_that_arrives_prices_what_has_no_price(self):
        self.itemize("rates", "set", MODEL, "--input", "3", "--output", "15")
        self.import_events([call(1), call(2, model="unknown-model")])
        self.assertEqual(self.cost(), Decimal("3.000015"))
        self.itemize("rates", "set", "unknown-model", "--input", "1", "--output", "1")
        self.assertEqual(self.cost(), Decimal("4.000017"))
        self.itemize("rates", "set", MODEL, "--input", "4", "--output", "15", "--reprice")
        self.assertEqual(self.cost(), Decimal("5.000017"))


if __name__ == "__main__":
    unittest.main()
