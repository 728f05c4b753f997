# SPDX-License-Identifier: Apache-2.0
"""What was traced against the exports of providers and of a gateway, by model and day."""

import json

import harness

EXPORTS = harness.ROOT / "tests" / "data" / "usage_exports"
RATES = {
    "claude-sonnet-4-6": {
        "input": "3",
        "output": "15",
        "cache_read": "0.3",
        "cache_write_5m": "3.75",
        "cache_write_1h": "6",
    },
    "claude-haiku-4-5": {"input": "1", "output": "5"},
    "gpt-5": {"input": "1.25", "output": "10", "cache_read": "0.125"},
    "text-embedding-3-small": {"input": "0.02"},
}


def usage(uncached, read, write_5m, write_1h, out):
    return {
        "input_tokens": uncached,
        "cache_read_tokens": read,
        "cache_write_5m_tokens": write_5m,
        "cache_write_1h_tokens": write_1h,
        "output_tokens": out,
    }


# The calls that the exports are about, under the names that programs gave.
CALLS = [
    ("2026-11-01T10:00:00Z", "anthropic", "claude-sonnet-4-6", usage(1000, 2000, 300, 400, 500)),
    ("2026-11-01T11:00:00Z", "claude", "claude-haiku-4-5", usage(5000, 0, 0, 0, 1000)),
    ("2026-11-02T09:30:00Z", "", "anthropic/claude-sonnet-4-6", usage(1000, 0, 0, 0, 100)),
    ("2026-11-02T10:30:00Z", "anthropic", "claude-sonnet-4-6", usage(2000, 0, 0, 0, 200)),
    ("2026-11-01T12:00:00Z", "openai", "gpt-5", usage(2000, 1000, 0, 0, 500)),
    ("2026-11-02T12:00:00Z", "openai", "gpt-5-2025-08-07", usage(2000, 0, 0, 0, 300)),
    ("2026-11-02T13:00:00Z", "openai", "text-embedding-3-small", usage(10000, 0, 0, 0, 0)),
]


class ReconcileTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.start()
        self.set_rates(RATES)
        self.traced = 0
        self.trace(CALLS)

    def trace(self, calls):
        events = []
        for time, provider, model, counts in calls:
            self.traced += 1
            events.append(
                harness.call(self.traced, time, provider=provider, model=model, usage=counts)
            )
        self.import_events(events, f"calls-{self.traced}.ndjson")

    def reconcile(self, *words, status=0):
        done = self.itemize("reconcile", *words, "--json", status=status)
        return json.loads(done.stdout)

    def rows(self, answer, *fields):
        return {(r["day"], r["model"]): tuple(r.get(f) for f in fields) for r in answer["rows"]}

    def test_usage_of_anthropic_agrees_to_the_token(self):
        answer = self.reconcile(EXPORTS / "anthropic_usage.json", "--tolerance", "0")
        sonnet, haiku = "claude-sonnet-4-6-20260217", "claude-haiku-4-5-20251001"
        self.assertEqual(answer["format"], "anthropic-usage")
        self.assertEqual(
            self.rows(answer, "traced_calls", "traced_tokens", "provider_tokens", "difference_tokens"),
            {
                ("2026-11-01", haiku): (1, 6000, 6000, 0),
                ("2026-11-01", sonnet): (1, 4200, 4200, 0),
                ("2026-11-02", sonnet): (2, 3300, 3300, 0),
            },
        )
        self.assertEqual(answer["window"]["end"], "2026-11-02T11:00:00Z")
        self.assertNotIn("provider_cost_usd", answer["total"])
        self.assertEqual(
            answer["joined"],
            [
                f"anthropic/claude-sonnet-4-6 as {sonnet}",
                f"claude-haiku-4-5 as {haiku}",
                f"claude-sonnet-4-6 as {sonnet}",
            ],
        )

    def test_costs_of_anthropic_are_in_cents_and_come_in_pages(self):
        pages = [EXPORTS / "anthropic_cost_1.json", EXPORTS / "anthropic_cost_2.json"]
        answer = self.reconcile(*pages, "--tolerance", "0%")
        self.assertEqual(
            self.rows(answer, "traced_cost_usd", "provider_cost_usd", "difference_cost_usd"),
            {
                ("2026-11-01", "claude-haiku-4-5-20251001"): ("0.01", "0.01", "0"),
                ("2026-11-01", "claude-sonnet-4-6-20260217"): ("0.014625", "0.014625", "0"),
                ("2026-11-02", "claude-sonnet-4-6-20260217"): ("0.0135", "0.0135", "0"),
            },
        )
        self.assertFalse(answer["unfinished"])

    def test_a_page_that_is_named_twice_counts_once_and_a_missing_one_is_told(self):
        first = EXPORTS / "anthropic_cost_1.json"
        answer = self.reconcile(first, first)
        self.assertEqual(answer["repeated_rows"], 7)
        self.assertEqual(answer["total"]["provider_cost_usd"], "0.024625")
        self.assertTrue(answer["unfinished"])
        self.assertIn("fetch its next page", self.itemize("reconcile", first).stdout)

    def test_usage_and_costs_of_openai_agree(self):
        for name, field in (("openai_usage.ndjson", "tokens"), ("openai_costs.json", "cost_usd")):
            with self.subTest(name=name):
                answer = self.reconcile(EXPORTS / name, "--tolerance", "0")
                rows = self.rows(answer, f"traced_{field}", f"provider_{field}")
                self.assertEqual(
                    set(rows),
                    {
                        ("2026-11-01", "gpt-5-2025-08-07"),
                        ("2026-11-02", "gpt-5-2025-08-07"),
                        ("2026-11-02", "text-embedding-3-small"),
                    },
                )
                for traced, theirs in rows.values():
                    self.assertEqual(traced, theirs)
        self.assertEqual(answer["total"]["provider_cost_usd"], "0.013325")

    def test_spend_of_litellm_is_of_all_providers(self):
        answer = self.reconcile(EXPORTS / "litellm_spend.json", "--tolerance", "0")
        self.assertNotIn("provider", answer)
        self.assertEqual(answer["total"]["traced_calls"], 7)
        self.assertEqual(answer["total"]["provider_calls"], 7)
        self.assertEqual(answer["total"]["difference_cost_usd"], "0")
        only = self.reconcile(EXPORTS / "litellm_spend.json", "--provider", "openai", status=1)
        self.assertEqual(only["total"]["traced_calls"], 3)
        self.assertIn("anthropic/claude-sonnet-4-6", only["only_exported"])

    def test_what_differs_is_told_with_its_share_and_ends_with_one(self):
        self.trace([("2026-11-01T15:00:00Z", "openai", "gpt-5", usage(0, 0, 0, 0, 13))])
        export = EXPORTS / "openai_costs.json"
        self.assertTrue(self.reconcile(export, "--tolerance", "2%")["within"])
        answer = self.reconcile(export, status=1)
        rows = self.rows(answer, "difference_cost_usd", "difference_share", "within")
        self.assertEqual(rows["2026-11-01", "gpt-5-2025-08-07"], ("0.00013", 0.017049, False))
        self.assertEqual(rows["2026-11-02", "gpt-5-2025-08-07"], ("0", 0, True))
        shown = self.itemize("reconcile", export, status=1).stdout
        self.assertRegex(shown, r"2026-11-01 +gpt-5-2025-08-07 .*\+\$0\.00013 +\+1\.7% +differs")
        self.assertIn("Not all is within 1%.", shown)

    def test_models_of_one_side_alone_are_told(self):
        self.trace([("2026-11-01T15:00:00Z", "openai", "o3", usage(9, 0, 0, 0, 9))])
        answer = self.reconcile(EXPORTS / "openai_usage.ndjson", status=1)
        self.assertEqual((answer["only_traced"], answer["only_exported"]), (["o3"], []))
        row = self.rows(answer, "traced_tokens", "provider_tokens", "traced_unpriced_calls", "within")
        self.assertEqual(row["2026-11-01", "o3"], (18, 0, 1, False))

    def test_a_part_of_the_time_is_compared_on_both_sides(self):
        export = EXPORTS / "anthropic_usage.json"
        answer = self.reconcile(export, "--from", "2026-11-02T10:00:00Z", "--tolerance", "0")
        self.assertEqual((answer["total"]["traced_calls"], answer["total"]["provider_tokens"]), (1, 2200))
        done = self.itemize("reconcile", export, "--to", "2026-01-01", status=2)
        self.assertIn("no row in this time", done.stderr)


if __name__ == "__main__":
    harness.unittest.main()
