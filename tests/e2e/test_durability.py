# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged survives kill -9, and nothing is counted twice."""

import random
import signal
import subprocess

import harness

WINDOW = ("--from", "2026-10-01", "--to", "2026-11-01")
QUESTIONS = [
    ("top", *WINDOW),
    ("top", "--by", "model", *WINDOW),
    ("workflows", *WINDOW),
    ("series", "--step", "planning", *WINDOW),
    ("show", "run-3"),
]


def events(count):
    for i in range(count):
        day, second = 1 + i * 28 // count, i % 86400
        time = f"2026-10-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        step = ("planning", "research", "doc_synthesis")[i % 3]
        yield harness.call(i, time, step=step, workflow_id=f"run-{i // 10}")
        if i % 10 == 9:
            yield {"time": time, "workflow_id": f"run-{i // 10}", "outcome": "completed"}


class DurabilityTest(harness.TestCase):
    def answers(self):
        return [self.ask(*question) for question in QUESTIONS]

    def set_rate(self):
        self.set_rates({"claude-sonnet-4-6": {"input": "3", "output": "15"}})

    def restart_after(self, number):
        self.server.stop(number)
        self.start()

    def test_an_acknowledged_import_survives_kill_and_restart(self):
        self.start()
        self.set_rate()
        self.import_events(events(5000))
        before = self.answers()
        self.assertEqual(before[0]["total"]["calls"], 5000)
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            self.restart_after(number)
            self.assertEqual(self.answers(), before)

    def test_a_store_that_lost_its_file_acknowledged_waits_for_a_flag(self):
        self.start()
        self.import_events(events(50))
        self.server.stop(signal.SIGKILL)
        (self.directory / "data" / "acknowledged").unlink()
        refused = harness.Server(self.directory / "data")
        self.addCleanup(refused.kill)
        self.assertEqual(refused.wait_exit(), 1)
        self.assertIn("--accept-missing-acknowledged", refused.log)
        self.start(flags=("--accept-missing-acknowledged",))
        self.assertEqual(self.ask("top", *WINDOW)["total"]["calls"], 50)
        self.restart_after(signal.SIGTERM)

    def test_an_import_broken_by_a_crash_can_be_repeated(self):
        self.start()
        self.set_rate()
        path = self.write_events(events(60_000))
        command = [harness.program("ITEMIZE_BIN", "itemize"), "--server", self.server.grpc]
        importing = subprocess.Popen(
            [*command, "import", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while int(self.ask("top", *WINDOW)["total"].get("calls", 0)) == 0:
            self.assertIsNone(importing.poll(), "the import ended before the first answer")
        self.server.stop(signal.SIGKILL)
        self.assertIn(importing.wait(60), (0, 3))
        self.start()
        self.itemize("import", path)
        total = self.ask("top", *WINDOW)["total"]
        self.assertEqual(total["calls"], 60000)
        self.assertEqual(total["cost_usd"], "270")  # 60,000 x (1,000 x $3 + 100 x $15) / 1M.

    def test_an_import_killed_again_and_again_is_resumed(self):
        random.seed(3)
        self.start()
        self.set_rate()
        path = self.write_events(events(60_000))
        command = [harness.program("ITEMIZE_BIN", "itemize"), "--server", self.server.grpc]
        kills = 0
        for _ in range(20):
            importing = subprocess.Popen(
                [*command, "import", str(path)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                importing.wait(random.uniform(0, 1))
            except subprocess.TimeoutExpired:
                kills += 1
                importing.kill()
                importing.wait()
        self.assertGreater(kills, 0)
        answer = self.ask("import", path)
        self.assertEqual(answer["accepted"] + answer["duplicate"], 66_000)
        self.assertEqual(answer["refused"], 0)
        total = self.ask("top", *WINDOW)["total"]
        self.assertEqual((total["calls"], total["cost_usd"]), (60000, "270"))

    def test_a_cumulative_file_adds_only_what_is_new(self):
        self.start()
        everything = list(events(3000))
        self.import_events(everything[:1100])
        answer = self.ask("import", self.write_events(everything, "more.ndjson"))
        self.assertEqual((answer["accepted"], answer["duplicate"]), (2200, 1100))
        self.assertEqual(self.ask("top", *WINDOW)["total"]["calls"], 3000)

    def test_a_re_import_after_restart_is_all_duplicates(self):
        self.start()
        self.import_events(events(2000))
        self.restart_after(signal.SIGKILL)
        again = self.ask("import", self.directory / "events.ndjson")
        self.assertEqual((again["accepted"], again["duplicate"]), (0, 2200))


if __name__ == "__main__":
    harness.unittest.main()
