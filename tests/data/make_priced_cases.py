#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes priced_cases.json: calls with their price lists, and what each call costs.

    ./make_priced_cases.py            writes the file beside this one
    ./make_priced_cases.py --check    exit status 1 if it is not what this makes

The oracle is `cost` of price_rows.py; price_lists.py writes the same rows in the forms of price
lists. Nothing here is shared with the programs that the cases test.
"""

import json
import pathlib
import sys
from decimal import Decimal as D

from price_lists import FORMS, text_of
from price_rows import COUNTS, Model, cost, rate

FILE = pathlib.Path(__file__).with_name("priced_cases.json")
NOON = "2026-10-15T12:00:00Z"

# ---- Models. Figures are those of price pages, or made up where a form needs more kinds than they have.

MODELS = []
CASES = []


def add(model):
    MODELS.append(model)
    return model


def case(what, model, time=NOON, tier="", region="", name=None, provider=None, expect=None, **usage):
    """A call of `model`; `expect` is what somebody else has published for it."""
    total = cost(model, usage, time, tier, region)
    text = None if total is None else text_of(total) if total else "0"
    assert expect is None or D(expect) == total, (what, expect, total)
    entry = {
        "name": f"{model.form}, {model.name}: {what}",
        "rates": model.form,
        "provider": model.provider if provider is None else provider,
        "model": name or model.name,
        "time": time,
        "usage": {COUNTS[kind]: count for kind, count in usage.items()},
        "cost_usd": text,
    }
    entry.update({"service_tier": tier} if tier else {})
    entry.update({"region": region} if region else {})
    CASES.append(entry)


def published(form):
    """The vectors that others have published, in each form of price list that can say them."""
    sonnet = add(Model(form, "anthropic", "claude-3-7-sonnet", rate(input="3", output="15", cache_read="0.3", cache_write_5m="3.75")))
    case("as the provider's console shows", sonnet, input=3, cache_write_5m=12_304, output=550, expect="0.054399")
    flash = add(Model(form, "google", "gemini-2.5-flash", rate(input="0.3", output="2.5", cache_read="0.03")))
    case("thinking is billed once", flash, input=9, output=22, reasoning=21, expect="0.0000577")
    flex = [rate(tier="flex", input="0.125", output="1", cache_read="0.0125")] if form != "genai-prices" else []
    mini = add(Model(form, "openai", "gpt-5-mini", rate(input="0.25", output="2", cache_read="0.025"), *flex))
    case("half of the input is cached", mini, input=1000, cache_read=1000, output=500, expect="0.001275")
    if flex:
        case("the same as flex", mini, tier="flex", input=1000, cache_read=1000, output=500, expect="0.0006375")
    else:
        case("the same as flex, which the list has not", mini, tier="flex", input=1000, cache_read=1000, output=500)
    for over in (130_000, 131_000):
        edge = add(Model(form, "anthropic", f"claude-edge-{over}", rate(
            input="3", output="15", cache_read="0.3", cache_write_5m="3.75", tiers=[(over, {"input": "6", "cache_read": "0.6", "cache_write_5m": "7.5"})])))
        case("5 + 128,955 + 1,253 are 130,213 tokens of input", edge, input=5, cache_read=128_955, cache_write_5m=1_253, output=10)


def edges(model, over, **served):
    """Calls below, at and above the edge of a context tier, with and without a cache."""
    for what, total in (("below", over - 1), ("at", over), ("above", over + 1), ("far above", 3 * over)):
        case(f"{what} the edge of {over:,}", model, input=total, output=1_000, **served)
    case(f"at the edge of {over:,}, most of it cached", model, input=1, cache_read=over - 1, output=7, **served)
    case(f"above the edge of {over:,} by the cache alone", model, input=1, cache_read=over, output=7, **served)
    case(f"above the edge of {over:,} by what is written", model, input=1, cache_read=over - 9, cache_write_5m=9, output=7, **served)


def classes(model, **served):
    """A call of each class that there is, alone, and of all together."""
    counts = {}
    for i, kind in enumerate(COUNTS):
        counts[kind] = 1_000 + 37 * i
        if kind == "reasoning":
            case("reasoning within output", model, output=2_000, reasoning=counts[kind], **served)
        else:
            case(f"{kind} alone", model, **{kind: counts[kind]}, **served)
    case("all classes", model, **{**counts, "output": 5_000}, **served)


EVERY = dict(input="2", output="8", cache_read="0.2", cache_write_5m="2.5", cache_write_1h="4", reasoning="9", input_audio="32",
             cache_read_audio="0.4", output_audio="64", input_image="10", output_image="40", web_search="10", request="0.5")


def make():
    for form in FORMS:
        published(form)
        classes(add(Model(form, "openai", "every-class", rate(**EVERY))))
        few = add(Model(form, "mistral", "few-classes", rate(input="0.4", output="2")))
        case("classes without a price cost what they are part of", few, input=5, cache_read=50, cache_write_1h=500, output=90, reasoning=40,
             input_audio=7, output_image=3)
        case("a search without a price", few, input=5, web_search=1)
        case("nothing at all", few, input=0)
        half = add(Model(form, "cohere", "input-only", rate(input="0.1")))
        case("an embedding", half, input=123_456)
        case("output without a price", half, input=1, output=1)
        tiny = add(Model(form, "groq", "smallest-price", rate(input="0.000001", output="0.000003")))
        case("a pico-dollar a token", tiny, input=1, output=1)
        case("many of them", tiny, input=1_000_000_007, output=999_999_937)
        dear = add(Model(form, "openai", "dearest", rate(input="150", output="600")))
        case("a large bill", dear, input=1_099_511, output=1_099_511)
        edges(add(Model(form, "openai", "gpt-5.4", rate(
            input="2.5", output="15", cache_read="0.25", tiers=[(272_000, {"input": "5", "output": "22.5", "cache_read": "0.5"})]))), 272_000)
        edges(add(Model(form, "google", "gemini-2.5-pro", rate(
            input="1.25", output="10", cache_read="0.125", tiers=[(200_000, {"input": "2.5", "output": "15"})]))), 200_000)
        steps = add(Model(form, "dashscope", "three-steps", rate(input="0.3", output="1.5", tiers=[
            (32_000, {"input": "0.5", "output": "2.5"}), (128_000, {"input": "0.8", "output": "4"}), (256_000, {"input": "1.6", "output": "9.6"})])))
        for total in (32_000, 32_001, 128_000, 128_001, 256_000, 256_001):
            case(f"{total:,} tokens", steps, input=total, output=3)
    make_tiers_of_service()
    make_dates_and_hours()
    make_names()


def make_tiers_of_service():
    for form in ("plain", "litellm"):
        rows = [rate(input="2.5", output="15", cache_read="0.25", web_search="10"),
                rate(tier="flex", input="1.25", output="7.5", cache_read="0.125", web_search="10"),
                rate(tier="batch", input="1.25", output="7.5", web_search="10"),
                rate(tier="priority", input="5", output="30", cache_read="0.5", web_search="10",
                     tiers=[(200_000, {"input": "10", "output": "45", "cache_read": "1"})])]
        served = add(Model(form, "openai", "gpt-served", *rows))
        for tier in ("", "standard", "default", "flex", "batch", "priority", "scale"):
            case(f"tier {tier or 'not said'}", served, tier=tier, input=1_000, cache_read=333, output=77, web_search=2)
        edges(served, 200_000, tier="priority")
        case("no tier of another region", served, tier="flex", region="us", input=1)
    regions = [rate(input="0.05", output="0.4"), rate(region="us", input="0.055", output="0.44"), rate(region="eu", input="0.06", output="0.5")]
    zones = add(Model("plain", "openai", "gpt-zones", *regions))
    for region in ("", "global", "not_available", "us", "eu", "apac"):
        case(f"region {region or 'not said'}", zones, region=region, input=1_001, output=11)
    uplift = add(Model("litellm", "openai", "gpt-uplift", rate(input="2.5", output="15", cache_read="0.25", web_search="10"),
                       rate(tier="flex", input="1.25", output="7.5", web_search="10"), factors={"us": "1.1", "eu": "1.1"}))
    for tier in ("", "flex"):
        for region in ("", "us", "eu", "jp"):
            case(f"tier {tier or 'standard'} in {region or 'any region'}", uplift, tier=tier, region=region, input=1_001, output=11, web_search=1)
    geo = add(Model("litellm", "anthropic", "claude-geo", rate(input="5", output="25", cache_read="0.5", cache_write_5m="6.25", cache_write_1h="10"),
                    factors={"us": "1.1"}, fast="6"))
    for tier in ("", "fast", "batch"):
        for region in ("", "us", "global"):
            case(f"tier {tier or 'standard'}, region {region or 'not said'}", geo, tier=tier, region=region, input=7, cache_read=70, cache_write_5m=700,
                 cache_write_1h=7_000, output=70_001)
    grok = add(Model("litellm", "xai", "grok-edge", rate(input="3", output="15", tiers=[(128_000, {"input": "6", "output": "30"})]), at_edge=True))
    for total in (127_999, 128_000, 128_001):
        case(f"{total:,} tokens, where the edge belongs to the tier", grok, input=total, output=3)


def make_dates_and_hours():
    double = [(200_000, {"input": "6", "output": "22.5"})]
    for form in ("plain", "genai-prices"):
        dated = add(Model(form, "anthropic", "claude-sonnet-4-6", rate(input="3", output="15", tiers=double), rate(start="2026-03-13", input="3", output="15")))
        for time in ("2026-03-12T23:59:59.999999Z", "2026-03-13T00:00:00Z", "2026-03-13T01:00:00+02:00", NOON):
            case(f"over 200,000 tokens at {time}", dated, time=time, input=200_001, output=9)
        history = add(Model(form, "openai", "o3", rate(start="2025-04-16", input="10", output="40"), rate(start="2025-06-10", input="2", output="8")))
        for time in ("2025-04-15T23:59:59.999999Z", "2025-04-16T00:00:00Z", "2025-06-09T23:59:59Z", "2025-06-10T00:00:00Z"):
            case(f"at {time}", history, time=time, input=1_000, output=100)
    night = ("16:30:00", "00:30:00")
    for form in ("genai-prices", "litellm"):
        hours = add(Model(form, "deepseek", "deepseek-hours", rate(input="0.27", output="1.1", cache_read="0.07"),
                          rate(hours=night, input="0.135", output="0.55", cache_read="0.035")))
        for clock in ("00:00:00", "00:29:59.999999", "00:30:00", "12:00:00", "16:29:59.999999", "16:30:00", "23:59:59"):
            case(f"at {clock} UTC", hours, time=f"2026-10-15T{clock}Z", input=1_000, cache_read=10, output=100)
        case("in another zone", hours, time="2026-10-15T18:30:00+02:00", input=1_000, output=100)


def make_names():
    opus = add(Model("plain", "anthropic", "claude-opus-4-5", rate(input="5", output="25")))
    for provider, name in (("", "anthropic/claude-opus-4-5"), ("anthropic", "claude-opus-4-5-20251101"), ("", "claude-opus-4-5"),
                           ("claude", "Claude-Opus-4-5"), ("vertex_ai", "claude-opus-4-5@20251101")):
        case(f"as {provider or 'nobody'}'s {name}", opus, provider=provider, name=name, input=10, output=1)
    case("of nobody known", Model("plain", "openai", "claude-opus-4-5"), provider="openai", name="claude-opus-4-5", input=10)
    family = add(Model("plain", "google", "gemini-3-flash", rate(input="0.5", output="3"), key="gemini-3-*"))
    case("by the beginning of its name", family, name="gemini-3-flash-preview", input=10, output=1)
    routed = add(Model("litellm", "bedrock", "routed", rate(input="1", output="2"), key="bedrock/routed"))
    for name in ("routed", "bedrock/routed"):
        case(f"as {name}", routed, name=name, provider="aws.bedrock", input=10, output=1)


def document():
    make()
    names = [one["name"] for one in CASES]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
    assert len(names) >= 120
    lists = {
        form: json.dumps(write([model for model in MODELS if model.form == form]), separators=(",", ":"))
        for form, write in FORMS.items()
    }
    rows = ",\n".join(json.dumps(one) for one in CASES)
    return f'{{"price_lists": {json.dumps(lists, indent=1)},\n"cases": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(FILE.read_text() != document())
    FILE.write_text(document())
    print(f"{len(CASES)} cases, of which {sum(one['cost_usd'] is None for one in CASES)} have no price")
