# SPDX-License-Identifier: Apache-2.0
"""A spool reads and removes its own files, and no others."""

import fcntl
import os
import threading

import pytest

from conftest import eventually
from itemized import cost_trace
from itemized.events import to_line
from itemized.spool import Spool
from itemized.tracer import Counters

HEADER = b"itemized spool 1\n"
NAME = "itemized-00000000000000aa-1.spool"
LINE = to_line({"event_id": "e-1", "time_us": 1_793_491_200_000_000, "workflow_id": "run", "step": "plan", "model": "m"}) + b"\n"


def calls(server):
    return sorted(call.event_id for call in server.client.show("run"))


def trace(event_id):
    with cost_trace("plan", "m", "run", event_id=event_id) as usage:
        usage["input_tokens"] = 1


def users_file(directory):
    path = directory / "calls.ndjson"
    path.write_bytes(LINE * 10)
    return path


def named_as_before(directory):
    path = directory / "00000000000000aa-1.ndjson"
    path.write_bytes(LINE)
    return path


def without_header(directory):
    path = directory / NAME
    path.write_bytes(LINE)
    return path


def of_a_later_format(directory):
    path = directory / NAME
    path.write_bytes(HEADER.replace(b"1", b"2") + LINE)
    return path


def header_only_begun(directory):
    path = directory / NAME
    path.write_bytes(HEADER[:5])
    return path


def fifo(directory):
    path = directory / NAME
    os.mkfifo(path)
    return path


def users_fifo(directory):
    path = directory / "calls.ndjson"
    os.mkfifo(path)
    return path


def link_to_zeros(directory):
    path = directory / NAME
    path.symlink_to("/dev/zero")
    return path


def users_link_to_zeros(directory):
    path = directory / "zeros.ndjson"
    path.symlink_to("/dev/zero")
    return path


def link_to_a_segment(directory):
    (directory / "elsewhere").write_bytes(HEADER + LINE)
    path = directory / NAME
    path.symlink_to(directory / "elsewhere")
    return path


def folder(directory):
    path = directory / NAME
    path.mkdir()
    return path


def without_end(directory):
    path = directory / NAME
    path.write_bytes(HEADER + LINE)
    os.truncate(path, 3 << 30)  # It is all holes.
    return path


def of_somebody_else(directory):
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    path = directory / NAME
    path.write_bytes(HEADER + LINE)
    os.chown(path, 65_534, 65_534)
    return path


def unreadable(directory):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    path = directory / NAME
    path.write_bytes(HEADER + LINE)
    path.chmod(0)
    return path


OTHERS = [users_file, named_as_before, without_header, of_a_later_format, header_only_begun, fifo, users_fifo, link_to_zeros, users_link_to_zeros,
          link_to_a_segment, folder, without_end, of_somebody_else, unreadable]


@pytest.mark.parametrize("make", OTHERS, ids=lambda make: make.__name__)
def test_what_is_not_the_spools_is_left_alone(server, configure, tmp_path, make):
    spool = tmp_path / "spool"
    spool.mkdir()
    path = make(spool)
    before = os.lstat(path)
    tracer = configure(server, transport="http", spool_directory=str(spool))
    recording = threading.Thread(target=trace, args=("e-new",), daemon=True)
    recording.start()
    recording.join(20)
    assert not recording.is_alive()
    assert tracer.flush(20)
    assert calls(server) == ["e-new"]
    assert tracer.counters == Counters(delivered=1)
    assert tracer.shutdown(5)
    after = os.lstat(path)
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)


def test_what_a_process_left_is_sent_and_removed(server, configure, tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    for number in range(3):
        (spool / f"itemized-00000000000000a{number}-1.spool").write_bytes(HEADER + LINE.replace(b"e-1", b"e-%d" % number))
    (spool / "itemized-00000000000000a9-1.spool").write_bytes(HEADER)  # Its process had begun.
    tracer = configure(server, transport="http", spool_directory=str(spool))
    trace("e-new")
    assert tracer.flush(20) and tracer.shutdown(5)
    assert calls(server) == ["e-0", "e-1", "e-2", "e-new"]
    assert os.listdir(spool) == []


def test_what_a_living_process_writes_is_left_to_it(server, configure, tmp_path):
    path = tmp_path / NAME
    path.write_bytes(HEADER + LINE)
    with open(path, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        tracer = configure(server, transport="http", spool_directory=str(tmp_path))
        trace("e-new")
        assert tracer.flush(20)
        assert calls(server) == ["e-new"]
        assert path.exists()


def test_a_segment_has_its_name_only_with_its_header_and_its_lock(tmp_path):
    writer, reader = Spool(str(tmp_path), 1 << 30, "aa"), Spool(str(tmp_path), 1 << 30, "bb")
    lost, found, ended = [], [], threading.Event()

    def look():
        while not ended.is_set():
            found.extend(reader.recover(lost.append))

    looking = threading.Thread(target=look)
    looking.start()
    segments = [writer.append(LINE.strip() + b" " * (4 << 20)) for _ in range(30)]  # A file each.
    ended.set()
    looking.join()
    assert (found, lost) == ([], [])
    assert len(os.listdir(tmp_path)) == 30
    for segment in segments:
        writer.delivered(segment)
    writer.close()
    assert os.listdir(tmp_path) == []


def test_a_long_spool_is_recovered_in_the_background(server, configure, tmp_path):
    lines = [LINE.replace(b"e-1", b"e-%d" % number) for number in range(20_000)]
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / NAME).write_bytes(HEADER + b"".join(lines))
    tracer = configure(server, transport="http", spool_directory=str(spool))
    trace("e-new")
    eventually(lambda: tracer.counters.delivered == 20_001, 60)
    assert tracer.flush(20) and tracer.shutdown(5)
    assert os.listdir(spool) == []
    assert sum(row.calls for row in server.client.top("3650d")) == 20_001
