# SPDX-License-Identifier: Apache-2.0
"""What was recorded and is not delivered yet, in files that outlive the process.

A directory holds segments, each written by one process, which holds a lock on it
(flock): a line of NDJSON for each event, with its event_id, so that an event that is
sent twice counts once. A segment whose lock is free was left by a process that died; the
next one in the directory delivers and removes it. A line that was torn is left out.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path
from typing import Optional

from .diagnostics import warn_once

_SEGMENT_BYTES = 4 << 20
_SUFFIX = ".ndjson"


class Segment:
    """One file. `open_events` are those that are not delivered."""

    def __init__(self, path: Path, file: int, size: int = 0) -> None:
        self.path = path
        self.file = file
        self.size = size
        self.open_events = 0
        self.is_closed = False  # Nothing is appended any more.


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class Spool:
    """Thread-safe. Errors are OSError."""

    def __init__(self, directory: str, bytes_max: int, prefix: str) -> None:
        """`prefix` is this process's own."""
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        self._bytes_max = bytes_max
        self._prefix = prefix
        self._lock = threading.Lock()
        self._segments = 0
        self._bytes = 0
        self._current: Optional[Segment] = None
        self._open: set[Segment] = set()

    def append(self, line: bytes) -> Optional[Segment]:
        """Keeps an event; None if there is no room, in the spool or on the disk. It survives the process from then on."""
        with self._lock:
            size = len(line) + 1
            if self._bytes + size > self._bytes_max:
                return None
            if self._current is None or self._current.size + size > _SEGMENT_BYTES:
                self._rotate()
            segment = self._current
            assert segment is not None
            if os.write(segment.file, line + b"\n") != size:  # The disk is full.
                os.ftruncate(segment.file, segment.size)
                return None
            segment.size += size
            segment.open_events += 1
            self._bytes += size
            return segment

    def _rotate(self) -> None:
        if self._current is not None:
            self._close_segment(self._current)
        self._segments += 1
        path = self._directory / f"{self._prefix}-{self._segments}{_SUFFIX}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        _try_lock(file)
        self._current = Segment(path, file)
        self._open.add(self._current)

    def _close_segment(self, segment: Segment) -> None:
        segment.is_closed = True
        self._remove_if_done(segment)

    def delivered(self, segment: Segment) -> None:
        """One of its events is at the server, or was refused for good."""
        with self._lock:
            segment.open_events -= 1
            self._remove_if_done(segment)

    def _remove_if_done(self, segment: Segment) -> None:
        if segment.open_events == 0 and segment.is_closed:
            segment.path.unlink(missing_ok=True)
            os.close(segment.file)
            self._open.discard(segment)
            self._bytes -= segment.size

    def recover(self) -> list[tuple[bytes, Segment]]:
        """What processes that have died left here; this one answers for it now."""
        found = []
        for path in sorted(self._directory.glob(f"*{_SUFFIX}")):
            found += self._take_over(path)
        return found

    def _take_over(self, path: Path) -> list[tuple[bytes, Segment]]:
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return []  # Delivered meanwhile.
        if not _try_lock(file):
            os.close(file)  # Its process lives.
            return []
        lines = path.read_bytes().split(b"\n")
        whole = [line for line in lines if line and _is_whole(line)]
        torn = sum(1 for line in lines if line) - len(whole)
        if torn:
            warn_once(f"torn {path}", "%s: %d torn line(s) are left out.", path, torn)
        with self._lock:
            segment = Segment(path, file, sum(map(len, lines)))
            segment.open_events = len(whole)
            self._open.add(segment)
            self._bytes += segment.size
            self._close_segment(segment)
        return [(line, segment) for line in whole]

    def close(self) -> None:
        """Removes what is delivered, and leaves the rest to the next process."""
        with self._lock:
            if self._current is not None:
                self._close_segment(self._current)
                self._current = None

    def forget(self) -> None:
        """In a child after a fork: the files and their locks are its parent's."""
        for segment in self._open:
            os.close(segment.file)
