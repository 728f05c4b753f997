# SPDX-License-Identifier: Apache-2.0
"""The server reads what a provider reported as the Python package does, over HTTP and gRPC."""

import json
import logging
import os
import pathlib
import sys
import urllib.request

import harness

sys.path.insert(0, str(harness.ROOT / "client" / "python"))
from itemized import Usage  # pylint: disable=wrong-import-position

VECTORS = harness.ROOT / "tests" / "data" / "usage_shapes"
MORE = os.environ.get("ITEMIZED_USAGE_SHAPES")
TIME = "2026-11-01T00:00:00Z"


def vectors():
    """What clients see of calls, by the name of the vector: a list of pieces each."""
    found = {}
    for path in sorted(VECTORS.glob("*.json")):
        for vector in json.loads(path.read_text()):
            found[f"{path.stem}: {vector['name']}"] = vector["call"]
    for path in sorted(pathlib.Path(MORE).glob("*.json")) if MORE else ():
        found[path.stem] = json.loads(path.read_text())["call"]
    return found


def event(number, report, **fields):
    named = {"event_id": f"c-{number}", "time": TIME, "workflow_id": "run-1", "step": "plan"}
    return {**named, "usage_reported": report, **fields}


def unless(standard, told):
    """What a bill shows of a tier or a region: nothing of a standard one."""
    return "" if told is None or told.lower() in standard else told


def read_by_the_package(pieces):
    usage = Usage()
    for piece in pieces:
        usage.record(piece)
    return {
        "is_reported": bool(usage),
        "usage": {name: count for name, count in usage.items() if count},
        "provider": usage.provider or "",
        "model": usage.model or "unknown-model",
        "service_tier": unless(("standard", "default", "auto", "on_demand"), usage.service_tier),
        "region": unless(("global", "not_available"), usage.region),
    }


def shown(call):
    return {
        "is_reported": "usage" in call,
        "usage": {name: count for name, count in call.get("usage", {}).items() if count},
        **{name: call.get(name, "") for name in ("provider", "model", "service_tier", "region")},
    }


class UsageReportedTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        logging.disable(logging.CRITICAL)  # Vectors of what is unknown are told by the package.
        self.addCleanup(logging.disable, logging.NOTSET)

    def fetch(self, path, body=None):
        with urllib.request.urlopen(f"http://{self.server.http}{path}", body, timeout=60) as response:
            return response.read().decode()

    def calls(self):
        answer = self.ask("show", "run-1")
        return {call["event_id"]: call for call in answer["calls"]}

    def events(self):
        """One for each vector. Without a model in the response, the sender has to name it."""
        for number, pieces in enumerate(vectors().values()):
            usage = Usage()
            for piece in pieces:
                usage.record(piece)
            named = {} if usage.model else {"model": "unknown-model"}
            yield event(number, pieces, **named)
            if len(pieces) == 1:  # A response alone needs no array.
                yield event(f"alone-{number}", pieces[0], **named)

    def expect_the_readings_of_the_package(self):
        calls = self.calls()
        for number, (name, pieces) in enumerate(vectors().items()):
            with self.subTest(name):
                read = read_by_the_package(pieces)
                self.assertEqual(shown(calls[f"c-{number}"]), read)
                if len(pieces) == 1:
                    self.assertEqual(shown(calls[f"c-alone-{number}"]), read)

    def test_over_http_every_vector_is_read_as_by_the_python_package(self):
        self.start()
        body = "\n".join(json.dumps(each) for each in self.events()).encode()
        answer = json.loads(self.fetch("/api/v1/events", body))
        self.assertEqual(answer["refused"], 0, answer)
        self.expect_the_readings_of_the_package()
        self.expect_that_what_is_kept_says_the_same()

    def expect_that_what_is_kept_says_the_same(self):
        """The server's table is the one that read the reports, so that nothing changes."""
        before = self.calls()
        dry_run = self.ask("usage", "rederive", "--from", "2026-10-01", "--dry-run")
        self.assertEqual(dry_run.get("rows", []), [])
        self.assertEqual(dry_run["looked_at"], len(before))
        self.assertIn("nothing would change", self.itemize("usage", "rederive", "--dry-run").stdout)
        job = json.loads(self.fetch("/api/v1/usage/rederive?from=2026-10-01", b""))["job"]
        self.assertEqual((job["kind"], job["calls"]), ("rederive", 0))
        self.assertEqual(self.calls(), before)
        undo = json.loads(self.fetch(f"/api/v1/usage/rederive/undo?id={job['id']}", b""))["job"]
        self.assertEqual((undo["kind"], undo["undoes"]), ("undo", job["id"]))
        self.assertIn("usage of all models", self.itemize("usage", "rederive", "--list").stdout)

    def test_over_grpc_every_vector_is_read_as_by_the_python_package(self):
        self.start()
        self.import_events(self.events())
        self.expect_the_readings_of_the_package()

    def test_a_call_without_a_usage_that_is_known_is_stored_and_told(self):
        self.start()
        reports = [
            {"model": "m", "usage": {"tokens_in": 10}},
            {"model": "m", "usage": {"tokens_in": 20}},
            {"model": "m", "usage": {"prompt_tokens": 10, "completion_tokens": -1}},
            {"model": "m", "usage": {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 9}},
        ]
        self.import_events(event(number, each) for number, each in enumerate(reports))
        self.assertEqual([("usage" in call) for call in self.calls().values()], [False] * 3 + [True])
        metrics = self.fetch("/metrics").splitlines()
        self.assertIn("itemized_usage_unknown_total 2", metrics)
        self.assertIn("itemized_usage_misreported_total 2", metrics)
        info = self.ask("info")
        self.assertEqual((info["unknown_usage_reports"], info["misreported_usage_reports"]), (2, 2))
        self.assertIn("itemized_stored_usage_missing_calls 3", metrics)
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(self.server.log.count("the keys tokens_in"), 1, self.server.log)
        self.assertIn("completion_tokens is -1", self.server.log)
        self.assertIn("prompt=10 said=1 total=9", self.server.log)

    def test_what_the_sender_says_wins(self):
        self.start()
        report = {"type": "message", "model": "claude-x", "usage": {"input_tokens": 1, "output_tokens": 2}}
        self.import_events([event(1, report, provider="aws", model="mine"), event(2, report)])
        calls = self.calls()
        self.assertEqual((calls["c-1"]["provider"], calls["c-1"]["model"]), ("aws", "mine"))
        self.assertEqual((calls["c-2"]["provider"], calls["c-2"]["model"]), ("anthropic", "claude-x"))

    def test_a_report_that_cannot_be_read_costs_only_its_call(self):
        self.start()
        report = {"model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
        good = json.dumps(event(1, report))
        deep = event(2, json.loads("[" * 65 + "]" * 65), model="m")
        both = event(3, report, usage={"input_tokens": 1})
        lines = [
            (json.dumps(deep), "64 deep"),
            (json.dumps(both), "both usage and usage_reported"),
            (good.replace("c-1", "c-4").replace('"prompt_tokens": 1', '"prompt_tokens": 1e400'), "a number"),
            (good.replace("c-1", "c-5").replace('"prompt_tokens": 1', '"prompt_tokens": NaN'), "not valid JSON"),
            (json.dumps(event(6, "the usage")), "but is a string"),
        ]
        body = "\n".join([good, *[line for line, _ in lines]]).encode()
        answer = json.loads(self.fetch("/api/v1/events", body))
        self.assertEqual((answer["accepted"], answer["refused"]), (1, len(lines)), answer)
        for (_, words), refusal in zip(lines, answer["refusals"]):
            self.assertIn(words, refusal["message"])
        self.assertEqual(list(self.calls()), ["c-1"])


if __name__ == "__main__":
    harness.unittest.main()
