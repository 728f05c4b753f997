# SPDX-License-Identifier: Apache-2.0
"""Costs by the server's rate book, for the log on this side.

The bill is the server's; this computes the same for a call as it is made, in whole
pico-dollars (10^-12 USD), without rounding.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import Any, Iterable, Mapping, Optional

from .diagnostics import warn_once
from .provider_names import canonical_provider, forms_of
from .terms import Exchange, Terms, find_terms
from .usage_classes import USAGE_CLASSES

_EXACT = 1 << 30  # Beats every pattern.

#: The class as which a class without a price of its own is billed.
_BILLED_AS = {row.count: row.billed_as for row in USAGE_CLASSES}
#: Field of ``itemized.v1.Prices``, class of usage, and units that its figure is for.
_FIELDS = [(row.price, row.count, 1_000 if row.kind == "requests" else 1_000_000) for row in USAGE_CLASSES]
_FIELDS.append(("request", "request", 1_000))
_TOTAL_INPUT = [row.count for row in USAGE_CLASSES if row.kind in ("input", "cache_read", "cache_write")]

_STANDARD = frozenset(("standard", "default", "auto", "on_demand"))
_ANYWHERE = frozenset(("global", "not_available"))

_PATTERN_MAX = 1_000  # Characters.
_RISKY = re.compile(r"\)[*+{]|\\[1-9]|\(\?(?:<?[=!]|\(|P[=>])")  # Repeated groups, and what RE2 has not.
_REPEATS = re.compile(r"[*+]|\{\d*,")
_REPEATS_MAX = 3
_CHOICES_MAX = 8
_WHOLE_DIGITS_MAX = 12  # An amount in USD is below a trillion.
_DEPTH_MAX = 16  # Matches in a match.

Prices = dict[str, int]  # Pico-dollars a unit, by class.


def to_picos(usd: str) -> int:
    """Pico-dollars of a decimal string in USD, cut after the twelfth place. Raises
    ValueError."""
    try:
        amount = Decimal(usd)
    except (ArithmeticError, TypeError):
        raise ValueError(f"{str(usd)[:30]!r} is no amount") from None
    if not amount.is_finite() or amount.adjusted() > _WHOLE_DIGITS_MAX or len(usd) > 2 * _WHOLE_DIGITS_MAX + 6:
        raise ValueError(f"{usd[:30]!r} is no amount")
    return int(amount.scaleb(12))


def to_usd(picos: int) -> str:
    """Pico-dollars as a decimal string in USD, as short as it can be."""
    whole, fraction = divmod(picos, 10**12)
    return f"{whole}.{fraction:012d}".rstrip("0") if fraction else str(whole)


def _prices(source: Optional[dict[str, str]]) -> Prices:
    prices = {}
    for field, name, units in _FIELDS:
        text = (source or {}).get(field)
        if text:
            prices[name] = to_picos(text) // units
    return prices


@functools.lru_cache(maxsize=1_000)
def _pattern(text: str) -> Optional[re.Pattern[str]]:
    """A server's regular expression; None if Python cannot read it, or might match it for
    ever, because it tries again what the server's RE2 tries once. It came over the network,
    and it is the caller who waits for it."""
    is_bounded = (
        len(text) <= _PATTERN_MAX
        and not _RISKY.search(text)
        and len(_REPEATS.findall(text)) <= _REPEATS_MAX
        and text.count("?") <= _CHOICES_MAX
    )
    try:
        if is_bounded:
            return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        pass
    warn_once(f"pattern {text[:100]}", "The rate of the models like %.100r is unknown here: the log goes without it.", text)
    return None


def _matches(text: str, model: str) -> bool:
    pattern = _pattern(text)
    return pattern is not None and pattern.search(model) is not None


def _specificity(match: dict[str, Any], model: str) -> int:
    """How closely a rate's match describes the model; 0: not at all."""
    (kind, value), *_ = match.items()
    if kind == "equals":
        return _EXACT if model == value else 0
    if kind == "any_of":
        return max((_specificity(part, model) for part in value["matches"]), default=0)
    if kind == "all_of":
        each = [_specificity(part, model) for part in value["matches"]]
        return min(sum(each), _EXACT) if all(each) else 0
    fits = (
        (kind == "starts_with" and model.startswith(value))
        or (kind == "ends_with" and model.endswith(value))
        or (kind == "contains" and value in model)
        or (kind == "regex" and _matches(value, model))
    )
    return len(value.encode()) if fits else 0


