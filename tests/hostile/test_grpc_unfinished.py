# SPDX-License-Identifier: Apache-2.0
"""What clients of gRPC begin and never finish."""

import unittest

import hostile
import http2
from hostile import MIB

LIMIT = 128 * MIB


class UnfinishedTest(hostile.TestCase):
    """The server has the smallest memory that one would give it, and nobody may take more of it."""

    def setUp(self):
        super().setUp()
        self.start(flags=("--memory-limit", "128MiB"))
        self.neighbour = hostile.Neighbour(self.server.http)
        self.before = self.resident()

    def attack(self, connections, send):
        """Calls send(connection) on each of so many, and goes on where one is cut off."""
        opened = []
        for _ in range(connections):
            connection = http2.Connection(self.server.grpc)
            opened.append(connection)
            try:
                send(connection)
            except OSError:
                pass  # Cut off, as it should be.
            self.assertLess(self.resident() - self.before, 2 * LIMIT)
        return opened

    def assert_recovers(self, opened):
        self.assert_answers()
        for connection in opened:
            connection.close()
        self.assert_neighbour_complete(self.neighbour)
        self.assertLess(self.peak() - self.before, 2 * LIMIT)

    def test_writes_that_are_announced_and_half_sent(self):
        def half_send(connection):
            length = (16 * MIB - 1).to_bytes(4, "big")
            streams = [connection.open(http2.WRITE, b"\0" + length) for _ in range(20)]
            connection.write_what_fits(dict.fromkeys(streams, 15 * MIB))

        self.assert_recovers(self.attack(4, half_send))

    def test_streams_that_are_begun_and_reset(self):
        def reset(connection):
            headers = http2.call_headers(http2.INGEST)
            for _ in range(200):
                burst = b""
                for _ in range(100):
                    stream = connection.next_stream
                    connection.next_stream += 2
                    burst += http2.frame(http2.HEADERS, http2.END_HEADERS, stream, headers)
                    burst += http2.frame(http2.RST_STREAM, 0, stream, b"\0\0\0\x08")
                connection.send(burst)

        opened = self.attack(10, reset)
        self.wait_until(lambda: all(each.is_closed() for each in opened), "all are cut off")
        self.assert_recovers(opened)
        self.assertIn("begins and resets streams", self.server.log)

    def test_headers_that_never_end(self):
        def flood(connection):
            more = http2.literal("x-" + "n" * 50, "v" * 100) * 100
            connection.send(http2.frame(http2.HEADERS, 0, 1, http2.call_headers(http2.INGEST)))
            for _ in range(2000):
                connection.send(http2.frame(http2.CONTINUATION, 0, 1, more))

        opened = self.attack(10, flood)
        self.wait_until(lambda: all(each.is_closed() for each in opened), "all are cut off")
        self.assert_recovers(opened)
        self.assertIn("headers do not end", self.server.log)


if __name__ == "__main__":
    unittest.main()
