# SPDX-License-Identifier: Apache-2.0
"""The usage classes are those of the table that the server is built from."""

import re

from conftest import ROOT
from itemized.pricing import RateBook
from itemized.usage import Usage
from itemized.usage_classes import CLASSES, USAGE_CLASSES
from itemized.wire import row

_ROW = re.compile(r'ROW\((\d+), \d+, k(\w+), (\w+), (\w+), k(\w+), k(\w+), "[^"]*", "([^"]*)"\)')


def table():
    """The rows of storage/base/usage_classes.h, as they should be here."""
    text = (ROOT / "storage/base/usage_classes.h").read_text().replace("\\\n", "")
    rows = [match.groups() for match in _ROW.finditer(re.sub(r"\s+", " ", text))]
    assert len(rows) == text.count("  ROW("), "a row of the table has another form"
    counts = {constant: count for _, constant, count, *_ in rows}
    for number, _, count, price, kind, billed_as, description in rows:
        snake = re.sub(r"(?<!^)([A-Z])", r"_\1", kind).lower()
        yield int(number), (count, price, snake, counts[billed_as], description)


def test_the_classes_are_those_of_the_table():
    assert list(enumerate(tuple(known) for known in USAGE_CLASSES)) == list(table())


def test_every_class_can_be_counted_sent_and_priced():
    for number, known in enumerate(USAGE_CLASSES):
        usage = Usage("m")
        usage[known.count] = 5
        assert usage.counts == {known.count: 5}
        event = {"time_us": 1, "workflow_id": "w", "step": "s", "model": "m", "usage": usage.counts}
        assert bytes([(number + 1) << 3, 5]) in row(event)
        units = 1_000 if known.kind == "requests" else 1_000_000
        book = RateBook([{"match": {"equals": "m"}, "prices": {known.price: "3"}}])
        assert book.cost("", "m", 1, usage.counts) == 5 * 3 * 10**12 // units


def test_the_names_are_in_order():
    assert CLASSES == tuple(known.count for known in USAGE_CLASSES)
