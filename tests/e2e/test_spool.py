# SPDX-License-Identifier: Apache-2.0
"""Whatever is killed, what a tracer with a spool recorded is counted, and counted once."""

import decimal
import mmap
import random
import signal
import struct
import subprocess

import harness

WINDOW = ("--window", "1d")
KILLS = 60


class Progress:
    """The number of calls that Record has accepted, kept outside of all that is killed."""

    def __init__(self, path):
        path.write_bytes(bytes(8))
        self.file = open(path, "r+b")
        self.memory = mmap.mmap(self.file.fileno(), 8)

    def read(self):
        return struct.unpack("<Q", self.memory[:8])[0]

    def close(self):
        self.memory.close()
        self.file.close()


class SpoolTest(harness.TestCase):
    def record(self, progress, goal):
        """Records until `goal` calls are accepted; the process is killed in the act."""
        victim = subprocess.Popen(
            [
                harness.program("SPOOL_VICTIM_BIN", "spool_victim"),
                self.grpc,
                self.directory / "spool",
                self.directory / "progress",
            ],
            stderr=subprocess.PIPE,
        )
        while progress.read() < goal:
            self.assertIsNone(victim.poll(), "the tracer ended by itself")
        victim.kill()
        _, warnings = victim.communicate()
        for warning in warnings.decode().splitlines():  # A kill may cut a record that is under way.
            self.assertIn("ends in the middle of a record", warning)

    def test_tracer_and_server_killed_at_random_moments(self):
        random.seed(5)
        progress = Progress(self.directory / "progress")
        self.addCleanup(progress.close)
        self.grpc = self.start().grpc
        self.set_rates({"m": {"input": "1"}})
        for number in range(KILLS):
            if number % 3 == 2:
                self.server.stop(signal.SIGKILL)
                self.record(progress, progress.read() + random.randint(1, 3000))
                self.start(grpc=self.grpc)
            else:
                self.record(progress, progress.read() + random.randint(1, 3000))
        accepted = progress.read()
        command = [harness.program("SPOOL_VICTIM_BIN", "spool_victim"), self.grpc]
        self.run_program([*command, self.directory / "spool"])
        total = self.ask("top", *WINDOW)["total"]
        # A record under way at a kill is there under the id that the next one has.
        self.assertIn(total["calls"], (accepted, accepted + 1))
        # 1,000 tokens each at $1 a million.
        self.assertEqual(decimal.Decimal(total["cost_usd"]) * 1000, total["calls"])


if __name__ == "__main__":
    harness.unittest.main()
