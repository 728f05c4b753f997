# SPDX-License-Identifier: Apache-2.0
"""What the server knows and the log wants: rates and thresholds, kept fresh."""

from __future__ import annotations

import json
import time
from importlib import resources
from typing import Any, Optional
from urllib.parse import urlencode

from .diagnostics import warn_once
from .events import reason_of
from .pricing import RateBook, to_picos
from .transport_http import HttpTransport, Rejected, Unreachable

#: A call of a step with too little history is an outlier above this: 0.005 USD.
DEFAULT_THRESHOLD_PICOS = 5_000_000_000
_REFRESH_S = 30.0
_TIMEOUT_S = 2.0
_ANSWER_BYTES_MAX = 16 << 20


def bundled_rates() -> list[dict[str, Any]]:
    """The price list of the package: what ``itemize rates import --bundled`` sets."""
    text = resources.files(__package__).joinpath("rates.json").read_text()
    rates: list[dict[str, Any]] = json.loads(text)["rates"]
    return rates


class Knowledge:
    """Read by any thread; refreshed by one. Replaced as a whole, so that no lock is needed."""

    def __init__(self, http_url: str) -> None:
        self._transport = HttpTransport(http_url, _TIMEOUT_S, _ANSWER_BYTES_MAX)
        self._refresh_after = 0.0
        self.thresholds: dict[str, int] = {}
        self._learning: set[str] = set()
        self._book: Optional[RateBook] = None

    @property
    def book(self) -> RateBook:
        """The server's rate book; until it has been reached, the bundled one."""
        if self._book is None:
            self._book = RateBook(bundled_rates())
        return self._book

    def is_outlier(self, step: str, cost: Optional[int]) -> bool:
        """Whether a call of this cost is over the step's threshold, as far as is known here."""
        return cost is not None and cost > self.thresholds.get(step, DEFAULT_THRESHOLD_PICOS)

    def is_learning(self, step: str) -> bool:
        """Whether the step's threshold is the default, for want of history: then the server
        keeps its verdicts apart from outliers."""
        return step not in self.thresholds or step in self._learning

    def refresh_if_due(self) -> None:
        """Asks the server, every half minute at most. Never raises."""
        if time.monotonic() < self._refresh_after:
            return
        self._refresh_after = time.monotonic() + _REFRESH_S
        try:
            self._refresh()
        except (Unreachable, Rejected):
            pass  # What was known stays.
        except Exception as error:  # Whatever a stranger answered: delivery goes on.
            warn_once("knowledge", "What the server says of its rates cannot be read: %s.", reason_of(error))
        self._transport.close()

    def _refresh(self) -> None:
        answer = self._transport.get("/api/v1/rates?bundled=true")
        self._book = RateBook(answer["rates"], answer.get("exchange_rates", ()))
        rows = self._transport.get("/api/v1/top?" + urlencode({"window": "30d"}))["rows"]
        known = [row for row in rows if row.get("threshold_usd")]
        self.thresholds = {str(row["key"]): to_picos(row["threshold_usd"]) for row in known}
        self._learning = {str(row["key"]) for row in known if row.get("threshold_learning") is True}
