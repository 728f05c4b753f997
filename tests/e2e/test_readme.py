# SPDX-License-Identifier: Apache-2.0
"""The commands of README.md work.

Fenced `console` blocks right after a line `<!-- tested -->` are run from the
root of the repository with a server at hand, in order; "$ " starts a command,
other lines are its output and not compared.
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
        script = [c for block in BLOCK.findall(README.read_text()) for c in commands(block)]
        if not script:
            self.skipTest("no block of README.md is marked as tested")
        self.start()
        folders = {pathlib.Path(harness.program("ITEMIZE_BIN", "itemize")).parent}
        path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
        env = {**os.environ, "PATH": path, "ITEMIZED_SERVER": self.server.grpc}
        self.run_program(["bash", "-euxc", "\n".join(script)], cwd=harness.ROOT, env=env)

    def test_commands_are_found_in_a_block(self):
        text = "<!-- tested -->\n```console\n$ a \\\n  b\nout\n$ c\n```\n```console\n$ d\n```\n"
        self.assertEqual([commands(b) for b in BLOCK.findall(text)], [["a    b", "c"]])


if __name__ == "__main__":
    harness.unittest.main()
