# SPDX-License-Identifier: Apache-2.0
"""Stores that are verified and backed up, by their server and without it."""

import signal

import harness

WINDOW = ("--from", "2026-10-01", "--to", "2026-11-01")


class MaintenanceTest(harness.TestCase):
    def fill(self, count=2000):
        self.start(flags=("--backup-dir", str(self.directory / "backups")))
        self.set_rates({"claude-sonnet-4-6": {"input": "3", "output": "15"}})
        self.import_events(
            harness.call(i, f"2026-10-{1 + i % 28:02}T12:00:00Z", workflow_id=f"run-{i // 10}")
            for i in range(count)
        )

    def verify_offline(self, directory, status=0):
        return self.run_program(
            [harness.program("ITEMIZED_BIN", "itemized"), "--verify", "--data-dir", directory], status
        )

    def test_a_store_is_verified_while_it_serves_and_after(self):
        self.fill()
        answer = self.ask("verify")
        self.assertEqual((answer["differences"], answer["calls"]), (0, 2000))
        self.assertIn("No difference.", self.itemize("verify").stdout)
        busy = self.verify_offline(self.directory / "data", status=1)
        self.assertIn("in use", busy.stderr)
        self.server.stop(signal.SIGKILL)
        self.assertIn("no difference", self.verify_offline(self.directory / "data").stdout)

    def test_verifying_makes_no_store(self):
        missing = self.directory / "missing"
        self.assertIn("holds no database", self.verify_offline(missing, status=1).stderr)
        self.assertFalse(missing.exists())

    def test_a_server_on_a_backup_gives_the_same_totals(self):
        self.fill()
        before = self.ask("top", *WINDOW)
        answer = self.ask("backup", "copy")
        self.assertEqual(answer["directory"], str((self.directory / "backups" / "copy").resolve()))
        self.assertEqual(answer["calls"], 2000)
        self.assertEqual(answer["cost_usd"], before["total"]["cost_usd"])
        self.import_events([harness.call(9999, "2026-10-05T12:00:00Z")], "late.ndjson")
        self.assertIn("exists already", self.itemize("backup", "copy", status=3).stderr)
        self.server.stop()
        self.start("backups/copy")
        self.assertEqual(self.ask("top", *WINDOW), before)
        self.assertEqual(self.ask("verify")["differences"], 0)

    def test_backups_are_made_below_the_backup_directory_alone(self):
        self.fill(10)
        for name in ["/tmp/itemized-escape", "../escape", "a/../../escape"]:
            refused = self.itemize("backup", name, status=3)
            self.assertIn("--backup-dir", refused.stderr)
        self.server.stop()
        self.start()
        self.assertIn("--backup-dir", self.itemize("backup", "copy", status=3).stderr)

    def test_what_the_server_writes_is_for_its_user_alone(self):
        (self.directory / "data").mkdir(mode=0o755)
        self.fill(10)
        self.ask("backup", "copy")
        for top in ["data", "backups"]:
            for path in [self.directory / top, *(self.directory / top).rglob("*")]:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    harness.unittest.main()
