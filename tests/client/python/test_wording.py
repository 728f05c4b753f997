# SPDX-License-Identifier: Apache-2.0
"""Comments of proto files, Python and TypeScript stand alone, as tests/storage/layering has it
of C++."""

import re

import pytest

from conftest import ROOT

_WORDS = "Of|By|For|With|Without|In|At|From|To|On|Behind|Before|After|Between|Under|Over|Into|Beside|As|The same"
#: A comment, documentation too, that opens with a bare preposition: its subject is elsewhere.
_BARE = re.compile(rf'(?:(?<![:"\'\w])//|#:?|/\*\*|^\s*""") ?(?:{_WORDS})[ .,;:]')
_COMMENT = re.compile(r"^\s*(?://|#)")
_ENDINGS = {".proto", ".py", ".ts", ".tsx", ".mjs"}
_FOREIGN = {"node_modules", "generated", "dist", "__pycache__"}


def bare(text):
    """The comments that open so. One over several lines opens with the first."""
    found, goes_on = [], False
    for line in text.splitlines():
        if _BARE.search(line) and not goes_on:
            found.append(line.strip())
        goes_on = bool(_COMMENT.match(line))
    return found


def sources():
    for folder in ("client", "proto", "tests", "bench", "script"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _ENDINGS and path != ROOT / "tests/client/python/test_wording.py" and not _FOREIGN & set(path.parts):
                yield path


def test_every_comment_has_a_subject():
    read = list(sources())
    assert {path.suffix for path in read} == _ENDINGS
    assert {str(path.relative_to(ROOT)): found for path in read if (found := bare(path.read_text()))} == {}


@pytest.mark.parametrize("text, count", [
    ("int64 done = 2;  // Of those.", 1), ("// The calls\n// of a run.", 0), ("  /** For a file. */", 1), ('def f():\n    """As it is."""', 1),
    ("#: In memory.", 1), ("x = 1  # By name.", 1), ("# The names\n# In order.", 0), ('"http://In a"', 0), ("// Origin of it.", 0)])
def test_what_has_no_subject(text, count):
    assert len(bare(text)) == count
