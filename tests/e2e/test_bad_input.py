# SPDX-License-Identifier: Apache-2.0
"""Bad input costs only itself."""

import json

import harness

TIME = "2026-10-01T12:00:00Z"
WINDOW = ("--from", "2026-10-01", "--to", "2026-10-02")


def line(number, time=TIME, **fields):
    return json.dumps(harness.call(number, time, **fields)).encode()


# Name, the line, and a word its refusal contains.
BAD = [
    ("broken JSON", b'{"event_id": "c-1", "time": ', None),
    ("no object", b"[1, 2]", None),
    ("negative tokens", line(3, usage={"input_tokens": -5}), "input_tokens"),
    ("unknown field", line(4, spet="planning"), "spet"),
    ("unknown field of the usage", line(5, usage={"tokens": 5}), "tokens"),
    ("over-long step", line(6, step="x" * 201), "200"),
    ("invalid UTF-8", line(7).replace(b"planning", b"plan\xff\xfening"), "UTF-8"),
    ("far future", line(8, time="2199-01-01T00:00:00Z"), None),
    ("reasoning above output", line(9, usage={"output_tokens": 1, "reasoning_tokens": 2}), None),
    ("no step", line(10, step=""), "step"),
    ("no run", line(11, workflow_id=""), "workflow_id"),
    ("no model", line(12, model=""), "model"),
    ("a word for a count", line(13, usage={"input_tokens": "many"}), "input_tokens"),
    ("no time at all", line(14, time="yesterday"), "yesterday"),
    ("unknown outcome", b'{"time":"%s","workflow_id":"r","outcome":"won"}' % TIME.encode(), "won"),
    ("truncated last line", line(16)[:-20], None),
]


class BadInputTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.start()

    def write(self, lines, end=b"\n"):
        path = self.directory / "input.ndjson"
        path.write_bytes(b"\n".join(lines) + end)
        return path

    def calls(self):
        return int(self.ask("top", *WINDOW)["total"].get("calls", 0))

    def test_each_bad_line_is_named_and_its_neighbours_are_stored(self):
        for number, (name, bad, word) in enumerate(BAD):
            with self.subTest(name):
                before = self.calls()
                path = self.write([line(100 + number), bad], end=b"")
                done = self.itemize("import", path, status=1)
                (refusal,) = [t for t in done.stderr.splitlines() if t.startswith(f"{path}:")]
                self.assertTrue(refusal.startswith(f"{path}:2: "), refusal)
                self.assertGreater(len(refusal), len(f"{path}:2: ") + 10)
                if word:
                    self.assertIn(word, refusal)
                self.assertEqual(self.calls(), before + 1)

    def test_many_bad_lines_among_good_ones(self):
        lines = []
        bad_lines = []
        for i in range(600):
            lines.append(line(1000 + i))
            if i % 5 == 0:
                lines.append(BAD[i % len(BAD)][1])
                bad_lines.append(len(lines))
        path = self.write(lines)
        answer = json.loads(self.itemize("import", path, "--json", status=1).stdout)
        self.assertEqual(answer["accepted"], 600)
        self.assertEqual(answer["refused"], len(bad_lines))
        self.assertEqual([r["line"] for r in answer["refusals"]], bad_lines)
        self.assertEqual(self.calls(), 600)

    def test_a_file_that_is_not_there_is_wrong_usage(self):
        done = self.itemize("import", self.directory / "nothing.ndjson", status=2)
        self.assertIn("nothing.ndjson", done.stderr)

    def test_an_empty_file_is_fine(self):
        answer = self.ask("import", self.write([], end=b""))
        self.assertEqual((answer["accepted"], answer["refused"]), (0, 0))

    def test_standard_input_is_read(self):
        self.itemize("import", "-", input=line(1) + b"\n" + line(2) + b"\n")
        self.assertEqual(self.calls(), 2)


if __name__ == "__main__":
    harness.unittest.main()
