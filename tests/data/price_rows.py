# SPDX-License-Identifier: Apache-2.0
"""Models as rows of prices, and what a call costs by them: the oracle of priced_cases.json.

It works in decimals, and shares nothing with the programs that the cases test.
"""

from datetime import datetime, timezone
from decimal import Decimal as D

# The class as which one without a price is billed.
PARENT = {
    "cache_read": "input",
    "cache_write_5m": "input",
    "cache_write_1h": "cache_write_5m",
    "reasoning": "output",
    "input_audio": "input",
    "cache_read_audio": "cache_read",
    "output_audio": "output",
    "input_image": "input",
    "output_image": "output",
}
COUNTS = {
    "input": "input_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_tokens",
    "input_audio": "input_audio_tokens",
    "cache_read_audio": "cache_read_audio_tokens",
    "output_audio": "output_audio_tokens",
    "input_image": "input_image_tokens",
    "output_image": "output_image_tokens",
    "web_search": "web_searches",
}
INPUTS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "input_audio", "cache_read_audio", "input_image")
PER_THOUSAND = ("web_search", "request")


def rate(tier="", region="", start=None, hours=None, tiers=(), **prices):
    """A row: prices in USD per million tokens, or per thousand searches and calls."""
    return {
        "tier": tier,
        "region": region,
        "start": start,
        "hours": hours,
        "prices": {name: D(text) for name, text in prices.items()},
        "tiers": [(over, {name: D(text) for name, text in more.items()}) for over, more in tiers],
    }


class Model:
    """`form` is of the price list that has it; `at_edge`: its context tiers hold at their edge, too."""

    def __init__(self, form, provider, name, *rates, factors=None, fast=None, at_edge=False, key=None):
        self.form, self.provider, self.name, self.key = form, provider, name, key or name
        self.rates, self.at_edge = list(rates), at_edge
        self.factors = {region: D(text) for region, text in (factors or {}).items()}
        self.fast = fast and D(fast)

    def all_rates(self):
        """The rows, and those that follow from factors."""
        rows = list(self.rates)
        if self.fast:
            rows += [scaled(row, self.fast, tier="fast") for row in self.rates if not row["tier"] and not row["hours"]]
        return rows + [scaled(row, by, region=region) for row in rows for region, by in self.factors.items()]


def scaled(row, by, **other):
    def times(prices):
        return {name: price if name in PER_THOUSAND else price * by for name, price in prices.items()}

    return {**row, **other, "prices": times(row["prices"]), "tiers": [(over, times(more)) for over, more in row["tiers"]]}


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def holds(row, time):
    if row["start"] and instant(time) < instant(row["start"] + ("T00:00:00Z" if len(row["start"]) == 10 else "")):
        return False
    if row["hours"]:
        begin, end = row["hours"]
        clock = instant(time).strftime("%H:%M:%S")
        return begin <= clock < end if begin < end else clock >= begin or clock < end
    return True


def cost(model, usage, time, tier="", region=""):
    """What the call costs in USD; None if no row of prices is for it, or lacks a price it needs."""
    tier = "" if tier in ("standard", "default") else tier
    region = "" if region in ("global", "not_available") else region
    rows = [r for r in model.all_rates() if (r["tier"], r["region"]) == (tier, region) and holds(r, time)]
    if not rows:
        return None
    row = max(rows, key=lambda r: (r["start"] or "", r["hours"] is not None))
    total_input = sum(usage.get(name, 0) for name in INPUTS)
    prices = dict(row["prices"])
    for over, more in row["tiers"]:
        if total_input > over or (model.at_edge and total_input == over):
            prices.update(more)
    total = prices.get("request", D(0)) / 1000
    for name, count in usage.items():
        if name == "reasoning" and name not in prices:
            continue
        if name == "output" and "reasoning" in prices:
            count -= usage.get("reasoning", 0)
        while name not in prices and name in PARENT:
            name = PARENT[name]
        if count and name not in prices:
            return None
        if count:
            total += count * prices[name] / (1000 if name in PER_THOUSAND else 1_000_000)
    return total
