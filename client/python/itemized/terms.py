# SPDX-License-Identifier: Apache-2.0
"""Which of several rates a call has, and what multiplies its price: the rules of
RateBook::Find of the server."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Iterator, Optional

if TYPE_CHECKING:
    from .pricing import Rate

Contracts = list[tuple[str, str]]

_PPM = 10**6
_PICOS_PER_USD = 10**12


def _scaled(price: int, numerator: int, denominator: int) -> int:
    """price * numerator / denominator, half to even."""
    whole, rest = divmod(price * numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


class Terms:
    """The rate whose prices count, and what is applied to these, one after the other."""

    def __init__(self, base: Rate) -> None:
        self.base = base
        self.multipliers_ppm: list[int] = []

    def times(self, multiplier: Rate) -> Terms:
        assert multiplier.multiplier_ppm is not None
        self.multipliers_ppm.append(multiplier.multiplier_ppm)
        return self

    def price(self, picos: int, usd_picos: Optional[int]) -> int:
        """What a price of a unit comes to; `usd_picos` is what a unit of its currency costs."""
        if usd_picos is not None:
            picos = _scaled(picos, usd_picos, _PICOS_PER_USD)
        for ppm in self.multipliers_ppm:
            picos = _scaled(picos, ppm, _PPM)
        return picos


class Exchange:
    """What units of other currencies cost, by date."""

    def __init__(self, rates: list[tuple[str, int, int]]) -> None:
        """Each rate is a currency, an instant in microseconds and pico-dollars."""
        self._by_currency: dict[str, list[tuple[int, int]]] = {}
        for currency, from_us, picos in sorted(rates):
            self._by_currency.setdefault(currency, []).append((from_us, picos))

    def has(self, currency: str, time_us: int) -> bool:
        """Whether prices in that currency come to anything at that instant."""
        return not currency or self.usd_picos(currency, time_us) is not None

    def usd_picos(self, currency: str, time_us: int) -> Optional[int]:
        """Pico-dollars of a unit; None for USD, and where no exchange rate holds."""
        dated = self._by_currency.get(currency, [])
        place = bisect.bisect_left(dated, (time_us + 1, 0))
        return dated[place - 1][1] if place else None


def _parts(tier: str, region: str) -> Iterator[tuple[str, str]]:
    """What a multiplier may be for: for both first, for neither at last."""
    yield from dict.fromkeys([(tier, region), (tier, ""), ("", region), ("", "")])


def find_terms(rates: list[Rate], contracts: Contracts, tier: str, region: str) -> Optional[Terms]:
    """`rates` are those that are effective, the best first. None if the call has no price."""
    found = _using(rates, contracts, tier, region)
    if found is None and contracts:
        return find_terms(rates, contracts[1:], tier, region)  # The first contract is no condition.
    return found


def _best(rates: list[Rate], contract: Optional[tuple[str, str]], served: tuple[str, str], multiplies: bool) -> Optional[Rate]:
    return next(
        (
            rate
            for rate in rates
            if rate.served == served and rate.attribute == contract and (rate.multiplier_ppm is not None) == multiplies
        ),
        None,
    )


def _using(rates: list[Rate], contracts: Contracts, tier: str, region: str) -> Optional[Terms]:
    """What holds with the first contract in it, if there is one."""
    contract = contracts[0] if contracts else None
    own = _best(rates, contract, (tier, region), multiplies=False)
    if own is not None:
        discount = _best(rates, None, ("", ""), multiplies=True) if contract is None else None
        return Terms(own).times(discount) if discount else Terms(own)
    for of_contract in (True, False):
        for part in _parts(tier, region):
            if (of_contract and contract is None) or (not of_contract and part == ("", "")):
                continue
            multiplier = _best(rates, contract if of_contract else None, part, multiplies=True)
            if multiplier is None:
                continue
            rest = ("" if part[0] else tier, "" if part[1] else region)
            below = find_terms(rates, contracts[1:], *rest) if of_contract else _using(rates, contracts, *rest)
            if below is not None:
                return below.times(multiplier)
    return None