def _checked_match(match: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Raises ValueError for what no rate has: it came over the network."""
    if not isinstance(match, dict) or len(match) != 1 or depth > _DEPTH_MAX:
        raise ValueError("a rate's match is not of one kind")
    ((kind, value),) = match.items()
    if kind in ("any_of", "all_of"):
        for part in value["matches"]:
            _checked_match(part, depth + 1)
    elif not isinstance(value, str):
        raise ValueError("a rate's match is no text")
    return match


class Rate:
    """One row of the rate book."""

    def __init__(self, source: dict[str, Any]) -> None:
        """`source` is an ``itemized.v1.Rate`` in JSON. Raises ValueError, KeyError or
        TypeError if it is none."""
        self.provider: str = source.get("provider", "")
        self.match: dict[str, Any] = _checked_match(source["match"])
        self.effective_from_us = int(source.get("effective_from_unix_us", 0))
        self.is_bundled = source.get("origin") == "bundled"
        hours = source.get("hours") or {}
        #: Seconds of the day in UTC, [from, to); equal for the whole day.
        self.hours = (int(hours.get("from_second", 0)), int(hours.get("to_second", 0)))
        self.served = (str(source.get("service_tier", "")), str(source.get("region", "")))
        key = str(source.get("attribute_key", ""))
        #: The attribute of the calls that it is for; None for any call.
        self.attribute = (key, str(source.get("attribute_value", ""))) if key else None
        multiplier = source.get("multiplier")
        #: Parts per million of the price that holds without it; None for prices of its own.
        self.multiplier_ppm = to_picos(multiplier) // 10**6 if multiplier else None
        self.currency = str(source.get("currency", ""))
        self.base = _prices(source.get("prices"))
        self.tiers = [
            (int(tier["input_tokens_over"]), {**self.base, **_prices(tier.get("prices"))})
            for tier in source.get("tiers", ())
        ]

    def is_effective(self, time_us: int) -> bool:
        """Whether it holds at that instant."""
        if self.effective_from_us > time_us:
            return False
        begin, end = self.hours
        second = time_us // 1_000_000 % 86_400
        return begin == end or (begin <= second < end if begin < end else second >= begin or second < end)

    def prices_for(self, counts: dict[str, int]) -> Prices:
        """The prices of the last tier below the total input."""
        found = self.base
        if self.tiers:
            total = sum(counts.get(name, 0) for name in _TOTAL_INPUT)
            for over, prices in self.tiers:
                if total > over:
                    found = prices
        return found


class RateBook:
    """Finds rates and prices calls. Immutable but for what it remembers; thread-safe."""

    def __init__(self, rates: list[dict[str, Any]], exchange_rates: Iterable[dict[str, Any]] = ()) -> None:
        """`rates` and `exchange_rates` as in the answer of GET /api/v1/rates."""
        self._rates = [Rate(rate) for rate in rates]
        self._exchange = Exchange([
            (str(rate["currency"]), int(rate.get("effective_from_unix_us", 0)), to_picos(rate["usd"])) for rate in exchange_rates
        ])
        self._named = {rate.attribute for rate in self._rates if rate.attribute}
        self._by_provider: dict[str, list[tuple[int, Rate]]] = {}
        for place, rate in enumerate(self._rates):
            self._by_provider.setdefault(canonical_provider(rate.provider) or rate.provider.lower(), []).append((place, rate))
        self._candidates: dict[tuple[str, ...], list[Rate]] = {}

    def _find(self, provider: str, model: str) -> list[Rate]:
        """All that match, however calls are served, the best first, in the order of
        RateBook::Find of the server."""
        key = (provider, model)
        found = self._candidates.get(key)
        if found is None:
            ranked: dict[int, tuple[Any, ...]] = {}
            for form, (name, text) in enumerate(forms_of(provider, model)):
                for place, rate in [*self._by_provider.get("", ()), *(self._by_provider.get(name, ()) if name else ())]:
                    specificity = 0 if place in ranked else _specificity(rate.match, text)
                    if specificity:
                        is_whole_day = rate.hours[0] == rate.hours[1]
                        rank = (rate.is_bundled, form, rate.provider == "", -specificity, -rate.effective_from_us)
                        ranked[place] = (*rank, is_whole_day, place, rate)
            found = [entry[-1] for entry in sorted(ranked.values(), key=lambda entry: entry[:-1])]
            if len(self._candidates) < 10_000:
                self._candidates[key] = found
        return found

    def _contracts(self, attributes: Optional[Mapping[str, Any]]) -> list[tuple[str, str]]:
        """The attributes that rates name, in the order in which they count."""
        if not self._named or not attributes:
            return []
        return sorted({(key, str(value)) for key, value in attributes.items()} & self._named)

    def cost(
        self,
        provider: str,
        model: str,
        time_us: int,
        counts: dict[str, int],
        service_tier: Optional[str] = None,
        region: Optional[str] = None,
        attributes: Optional[Mapping[str, Any]] = None,
    ) -> Optional[int]:
        """Pico-dollars; None if no rate covers the call as it was served, or nothing was reported."""
        if not counts:
            return None
        effective = [rate for rate in self._find(provider, model) if rate.is_effective(time_us)]
        terms = find_terms(effective, self._contracts(attributes), *served_as(service_tier, region))
        if terms is None or not self._exchange.has(terms.base.currency, time_us):
            return None
        usd = self._exchange.usd_picos(terms.base.currency, time_us)
        return _price(terms.base.prices_for(counts), counts, terms, usd)


def served_as(service_tier: Optional[str], region: Optional[str]) -> tuple[str, str]:
    """How a call was served as rates name it: "" for the standard tier, and for any region."""
    tier, where = service_tier or "", region or ""
    return "" if tier.lower() in _STANDARD else tier, "" if where.lower() in _ANYWHERE else where


def _price(prices: Prices, counts: dict[str, int], terms: Terms, usd_picos: Optional[int]) -> Optional[int]:
    total = terms.price(prices.get("request", 0), usd_picos)
    own_reasoning = "reasoning_tokens" in prices
    for name, count in counts.items():
        if name == "output_tokens" and own_reasoning:
            count -= counts.get("reasoning_tokens", 0)
        elif name == "reasoning_tokens" and not own_reasoning:
            continue  # Billed within the output.
        if count == 0:
            continue
        price = prices.get(name)
        while price is None:
            whole = _BILLED_AS.get(name, name)
            if whole == name:
                return None
            name, price = whole, prices.get(whole)
        total += count * terms.price(price, usd_picos)
    return total
