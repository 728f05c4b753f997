# SPDX-License-Identifier: Apache-2.0
"""A bill of the shape everybody meets: a step with 9 % of the calls makes 38 % of the spend, one
with 41 % makes 3 %, and 12 % of the calls cost 18 times the median of their step."""

from decimal import ROUND_HALF_EVEN, Decimal

import harness

# Step: calls, and input tokens of an ordinary call. At $1 per million, a token is a micro-dollar.
STEPS = {
    "doc_synthesis": (900, 4750),
    "status_check": (4100, 82),
    "planning": (2000, 1400),
    "research": (1500, 1700),
    "summarise": (1500, 860),
}
ORDINARY_FIRST = 40  # Each step has these, which is enough to learn its median from.
MULTIPLE = 18
RUNS = 900
MICRO = Decimal(1).scaleb(-6)
WINDOW = ("--from", "2026-10-01", "--to", "2026-10-03")


def usd(micros):
    return micros * MICRO


class Bill:
    def __init__(self):
        self.calls = {step: [] for step in STEPS}  # (run, micro-dollars)
        self.first = []
        self.rest = []
        number = 0
        for step, (count, tokens) in STEPS.items():
            dear = count * 12 // 100
            for i in range(count):
                micros = tokens * MULTIPLE if i >= count - dear else tokens
                event = self.make(number, step, number % RUNS, micros)
                (self.first if i < ORDINARY_FIRST else self.rest).append(event)
                number += 1

    def make(self, number, step, run, micros):
        self.calls[step].append((run, micros))
        return harness.call(
            number,
            f"2026-10-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
            workflow_id=f"run-{run}",
            step=step,
            model="one-dollar",
            usage={"input_tokens": micros},
        )

    def short_circuited(self, run):
        return run % 6 == 0

    def completions(self):
        for run in range(RUNS):
            cut = self.short_circuited(run)
            yield {
                "time": "2026-10-02T00:00:00Z",
                "workflow": "support_ticket",
                "workflow_id": f"run-{run}",
                "outcome": "short_circuited" if cut else "completed",
                "unused_steps": ["doc_synthesis"] if cut else [],
            }

    def spend(self, step):
        return usd(sum(micros for _, micros in self.calls[step]))

    def total(self):
        return sum(self.spend(step) for step in STEPS)

    def unused(self):
        calls = self.calls["doc_synthesis"]
        return usd(sum(micros for run, micros in calls if self.short_circuited(run)))


class ArticleTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.bill = Bill()
        self.start()
        self.set_rates({"one-dollar": {"input": "1", "output": "1"}})
        self.import_events(self.bill.first, "first.ndjson")
        self.import_events(self.bill.rest + list(self.bill.completions()), "rest.ndjson")
        self.top = self.ask("top", *WINDOW)
        self.rows = {row["key"]: row for row in self.top["rows"]}

    def test_the_ranking_is_by_cost_and_exact(self):
        by_cost = sorted(STEPS, key=self.bill.spend, reverse=True)
        self.assertEqual([row["key"] for row in self.top["rows"]], by_cost)
        for step in STEPS:
            self.assertEqual(Decimal(self.rows[step]["cost_usd"]), self.bill.spend(step), step)
        self.assertEqual(Decimal(self.top["total"]["cost_usd"]), self.bill.total())

    def test_few_calls_make_much_of_the_spend(self):
        self.assertAlmostEqual(self.rows["doc_synthesis"]["call_share"], 0.09)
        self.assertAlmostEqual(self.rows["doc_synthesis"]["spend_share"], 0.38, delta=0.003)
        self.assertAlmostEqual(self.rows["status_check"]["call_share"], 0.41)
        self.assertAlmostEqual(self.rows["status_check"]["spend_share"], 0.03, delta=0.003)

    def test_outliers_are_found_with_their_receipts(self):
        self.assertEqual(self.top["total"]["outliers"], 1200)
        for step, (count, tokens) in STEPS.items():
            self.assertEqual(self.rows[step]["outliers"], count * 12 // 100, step)
            self.assertEqual(Decimal(self.rows[step]["p50_cost_usd"]), usd(tokens), step)
            self.assertEqual(Decimal(self.rows[step]["threshold_usd"]), usd(5 * tokens), step)
        flagged = self.ask("outliers", "--step", "doc_synthesis", *WINDOW)
        self.assertEqual(flagged["total"], 108)
        receipt = flagged["calls"][0]["receipt"]
        self.assertEqual(Decimal(receipt["p50_usd"]), usd(4750))
        self.assertEqual(receipt["multiple"], 18)

    def test_output_nobody_used_is_named(self):
        self.assertEqual(
            Decimal(self.rows["doc_synthesis"]["unsurfaced_usd"]), self.bill.unused()
        )
        self.assertEqual(Decimal(self.top["total"]["unsurfaced_usd"]), self.bill.unused())

    def test_a_completed_run_carries_the_cost_of_those_cut_short(self):
        (row,) = self.ask("workflows", *WINDOW)["rows"]
        self.assertEqual((row["completed"], row["short_circuited"]), (750, 150))
        self.assertEqual(Decimal(row["spend_usd"]), self.bill.total())
        loaded = (self.bill.total() / 750).quantize(Decimal("1e-12"), ROUND_HALF_EVEN)
        self.assertEqual(Decimal(row["cost_per_completed_usd"]), loaded)


if __name__ == "__main__":
    harness.unittest.main()
