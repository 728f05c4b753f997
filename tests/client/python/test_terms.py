# SPDX-License-Identifier: Apache-2.0
"""Multipliers, contracts and currencies: the log's costs are those of the server, and both are
those of a person with a pencil."""

import json
import random
import urllib.request
from datetime import datetime, timezone
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from itemized.pricing import RateBook, to_usd
from itemized.transport_http import HttpTransport

M = {"equals": "m"}
ACME = {"attribute_key": "tenant", "attribute_value": "acme"}


def cost(rates, tokens=1, tier="", region="", attributes=None, exchange=(), at=1_000):
    book = RateBook([{"match": M, **rate} for rate in rates], exchange)
    return book.cost("p", "m", at, {"input_tokens": tokens}, tier, region, attributes)


def post_rates(server, rates):
    request = urllib.request.Request(
        f"{server.url}/api/v1/rates", json.dumps(rates).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def picos(usd_per_million, *factors):
    """A price of a token after each factor, rounded half to even to a whole pico-dollar."""
    price = Decimal(usd_per_million) * 10**6
    for factor in factors:
        price = (price * Decimal(factor)).quantize(Decimal(1), ROUND_HALF_EVEN)
    return int(price)


LIST = {"prices": {"input": "3"}}
FLEX = {"multiplier": "0.5", "service_tier": "flex"}
US = {"multiplier": "1.1", "region": "us"}
OF_ACME = {"multiplier": "0.8", **ACME}


@pytest.mark.parametrize("tier, region, tenant, factors", [
    ("", "", "", []),
    ("flex", "", "", ["0.5"]),
    ("", "us", "", ["1.1"]),
    ("flex", "us", "", ["1.1", "0.5"]),
    ("", "", "acme", ["0.8"]),
    ("flex", "us", "acme", ["1.1", "0.5", "0.8"]),
    ("flex", "", "other", ["0.5"]),
])
def test_multipliers_stand_on_each_other(tier, region, tenant, factors):
    rates = [LIST, FLEX, US, OF_ACME]
    assert cost(rates, 7, tier, region, {"tenant": tenant}) == 7 * picos("3", *factors)


def test_a_tier_without_a_rate_has_no_price():
    assert cost([LIST, FLEX, OF_ACME], tier="batch", attributes={"tenant": "acme"}) is None


def test_own_prices_go_before_multipliers_and_a_contract_without_a_part_is_no_condition():
    own = {"service_tier": "flex", "prices": {"input": "2"}}
    assert cost([LIST, FLEX, own], tier="flex") == picos("2")
    assert cost([LIST, FLEX, own, {**ACME, "region": "eu", "prices": {"input": "1"}}], tier="flex", attributes={"tenant": "acme"}) == picos("2")


def test_a_discount_on_the_list_is_on_all_prices_but_those_of_a_contract():
    discount = {"match": {"regex": "^"}, "multiplier": "0.9"}
    assert cost([LIST, discount]) == picos("3", "0.9")
    assert cost([LIST, discount, FLEX], tier="flex") == picos("3", "0.9", "0.5")
    assert cost([LIST, discount, {**ACME, "prices": {"input": "2"}}], attributes={"tenant": "acme"}) == picos("2")


@pytest.mark.parametrize("price, factor", [("0.000001", "0.5"), ("0.000003", "0.5"), ("0.000005", "0.5"), ("0.000007", "0.5"), ("1", "0.333333")])
def test_each_step_is_rounded_half_to_even(price, factor):
    assert cost([{"prices": {"input": price}}, {"multiplier": factor}]) == picos(price, factor)


def test_another_currency_costs_what_it_does_at_the_instant_of_the_call():
    euro = [{"currency": "EUR", "prices": {"input": "3"}}]
    exchange = [{"currency": "EUR", "usd": "1.0850", "effective_from_unix_us": "100"}, {"currency": "EUR", "usd": "1.1", "effective_from_unix_us": "200"}]
    at = [cost(euro, exchange=exchange, at=at) for at in (99, 100, 199, 200)]
    assert at == [None, picos("3", "1.085"), picos("3", "1.085"), picos("3", "1.1")]


def test_random_calls_cost_what_the_server_says(server):
    chance = random.Random(24)
    transport = HttpTransport(server.url)
    rates = [
        {"match": M, **LIST}, {"match": M, **FLEX}, {"match": M, **US}, {"match": M, **OF_ACME},
        {"match": {"starts_with": "n"}, "currency": "EUR", "prices": {"input": "0.7", "output": "2.1"}},
        {"match": {"starts_with": "n"}, "attribute_key": "team", "attribute_value": "a", "prices": {"input": "0.4"}},
        {"match": {"regex": "^"}, "provider": "openai", "multiplier": "0.931"},
        {"match": {"equals": "n-1"}, "multiplier": "0.25", "service_tier": "batch", "hours": {"from_second": 0, "to_second": 43_200}},
        {"match": {"equals": "n-1"}, "multiplier": "0.333333", "service_tier": "flex", **ACME},
    ]
    exchange = [{"currency": "EUR", "usd": "1.0857", "effective_from_unix_us": str(1_700_000_000_000_000)}]
    assert post_rates(server, {"rates": rates, "exchange_rates": exchange})["added"] == len(rates) + 1
    listed = transport.get("/api/v1/rates")
    book = RateBook(listed["rates"], listed["exchange_rates"])
    lines, expected = [], {}
    for number in range(300):
        time_us = chance.choice([1_699_999_999, 1_700_000_000, 1_760_000_000 + 3_600 * chance.randint(0, 23)]) * 10**6
        call = {
            "event_id": f"e-{number}", "time_unix_us": time_us, "workflow_id": "run", "step": "s",
            "provider": chance.choice(["", "openai"]), "model": chance.choice(["m", "n-1", "n-2"]),
            "usage": {"input_tokens": chance.randint(0, 9_999), "output_tokens": chance.choice([0, chance.randint(1, 99)])},
            "attributes": chance.choice([{}, {"tenant": "acme"}, {"tenant": "x", "team": "a"}, {"team": "a", "tenant": "acme"}]),
            "service_tier": chance.choice(["", "flex", "batch", "standard"]), "region": chance.choice(["", "us", "global"]),
        }
        cost_picos = book.cost(call["provider"], call["model"], time_us, call["usage"], call["service_tier"], call["region"], call["attributes"])
        expected[call["event_id"]] = None if cost_picos is None else to_usd(cost_picos)
        call["time"] = datetime.fromtimestamp(call.pop("time_unix_us") / 10**6, timezone.utc).isoformat().replace("+00:00", "Z")
        lines.append(json.dumps({key: value for key, value in call.items() if value != ""}))
    status, answer = transport.request("POST", "/api/v1/events", "\n".join(lines).encode())
    assert (status, answer.get("accepted")) == (200, 300), answer
    calls = transport.get("/api/v1/runs/run")["calls"]
    assert {call["event_id"]: call.get("cost_usd") for call in calls} == expected
    assert 30 < sum(usd is None for usd in expected.values()) < 270
    assert all(call["unpriced_reason"] for call in calls if call["unpriced"])
