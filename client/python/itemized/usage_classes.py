# SPDX-License-Identifier: Apache-2.0
"""The usage classes of ``itemized.v1.Usage``: every kind of token or request that a model call
is billed for. They are disjoint, except that reasoning tokens are a part of output_tokens.

The rows are those of storage/base/usage_classes.h, in its order; a test compares the two.
"""

from __future__ import annotations

from typing import NamedTuple


class UsageClass(NamedTuple):
    """A row of the table."""

    count: str  #: The key in a ``Usage`` and in JSON.
    price: str  #: The field of ``itemized.v1.Prices``.
    kind: str  #: input, cache_read, cache_write, output, part_of_output or requests.
    billed_as: str  #: The class whose price it has if it has none; itself if there is none.
    description: str


USAGE_CLASSES = (
    UsageClass("input_tokens", "input", "input", "input_tokens", "Uncached text input"),
    UsageClass("cache_read_tokens", "cache_read", "cache_read", "input_tokens", "Input from the provider's cache"),
    UsageClass("cache_write_5m_tokens", "cache_write_5m", "cache_write", "input_tokens", "Input into the 5-minute cache"),
    UsageClass("cache_write_1h_tokens", "cache_write_1h", "cache_write", "cache_write_5m_tokens", "Input into the 1-hour cache"),
    UsageClass("output_tokens", "output", "output", "output_tokens", "Text output, reasoning included"),
    UsageClass("reasoning_tokens", "reasoning", "part_of_output", "output_tokens", "Output that is reasoning"),
    UsageClass("input_audio_tokens", "input_audio", "input", "input_tokens", "Uncached audio input"),
    UsageClass("cache_read_audio_tokens", "cache_read_audio", "cache_read", "cache_read_tokens", "Audio input from the provider's cache"),
    UsageClass("output_audio_tokens", "output_audio", "output", "output_tokens", "Audio output"),
    UsageClass("input_image_tokens", "input_image", "input", "input_tokens", "Image input that is billed apart from text"),
    UsageClass("output_image_tokens", "output_image", "output", "output_tokens", "Image output"),
    UsageClass("web_searches", "web_search", "requests", "web_searches", "Server-side web searches"),
)

#: Their names, in the order of their numbers on the wire.
CLASSES = tuple(row.count for row in USAGE_CLASSES)
