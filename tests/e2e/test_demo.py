# SPDX-License-Identifier: Apache-2.0
"""A small demo against a real server."""

import re
from decimal import Decimal

import harness

END = "2026-11-01T00:00:00Z"
FLAGS = ("--seed", "5", "--days", "3", "--runs-per-day", "600", "--end", END)
WINDOW = ("--from", "2026-10-29", "--to", "2026-11-01")


def money_of(row):
    """What a row says that does not depend on which calls came in one commit."""
    names = ("key", "workflow", "calls", "cost_usd", "unpriced_calls", "runs", "completed", "failed")
    names += ("abandoned", "short_circuited", "open", "cost_per_completed_usd", "unsurfaced_usd")
    return {name: row[name] for name in names if name in row}


class DemoTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.start()

    def demo(self, *flags, status=0):
        command = [harness.program("ITEMIZE_DEMO_BIN", "itemize-demo"), *flags]
        return self.run_program([*command, "--server", self.server.grpc], status).stdout

    def test_the_server_bills_what_the_dry_run_reckons(self):
        self.itemize("rates", "import", "--bundled")
        reckoned = re.search(r"^(\d+) calls, (\S+) USD", self.demo(*FLAGS, "--dry-run"), re.M)
        self.assertIn(" 0 refused", self.demo(*FLAGS))
        total = self.ask("top", *WINDOW)["total"]
        self.assertEqual(total["calls"], int(reckoned.group(1)))
        self.assertEqual(Decimal(total["cost_usd"]), Decimal(reckoned.group(2)))

    def test_the_bill_shows_the_scenario(self):
        self.itemize("rates", "import", "--bundled")
        self.demo(*FLAGS)
        top = self.ask("top", *WINDOW)
        self.assertEqual(top["rows"][0]["key"], "doc_synthesis")
        self.assertAlmostEqual(top["rows"][0]["spend_share"], 0.38, delta=0.04)
        self.assertGreater(Decimal(top["total"]["unsurfaced_usd"]), 0)
        outlier_share = top["total"]["outliers"] / top["total"]["calls"]
        self.assertAlmostEqual(outlier_share, 0.12, delta=0.02)
        workflows = self.ask("workflows", *WINDOW)["rows"]
        self.assertEqual(len(workflows), 5)
        for row in workflows:
            self.assertGreater(Decimal(row["cost_per_completed_usd"]), 0)
            self.assertGreater(row["short_circuited"], 0)

    def test_the_same_demo_twice_is_all_duplicates(self):
        first = re.search(r"(\d+) accepted, 0 duplicate", self.demo(*FLAGS))
        self.assertIn(f"0 accepted, {first.group(1)} duplicate, 0 refused", self.demo(*FLAGS))

    def test_as_spans_it_makes_the_same_bill(self):
        self.itemize("rates", "import", "--bundled")
        self.assertIn(" 0 refused", self.demo(*FLAGS))
        by_tenant = ("--by", "attribute:tenant")
        questions = [("top", *WINDOW), ("top", *WINDOW, *by_tenant), ("workflows", *WINDOW)]
        answers = [self.ask(*question)["rows"] for question in questions]
        mapping = self.directory / "spans.toml"
        mapping.write_text('[attributes]\ntenant = "app.customer"\n')
        self.start("spans", flags=("--otlp-mapping", str(mapping)))
        self.itemize("rates", "import", "--bundled")
        told = self.demo(*FLAGS, "--spans")
        self.assertIn("as spans", told)
        self.assertIn(" 0 refused", told)
        for question, rows in zip(questions, answers, strict=True):
            got = self.ask(*question)["rows"]
            self.assertEqual([money_of(row) for row in got], [money_of(row) for row in rows])

    def test_without_end_it_ends_now(self):
        self.itemize("rates", "import", "--bundled")
        told = self.demo("--days", "1", "--runs-per-day", "100")
        self.assertIn(" 0 refused", told)
        # How many there are depends on the day of the week; all of them are of the last day.
        streamed = int(re.search(r"^Streamed (\d+) calls", told, re.M).group(1))
        self.assertGreater(streamed, 100)
        self.assertGreater(self.ask("top", "--window", "1d")["total"]["calls"], 0.9 * streamed)

    def test_wrong_usage_ends_with_two(self):
        self.demo("--days", "0", status=2)
        self.demo("--end", "soon", status=2)


if __name__ == "__main__":
    harness.unittest.main()
