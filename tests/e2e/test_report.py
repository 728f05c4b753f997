# SPDX-License-Identifier: Apache-2.0
"""A bill in one file, from a server and from files alone."""

import csv
import datetime
import gzip
import html.parser
import io
import json
import os
import shlex
import signal
import subprocess
from decimal import Decimal

import harness

RATES = {
    "claude-sonnet-4-6": {"input": "3", "output": "15"},
    "gpt-5-mini": {"input": "0.25", "output": "2"},
}
# Each section of a bill, and the command that prints the same.
SECTIONS = {
    "steps": ("top",),
    "models": ("top", "--by", "model"),
    "series": ("series", "--every", "1d"),
    "workflows": ("workflows",),
    "wasted": ("wasted",),
    "outliers": ("outliers", "--sort", "cost"),
    "change": ("compare",),
    "advice": ("advise",),
}
# What follows from the calls by which one was judged, and from when: a server that takes many
# batches at once has other ones than a file that is read in order.
VERDICTS = {"outliers", "learning_calls", "threshold_usd", "threshold_sample_count",
            "threshold_learning", "is_outlier", "receipt", "unjudged_calls", "recorded_at_unix_us"}
VOID = {"meta", "line", "rect", "polyline"}


def history():
    """Two months: what goes into a step grows, outliers, runs of each outcome, unused steps."""
    for number in range(1200):
        day, run = number % 61, number // 4
        time = f"2026-{9 + day // 30:02}-{1 + day % 30:02}T{number % 24:02}:10:00Z"
        step = ("planning", "research", "doc_synthesis", "draft")[number % 4]
        tokens = 1000 + 13 * number + (200_000 if number % 97 == 0 else 0)
        yield harness.call(
            number,
            time,
            step=step,
            workflow_id=f"run-{run}",
            model="gpt-5-mini" if step == "draft" else "claude-sonnet-4-6",
            usage={"input_tokens": tokens, "output_tokens": 40 + number % 300},
            status="error" if number % 53 == 0 else "ok",
        )
    for run in range(290):
        outcome = ("completed", "completed", "completed", "failed", "abandoned")[run % 5]
        yield {
            "time": "2026-11-02T12:00:00Z",
            "workflow": "support_ticket",
            "workflow_id": f"run-{run}",
            "outcome": outcome,
            "unused_steps": ["doc_synthesis"] if run % 3 else [],
        }


def judged_by_nobody(answer):
    """An answer without its verdicts."""
    if isinstance(answer, dict):
        if answer.get("kind") == "outliers":
            return None
        return {k: judged_by_nobody(v) for k, v in answer.items() if k not in VERDICTS}
    if isinstance(answer, list):
        return [each for each in map(judged_by_nobody, answer) if each is not None]
    return answer


