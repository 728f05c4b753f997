# SPDX-License-Identifier: Apache-2.0
"""Connections, streams, answers and threads of gRPC that are held without need."""

import os
import resource
import subprocess
import time
import unittest
import unittest.mock

import hostile
import http2
from hostile import MIB

BATCH_EVENTS = 2000


def field(number, payload):
    """A protobuf field of bytes."""
    return bytes([number << 3 | 2]) + varint(len(payload)) + payload


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def hello(number):
    """An IngestRequest that presents a producer."""
    identity = number.to_bytes(16, "big")
    return http2.message(field(3, field(1, identity) + b"\x10\x01"))


class SlotsTest(hostile.TestCase):
    def setUp(self):
        super().setUp()
        self.opened = []

    def tearDown(self):
        for connection in self.opened:
            connection.close()
        super().tearDown()

    def begin(self, **options):
        self.start(**options)
        self.neighbour = hostile.Neighbour(self.server.http)
        self.before = self.resident()

    def connect(self, **options):
        self.opened.append(http2.Connection(self.server.grpc, **options))
        return self.opened[-1]

    def assert_ingests(self, run):
        """A sender over gRPC gets its events in, at a second try if need be."""
        path = self.write_events([hostile.event(n, workflow_id=run, step="over-grpc") for n in range(10)])
        until = time.monotonic() + hostile.PATIENCE
        while True:
            done = subprocess.run(
                [self.program(), "--server", self.server.grpc, "import", str(path)],
                capture_output=True,
                check=False,
                timeout=hostile.PATIENCE,
            )
            if done.returncode == 0:
                return
            self.assertLess(time.monotonic(), until, done.stderr.decode() + self.server.log)

    def program(self):
        return hostile.harness.program("ITEMIZE_BIN", "itemize")

    def assert_recovers(self):
        self.assert_answers()
        self.assert_neighbour_complete(self.neighbour)
        self.assertLess(self.peak() - self.before, 256 * MIB)

    def test_idle_streams_make_room(self):
        self.begin()
        number = 0
        for _ in range(4):
            connection = self.connect(window=MIB)
            for _ in range(90):
                number += 1
                connection.open(http2.INGEST, hello(number) if number % 2 else b"")
        self.assert_ingests("among-idle-streams")
        self.assert_recovers()

    def test_streams_that_never_read_their_acks(self):
        self.begin(flags=("--memory-limit", "256MiB"))
        empty_event = field(1, b"")  # Refused with a sentence.
        request = http2.message(field(2, empty_event * BATCH_EVENTS))
        for _ in range(2):
            connection = self.connect()
            streams = [connection.open(http2.INGEST) for _ in range(64)]
            for _ in range(20):
                connection.raw.settimeout(1)
                try:
                    for stream in streams:
                        connection.write(stream, request)
                except OSError:
                    break  # Held back, or cut off.
        self.assert_ingests("among-deaf-streams")
        self.assert_recovers()

    def limit_files(self, count):
        """The server of this test may open so many files."""
        wrapper = self.directory / "limited"
        program = hostile.harness.program("ITEMIZED_BIN", "itemized")
        wrapper.write_text(f'#!/bin/sh\nulimit -n {count}\nexec "{program}" "$@"\n')
        wrapper.chmod(0o700)
        change = unittest.mock.patch.dict(os.environ, ITEMIZED_BIN=str(wrapper))
        change.start()
        self.addCleanup(change.stop)

    def test_idle_connections_leave_room_where_few_files_may_be_opened(self):
        self.limit_files(128)
        self.begin()
        idle = [hostile.connect(self.server.grpc) for _ in range(400)]
        self.assert_ingests("among-idle-connections")
        for each in idle:
            each.close()
        self.assert_ingests("after-idle-connections")
        self.assert_recovers()
        self.assertIn("connections of gRPC are in use", self.server.log)

    def test_connections_are_taken_again_once_there_are_descriptors(self):
        self.begin()
        self.assert_neighbour_complete(self.neighbour)
        pid = self.server.process.pid
        used = len(os.listdir(f"/proc/{pid}/fd"))
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 8, before[1]))
        idle = [hostile.connect(self.server.grpc) for _ in range(100)]
        self.wait_until(
            lambda: "of gRPC cannot be accepted" in self.server.log, "the lack is told"
        )
        for each in idle:
            each.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        self.assert_ingests("after-the-lack")
        self.assert_recovers()

    def test_questions_that_are_asked_and_left(self):
        self.begin()
        window = field(1, b"\x08" + varint(30 * 24 * 3600 * 1_000_000))
        top = http2.message(window + b"\x10\x05" + field(3, b"tenant"))
        for _ in range(10):
            connection = self.connect(window=MIB)
            for _ in range(40):
                stream = connection.open(http2.TOP, top, flags=http2.END_STREAM)
                connection.send(
                    http2.frame(http2.RST_STREAM, 0, stream, b"\0\0\0\x08")
                )
        self.assert_ingests("among-questions")
        self.ask("top")
        self.assert_recovers()


if __name__ == "__main__":
    unittest.main()
