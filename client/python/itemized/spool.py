# SPDX-License-Identifier: Apache-2.0
"""What was recorded and is not delivered yet, in files that outlive the process.

A directory holds segments, each written by one process, which holds a lock on it
(flock): a header, and a line of NDJSON for each event, with its event_id, so that an event
that is sent twice counts once. A segment whose lock is free was left by a process that
died; the next one in the directory delivers and removes it. A line that was torn is left
out.

What else lies in the directory is nobody's business here: only a regular file of this user
that has a segment's name, its header, and no more than a segment's size is read, and so
removed.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import threading
from pathlib import Path
from typing import Callable, Optional

from .diagnostics import warn_once
from .events import from_line, reason_of

_HEADER = b"itemized spool 1\n"
_NAME = re.compile(r"itemized-[0-9a-z]{1,32}-[0-9]{1,9}\.spool")
_SEGMENT_BYTES = 4 << 20  # The header comes on top.
_FILE_BYTES_MAX = 2 * _SEGMENT_BYTES  # A segment of one long line is longer than others.
#: What cannot be told by looking first: a link, a pipe without a writer.
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Segment:
    """One file. `open_events` are those that are not delivered."""

    def __init__(self, path: Path, file: int, size: int = 0) -> None:
        self.path = path
        self.file = file
        self.size = size  # The header comes on top.
        self.open_events = 0
        self.is_closed = False  # Nothing is appended any more.


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False


def _read(file: int, size: int) -> bytes:
    """The next `size` bytes; fewer only at the end of the file."""
    pieces = []
    while size > 0 and (piece := os.read(file, min(size, 1 << 20))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _content(path: Path, file: int) -> Optional[bytes]:
    """The lines of a segment that nobody holds any more; None if it is none of those."""
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        return None
    if not _try_lock(file):
        return None  # Its process lives.
    if os.fstat(file).st_nlink == 0:
        return None  # Delivered meanwhile.
    if _read(file, len(_HEADER)) != _HEADER:
        return None
    content = _read(file, _FILE_BYTES_MAX + 1)
    if len(content) > _FILE_BYTES_MAX:
        warn_once(f"size {path}", "%s is left alone: it is too large for a segment of a spool.", path)
        return None
    return content


class Spool:
    """Thread-safe. Errors are OSError."""

    def __init__(self, directory: str, bytes_max: int, prefix: str) -> None:
        """`prefix` is this process's own, of digits and small letters."""
        self._directory = Path(directory).absolute()  # The process may go elsewhere.
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
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
                os.ftruncate(segment.file, len(_HEADER) + segment.size)
                return None
            segment.size += size
            segment.open_events += 1
            self._bytes += size
            return segment

    def _rotate(self) -> None:
        if self._current is not None:
            self._close_segment(self._current)
            self._current = None
        self._segments += 1
        path = self._directory / f"itemized-{self._prefix}-{self._segments}.spool"
        # It gets its name once it has its lock and its header: what is found under such a
        # name without them was not made here.
        new = self._directory / f".{path.name}.new"
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _try_lock(file)
            if os.write(file, _HEADER) != len(_HEADER):
                raise OSError("the disk is full")
            os.rename(new, path)
        except OSError:
            os.close(file)
            new.unlink(missing_ok=True)
            raise
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

    def recover(self, lose: Callable[[str], None]) -> list[tuple[bytes, Segment]]:
        """What processes that have died left here; this one answers for it now. `lose` is
        told why, for each line that no server could take. Never raises."""
        found = []
        try:
            with os.scandir(self._directory) as entries:
                names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        except OSError as error:
            warn_once("recover", "The spool in %s cannot be read: %s.", self._directory, error)
            return []
        for name in sorted(names):
            if _NAME.fullmatch(name):
                found += self._take_over(self._directory / name, lose)
        return found

    def _take_over(self, path: Path, lose: Callable[[str], None]) -> list[tuple[bytes, Segment]]:
        try:
            file = os.open(path, _OPEN)
        except OSError:
            return []  # Delivered meanwhile, or not ours.
        try:
            content = _content(path, file)
        except OSError as error:
            warn_once(f"read {path}", "%s cannot be read: %s.", path, error)
            content = None
        if content is None:
            os.close(file)
            return []
        *lines, torn = content.split(b"\n")
        if torn:
            warn_once(f"torn {path}", "%s: 1 torn line(s) are left out.", path)
        whole = [line for line in lines if line and _is_sendable(line, lose)]
        with self._lock:
            segment = Segment(path, file, len(content))
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
        """Lets go of the files: after a fork they and their locks are the parent's."""
        for segment in self._open:
            os.close(segment.file)


def _is_sendable(line: bytes, lose: Callable[[str], None]) -> bool:
    try:
        from_line(line)
        return True
    except Exception as error:
        lose(f"a line of the spool cannot be sent: {reason_of(error)}")
        return False