class Tags(html.parser.HTMLParser):
    """The tags that are open, the words of the page, and what it would fetch."""

    def __init__(self, page):
        super().__init__()
        self.open, self.words, self.fetched = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for name, value in attrs if name in ("src", "href", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag, tag

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_data(self, data):
        self.words.append(data)


class ReportTestCase(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.temporary = self.directory / "tmp"
        self.temporary.mkdir()
        self.events = self.write_events(history())
        self.rates = self.directory / "rates.json"
        self.rates.write_text(json.dumps({m: {k: float(v) for k, v in p.items()} for m, p in RATES.items()}))
        self.files = ("--from-file", self.events, "--rates", self.rates)

    def tearDown(self):
        self.assertEqual(list(self.temporary.iterdir()), [], "a store was left behind")
        super().tearDown()

    def run_program(self, command, status=0, **options):
        return super().run_program(
            command, status, env={**os.environ, "TMPDIR": str(self.temporary)}, **options
        )

    def bill(self, *more):
        return json.loads(self.itemize("report", "--format", "json", *self.files, *more).stdout)


class FromFileTest(ReportTestCase):
    def serve_the_same(self):
        self.start(bundled_rates=True)
        self.itemize("rates", "import", self.rates)
        self.itemize("import", self.events)

    def test_each_section_is_what_a_server_with_the_same_events_answers(self):
        bill = self.bill("--window", "30d")
        window = ("--from", bill["steps"]["window"]["start"], "--to", bill["steps"]["window"]["end"])
        for section, command in SECTIONS.items():
            with self.subTest(section=section, of="file"):
                answer = self.itemize(*command, *window, *self.files, "--json").stdout
                self.assertEqual(bill[section], json.loads(answer))
        self.serve_the_same()
        for section, command in SECTIONS.items():
            if section != "outliers":
                with self.subTest(section=section, of="server"):
                    answer = judged_by_nobody(self.ask(*command, *window))
                    self.assertEqual(judged_by_nobody(bill[section]), answer)
        self.assertGreater(bill["outliers"]["total"], 3)
        self.assertEqual(bill["compared_with"], "window_before")

    def test_a_report_of_a_server_is_what_its_commands_say(self):
        self.serve_the_same()
        window = ("--from", "2026-10-02", "--to", "2026-11-02", "--tz", "Europe/Berlin")
        bill = json.loads(self.itemize("report", "--format", "json", *window).stdout)
        self.assertFalse(bill["events_came_in_meanwhile"])
        for section, command in SECTIONS.items():
            with self.subTest(section=section):
                self.assertEqual(bill[section], self.ask(*command, *window))

    def test_the_same_file_has_the_same_outliers_each_time(self):
        first, second = self.bill(), self.bill()
        del first["made_at"], second["made_at"]
        self.assertEqual(first, second)

    def test_all_commands_that_ask_can_ask_a_file(self):
        commands = [
            *SECTIONS.values(),
            ("rates", "missing"),
            ("compare", "2026-09-01..2026-10-01", "2026-10-01..2026-11-01"),
            ("compare", "step=planning", "step=research"),
            ("what-if", "--model", "planning=gpt-5-mini", "--gate", "doc_synthesis"),
        ]
        window = self.bill()["steps"]["window"]
        asked = {}
        for command in commands:
            sides = ".." in command[-1]
            options = () if sides else ("--from", window["start"], "--to", window["end"])
            answers = self.itemize(*command, *options, *self.files, "--json").stdout
            asked[(command, options)] = json.loads(answers)
        run = self.itemize("show", "run-7", *self.files, "--json").stdout
        call = self.itemize("explain", "c-30", "--run", "run-7", *self.files, "--json").stdout
        self.serve_the_same()
        for (command, options), answer in asked.items():
            with self.subTest(command=command):
                if command[0] != "outliers":
                    served = self.ask(*command, *options)
                    self.assertEqual(judged_by_nobody(answer), judged_by_nobody(served))
        self.assertEqual(judged_by_nobody(json.loads(run)), judged_by_nobody(self.ask("show", "run-7")))
        served = self.ask("explain", "c-30", "--run", "run-7")
        self.assertEqual(judged_by_nobody(json.loads(call)), judged_by_nobody(served))

    def test_without_a_window_it_is_about_all_of_the_file(self):
        bill = self.bill()
        self.assertEqual(bill["steps"]["total"]["calls"], 1200)
        self.assertEqual(bill["compared_with"], "first_half")
        self.assertEqual(self.bill("--window", "1h")["steps"]["window"]["end"], "2026-11-02T13:00:00Z")

    def test_every_line_of_the_advice_runs_and_says_what_the_advice_says(self):
        lines = csv.DictReader(io.StringIO(self.itemize("report", "--format", "csv", *self.files).stdout))
        rows = [row for row in lines if row["section"] == "advice.step"]
        tests = [row for row in rows if row["measure"] == "what_if"]
        self.assertGreater(len(tests), 2)
        savings = {(r["key"], r["detail"]): r["value"] for r in rows if r["measure"] == "saving_30d_usd"}
        for test in tests:
            words = shlex.split(test["value"])
            self.assertEqual(words[0], "itemize")
            answer = json.loads(self.itemize(*words[1:], "--json").stdout)
            self.assertEqual(answer["saving_30d_usd"], savings[(test["key"], test["detail"])], test["value"])

    def test_advice_for_people_says_where_the_events_are(self):
        told = self.itemize("advise", *self.files).stdout
        lines = [line.strip() for line in told.splitlines() if "itemize what-if" in line]
        tests = [line for line in lines if line.startswith("itemize what-if")]
        self.assertGreater(len(tests), 2)
        for line in tests:
            self.itemize(*shlex.split(line)[1:])
            self.assertTrue(line.endswith(f"--from-file {self.events} --rates {self.rates}"), line)

    def test_several_files_and_standard_input_are_one_bill(self):
        lines = self.events.read_bytes().splitlines(keepends=True)
        first = self.directory / "first.ndjson"
        first.write_bytes(b"".join(lines[:700]))
        answer = self.itemize(
            "top", "--from-file", first, "--from-file", "-", "--rates", self.rates, "--json",
            input=b"".join(lines[700:]),
        )
        whole = json.loads(self.itemize("top", *self.files, "--json").stdout)
        self.assertEqual(json.loads(answer.stdout), whole)

    def test_bad_lines_cost_only_themselves_and_are_named(self):
        with open(self.events, "a", encoding="utf-8") as lines:
            lines.write('{"time": "2026-10-01T00:00:00Z", "stpe": "x"}\n')
        done = self.itemize("top", *self.files, "--json")
        self.assertEqual(json.loads(done.stdout)["total"]["calls"], 1200)
        self.assertIn('events.ndjson:1491: Unknown field "stpe"', done.stderr)
        self.assertIn("1 line refused, and 1,490 taken.", done.stderr)


class FormsTest(ReportTestCase):
    def test_the_rows_of_the_csv_add_up_to_the_bill(self):
        text = self.itemize("report", "--format", "csv", *self.files).stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        spend = next(r["value"] for r in rows if (r["section"], r["measure"]) == ("total", "spend"))
        for section in ("steps", "models", "series.start"):
            costs = [r["value"] for r in rows if (r["section"], r["measure"]) == (section, "cost_usd")]
            self.assertEqual(sum(map(Decimal, costs)), Decimal(spend), section)
        wasted = [r["value"] for r in rows if (r["section"], r["measure"]) == ("waste", "wasted_usd")]
        bill = self.bill()
        self.assertEqual(sum(map(Decimal, wasted)), Decimal(bill["wasted"]["wasted_usd"]))
        used = Decimal(bill["wasted"]["surfaced_usd"]) + Decimal(bill["wasted"]["wasted_usd"])
        self.assertEqual(used, Decimal(spend))

    def test_the_page_is_whole_small_and_fetches_nothing(self):
        out = self.directory / "bill.html"
        told = self.itemize("report", "--out", out, *self.files).stdout
        self.assertIn("in 1,200 calls", told)
        page = out.read_text(encoding="utf-8")
        self.assertLess(len(page.encode()), 1_000_000)
        tags = Tags(page)
        self.assertEqual((tags.open, tags.fetched), ([], []))
        text = " ".join(tags.words)
        for title in ("Where the money went", "What a completed run costs", "Why spend changed",
                      "Spend that nobody got anything of", "What is worth a test", "many calls, much spend"):
            self.assertIn(title, text)

    def test_the_ending_of_the_file_says_the_form(self):
        begins = {"bill.html": "<!doctype html>", "bill.MD": "# Itemized bill", "bill.csv": "section,",
                  "bill.json": "{", "bill": "<!doctype html>"}
        for name, begin in begins.items():
            out = self.directory / name
            self.itemize("report", "--out", out, *self.files)
            self.assertTrue(out.read_text(encoding="utf-8").startswith(begin), name)

    def test_hostile_names_stay_names_in_every_form(self):
        name = "<img src=x onerror=alert(1)>|`$(id)`\u202e=1+1"
        events = [harness.call(n, "2026-10-01T00:00:00Z", step=name, model=name) for n in range(40)]
        files = ("--from-file", self.write_events(events, "hostile.ndjson"))
        tags = Tags(self.itemize("report", *files).stdout)
        self.assertEqual((tags.open, tags.fetched), ([], []))
        text = self.itemize("report", "--format", "md", *files).stdout
        self.assertNotIn("<img", text)
        self.assertNotIn("\u202e", text)
        bill = json.loads(self.itemize("report", "--json", *files).stdout)
        self.assertEqual(bill["steps"]["rows"][0]["key"], name)

    def test_the_recorded_agent_runs_have_a_bill(self):
        convert = harness.load_script("convert-agent-runs").convert
        files = ("--from-file", self.write_events(convert(harness.AGENT_RUNS), "runs.ndjson"),
                 "--rates", harness.AGENT_RUNS / "recorded_rates.json")
        expected = json.loads((harness.AGENT_RUNS / "expected.json").read_text())
        bill = json.loads(self.itemize("report", "--json", *files).stdout)
        calls = {row["key"]: row["calls"] for row in bill["steps"]["rows"]}
        self.assertEqual(calls, {step: sums["calls"] for step, sums in expected["by_step"].items()})
        runs = sum(row["runs"] for row in bill["workflows"]["rows"])
        lines = (harness.AGENT_RUNS / "runs.ndjson").read_text(encoding="utf-8").splitlines()
        self.assertEqual(runs, len(lines))
        for form in ("html", "md", "csv"):
            self.assertGreater(len(self.itemize("report", "--format", form, *files).stdout), 2000)


class RefusalTest(ReportTestCase):
    def refusal(self, *arguments, status):
        return self.itemize("report", *arguments, status=status).stderr

    def test_a_file_of_another_form_is_refused_with_what_it_is(self):
        cases = {
            "usage.csv": (b"date,model,cost\n2026-10-01,x,1\n", 1, "looks like a table of values (CSV)"),
            "array.json": (b'\n [{"time":"2026-10-01T00:00:00Z"}]', 1, "jq -c '.[]'"),
            "usage.parquet": (b"PAR1\x15\x04", 1, "Parquet"),
            "core": (b"\x7fELF\0\0", 1, "is no text"),
            "log.txt": (b"Nothing in here\n", 1, "does not begin with a JSON object"),
            "other.ndjson": (b'{"cost": 1}\n' * 9, 1, 'has no line that could be taken'),
            "empty.ndjson": (b"\n\n", 1, "holds no events"),
            "usage.ndjson.gz": (gzip.compress(b"{}"), 2, "gz"),
        }
        for name, (content, status, sentence) in cases.items():
            with self.subTest(name=name):
                path = self.directory / name
                path.write_bytes(content)
                said = self.refusal("--from-file", path, status=status)
                self.assertIn(sentence, said)
                self.assertLess(len(said.splitlines()), 10)
        self.assertIn("directory", self.refusal("--from-file", self.directory, status=2))
        self.assertIn("missing", self.refusal("--from-file", self.directory / "missing", status=2))

    def test_a_bad_price_list_is_refused(self):
        bad = self.directory / "bad.json"
        bad.write_text("{")
        said = self.refusal("--from-file", self.events, "--rates", bad, status=1)
        self.assertIn("bad.json", said)

    def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(self):
        self.assertIn("cannot be written", self.refusal("--out", "/dev/full", *self.files, status=3))
        missing = self.directory / "missing" / "bill.html"
        self.assertIn("cannot be written", self.refusal("--out", missing, *self.files, status=3))
        self.assertIn("cannot be written", self.refusal("--out", self.directory, *self.files, status=3))

    def test_windows_that_hold_nothing_still_make_a_bill(self):
        bill = self.bill("--from", "2020-01-01", "--to", "2020-02-01")
        self.assertEqual(bill["steps"]["total"]["calls"], 0)
        self.itemize("report", "--from", "2020-01-01", "--to", "2020-02-01", *self.files)

    def test_a_call_of_long_ago_costs_only_the_chart_of_days(self):
        with open(self.events, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(harness.call(9_999, "1970-01-02T00:00:00Z")) + "\n")
        bill = self.bill()
        self.assertEqual(bill["steps"]["total"]["calls"], 1201)
        self.assertEqual(bill["series"]["points"], [])
        self.assertFalse(bill["events_came_in_meanwhile"])
        self.assertIn("too long", self.itemize("report", "--format", "md", *self.files).stdout)

    def test_a_server_that_keeps_no_window_before_compares_the_halves(self):
        self.start(flags=("--retain-events", "31d", "--retain-rollups", "31d"))
        self.itemize("rates", "import", self.rates)
        now = datetime.datetime.now(datetime.timezone.utc)
        times = [now - datetime.timedelta(days=days, minutes=1) for days in (29, 25, 3, 2)]
        self.import_events(harness.call(n, t.isoformat()) for n, t in enumerate(times))
        refused = self.itemize("compare", "--window", "30d", status=3).stderr
        self.assertIn("kept", refused)
        bill = json.loads(self.itemize("report", "--json").stdout)
        self.assertEqual(bill["compared_with"], "first_half")
        self.assertEqual((bill["change"]["before_calls"], bill["change"]["after_calls"]), (2, 2))

    def test_without_a_server_it_says_so(self):
        self.assertIn("No itemized server answers", self.refusal(status=3))

    def test_an_interrupt_takes_the_store_away(self):
        command = [harness.program("ITEMIZE_BIN", "itemize"), "top", "--from-file", "/dev/stdin"]
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(self.temporary)},
        )
        self.addCleanup(process.kill)
        line = json.dumps(harness.call(1, "2026-10-01T00:00:00Z")).encode() + b"\n"
        process.stdin.write(line * 10_000)
        process.stdin.flush()
        while not any(self.temporary.iterdir()):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        self.assertIn(process.returncode, (130, -signal.SIGINT), said)
