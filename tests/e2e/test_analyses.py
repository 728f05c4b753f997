# SPDX-License-Identifier: Apache-2.0
"""Why spend changed and what was wasted, against a second opinion in fractions."""

import itertools
import json
import random
import shlex
import urllib.parse
import urllib.request
from decimal import Decimal
from fractions import Fraction

import harness

BEFORE = ("2026-10-01", "2026-10-08")
AFTER = ("2026-10-08", "2026-10-15")
RATES = {"sonnet": {"input": "3", "output": "15", "cache_read": "0.3"},
         "haiku": {"input": "1", "output": "5", "cache_read": "0.1"}}
CLASSES = {"input_tokens": ("in", "input"), "cache_read_tokens": ("in", "cache_read"),
           "output_tokens": ("out", "output")}
CAUSES = ("volume", "calls_per_run", "tokens", "cache", "model_mix", "price")


class History:
    """Two weeks of one workflow, the second of which differs in everything but its prices."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.calls = []
        self.events = []
        for day in range(14):
            for run in range(3 + (day >= 7) * self.random.randint(1, 3)):
                self.run(day, f"run-{day}-{run}")

    def run(self, day, run):
        late = day >= 7
        for step in ("reading", "writing"):
            for _ in range(self.random.randint(1, 2 + late)):
                self.call(day, run, step, self.random.choice(["sonnet", "haiku"]))
        self.events.append({"time": f"2026-10-{day + 1:02}T20:00:00Z", "workflow": "ticket",
                            "workflow_id": run, "outcome": "completed"})

    def call(self, day, run, step, model):
        late = day >= 7
        usage = {"input_tokens": self.random.randint(500, 900 + 800 * late),
                 "cache_read_tokens": self.random.randint(1, 400),
                 "output_tokens": self.random.randint(50, 90 + 40 * late)}
        number = len(self.calls)
        self.calls.append((late, run, step, model, usage))
        self.events.append(harness.call(number, f"2026-10-{day + 1:02}T{number % 20:02}:00:00Z",
                                        workflow="ticket", workflow_id=run, step=step,
                                        model=model, usage=usage))

    def cost(self, late, step, model, name):
        """What the tokens of a class cost, in USD."""
        price = Fraction(RATES[model][CLASSES[name][1]]) / 1_000_000
        return self.tokens(late, step, name, model) * price

    def tokens(self, late, step, name, model=None):
        return sum(usage[name] for l, _, s, m, usage in self.calls
                   if l == late and s == step and model in (None, m))

    def factors(self, late, step, model, name):
        runs = len({run for l, run, *_ in self.calls if l == late})
        calls = sum(1 for l, _, s, *_ in self.calls if l == late and s == step)
        group = sum(self.tokens(late, step, other)
                    for other, (kind, _) in CLASSES.items() if kind == CLASSES[name][0])
        of_class = self.tokens(late, step, name)
        of_model = self.tokens(late, step, name, model)
        return [Fraction(runs), Fraction(calls, runs), Fraction(group, calls),
                Fraction(of_class, group), Fraction(of_model, of_class),
                self.cost(late, step, model, name) / of_model]

    def causes(self, step):
        """The mean over all orders in which the factors could have changed."""
        causes = {}
        for model, name in itertools.product(RATES, CLASSES):
            before, after = (self.factors(late, step, model, name) for late in (False, True))
            for place, part in enumerate(means_over_orders(before, after)):
                cause = CAUSES[place]
                if cause == "tokens":
                    cause = {"in": "input_tokens", "out": "output_tokens"}[CLASSES[name][0]]
                causes[cause] = causes.get(cause, 0) + part
        return causes


def product(factors):
    result = Fraction(1)
    for factor in factors:
        result *= factor
    return result


def means_over_orders(before, after):
    sums = [Fraction(0)] * len(before)
    orders = list(itertools.permutations(range(len(before))))
    for order in orders:
        now = list(before)
        for place in order:
            value = product(now)
            now[place] = after[place]
            sums[place] += product(now) - value
    return [part / len(orders) for part in sums]


def sum_of(causes):
    return sum(map(Decimal, causes.values()))


class CompareTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.start()
        self.set_rates(RATES)

    def compare(self, *more):
        return self.ask("compare", "..".join(BEFORE), "..".join(AFTER), *more)

    def test_each_cause_is_its_mean_over_all_orders(self):
        history = History(seed=11)
        self.import_events(history.events)
        answer = self.compare()
        self.assertEqual({row["key"] for row in answer["rows"]}, {"reading", "writing"})
        for row in answer["rows"]:
            self.assertEqual(sum_of(row["causes"]), Decimal(row["change_usd"]))
            expected = {cause: part for cause, part in history.causes(row["key"]).items() if part}
            self.assertEqual(set(row["causes"]), set(expected))
            for cause, part in expected.items():
                self.assertAlmostEqual(Fraction(row["causes"][cause]), part, delta=Fraction(1, 10**10))
        self.assertEqual(sum_of(answer["causes"]), Decimal(answer["change_usd"]))

    def test_both_sides_are_the_rankings_of_their_windows(self):
        self.import_events(History(seed=12).events)
        answer = self.compare("--by", "model")
        for side, (start, end) in (("before", BEFORE), ("after", AFTER)):
            top = self.ask("top", "--by", "model", "--from", start, "--to", end)
            self.assertEqual(answer[f"{side}_usd"], top["total"]["cost_usd"])
            for row in top["rows"]:
                (same,) = (r for r in answer["rows"] if r["key"] == row["key"])
                self.assertEqual(same[f"{side}_usd"], row["cost_usd"])
                self.assertEqual(same[f"{side}_p95_duration_ms"], row["p95_duration_ms"])

    def test_http_says_the_same(self):
        self.import_events(History(seed=13).events)
        query = urllib.parse.urlencode({"before": "..".join(BEFORE), "after": "..".join(AFTER)})
        with urllib.request.urlopen(f"http://{self.server.http}/api/v1/compare?{query}") as answer:
            self.assertEqual(json.load(answer), self.compare())
        window = ("--from", BEFORE[0], "--to", AFTER[1])
        query = urllib.parse.urlencode({"from": BEFORE[0], "to": AFTER[1], "by": "workflow"})
        with urllib.request.urlopen(f"http://{self.server.http}/api/v1/wasted?{query}") as answer:
            self.assertEqual(json.load(answer), self.ask("wasted", "--by", "workflow", *window))

    def test_what_cannot_be_compared_is_refused_with_a_way_out(self):
        self.import_events(History(seed=14).events)
        for words, sentence in (
            (("2026-10-01..2026-10-09", "2026-10-08..2026-10-15"), "overlap"),
            (("2026-10-01..2026-10-01", "2026-10-08..2026-10-15"), "must be after"),
            (("..2026-10-01", "2026-10-08..2026-10-15"), "has no beginning"),
            (("release=1", "release=1"), "give two values"),
            (("release=1", "2026-10-08..2026-10-15"), "cannot be compared"),
            (("2026-10-01..", "2026-09-01..2026-10-01", "--window", "7d"), "--window"),
            (("a=1", "a=2", "--by", "attribute:tenant"), "--by must be step"),
        ):
            done = self.itemize("compare", *words, status=3 if sentence == "overlap" else 2)
            self.assertIn(sentence, done.stderr)
        done = self.itemize("compare", "2026-10-01..2026-10-08", status=2)
        self.assertIn("B", done.stderr)

    def test_people_can_read_it_in_eighty_columns(self):
        self.import_events(History(seed=15).events)
        shown = self.itemize("compare", "..".join(BEFORE), "..".join(AFTER),
                             env={"COLUMNS": "80", "PATH": "/usr/bin"}).stdout
        self.assertIn("CAUSE", shown)
        self.assertLessEqual(max(map(len, shown.splitlines())), 80, shown)


class AdviseTest(harness.TestCase):
    """A history with a fault of each kind, each in a step of its own."""

    WINDOW = ("--from", "2026-10-08", "--to", "2026-10-15")

    def setUp(self):
        super().setUp()
        self.start()
        self.set_rates({"claude-sonnet-4-6": RATES["sonnet"], "claude-haiku-4-5": RATES["haiku"]})
        self.random = random.Random(5)
        self.number = 0

    def event(self, day, run, step, tokens_in, tokens_out, cached=0):
        self.number += 1
        usage = {"input_tokens": tokens_in, "cache_read_tokens": cached,
                 "output_tokens": tokens_out}
        time = f"2026-10-{day:02}T{self.number // 60 % 20:02}:{self.number % 60:02}:00Z"
        return harness.call(self.number, time, workflow="ticket", workflow_id=run, step=step,
                            model="claude-sonnet-4-6", usage=usage)

    def history(self):
        for day in range(1, 15):
            for i in range(10):
                run = f"run-{day}-{i}"
                vary = self.random.randint(500, 4000)
                yield self.event(day, run, "gated", vary, 600)
                yield self.event(day, run, "classify", vary, 40, cached=vary)
                yield self.event(day, run, "cacheable", 3000 + i, 600)
                yield self.event(day, run, "grown", vary * (2 if day >= 8 else 1), 600)
                yield self.event(day, run, "runaway", 40_000 if i == 9 else 1500, 600)
                yield {"time": f"2026-10-{day:02}T21:00:00Z", "workflow": "ticket",
                       "workflow_id": run, "outcome": "completed",
                       "unused_steps": ["gated"] if i % 10 < 6 else []}

    def test_each_fault_is_found_and_its_line_says_what_it_saves(self):
        self.import_events(self.history())
        answer = self.ask("advise", *self.WINDOW)
        found = {(row["step"], row["kind"]): row for row in answer["rows"]}
        for step, kind, option in (
            ("gated", "gate", "--gate gated"),
            ("classify", "model", "--model classify=claude-haiku-4-5"),
            ("cacheable", "cache", "--cache cacheable=0.8"),
            ("grown", "context", "--cap-input grown="),
            ("runaway", "runaway", "--cap-input runaway=3000"),
        ):
            self.assertIn((step, kind), found, answer)
            row = found[step, kind]
            self.assertIn(option, row["what_if"])
            program, *words = shlex.split(row["what_if"])
            self.assertEqual(program, "itemize")
            test = self.ask(*words)
            self.assertEqual(test["saving_usd"], row["saving_usd"])
            self.assertEqual(test["saving_30d_usd"], row["saving_30d_usd"])
            self.assertIn(row["confidence"], ("high", "medium", "low"))
        self.assertIn("42 of 70 complete runs", found["gated", "gate"]["evidence"])
        savings = [Decimal(row["saving_30d_usd"]) for row in answer["rows"]]
        self.assertEqual(savings, sorted(savings, reverse=True))
        top = self.ask("top", *self.WINDOW)
        self.assertEqual(answer["spend_usd"], top["total"]["cost_usd"])

    def test_advice_that_what_if_cannot_test_is_refused(self):
        done = self.itemize("advise", "--model", "claude-sonnet-4-6", *self.WINDOW, status=3)
        self.assertIn("leave the filter by model out", done.stderr)

    def test_what_is_as_it_should_be_is_left_alone(self):
        self.import_events([self.event(8 + i % 7, f"run-{i}", "fine", 500 + i, 900, cached=4000)
                            for i in range(200)])
        self.assertEqual(self.ask("advise", *self.WINDOW)["rows"], [])
        self.assertIn("Nothing stands out", self.itemize("advise", *self.WINDOW).stdout)


class SmallerModelTest(harness.TestCase):
    """Prices that come with the server, whose rates name families of models."""

    # Provider, a large model, and the word by which its maker marks a smaller one.
    LARGE = (
        ("anthropic", "claude-sonnet-4-6", "haiku"),
        ("openai", "gpt-5", "mini"),
        ("google", "gemini-2.5-pro", "flash"),
        ("openrouter", "anthropic/claude-sonnet-4", "haiku"),
    )

    def classify(self, number, provider, model):
        usage = {"input_tokens": 900 + number, "output_tokens": 30}
        event = harness.call(number, "2026-10-09T00:00:00Z", workflow_id=f"run-{number}",
                             step=provider, model=model, usage=usage)
        event["provider"] = provider
        return event

    def test_each_maker_has_one_for_short_answers(self):
        self.start(bundled_rates=True)
        large = [(provider, model) for provider, model, _ in self.LARGE for _ in range(40)]
        self.import_events(self.classify(i, *names) for i, names in enumerate(large))
        rows = self.ask("advise", "--from", "2026-10-08", "--to", "2026-10-15")["rows"]
        advised = {row["step"]: row["what_if"] for row in rows if row["kind"] == "model"}
        for provider, model, word in self.LARGE:
            self.assertIn(provider, advised)
            self.assertRegex(advised[provider], rf"--model {provider}=\S*\b{word}\b")


class RealRunsTest(harness.TestCase):
    """The recorded agent runs: what was wasted and what was used make the whole bill."""

    WINDOW = ("--from", "2025-01-01", "--to", "2026-10-01")

    def setUp(self):
        super().setUp()
        self.start(bundled_rates=True)
        convert = harness.load_script("convert-agent-runs").convert
        self.import_events(convert(harness.AGENT_RUNS))

    def test_waste_and_use_add_up_to_the_spend(self):
        total = self.ask("top", *self.WINDOW)["total"]
        for by in ("step", "workflow", "model", "provider"):
            wasted = self.ask("wasted", "--by", by, *self.WINDOW)
            self.assertEqual(wasted["spend_usd"], total["cost_usd"])
            self.assertEqual(Decimal(wasted["wasted_usd"]) + Decimal(wasted["surfaced_usd"]),
                             Decimal(wasted["spend_usd"]))
            for rows in (wasted["rows"], wasted["reasons"]):
                self.assertEqual(sum(Decimal(row["wasted_usd"]) for row in rows),
                                 Decimal(wasted["wasted_usd"]))
                self.assertEqual(sum(row["calls"] for row in rows), wasted["wasted_calls"])
        unused = [row["wasted_usd"] for row in wasted["reasons"] if row["reason"] == "unused_step"]
        self.assertEqual(sum(map(Decimal, unused)), Decimal(total["unsurfaced_usd"]))

    def test_advice_about_them_can_be_tested(self):
        for row in self.ask("advise", *self.WINDOW)["rows"]:
            test = self.ask(*shlex.split(row["what_if"])[1:])
            self.assertEqual(test["saving_usd"], row["saving_usd"], row)

    def test_failed_runs_are_what_the_workflows_say(self):
        failed = sum(row["failed"] for row in self.ask("workflows", *self.WINDOW)["rows"])
        reasons = {row["reason"]: row for row in self.ask("wasted", *self.WINDOW)["reasons"]}
        self.assertEqual("failed" in reasons, failed > 0)

    def test_every_pair_of_models_can_be_compared(self):
        models = [row["key"] for row in self.ask("top", "--by", "model", *self.WINDOW)["rows"]]
        for before, after in itertools.permutations(models[:3], 2):
            answer = self.ask("compare", f"model={before}", f"model={after}", *self.WINDOW)
            self.assertEqual(sum_of(answer["causes"]), Decimal(answer["change_usd"]))
            for row in answer["rows"]:
                self.assertEqual(sum_of(row["causes"]), Decimal(row["change_usd"]))


if __name__ == "__main__":
    harness.unittest.main()
