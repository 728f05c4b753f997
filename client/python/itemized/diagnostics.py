# SPDX-License-Identifier: Apache-2.0
"""What the library has to say through ``logging``: once for each thing, or now and then."""

from __future__ import annotations

import logging
import os
import threading
import time

#: Warnings of the library and the records ``step_cost``.
LOGGER = logging.getLogger("itemized")

_DISTINCT_MAX = 1_000  # Bounds the memory of what was said.
_AGAIN_S = 10.0  # The time between two reports of one trouble.
_said: set[str] = set()
_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)  # A thread of the parent may have held it.


def _warn(sentence: str, *args: object) -> None:
    """`sentence` begins with a capital letter and ends with a full stop. Where nobody has
    configured logging, Python prints it alone, so it says whose it is."""
    try:
        LOGGER.warning(f"itemized: {sentence}", *args)
    except Exception:  # A handler of the user's: neither its caller nor delivery ends by it.
        pass


def warn_once(key: str, sentence: str, *args: object) -> None:
    """Logs a warning, unless one with this key was logged before."""
    with _lock:
        if key in _said or len(_said) >= _DISTINCT_MAX:
            return
        _said.add(key)
    _warn(sentence, *args)


class Reporter:
    """Tells of troubles that go on: of each every ten seconds at most. Thread-safe."""

    def __init__(self) -> None:
        self._told_after: dict[str, float] = {}

    def tell(self, kind: str, sentence: str, *args: object) -> None:
        """Logs a warning, unless one of this kind was logged just now."""
        now = time.monotonic()
        if now < self._told_after.get(kind, 0.0):
            return
        if len(self._told_after) >= _DISTINCT_MAX:
            self._told_after.clear()
        self._told_after[kind] = now + _AGAIN_S
        _warn(sentence, *args)
