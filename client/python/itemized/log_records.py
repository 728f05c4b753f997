# SPDX-License-Identifier: Apache-2.0
"""Records for ``logging``, made for every call and so as cheaply as Python allows."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from typing import Any, Optional

from .diagnostics import LOGGER


def _task_name() -> Optional[str]:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # No loop runs here.
        return None
    return None if task is None else task.get_name()


class RecordMaker:
    """Makes records of one message: copies of one that ``logging`` made, with the time and
    the thread of each. Where a factory of records was set, that one is asked each time.
    Thread-safe."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._fields: Optional[dict[str, Any]] = None
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._fields = None  # They name the process.

    def _made_by_logging(self) -> logging.LogRecord:
        # LOGGER.info would look through the stack for the line that called it.
        return LOGGER.makeRecord(LOGGER.name, logging.INFO, "itemized", 0, self._message, (), None)

    def make(self) -> logging.LogRecord:
        """A record at level INFO."""
        if logging.getLogRecordFactory() is not logging.LogRecord:
            return self._made_by_logging()
        fields = self._fields
        if fields is None:
            fields = self._fields = dict(self._made_by_logging().__dict__)
        created = time.time()
        record = logging.LogRecord.__new__(logging.LogRecord)
        values = record.__dict__
        values.update(fields)
        values["created"] = created
        values["msecs"] = int((created - int(created)) * 1000) + 0.0
        values["relativeCreated"] = fields["relativeCreated"] + (created - fields["created"]) * 1000
        if fields["thread"] is not None:  # It is None if logging.logThreads is off.
            values["thread"] = threading.get_ident()
            values["threadName"] = threading.current_thread().name
        if "taskName" in fields:  # Python has it since 3.12.
            values["taskName"] = _task_name()
        return record
