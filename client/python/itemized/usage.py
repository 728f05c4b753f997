# SPDX-License-Identifier: Apache-2.0
"""What one model call used, as its caller reports it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, MutableMapping, Optional

from .diagnostics import warn_once
from .responses import extract

#: The classes of ``itemized.v1.Usage``. They are disjoint: a token counts in one of them
#: only, except that reasoning tokens are a part of output_tokens.
CLASSES = (
    "input_tokens",  # Uncached text input.
    "cache_read_tokens",  # Input served from the provider's prompt cache.
    "cache_write_5m_tokens",  # Input written to the cache for 5 minutes.
    "cache_write_1h_tokens",  # Input written to the cache for 1 hour.
    "output_tokens",  # All text billed as output, reasoning included.
    "reasoning_tokens",  # The part of output_tokens spent on reasoning.
    "input_audio_tokens",
    "cache_read_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "output_image_tokens",
    "web_searches",  # Server-side web searches, requests.
)
_KNOWN = frozenset(CLASSES)
_COUNT_MAX = 2**40  # As the server's limit.


def _explain(name: str, value: object) -> str:
    if value is None:
        return "it is None: set it only when the provider reported it"
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return f"it is {value!r}, which is negative: token classes are disjoint, so subtract with care"
    return f"it is {value!r}: give a whole number from 0 to 2**40"


class Usage(MutableMapping[str, int]):
    """Counts by token class, to be filled in by whoever made the call.

    Not thread-safe: one belongs to one call. A count that is none is left out with one
    warning; a call for which nothing at all was reported is billed as unpriced, never
    as $0.
    """

    __slots__ = ("counts", "model", "provider")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        #: The model that served the call, if a response said so.
        self.model: Optional[str] = None
        #: Such as "anthropic", if a response was recognised.
        self.provider: Optional[str] = None

    def __setitem__(self, name: str, value: Any) -> None:
        if type(value) is int and name in _KNOWN and 0 <= value <= _COUNT_MAX:
            self.counts[name] = value
            return
        self._set_odd(name, value)

    def _set_odd(self, name: str, value: Any) -> None:
        if name not in _KNOWN:
            warn_once(
                f"unknown {name}",
                "There is no usage class %r; the classes are %s.",
                name,
                ", ".join(CLASSES),
            )
            return
        try:  # Integers of other libraries, and floats that are whole.
            count = int(value)
            if not isinstance(value, (str, bytes, bool)) and count == value and 0 <= count <= _COUNT_MAX:
                self.counts[name] = count
                return
        except (TypeError, ValueError, OverflowError):
            pass
        warn_once(f"value {name}", "usage[%r] is left out: %s.", name, _explain(name, value))

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    def __delitem__(self, name: str) -> None:
        del self.counts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.counts)

    def __len__(self) -> int:
        return len(self.counts)

    def record(self, response: Any) -> None:
        """Takes usage and model out of a response of Anthropic, OpenAI (Chat Completions and
        Responses), Google or Bedrock: an object or a dict, whole or, of a stream, each
        chunk in turn. What a chunk does not tell stays as it was.
        """
        try:
            found = extract(response)
        except Exception as error:  # Whatever an unknown object does must not reach the caller.
            warn_once("record", "usage.record could not read a %s: %r.", type(response).__name__, error)
            return
        if found is None:
            warn_once(
                f"record {type(response).__name__}",
                "usage.record found no usage in a %s; fill in usage['input_tokens'] and so on instead.",
                type(response).__name__,
            )
            return
        self.model = found.model or self.model
        self.provider = found.provider or self.provider
        for name, count in found.counts.items():
            self[name] = count
