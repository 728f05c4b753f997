# SPDX-License-Identifier: Apache-2.0
"""A stock agent under a stock OpenTelemetry SDK, over every transport that its exporters have."""

import os
import pathlib
import shutil
import tempfile
import unittest

import harness

EMITTERS = harness.ROOT / "tests" / "e2e" / "emitters"
COUNTS = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens")
SONNET = ("claude-sonnet-4-5-20250929", (500, 7500, 60, 40, 40))
# The provider has said that 1,024 of these came from its cache; version 5 of the AI SDK does not pass
# that on.
MINI = ("gpt-4o-mini-2024-07-18", (1200, 0, 0, 0, 40))
EXPECTED = sorted([("planner", *SONNET), ("planner", *SONNET), ("reranker", *MINI), ("research", *MINI)])


class EmittersTest(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("npm") is None:
            raise unittest.SkipTest("npm is not installed")
        where = os.environ.get("ITEMIZED_EMITTERS_DIR") or tempfile.mkdtemp(prefix="itemized-emitters-")
        cls.modules = pathlib.Path(where)
        cls.modules.mkdir(parents=True, exist_ok=True)

    def setUp(self):
        super().setUp()
        for name in ("package.json", "package-lock.json", "emit.mjs"):
            shutil.copy(EMITTERS / name, self.modules)
        if not (self.modules / "node_modules" / "ai").exists():
            self.run_program(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=self.modules)

    def test_each_call_of_an_agent_is_billed_once_over_every_transport(self):
        self.start(bundled_rates=True)
        for transport in ("json", "json+gzip", "protobuf", "protobuf+gzip", "grpc", "grpc+gzip"):
            with self.subTest(transport):
                command = ["node", "emit.mjs", transport, self.server.http, self.server.grpc]
                trace = self.run_program(command, cwd=self.modules).stdout.strip()
                run = self.ask("show", trace)
                self.assertEqual((run["workflow"], run["outcome"]), ("research", "completed"))
                calls = [
                    (call["step"], call["model"], tuple(call["usage"][name] for name in COUNTS))
                    for call in run["calls"]
                ]
                self.assertEqual(sorted(calls), EXPECTED)
                sessions = [call["attributes"].get("session") for call in run["calls"]]
                self.assertEqual(sorted(sessions, key=str), [None, "s-9", "s-9", "s-9"])
                self.assertFalse(any(call["unpriced"] for call in run["calls"]))
        self.itemize("verify")
