# SPDX-License-Identifier: Apache-2.0
"""The commands of README.md work.

Fenced `console` blocks right after a line `<!-- tested -->` are run from the
root of the repository with a server as users start it, in order; "$ " starts a command,
other lines are its output and not compared. Costs that the text names are those that come out.
"""

import os
import pathlib
import re

import harness

README = harness.ROOT / "README.md"
BLOCK = re.compile(r"^<!-- tested -->\n+```console\n(.*?)^```$", re.M | re.S)


def commands(block):
    """The commands of a block; a line that ends in a backslash goes on in the next."""
    joined = block.replace("\\\n", " ")
    return [line[2:] for line in joined.splitlines() if line.startswith("$ ")]


class ReadmeTest(harness.TestCase):
    def test_tested_blocks_run(self):
        if not README.exists():
            self.skipTest("there is no README.md")
        text = README.read_text()
        script = [c for block in BLOCK.findall(text) for c in commands(block)]
        if not script:
            self.skipTest("no block of README.md is marked as tested")
        self.start(bundled_rates=True)
        script = [c.replace("127.0.0.1:4318", self.server.http) for c in script]
        folders = {pathlib.Path(harness.program("ITEMIZE_BIN", "itemize")).parent}
        path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
        env = {**os.environ, "PATH": path, "ITEMIZED_SERVER": self.server.grpc}
        self.run_program(["bash", "-euxc", "\n".join(script)], cwd=harness.ROOT, env=env)
        calls = self.ask("show", "run-1")["calls"]
        self.assertEqual([call["cost_usd"] for call in calls], ["0.007484"])
        self.assertIn("$" + calls[0]["cost_usd"], text)

    def test_commands_are_found_in_a_block(self):
        text = "<!-- tested -->\n```console\n$ a \\\n  b\nout\n$ c\n```\n```console\n$ d\n```\n"
        self.assertEqual([commands(b) for b in BLOCK.findall(text)], [["a    b", "c"]])


if __name__ == "__main__":
    harness.unittest.main()
