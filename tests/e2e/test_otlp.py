# SPDX-License-Identifier: Apache-2.0
"""Captures of what instrumentations really send: each call is billed once, whatever the order and
the split of its delivery. tests/data/otlp has the captures and the right answers."""

import gzip
import json
import os
import pathlib
import random
import urllib.error
import urllib.request

import harness

CAPTURES = harness.ROOT / "tests" / "data" / "otlp"
MORE = os.environ.get("ITEMIZED_OTLP_CAPTURES")
PROTOBUF, JSON = "application/x-protobuf", "application/json"
CLASSES = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
OUTCOMES = {"ok": "completed", "error": "failed", "unknown": "open"}


def captures():
    found = sorted(CAPTURES.glob("*/expected.json"))
    return found + (sorted(pathlib.Path(MORE).glob("*/expected.json")) if MORE else [])


def spans_of(path):
    """The spans of a capture, each as a request of its own, in the order they stand."""
    whole = json.loads(path.read_text())
    requests = whole if isinstance(whole, list) else [whole]
    for request in requests:
        for resource in request["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    one = {**scope, "spans": [span]}
                    yield {"resourceSpans": [{**resource, "scopeSpans": [one]}]}


def merged(requests):
    return {"resourceSpans": [part for each in requests for part in each["resourceSpans"]]}


class OtlpTest(harness.TestCase):
    def post(self, body, content_type, path="/v1/traces", encoding=None):
        headers = {"Content-Type": content_type}
        if encoding:
            headers["Content-Encoding"] = encoding
            body = gzip.compress(body)
        request = urllib.request.Request(f"http://{self.server.http}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            self.assertEqual(response.headers["Content-Type"], content_type)
            return response.read()

    def post_json(self, request, **options):
        answer = json.loads(self.post(json.dumps(request).encode(), JSON, **options))
        self.assertEqual(answer, {})

    def start_with_rates(self, name="data"):
        self.start(name)
        rates = json.loads((CAPTURES / "rates.json").read_text())
        path = self.directory / "rates.json"
        book = {}
        for model, prices in rates.items():
            if model.startswith("_"):
                continue
            over = prices.pop("tier_over", None)
            book[model] = dict(prices)
            if over:
                book[model]["tiers"] = [{"input_tokens_over": over.pop("start"), **over}]
        path.write_text(json.dumps(book))
        self.itemize("rates", "import", path)
        self.itemize("rates", "set", "claude-haiku-4-5", "--service-tier", "batch", "--multiplier", "0.5")

    def expect(self, expected):
        for workflow in expected["workflows"]:
            run = self.ask("show", workflow["workflow_id"])
            allowed = [workflow["outcome"], *workflow.get("outcome_also_ok", [])]
            self.assertIn(run["outcome"], [OUTCOMES[each] for each in allowed], run)
            self.assertIn(run["workflow"], [workflow["workflow_type"], *workflow["type_also_ok"]])
            wanted = [c for c in expected["calls"] if c["workflow_id"] == workflow["workflow_id"]]
            unpriced = [
                c for c in expected["unpriced_model_calls"] if c["workflow_id"] == workflow["workflow_id"]
            ]
            self.expect_calls(run["calls"], wanted, unpriced)
            paid = sum(float(c["cost_usd"]) for c in wanted if c["cost_usd"])
            self.assertAlmostEqual(float(run["cost_usd"]), paid, 12)

    def expect_calls(self, calls, wanted, unpriced):
        by_id = {call["event_id"]: call for call in calls}
        for each in wanted + unpriced:
            ids = [span for span in each["span_ids"] if span in by_id]
            self.assertEqual(len(ids), 1, (each, list(by_id)))
            call = by_id.pop(ids[0])
            self.assertIn(call["step"], [each["step"], *each.get("step_also_ok", [])], call)
            self.assertIn(call["model"], [each["model"], *each.get("model_also_ok", [])])
            self.assertEqual(call.get("status", "ok"), each["status"], call)
            session = call.get("attributes", {}).get("session")
            self.assertEqual(session, each["session_id"], call)
            if "tokens" not in each:
                self.assertNotIn("usage", call)
                continue
            usage = call["usage"]
            counts = {name: usage.get(f"{name}_tokens", 0) for name in CLASSES}
            self.assertEqual(counts, {name: each["tokens"][name] for name in CLASSES}, call)
            if each.get("reasoning_of_output") is not None:
                self.assertEqual(usage.get("reasoning_tokens", 0), each["reasoning_of_output"])
            if each["cost_usd"] is None:
                self.assertTrue(call["unpriced"])
            else:
                self.assertEqual(float(call.get("cost_usd", "nan")), float(each["cost_usd"]), call)
        self.assertEqual(by_id, {}, "these are none of the calls")

    def each_capture(self, deliver, suffix=""):
        for path in captures():
            with self.subTest(path.parent.name + suffix):
                self.start_with_rates(path.parent.name + suffix)
                deliver(path.parent)
                self.expect(json.loads(path.read_text()))
                self.itemize("verify")
                self.assertEqual(self.server.stop(), 0)

    def test_as_protobuf_once_and_twice(self):
        def deliver(capture):
            body = (capture / "request.bin").read_bytes()
            if body[:1] == b"{":  # This one came as JSON.
                self.assertEqual(self.post(body, JSON), b"{}")
                return
            self.assertEqual(self.post(body, PROTOBUF), b"")
            before = self.ask("top", "--from", "2026-11-01", "--to", "2026-12-31")
            self.assertEqual(self.post(body, PROTOBUF, encoding="gzip"), b"")
            self.assertEqual(self.ask("top", "--from", "2026-11-01", "--to", "2026-12-31"), before)

        self.each_capture(deliver)

    def test_as_json_with_gzip_where_langfuse_sends_it(self):
        def deliver(capture):
            request = json.loads((capture / "request.json").read_text())
            self.post_json(request, encoding="gzip", path="/api/public/otel/v1/traces")

        self.each_capture(deliver)

    def test_in_reverse(self):
        def deliver(capture):
            self.post_json(merged(list(spans_of(capture / "request.json"))[::-1]))

        self.each_capture(deliver)

    def test_span_by_span_in_any_order_with_a_restart_in_the_middle(self):
        for seed in range(3):

            def deliver(capture, seed=seed):
                requests = list(spans_of(capture / "request.json"))
                random.Random(seed).shuffle(requests)
                for number, request in enumerate(requests):
                    if number == len(requests) // 2:
                        self.assertEqual(self.server.stop(), 0)
                        self.start(f"{capture.name}-{seed}")
                    self.post_json(request)

            self.each_capture(deliver, f"-{seed}")

    def test_all_captures_together(self):
        self.start_with_rates()
        requests = [each for path in captures() for each in spans_of(path.parent / "request.json")]
        random.Random(7).shuffle(requests)
        for first in range(0, len(requests), 5):
            self.post_json(merged(requests[first : first + 5]))
        for path in captures():
            with self.subTest(path.parent.name):
                self.expect(json.loads(path.read_text()))
        self.itemize("verify")

    def test_what_is_no_request_is_refused_for_good(self):
        self.start()
        for body, content_type, status in (
            (b"\xff\xff\xff", PROTOBUF, 400),
            (b"{", JSON, 400),
            (b"[]", JSON, 400),
            (b"[" * 5000, JSON, 400),
            (b"x", "text/plain", 415),
        ):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.post(body, content_type)
            self.assertEqual(refused.exception.code, status, body)
            refused.exception.close()
        self.assertEqual(self.post(b"", PROTOBUF), b"")
        self.post_json({})
