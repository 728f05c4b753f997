# SPDX-License-Identifier: Apache-2.0
"""Price lists that are broken are refused whole, with a sentence, and the rate book stays."""

import json
import resource
import subprocess
import urllib.error
import urllib.request

import harness

GIB = 1 << 30
SECONDS = 60

SIMPLE = '{"good": {"input": 1}, "bad": {"input": %s}}'
LITELLM = (
    '{"good": {"litellm_provider": "p", "input_cost_per_token": 1e-06},\n'
    ' "bad": {"litellm_provider": "p", "input_cost_per_token": %s}}'
)
GENAI = (
    '[{"id": "p", "models": [{"id": "bad", "match": {"equals": "bad"},\n'
    ' "prices": {"input_mtok": %s}}]}]'
)
WORDS = {"NaN": "line", "Infinity": "line", "-Infinity": "line", "nan": "line", "0x10": "line"}
NUMBERS = ["-1", "1e308", "1e-30", '"NaN"', '"Infinity"', '"-0.1"', "[]", "{}", "true", '""']
LONG = ["9" * 10_000, "1" + "0" * 10_000, "0." + "0" * 10_000 + "1", "1e" + "9" * 10_000]


class BrokenImportsTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.start(bundled_rates=True)
        self.set_rates({"kept": {"input": "3", "output": "15"}})
        self.before = self.book()

    def book(self):
        return self.ask("rates", "list", "--bundled")

    def refuse(self, content, *wanted, name="prices.json", status=2):
        """The import of `content` fails with a sentence that has the file and all of `wanted`."""
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self.refuse_path(path, *wanted, status=status)

    def refuse_path(self, path, *wanted, status=2, **options):
        for flags in ((), ("--dry-run",)):
            done = self.itemize("rates", "import", path, *flags, status=status, **options)
            first = done.stderr.splitlines()[0]
            self.assertLess(len(done.stderr), 1_000)
            self.assertRegex(first, r"^itemize: .*[^.]\.$")
            for text in (str(path), *wanted):
                self.assertIn(text, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(self.book(), self.before)
        return done.stderr

    def test_words_that_are_no_json_are_found_by_their_line(self):
        for form in (LITELLM, GENAI):
            for word, place in WORDS.items():
                with self.subTest(form=form[:20], word=word):
                    self.refuse(form % word, "not valid JSON", f"{place} 2")

    def test_numbers_that_are_no_prices_are_named_by_model_and_field(self):
        for form, field in ((SIMPLE, "input"), (LITELLM, "input_cost_per_token"), (GENAI, "input_mtok")):
            for number in NUMBERS:
                if form is GENAI and number == "{}":
                    continue  # It is one of its forms, without the base price.
                with self.subTest(field=field, number=number):
                    self.refuse(form % number, "bad", field)

    def test_numbers_of_ten_thousand_digits_are_named_and_not_shown_whole(self):
        for form in (SIMPLE, LITELLM, GENAI):
            for number in LONG:
                for text in (number, f'"{number}"'):
                    with self.subTest(form=form[:20], number=text[:5]):
                        self.refuse(form % text, "prices.json")

    def test_what_is_there_twice_is_named(self):
        self.refuse('{"m": {"input": 1}, "m": {"input": 2}}', '"m"', "twice")
        self.refuse('{"m": {"input": 1, "input": 2}}', '"m"', '"input"', "twice")
        wrapped = '"usd_per_million_tokens": {"m": {"input": 1}}'
        self.refuse("{%s, %s}" % (wrapped, wrapped), "usd_per_million_tokens", "twice")
        model = '"m": {"litellm_provider": "p", "input_cost_per_token": 1%s}'
        self.refuse("{%s, %s}" % (model % "", model % ""), '"m"', "twice")
        again = ', "input_cost_per_token": 2'
        self.refuse("{%s}" % (model % again), '"m"', "input_cost_per_token", "twice")
        self.refuse("{%s}" % (model % ', "litellm_provider": "q"'), "litellm_provider", "twice")
        self.refuse(GENAI % '1, "input_mtok": 2', "p/bad", "input_mtok", "twice")
        self.refuse(GENAI.replace('"prices"', '"id": "x", "prices"') % 1, "id", "twice")

    def test_files_that_are_no_text_are_told_what_they_are(self):
        whole = SIMPLE % 1
        self.refuse("", "empty")
        self.refuse(" \n\t\n", "empty")
        self.refuse("\ufeff", "empty")
        self.refuse(whole.encode("utf-16"), "UTF-16", "save it as UTF-8")
        self.refuse(whole.encode("utf-16-be"), "zero byte", "line 1")
        self.refuse(b"{\n" + b"\0" * 10, "zero byte", "line 2")
        self.refuse(whole[:-5], "not valid JSON", "line 1")
        self.refuse("input: 3\n", "no price file known here")
        self.refuse("<html>", "cannot be imported")
        self.refuse(whole + "}", "not valid JSON")
        self.refuse("5", "no price file known here")
        self.refuse(b'{"m\xff": {"input": 1}}', "not valid JSON")

    def test_a_byte_order_mark_is_no_fault(self):
        path = self.directory / "bom.json"
        path.write_bytes(b"\xef\xbb\xbf" + (SIMPLE % 2).encode())
        self.itemize("rates", "import", path)
        self.assertEqual(len(self.book()["rates"]), len(self.before["rates"]) + 2)

    def limited(self):
        """Options of a process that may take a gibibyte and a half and a minute."""
        limit = 3 * GIB // 2
        return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))}

    def test_nesting_and_size_take_bounded_memory(self):
        path = self.directory / "deep.json"
        path.write_text('{"m":' * 20_000_000)
        self.refuse_path(path, "too large", "64 MiB", **self.limited())
        path.write_text('{"m":' * 12_000_000)
        self.refuse_path(path, "nests too deep", "line 1", **self.limited())
        path.write_text("\n" + "[" * 60_000_000 + "]" * 5_000_000)
        self.refuse_path(path, "nests too deep", "line 2", **self.limited())
        path.write_text("[" + "[],\n" * 15_000_000 + "[]]")
        self.refuse_path(path, "too many values", "at most 2000000", **self.limited())
        path.write_text('{"m": {"input": "%s"}}' % ("9" * 60_000_000))
        self.refuse_path(path, '"m"', "input", **self.limited())

    def test_what_is_no_file_is_told(self):
        self.refuse_path(self.directory, "is a directory")
        self.refuse_path(self.directory / "none.json", "No such file")
        done = self.itemize("rates", "import", "-", status=2, stdin=subprocess.DEVNULL)
        self.assertIn("is empty", done.stderr)
        self.assertEqual(self.book(), self.before)

    def test_of_many_rates_that_cannot_be_set_the_first_are_told(self):
        rates = {f"m-{i}": {"input": 1, "provider": "p" * 300} for i in range(50)}
        path = self.directory / "many.json"
        path.write_text(json.dumps(rates))
        done = self.itemize("rates", "import", path, status=1)
        self.assertIn("50 are refused", done.stderr)
        self.assertEqual(done.stderr.count("The provider has 300 bytes"), 20)
        self.assertIn("and 30 more", done.stderr)
        self.assertEqual(self.book(), self.before)

    def post(self, body):
        request = urllib.request.Request(
            f"http://{self.server.http}/api/v1/rates",
            data=body if isinstance(body, bytes) else body.encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_over_http_they_are_refused_with_a_sentence_too(self):
        rate = '{"rates": [{"match": {"equals": "m"}, "prices": {"input": %s}}]}'
        bodies = [rate % f'"{price}"' for price in ("NaN", "Infinity", "-1", "1e308", "1e-30", "9" * 10_000)]
        bodies += [rate % "NaN", rate % "Infinity", rate % "[]", rate % "{}"]
        bodies += ["", "{", "[]", "no", (rate % '"1"').encode("utf-16"), (rate % '"1"')[:-3]]
        bodies += ['{"rates": [' * 1_000_000, "\0" * 100, '{"rates": [{"match": {"any_of":' * 100_000]
        for body in bodies:
            with self.subTest(body=body[:70]):
                status, answer = self.post(body)
                self.assertEqual(status, 400, answer)
                self.assertRegex(answer, r"[A-Z].*\.")
                self.assertLess(len(answer), 2_000)
                self.assertEqual(self.book(), self.before)


if __name__ == "__main__":
    harness.unittest.main()
