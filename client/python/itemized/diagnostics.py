# SPDX-License-Identifier: Apache-2.0
"""What the library has to say, once for each thing, through ``logging``."""

from __future__ import annotations

import logging
import os
import threading

#: Warnings of the library and the records ``step_cost``.
LOGGER = logging.getLogger("itemized")

_DISTINCT_MAX = 1_000  # Bounds the memory of what was said.
_said: set[str] = set()
_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)  # A thread of the parent may have held it.


def warn_once(key: str, sentence: str, *args: object) -> None:
    """Logs a warning, unless one with this key was logged before."""
    with _lock:
        if key in _said or len(_said) >= _DISTINCT_MAX:
            return
        _said.add(key)
    LOGGER.warning(sentence, *args)
