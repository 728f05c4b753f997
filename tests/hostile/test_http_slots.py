# SPDX-License-Identifier: Apache-2.0
"""Connections, memory and descriptors that are held and not used."""

import resource
import unittest

import hostile
from hostile import MIB

POST = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"


class SlotsTest(hostile.TestCase):
    def setUp(self):
        super().setUp()
        self.held = []
        self.addCleanup(self.let_go)

    def let_go(self):
        for raw in self.held:
            raw.close()
        self.held.clear()

    def hold(self, count, begun):
        """Connections that send `begun` and nothing more; the server may have ended them."""
        for _ in range(count):
            raw = hostile.connect(self.server.http)
            self.held.append(raw)
            try:
                raw.sendall(begun)
            except OSError:
                pass

    def attack(self, count, begun, most=150 * MIB):
        self.start()
        neighbour = hostile.Neighbour(self.server.http)
        before = self.resident()
        self.hold(count, begun)
        # Well before any of them has been silent for as long as a connection may be.
        self.assert_answers(within=20)
        self.assert_neighbour_complete(neighbour)
        self.assertLess(self.peak() - before, most)
        self.let_go()
        self.assert_answers()
        self.assertEqual(self.server.stop(), 0)

    def test_idle_connections_shut_nobody_out(self):
        self.attack(700, b"")

    def test_half_a_header_shuts_nobody_out(self):
        self.attack(400, b"GET /api/v1/top HTTP/1.1\r\nHo")

    def test_connections_that_were_used_shut_nobody_out(self):
        self.attack(400, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def test_slow_senders_shut_nobody_out(self):
        self.attack(400, POST + b"Content-Length: 1000\r\n\r\n{")

    def test_slow_chunks_shut_nobody_out(self):
        self.attack(400, POST + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{")

    def test_announced_bodies_take_nothing(self):
        self.attack(40, POST + b"Content-Length: 16777216\r\n\r\n{")

    def test_large_bodies_that_do_not_end_are_bounded(self):
        begun = POST + b"Content-Length: 16777216\r\n\r\n" + b" " * (2 * MIB)
        self.attack(200, begun, most=450 * MIB)

    def test_answers_that_nobody_reads_are_bounded(self):
        self.start()
        neighbour = hostile.Neighbour(self.server.http, batches=5)
        neighbour.join(hostile.PATIENCE)
        before = self.resident()
        # Many requests on one connection, none of whose answers is read.
        self.held = [hostile.connect(self.server.http) for _ in range(100)]
        ask = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400
        for raw in self.held:
            raw.setblocking(False)
            try:
                raw.send(ask)
            except BlockingIOError:
                pass
        self.assert_answers()
        self.assert_neighbour_complete(neighbour)
        self.assertLess(self.peak() - before, 150 * MIB)

    def test_descriptors_that_ran_out_come_back(self):
        self.start()
        pid = self.server.process.pid
        soft = 24  # Fewer than it has open.
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        self.hold(50, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.wait_until(lambda: "cannot be accepted" in self.server.log, "a line in the log")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (1024, hard))
        self.let_go()
        self.assert_answers()
        self.assertEqual(self.server.log.count("cannot be accepted"), 1)  # A sample of them.

    def test_a_small_limit_of_descriptors_leaves_enough_for_the_store(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, self.hard_limit()))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, self.limits)
        self.start()
        resource.setrlimit(resource.RLIMIT_NOFILE, self.limits)
        neighbour = hostile.Neighbour(self.server.http)
        self.hold(200, b"")
        self.assert_answers()
        self.assert_neighbour_complete(neighbour)
        self.assertNotIn("cannot be accepted", self.server.log)

    def hard_limit(self):
        self.limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        return self.limits[1]

    def test_all_of_a_thousand_parallel_requests_are_answered(self):
        self.start()
        before = self.resident()
        self.held = [hostile.connect(self.server.http) for _ in range(1000)]
        ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        answers = []
        for raw in self.held:
            try:
                raw.sendall(ask)
            except OSError:
                pass  # Answered already.
        for raw in self.held:
            answers.append(hostile.read_all(raw)[:12])
        statuses = {status: answers.count(status) for status in set(answers)}
        self.assertEqual(
            statuses.get(b"HTTP/1.1 200", 0) + statuses.get(b"HTTP/1.1 503", 0), 1000, statuses
        )
        self.assertGreaterEqual(statuses.get(b"HTTP/1.1 200", 0), 200)
        self.assertLess(self.peak() - before, 100 * MIB)
        metrics = hostile.request(self.server.http, "GET", "/metrics")[1].decode()
        self.assertIn('itemized_http_connections_ended_total{reason="no_room"}', metrics)


if __name__ == "__main__":
    unittest.main()
