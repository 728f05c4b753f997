# SPDX-License-Identifier: Apache-2.0
"""The HTTP API with the tools that people have: curl's way, and Prometheus's."""

import json
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

import harness

LINE = (
    b'{"event_id":"c-1","time":"2026-11-01T00:00:00Z","workflow":"ticket","workflow_id":"run-1",'
    b'"step":"plan","model":"m","usage":{"input_tokens":1000000}}\n'
)


class HttpTest(harness.TestCase):
    def fetch(self, path, body=None, headers=()):
        request = urllib.request.Request(
            f"http://{self.server.http}{path}", data=body, headers=dict(headers)
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read().decode()

    def test_answers_are_those_of_the_commands(self):
        self.start()
        self.fetch("/api/v1/events", LINE)
        window = ["--from", "2026-11-01", "--to", "2026-11-02"]
        query = "from=2026-11-01&to=2026-11-02"
        for command, path in [
            (["top", *window], f"top?{query}"),
            (["workflows", *window], f"workflows?{query}"),
            (["series", "--step", "plan", *window], f"series?step=plan&{query}"),
            (["outliers", *window], f"outliers?{query}"),
            (["show", "run-1"], "runs/run-1"),
            (["rates", "list"], "rates"),
        ]:
            printed = self.itemize(*command, "--json").stdout
            self.assertEqual(json.loads(self.fetch(f"/api/v1/{path}")), json.loads(printed), path)

    def test_counts_of_answers_add_up(self):
        self.start()
        self.fetch("/api/v1/events", LINE)
        self.fetch("/api/v1/events", LINE.replace(b"c-1", b"c-2").replace(b"plan", b"draft"))
        top = json.loads(self.fetch("/api/v1/top?from=2026-11-01&to=2026-11-02"))
        self.assertEqual(sum(row["calls"] for row in top["rows"]), 2)
        self.assertEqual(top["total"]["calls"], 2)
        self.assertEqual(json.loads(self.fetch("/api/v1/runs/run-1"))["outcome"], "open")

    def test_the_page_is_there_for_those_who_take_no_gzip(self):
        self.start()
        self.assertIn("<title>itemized", self.fetch("/"))  # Python and curl ask like this.
        gzipped = urllib.request.Request(
            f"http://{self.server.http}/", headers={"Accept-Encoding": "gzip"}
        )
        with urllib.request.urlopen(gzipped, timeout=60) as response:
            etag = response.headers.get("ETag")
        if etag is None:
            self.skipTest("built without the dashboard")
        again = {"Accept-Encoding": "gzip", "If-None-Match": etag}
        with self.assertRaises(urllib.error.HTTPError) as not_modified:
            self.fetch("/", headers=again)
        self.assertEqual(not_modified.exception.code, 304)

    def test_health_is_not_told_before_grpc_listens(self):
        for attempt in range(5):
            with socket.socket() as one, socket.socket() as other:
                for each in (one, other):
                    each.bind(("127.0.0.1", 0))
                grpc, http = (f"127.0.0.1:{each.getsockname()[1]}" for each in (one, other))
            server = harness.Server(self.directory / f"health-{attempt}", grpc=grpc, http=http)
            self.addCleanup(server.kill)
            until = time.monotonic() + harness.START_SECONDS
            while not self.is_healthy(http):
                self.assertLess(time.monotonic(), until, server.log)
            host, port = grpc.split(":")
            socket.create_connection((host, int(port)), timeout=60).close()
            server.kill()

    def is_healthy(self, address):
        try:
            with urllib.request.urlopen(f"http://{address}/healthz", timeout=60) as response:
                return response.status == 200
        except OSError:
            return False

    def test_metrics_please_promtool(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("promtool is not installed; script/test fetches it")
        self.start()
        self.fetch("/api/v1/events", LINE)
        check = subprocess.run(
            [promtool, "check", "metrics"],
            input=self.fetch("/metrics"),
            capture_output=True,
            text=True,
        )
        self.assertEqual((check.returncode, check.stdout, check.stderr), (0, "", ""))

    def test_what_was_acknowledged_survives_a_kill(self):
        self.start()
        self.assertEqual(json.loads(self.fetch("/api/v1/events", LINE))["accepted"], 1)
        self.server.kill()
        self.start()
        self.assertEqual(json.loads(self.fetch("/api/v1/events", LINE))["duplicate"], 1)

    def test_a_stop_lets_a_request_end(self):
        self.start()
        self.fetch("/api/v1/events", LINE)
        self.assertEqual(self.server.stop(), 0)
        with self.assertRaises(urllib.error.URLError):
            self.fetch("/healthz")


if __name__ == "__main__":
    unittest.main()
