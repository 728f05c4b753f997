# SPDX-License-Identifier: Apache-2.0
"""The programs as processes: addresses, exit statuses, signals."""

import os
import signal
import urllib.request

import harness


class ServerProcessTest(harness.TestCase):
    def test_signals_end_it_with_status_zero(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                self.start(f"data-{number}")
                self.assertEqual(self.server.stop(number), 0, self.server.log)

    def test_health_is_answered(self):
        self.start()
        with urllib.request.urlopen(f"http://{self.server.http}/healthz", timeout=30) as answer:
            self.assertEqual(answer.status, 200)

    def refused(self, *words, **options):
        second = harness.Server(**options)
        self.addCleanup(second.kill)
        self.assertNotEqual(second.wait_exit(), 0)
        for word in words:
            self.assertIn(str(word), second.log)

    def test_a_second_server_on_the_same_store_is_refused(self):
        self.start()
        self.refused(self.directory / "data", data_dir=self.directory / "data")
        self.itemize("top")

    def test_a_second_server_on_the_same_port_is_refused(self):
        self.start()
        other = self.directory / "other"
        self.refused(self.server.grpc, data_dir=other, grpc=self.server.grpc)
        self.refused(self.server.http, data_dir=other, http=self.server.http)
        self.itemize("top")

    def test_an_unknown_flag_is_wrong_usage(self):
        server = harness.Server(self.directory / "data", flags=("--no-such-flag",))
        self.addCleanup(server.kill)
        self.assertEqual(server.wait_exit(), 2, server.log)
        self.assertIn("no-such-flag", server.log)


class CommandTest(harness.TestCase):
    def test_wrong_usage_ends_with_two(self):
        for words in (
            ("top", "--no-such-flag"),
            ("no-such-command",),
            ("top", "--by", "colour"),
            ("top", "--window", "soon"),
            ("show",),
        ):
            with self.subTest(words):
                self.assertTrue(self.itemize(*words, status=2).stderr)

    def test_no_server_ends_with_three_and_names_the_address(self):
        for words in (("top",), ("workflows",), ("rates", "list"), ("show", "run-1")):
            with self.subTest(words):
                self.assertIn("127.0.0.1:1", self.itemize(*words, status=3).stderr)

    def test_an_unknown_run_ends_with_four(self):
        self.start()
        self.assertIn("run-x", self.itemize("show", "run-x", status=4).stderr)

    def test_the_address_also_comes_from_the_environment(self):
        self.start()
        self.run_program(
            [harness.program("ITEMIZE_BIN", "itemize"), "top"],
            env={**os.environ, "ITEMIZED_SERVER": self.server.grpc},
        )


if __name__ == "__main__":
    harness.unittest.main()
