# SPDX-License-Identifier: Apache-2.0
"""Stock clients, frameworks and instrumentations from npm, under a stock OpenTelemetry SDK.

Their models answer from the scripts in emitters/, which note what they answered: each answer is to be
one call of the bill, with the tokens of the answer as far as the emitter passes them on."""

import json
import os
import pathlib
import shutil
import tempfile
import unittest

import emitter_cases as cases
import harness

EMITTERS = harness.ROOT / "tests" / "e2e" / "emitters"
CLASSES = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning")


def calls_of(answers, emitter):
    """The answers that are calls of their own: the others are attempts at the same call."""
    for at, answer in enumerate(answers):
        later = [each["step"] for each in answers[at + 1 :]]
        if emitter.sees_attempts or answer["status"] == "ok" or answer["step"] not in later:
            yield answer


def expected_calls(scenario, told, emitter):
    expected = []
    for answer in calls_of(told["answers"], emitter):
        for loss in emitter.losses:
            answer = answer and loss(scenario, answer)
        if answer:
            usage = answer.get("usage")
            counts = usage and tuple(usage.get(name, 0) for name in CLASSES)
            session = None if scenario in emitter.no_session else emitter.session
            expected.append((answer["step"], answer["model"], answer["status"], counts, session))
    return sorted(expected, key=repr)


def billed_calls(run):
    billed = []
    for call in run["calls"]:
        usage = call.get("usage")
        counts = usage and tuple(usage.get(f"{name}_tokens", 0) for name in CLASSES)
        session = call.get("attributes", {}).get("session")
        billed.append((call["step"], call["model"], call.get("status", "ok"), counts, session))
    return sorted(billed, key=repr)


class EmittersTest(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("npm") is None:
            raise unittest.SkipTest("npm is not installed")
        where = os.environ.get("ITEMIZED_EMITTERS_DIR")
        if not where:
            where = tempfile.mkdtemp(prefix="itemized-emitters-")
            cls.addClassCleanup(shutil.rmtree, where, ignore_errors=True)
        cls.modules = pathlib.Path(where)
        cls.modules.mkdir(parents=True, exist_ok=True)

    def setUp(self):
        super().setUp()
        for source in [*EMITTERS.glob("*.mjs"), EMITTERS / "package.json"]:
            shutil.copy(source, self.modules)
        lock = self.modules / "package-lock.json"
        wanted = (EMITTERS / lock.name).read_bytes()
        installed = self.modules / "node_modules" / ".installed-lock.json"
        if not installed.exists() or installed.read_bytes() != wanted:
            lock.write_bytes(wanted)
            command = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
            self.run_program(command, cwd=self.modules)
            installed.write_bytes(wanted)
        self.start(bundled_rates=True)

    def expect_of(self, emitter, transport="protobuf"):
        """Runs an emitter, and compares each of its scenarios with the bill."""
        command = ["node", f"{emitter.script}.mjs", transport, self.server.http, self.server.grpc]
        done = self.run_program([*command, *emitter.arguments], cwd=self.modules)
        for scenario, told in json.loads(done.stdout.splitlines()[-1]).items():
            name = " ".join([transport, emitter.script, *emitter.arguments, scenario])
            with self.subTest(name):
                self.expect_run(scenario, told, emitter)

    def expect_run(self, scenario, told, emitter):
        expected = expected_calls(scenario, told, emitter)
        if not expected:
            self.itemize("show", told["trace"], status=4)
            return
        run = self.ask("show", told["trace"])
        self.assertEqual(billed_calls(run), expected, told)
        self.assertEqual(run["workflow"], emitter.workflow(scenario))
        self.assertEqual(run["outcome"], "failed" if told["failed"] else "completed")
        for call in run["calls"]:
            # What was answered has a price, or is known to have none.
            is_unknown = "usage" not in call and call.get("status", "ok") == "ok"
            self.assertEqual(call["unpriced"], is_unknown, call)

    def tearDown(self):
        if self.server:
            self.itemize("verify")

    def test_the_ai_sdk_5_over_every_transport(self):
        for transport in ("json", "json+gzip", "protobuf", "protobuf+gzip", "grpc", "grpc+gzip"):
            self.expect_of(cases.AI_SDK_5, transport)

    def test_the_ai_sdk_6_and_7(self):
        for emitter in cases.AI_SDKS:
            self.expect_of(emitter)

    def test_the_openai_sdk_under_one_instrumentation_and_under_two(self):
        for emitter in cases.OPENAI:
            self.expect_of(emitter)

    def test_the_anthropic_sdk_alone_and_under_an_instrumentation_around_its_own_spans(self):
        for emitter in cases.ANTHROPIC:
            self.expect_of(emitter)

    def test_langgraph_under_its_own_instrumentations_and_those_of_the_clients_below_it(self):
        for emitter in cases.LANGGRAPH:
            self.expect_of(emitter)

    def test_the_sdk_of_traceloop(self):
        self.expect_of(cases.TRACELOOP)

    def test_the_sdk_of_langfuse_which_sends_no_span_of_the_application(self):
        self.expect_of(cases.LANGFUSE)
