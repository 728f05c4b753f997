# SPDX-License-Identifier: Apache-2.0
"""What one model call used, as its caller reports it."""

from __future__ import annotations

import reprlib
import time
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any, MutableMapping, Optional

from .diagnostics import warn_once
from .responses import extract
from .usage_classes import CLASSES

_KNOWN = frozenset(CLASSES)
_MAIN = ("input_tokens", "output_tokens")  # What is reported by hand, if anything is.
_COUNT_MAX = 2**40  # The server's limit.
_EXACT = Context(prec=60)  # More digits than any cost has.


def _explain(name: str, value: object) -> str:
    if value is None:
        return "it is None: set it only when the provider reported it"
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return f"it is {reprlib.repr(value)}, which is negative: token classes are disjoint, so subtract with care"
    return f"it is {reprlib.repr(value)}: give a whole number from 0 to 2**40"


class Usage(MutableMapping[str, int]):
    """Counts by token class, to be filled in by whoever made the call.

    Not thread-safe: one belongs to one call. A count that is none is left out with one
    warning; a call for which nothing at all was reported is billed as unpriced, never
    as $0.
    """

    __slots__ = ("counts", "model", "provider", "_asked", "_response")

    def __init__(self, model: str = "", provider: str = "") -> None:
        """`model` and `provider` are those that were asked for."""
        self._asked = (model, provider)
        self._response: Any = None  # The last one that was recorded.
        self.counts: dict[str, int] = {}
        #: The model that served the call, if a response said so.
        self.model: Optional[str] = None
        #: A name such as "anthropic", if a response was recognised.
        self.provider: Optional[str] = None

    def __repr__(self) -> str:
        said = [f"{name}={count}" for name, count in self.counts.items()] or ["nothing reported"]
        model = self.model or self._asked[0]
        return f"<Usage {' '.join(said)} model={model!r}>"

    @property
    def cost_usd(self) -> Optional[Decimal]:
        """What the call costs so far, exactly, by the server's rates as far as they are known
        here; None while nothing is reported or no rate covers it. The bill is the server's.
        """
        from .tracer import get_tracer  # pylint: disable=import-outside-toplevel,cyclic-import

        model, provider = self.model or self._asked[0], self._asked[1] or self.provider or ""
        try:
            book = get_tracer().knowledge.book
            cost = book.cost(str(provider), str(model), time.time_ns() // 1000, self.counts)
        except Exception as bug:  # Rates that cannot be read, a count that is none.
            warn_once(f"cost {type(bug).__name__}", "The usage.cost_usd of a call could not be computed: %r.", bug)
            return None
        return None if cost is None else Decimal(cost).scaleb(-12, _EXACT)

    def __setitem__(self, name: str, value: Any) -> None:
        if type(value) is int and type(name) is str and name in _KNOWN and 0 <= value <= _COUNT_MAX:
            self.counts[name] = value
            return
        self._set_odd(name, value)

    def _set_odd(self, name: Any, value: Any) -> None:
        if not isinstance(name, str) or name not in _KNOWN:
            warn_once(
                f"unknown {reprlib.repr(name)}",
                "There is no usage class %s; the classes are %s.",
                reprlib.repr(name),
                ", ".join(CLASSES),
            )
            return
        try:  # Integers of other libraries, and floats that are whole.
            if not isinstance(value, (str, bytes, bool)) and 0 <= value <= _COUNT_MAX:
                count = int(value)
                if count == value:
                    self.counts[name] = count
                    return
        except Exception:  # What a foreign object does must not reach the caller.
            pass
        warn_once(f"value {name}", "What usage[%r] was set to is left out: %s.", name, _explain(name, value))

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    def __delitem__(self, name: str) -> None:
        del self.counts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.counts)

    def __len__(self) -> int:
        return len(self.counts)

    def is_of(self, response: Any, counts: dict[str, Any]) -> bool:
        """Whether it was filled in from `response`, which has these counts: by `record`, or
        by hand."""
        if self._response is not None:
            return self._response is response
        return any(self.counts.get(name) and self.counts[name] == counts.get(name) for name in _MAIN)

    def record(self, response: Any) -> None:
        """Takes usage and model out of a response of Anthropic, OpenAI (Chat Completions and
        Responses), Google or Bedrock: an object or a dict, whole or, of a stream, each
        chunk in turn. What a chunk does not tell stays as it was.
        """
        try:
            found = extract(response)
        except Exception as error:  # Whatever an unknown object does must not reach the caller.
            warn_once("record", "A %s could not be read by usage.record: %r.", type(response).__name__, error)
            return
        if found is None:
            warn_once(
                f"record {type(response).__name__}",
                "There is no usage in a %s for usage.record; fill in usage['input_tokens'] and so on instead.",
                type(response).__name__,
            )
            return
        self._response = response
        self.model = found.model or self.model
        self.provider = found.provider or self.provider
        for name, count in found.counts.items():
            self[name] = count
