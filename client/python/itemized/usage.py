# SPDX-License-Identifier: Apache-2.0
"""What one model call used, as its caller reports it."""

from __future__ import annotations

import reprlib
import time
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any, MutableMapping, Optional

from .diagnostics import warn_once
from .events import reason_of
from .usage_classes import CLASSES
from .usage_numbers import Misreport, move_cache
from .usage_reading import Derived, Found, Message, Reading, derived_of, find, tell_unknown

_KNOWN = frozenset(CLASSES)
_MAIN = ("input_tokens", "output_tokens")  # What is reported by hand, if anything is.
_COUNT_MAX = 2**40  # The server's limit.
_NOTHING = Derived()
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

    __slots__ = ("model", "_asked", "_set", "_reading", "_derived", "_counts", "_provider", "_response", "_is_unknown", "_accounting")

    def __init__(self, model: str = "", provider: str = "") -> None:
        """`model` and `provider` are those that were asked for."""
        self._asked = (model, provider)
        self._response: Any = None  # The last one that was recorded.
        self._set: dict[str, int] = {}  # What was set by hand counts before what responses say.
        self._reading: Optional[Reading] = None
        self._derived: Optional[Derived] = _NOTHING  # None: there is something new to read.
        self._counts = self._set
        self._provider: Optional[str] = None
        self._accounting: Optional[str] = None
        self._is_unknown = False  # What was recorded is no response that is known.
        #: The model that served the call, if a response said so.
        self.model: Optional[str] = None

    def __repr__(self) -> str:
        said = [f"{name}={count}" for name, count in self.counts.items()] or ["nothing reported"]
        model = self.model or self._asked[0]
        return f"<Usage {' '.join(said)} model={model!r}>"

    def _read(self) -> Derived:
        """What the recorded responses mean, read again if there are new ones."""
        if self._derived is None:
            assert self._reading is not None
            try:
                self._derived = derived_of(self._reading.messages, self._accounting)
            except Exception as bug:  # Whatever a foreign value does must not reach the caller.
                warn_once(f"derive {type(bug).__name__}", "The usage of a call could not be read: %r.", bug)
                self._derived = Derived(is_misreported=True)
            self._counts = {**self._derived.counts, **self._set}
        return self._derived

    @property
    def counts(self) -> dict[str, int]:
        """The counts by class: what responses say, and before that what was set by hand."""
        self._read()
        return self._counts

    @property
    def cache_accounting(self) -> Optional[str]:
        """"inclusive" if the input counts of this call include what was read from the cache and
        written to it, "exclusive" if those stand beside; None: responses are read as their provider
        counts, and counts that are set by hand stand beside."""
        return self._accounting

    @cache_accounting.setter
    def cache_accounting(self, accounting: Optional[str]) -> None:
        if accounting not in (None, "inclusive", "exclusive"):
            warn_once("accounting", "A cache_accounting is left out: it must be inclusive or exclusive, not %.60r.", accounting)
            return
        self._accounting = accounting
        if self._reading is not None:
            self._derived = None

    @property
    def billed_counts(self) -> dict[str, int]:
        """The counts in disjoint classes, as they are billed; none if there is more of the cache
        than of an input that is said to include it, which is told."""
        counts = self.counts
        if self._accounting != "inclusive" or "input_tokens" not in self._set:
            return counts
        counts = dict(counts)
        try:
            move_cache(counts, -1)
        except Misreport as report:
            warn_once(report.kind, "A usage cannot be counted: %s. The call is recorded without usage.", report)
            return {}
        return counts

    @property
    def provider(self) -> Optional[str]:
        """A name such as "anthropic", if a response told it for sure."""
        return self._provider or self._read().provider

    @provider.setter
    def provider(self, name: Optional[str]) -> None:
        self._provider = name

    @property
    def shape(self) -> Optional[str]:
        """The form in which usage was reported, such as "openai.chat", if it is known."""
        return self._read().shape

    @property
    def is_reported(self) -> bool:
        """Whether a response told usage, of a known shape or not, or somebody set a count."""
        return bool(self._messages or self._set)

    @property
    def is_misreported(self) -> bool:
        """Whether what was reported cannot be counted, or is not what the provider's own total says."""
        return self._read().is_misreported

    @property
    def is_uncounted(self) -> bool:
        """Whether there are no counts although something was reported that may be usage."""
        return not self.billed_counts and bool(self._set or self._is_unknown or self._read().is_misreported)

    @property
    def service_tier(self) -> Optional[str]:
        """The tier that served the call, in the provider's words such as "flex", if it was told."""
        return self._last_told("service_tier")

    @property
    def region(self) -> Optional[str]:
        """Where the call was served, in the provider's words such as "us", if it was told."""
        return self._last_told("region")

    @property
    def reported_cost_usd(self) -> Optional[Decimal]:
        """What the provider or a gateway says that it charged; None if it did not say."""
        costs = [message.reported_cost for message in self._messages if message.reported_cost is not None]
        return sum(costs, Decimal(0)) if costs else None

    @property
    def _messages(self) -> list[Message]:
        return self._reading.messages if self._reading is not None else []

    def _last_told(self, name: str) -> Optional[str]:
        return next((told for each in reversed(self._messages) if (told := getattr(each, name))), None)

    @property
    def cost_usd(self) -> Optional[Decimal]:
        """What the call costs so far, exactly, by the server's rates as far as they are known
        here; None while nothing is reported or no rate covers it. The bill is the server's.
        """
        from .tracer import get_tracer  # pylint: disable=import-outside-toplevel,cyclic-import

        model, provider = self.model or self._asked[0], self._asked[1] or self.provider or ""
        try:
            book = get_tracer().knowledge.book
            now_us = time.time_ns() // 1000
            cost = book.cost(str(provider), str(model), now_us, self.billed_counts, self.service_tier, self.region)
        except Exception as bug:  # Rates that cannot be read, a count that is none.
            warn_once(f"cost {type(bug).__name__}", "The usage.cost_usd of a call could not be computed: %r.", bug)
            return None
        return None if cost is None else Decimal(cost).scaleb(-12, _EXACT)

    def __setitem__(self, name: str, value: Any) -> None:
        if type(value) is int and type(name) is str and name in _KNOWN and 0 <= value <= _COUNT_MAX:
            self._set[name] = self._counts[name] = value
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
                    self._set[name] = self._counts[name] = count
                    return
        except Exception:  # What a foreign object does must not reach the caller.
            pass
        warn_once(f"value {name}", "What usage[%r] was set to is left out: %s.", name, _explain(name, value))

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    def __delitem__(self, name: str) -> None:
        del self.counts[name]
        self._set.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self.counts)

    def __len__(self) -> int:
        return len(self.counts)

    def is_of(self, response: Any, found: Found) -> bool:
        """Whether it was filled in from `response`, in which `found` was found: by `record`, or
        by hand."""
        if self._reading is not None:
            return self._response is response or self._reading.holds(found)
        if not self._set or found.usage is None:
            return False
        other = Usage()
        other._take(response, found)
        return any(self._set.get(name) and self._set[name] == other.counts.get(name) for name in _MAIN)

    def record(self, response: Any) -> None:
        """Takes usage, model, tier and cost out of a response: an object or a dict of a
        provider's library, whole or, of a stream, each chunk or event in turn. What a chunk
        does not tell stays as it was. Several responses are added up; the same one, by its
        id, counts once.
        """
        # Vertex AI answers with a list of chunks to who does not ask for events.
        for each in response if type(response) is list else (response,):
            self._record(each)

    def _record(self, response: Any) -> None:
        try:
            found = find(response)
            if found is None:
                self._is_unknown = True
                tell_unknown(response)
            else:
                self._take(response, found)
        except Exception as error:  # Whatever an unknown object does must not reach the caller.
            warn_once(
                f"record {type(response).__name__}",
                "A %s could not be read by usage.record: %s.",
                type(response).__name__,
                reason_of(error),
            )

    def _take(self, response: Any, found: Found) -> None:
        self._response = response
        if self._reading is None:
            self._reading = Reading()
        try:
            if self._reading.add(response, found):
                self._derived = None
        finally:
            self.model = self._reading.model or self.model
