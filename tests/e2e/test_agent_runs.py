# SPDX-License-Identifier: Apache-2.0
"""The recorded agent runs: every count and every recorded cent comes back."""

import json
from decimal import Decimal

import harness

WINDOW = ("--from", "2025-01-01", "--to", "2026-10-01")
TOKENS = {
    "input_tokens": "input_tokens",
    "cached_read_tokens": "cache_read_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_tokens",
}


class BundledRatesTest(harness.TestCase):
    # Models whose recorded costs are not those of the bundled prices, and the dated price that
    # explains it. There is none: whoever pins a list that has other prices says here why.
    EXPLAINED = {}

    def test_the_prices_that_come_with_the_server_make_each_recorded_cost(self):
        script = harness.load_script("convert-agent-runs")
        records = script.read_lines(harness.AGENT_RUNS / "agent_runs.ndjson")
        recorded = {
            (r["run_id"], r["call_id"]): Decimal(r["cost_usd_recorded"])
            for r in records
            if "cost_usd_recorded" in r
        }
        self.assertEqual(len(recorded), 1725)
        self.start(bundled_rates=True)
        self.import_events(script.convert(harness.AGENT_RUNS))
        self.assertEqual(self.ask("top", *WINDOW)["total"]["unpriced_calls"], 0)
        differences = {}
        for run in {run for run, _ in recorded}:
            for call in self.ask("show", run)["calls"]:
                theirs = recorded.pop((run, call["event_id"]), None)
                ours = Decimal(call["cost_usd"])
                if theirs is not None and theirs != ours:
                    count, sum_of = differences.get(call["model"], (0, Decimal(0)))
                    differences[call["model"]] = (count + 1, sum_of + ours - theirs)
        self.assertEqual(recorded, {})
        self.assertEqual(set(differences), set(self.EXPLAINED), differences)


class AgentRunsTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.expected = json.loads((harness.AGENT_RUNS / "expected.json").read_text())
        self.convert = harness.load_script("convert-agent-runs").convert
        self.start()

    def set_recorded_rates(self):
        self.itemize("rates", "import", harness.AGENT_RUNS / "recorded_rates.json")

    def check_tokens(self, by):
        rows = {row["key"]: row for row in self.ask("top", "--by", by, *WINDOW)["rows"]}
        expected = self.expected[f"by_{by}"]
        self.assertEqual(set(rows), set(expected))
        for key, sums in expected.items():
            row = rows[key]
            self.assertEqual(row["calls"], sums["calls"], key)
            for theirs, ours in TOKENS.items():
                self.assertEqual(row[ours], sums[theirs], f"{key} {ours}")
            five_minutes = sums["cache_write_tokens"] - sums["cache_write_1h_tokens"]
            self.assertEqual(row["cache_write_5m_tokens"], five_minutes, key)

    def test_calls_and_tokens_agree_by_step_model_and_workflow(self):
        self.import_events(self.convert(harness.AGENT_RUNS))
        for by in ("step", "model", "workflow"):
            with self.subTest(by=by):
                self.check_tokens(by)
        total = self.ask("top", *WINDOW)["total"]
        self.assertEqual(total["calls"], self.expected["total"]["calls"])

    def test_runs_and_their_outcomes_agree_by_workflow(self):
        self.import_events(self.convert(harness.AGENT_RUNS))
        rows = {row["workflow"]: row for row in self.ask("workflows", *WINDOW)["rows"]}
        self.assertEqual(set(rows), set(self.expected["by_workflow"]))
        for name, sums in self.expected["by_workflow"].items():
            self.assertEqual(rows[name]["runs"], sums["runs"], name)
            self.assertEqual(rows[name]["completed"], sums["runs_completed_true"], name)
            self.assertEqual(rows[name]["failed"], sums["runs_completed_false"], name)

    def test_recorded_costs_come_out_to_the_last_digit(self):
        self.set_recorded_rates()
        self.import_events(self.convert(harness.AGENT_RUNS, recorded_only=True))
        for by in ("step", "model", "workflow"):
            answer = self.ask("top", "--by", by, *WINDOW)
            self.assertEqual(answer["total"]["calls"], 1725)
            self.assertEqual(answer["total"]["unpriced_calls"], 0)
            self.assertEqual(Decimal(answer["total"]["cost_usd"]), Decimal("43.82012350"))
            for row in answer["rows"]:
                recorded = self.expected[f"by_{by}"][row["key"]]["cost_usd_recorded"]
                self.assertEqual(Decimal(row["cost_usd"]), Decimal(recorded), row["key"])

    def test_rates_that_come_after_the_calls_price_them_too(self):
        self.import_events(self.convert(harness.AGENT_RUNS, recorded_only=True))
        total = self.ask("top", *WINDOW)["total"]
        self.assertEqual((total["cost_usd"], total["unpriced_calls"]), ("0", 1725))
        self.set_recorded_rates()
        total = self.ask("top", *WINDOW)["total"]
        self.assertEqual(Decimal(total["cost_usd"]), Decimal("43.82012350"))

    def test_importing_twice_changes_nothing(self):
        self.set_recorded_rates()
        events = list(self.convert(harness.AGENT_RUNS))
        self.import_events(events)
        questions = [("top", "--by", by, *WINDOW) for by in ("step", "model", "workflow")]
        questions.append(("workflows", *WINDOW))
        before = [self.ask(*question) for question in questions]
        again = self.ask("import", self.directory / "events.ndjson")
        self.assertEqual(again["accepted"], 0)
        self.assertEqual(again["duplicate"], len(events))
        self.assertEqual([self.ask(*question) for question in questions], before)

    def test_the_rows_of_a_run_add_up_to_it(self):
        self.set_recorded_rates()
        self.import_events(self.convert(harness.AGENT_RUNS, recorded_only=True))
        run = self.ask("show", "ffae836b-9420-4060-ac13-7745215f90ff")
        self.assertEqual(len(run["calls"]), 484)
        self.assertEqual(sum(Decimal(c["cost_usd"]) for c in run["calls"]), Decimal(run["cost_usd"]))
        self.assertEqual(Decimal(run["cost_usd"]), Decimal("42.59590750"))
        times = [c["time"] for c in run["calls"]]
        self.assertEqual(times, sorted(times))


if __name__ == "__main__":
    harness.unittest.main()
