# SPDX-License-Identifier: Apache-2.0
"""Questions that read all of the log, of callers who stay and of callers who leave."""

import json
import threading
import unittest

import hostile
from hostile import MIB

ASK = "/api/v1/top?by=attribute:tenant&limit=10&from=2026-10-01&to=2026-11-01"
CALLS = 30_000


def metric(text, name):
    return next(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))


class CallersTest(hostile.TestCase):
    def setUp(self):
        super().setUp()
        self.start()
        self.itemize("import", self.write_events(self.calls()))

    def calls(self):
        for n in range(CALLS):
            yield hostile.event(
                n,
                event_id=f"old-{n}",
                time=f"2026-10-{n % 28 + 1:02}T{n % 24:02}:00:00Z",
                workflow_id=f"old-{n // 10}",
                step="old",
                attributes={f"k{i}": f"v{n % (100 + i)}" for i in range(8)} | {"tenant": f"t{n}"},
            )

    def metrics(self):
        return hostile.request(self.server.http, "GET", "/metrics")[1].decode()

    def test_questions_whose_callers_left_end(self):
        neighbour = hostile.Neighbour(self.server.http)
        before = self.resident()
        for _ in range(200):
            with hostile.connect(self.server.http) as raw:
                raw.sendall(f"GET {ASK} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.assert_answers()
        name = "itemized_http_abandoned_requests_total"
        self.wait_until(lambda: metric(self.metrics(), name) > 0, "callers are missed")

        def answers():
            return hostile.request(self.server.http, "GET", ASK)[0] == 200

        self.wait_until(answers, "a question is answered again")
        self.assert_neighbour_complete(neighbour)
        self.assertLess(self.peak() - before, 400 * MIB)

    def test_nothing_short_waits_behind_readers(self):
        before = self.resident()
        done = threading.Event()
        answered = []

        def read():
            while not done.is_set():
                status, _ = hostile.request(self.server.http, "GET", ASK)
                answered.append(status)

        readers = [threading.Thread(target=read) for _ in range(32)]
        for reader in readers:
            reader.start()
        neighbour = hostile.Neighbour(self.server.http)
        for path in ("/healthz", "/readyz", "/api/v1/info", "/metrics"):
            self.assertEqual(hostile.request(self.server.http, "GET", path)[0], 200, path)
        self.assert_neighbour_complete_while_asked(neighbour)
        done.set()
        for reader in readers:
            reader.join(hostile.PATIENCE)
        self.assertEqual(set(answered), {200})
        self.assert_neighbour_complete(neighbour)
        self.assertLess(self.peak() - before, 400 * MIB)

    def assert_neighbour_complete_while_asked(self, neighbour):
        neighbour.join(hostile.PATIENCE)
        self.assertIsNone(neighbour.fault)
        info = json.loads(hostile.request(self.server.http, "GET", "/api/v1/info")[1])
        self.assertEqual(int(info["calls"]), CALLS + neighbour.batches * neighbour.size)


if __name__ == "__main__":
    unittest.main()
