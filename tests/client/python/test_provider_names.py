# SPDX-License-Identifier: Apache-2.0
"""The table of providers is the server's, and names of models are read as the server reads them."""

import pathlib
import re

from itemized.pricing import RateBook, served_as
from itemized.provider_names import PROVIDERS, canonical_provider, forms_of

ROOT = pathlib.Path(__file__).resolve().parents[3]


def test_the_rows_are_those_of_the_server():
    source = (ROOT / "storage/pricing/provider_names.h").read_text()
    table = source[source.index("kProviderRows = {") : source.index("// Programs that pass calls on")]
    rows = [
        tuple("".join(re.findall(r'"([^"]*)"', text)) for text in re.findall(r'((?:"[^"]*"\s*)+)', row))
        for row in re.findall(r"ProviderRow\{(.*?)\}", table, re.S)
    ]
    assert len(rows) > 30
    assert [tuple(row)[: len(ours)] for row, ours in zip(PROVIDERS, rows)] == rows
    assert len(PROVIDERS) == len(rows)


def test_synonyms_are_one_provider():
    assert {canonical_provider(name) for name in ("bedrock", "bedrock_converse", "aws.bedrock")} == {"aws"}
    assert {canonical_provider(name) for name in ("gemini", "vertex_ai-language-models", "Google")} == {"google"}
    for name in ("anthropic.messages", "openai.responses", "google.generative-ai", "mistral.chat"):  # The AI SDK's.
        assert canonical_provider(name) == name.partition(".")[0]
    assert canonical_provider("litellm") == ""
    assert canonical_provider("Own-Cluster") == "own-cluster"


def test_routes_paths_versions_and_dates_are_taken_off():
    for call, form in (
        (("", "anthropic/claude-sonnet-4-6"), ("anthropic", "claude-sonnet-4-6")),
        (("", "azure/gpt-5.4"), ("openai", "gpt-5.4")),
        (("google", "models/gemini-2.5-flash"), ("google", "gemini-2.5-flash")),
        (("", "publishers/google/models/gemini-2.5-flash"), ("google", "gemini-2.5-flash")),
        (("vertex_ai", "claude-sonnet-4-6@20260217"), ("anthropic", "claude-sonnet-4-6")),
        (("openai", "gpt-5-2025-08-07"), ("openai", "gpt-5")),
        (("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"), ("aws", "claude-sonnet-4-5")),
        (("aws", "amazon.nova-pro-v1:0"), ("aws", "nova-pro")),
        (("minimax", "MiniMax-M2"), ("minimax", "minimax-m2")),
    ):
        assert form in forms_of(*call), call
    assert forms_of("openrouter", "anthropic/claude-sonnet-4.6") == [("openrouter", "anthropic/claude-sonnet-4.6")]
    assert len(forms_of("", "models/openai/azure/@" * 50)) <= 32


def rate(price, **fields):
    return {"match": {"equals": "m"}, "prices": {"input": str(price)}, **fields}


def test_a_call_has_the_rate_of_its_tier_region_and_hour():
    book = RateBook([
        rate(1),
        rate(2, service_tier="flex"),
        rate(3, region="us"),
        rate(4, hours={"from_second": 79_200, "to_second": 3_600}),
        rate(9, origin="bundled"),
    ])
    million, noon, night = {"input_tokens": 1_000_000}, 43_200_000_000, 86_000_000_000
    dollars = 10**12
    assert book.cost("p", "m", noon, million) == dollars
    assert book.cost("p", "m", noon, million, "default", "global") == dollars
    assert book.cost("p", "m", noon, million, "flex") == 2 * dollars
    assert book.cost("p", "m", noon, million, None, "us") == 3 * dollars
    assert book.cost("p", "m", night, million) == 4 * dollars
    assert book.cost("p", "m", noon, million, "batch") is None
    assert served_as("On_Demand", "not_available") == ("", "")
