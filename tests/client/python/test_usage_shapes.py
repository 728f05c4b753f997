# SPDX-License-Identifier: Apache-2.0
"""What providers report becomes the usage that it means: every shape of the table, in vectors.

A vector of tests/data/usage_shapes is one call: the objects that a client sees, in order, and
what they mean. ITEMIZED_USAGE_SHAPES may name a folder of more, one vector a file.
"""

import json
import os
import pathlib
import uuid
from types import SimpleNamespace

import pytest

from conftest import PACKAGE, ROOT
from itemized import ItemizedCallbackHandler, Usage
from itemized.testing import record
from itemized.usage_shapes import table

VECTORS = ROOT / "tests" / "data" / "usage_shapes"
MORE = os.environ.get("ITEMIZED_USAGE_SHAPES")
SYNONYMS = {"gemini": "google", "vertex_ai": "google", "bedrock": "aws.bedrock", "bedrock_converse": "aws.bedrock"}
#: Fields of `expected` that are compared with an attribute of the same name.
TOLD = ("service_tier", "region", "reported_cost_usd", "model", "shape")


def vectors():
    found = {f"{path.stem}: {each['name']}": each for path in sorted(VECTORS.glob("*.json")) for each in json.loads(path.read_text())}
    for path in sorted(pathlib.Path(MORE).glob("*.json")) if MORE else ():
        found[path.stem] = json.loads(path.read_text())
    return found


ALL = vectors()


def as_object(value):
    return json.loads(json.dumps(value), object_hook=lambda fields: SimpleNamespace(**fields))


class Model:
    """An object like those of pydantic: its fields are attributes, and `model_dump` tells them all."""

    __pydantic_fields__ = {}

    def __init__(self, **fields):
        self.__dict__.update(fields)

    def model_dump(self):
        return {name: plain(value) for name, value in self.__dict__.items()}


class Slotted:
    """An object without a dict, whose fields are asked for by name."""

    __slots__ = ("fields",)

    def __init__(self, **fields):
        object.__setattr__(self, "fields", fields)

    def __getattr__(self, name):
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None

    def model_dump(self):
        return {name: plain(value) for name, value in self.fields.items()}


def plain(value):
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.model_dump() if hasattr(value, "model_dump") else value


def as_models(kind):
    return lambda value: json.loads(json.dumps(value), object_hook=lambda fields: kind(**fields))


FORMS = {"dicts": lambda value: value, "attributes": as_object, "models": as_models(Model), "slots": as_models(Slotted)}


def read(vector, form):
    usage = Usage(vector.get("model", ""))
    for piece in vector["call"]:
        usage.record(form(piece))
    return usage


def over_langchain(message):
    handler = ItemizedCallbackHandler()
    with record() as recorder:
        run_id = uuid.uuid4()
        handler.on_chat_model_start({}, [[]], run_id=run_id, metadata={})
        handler.on_llm_end(SimpleNamespace(generations=[[SimpleNamespace(message=SimpleNamespace(**message))]]), run_id=run_id)
    return recorder.calls[0].get("usage", {})


def without_zeros(counts):
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ALL)
def test_a_report_becomes_the_usage_that_it_means(name, form, caplog):
    vector = ALL[name]
    expected = vector["expected"]
    usage = read(vector, FORMS[form])
    assert without_zeros(usage) in [right["usage"] for right in [expected, *expected.get("also_right", [])]]
    if vector.get("via") == "langchain":
        assert without_zeros(over_langchain(vector["call"][0])) == expected["usage"]
    provider = SYNONYMS.get(usage.provider, usage.provider)
    assert provider is None or "provider" not in expected or provider == expected["provider"]
    for field in TOLD:
        if expected.get(field) is not None:
            assert str(getattr(usage, field)) == expected[field]
    if "told" in expected:
        assert expected["told"] in caplog.text
    elif expected["usage"]:
        assert caplog.records == []  # What is right is no trouble.


def test_there_is_a_vector_for_every_shape():
    seen = {read(vector, FORMS["dicts"]).shape for vector in ALL.values()}
    assert {shape.name for shape in table().shapes} - seen == set()


def test_every_shape_names_its_source_and_classes_that_there_are():
    from itemized.usage_classes import CLASSES

    source = json.loads((PACKAGE / "itemized" / "usage_shapes.json").read_text())
    for shape in source["shapes"]:
        assert shape["source"] and set(shape["classes"]) <= set(CLASSES)
        names = set(shape["numbers"]) | set(shape.get("let", {}))
        read_by_name = set("".join(each if each.isalnum() or each == "_" else " " for text in [*shape["classes"].values(), *shape.get("let", {}).values(),
                                   *shape.get("total", {}).get("sums", [])] for each in text + " ").split())
        assert {name for name in read_by_name if not name.isdigit()} - {"max", "where_equal", "where_less"} <= names, shape["name"]


def test_where_nothing_is_reported_every_expression_is_0():
    for shape in table().shapes:
        values = dict(shape.zeros)
        for name, expression in shape.lets.items():
            values[name] = expression(values)
        assert {expression(values) for expression in [*shape.sums, *(each for each, _ in shape.classes.values()), *shape.lets.values()]} <= {0}, shape.name


def test_the_package_has_the_table_that_the_server_has():
    assert (PACKAGE / "itemized" / "usage_shapes.json").read_bytes() == (ROOT / "proto/itemized/v1/usage_shapes.json").read_bytes()
