# SPDX-License-Identifier: Apache-2.0
"""The records of the log are those that logging itself would make."""

import asyncio
import logging
import os
import threading

from itemized.diagnostics import LOGGER
from itemized.log_records import RecordMaker


def _made_by_logging():
    return LOGGER.makeRecord(LOGGER.name, logging.INFO, "itemized", 0, "step_cost", (), None)


def _without_times(record):
    return {name: value for name, value in vars(record).items() if name not in ("created", "msecs", "relativeCreated")}


def _assert_alike(made, expected):
    assert type(made) is type(expected)
    assert _without_times(made) == _without_times(expected)
    assert 0 <= expected.created - made.created < 60
    assert abs((expected.relativeCreated - made.relativeCreated) / 1000 - (expected.created - made.created)) < 0.01
    assert abs(made.created % 1 * 1000 - made.msecs) <= 1


def test_a_record_is_as_logging_makes_it():
    maker = RecordMaker("step_cost")
    for _ in range(3):
        _assert_alike(maker.make(), _made_by_logging())


def test_a_record_names_the_thread_and_the_task_that_made_it():
    maker = RecordMaker("step_cost")
    maker.make()
    pairs = []
    thread = threading.Thread(target=lambda: pairs.append((maker.make(), _made_by_logging())), name="another")
    thread.start()
    thread.join()

    async def in_a_task():
        asyncio.current_task().set_name("a task")
        pairs.append((maker.make(), _made_by_logging()))

    asyncio.run(in_a_task())
    assert pairs[0][0].threadName == "another"
    for made, expected in pairs:
        _assert_alike(made, expected)


def test_records_are_apart():
    maker = RecordMaker("step_cost")
    first, second = maker.make(), maker.make()
    first.cost_usd = "1"
    assert not hasattr(second, "cost_usd")
    assert not hasattr(maker.make(), "cost_usd")


def test_a_factory_of_the_user_is_asked():
    maker = RecordMaker("step_cost")
    maker.make()
    before = logging.getLogRecordFactory()

    def factory(*args, **kwargs):
        made = before(*args, **kwargs)
        made.request = "r-1"
        return made

    logging.setLogRecordFactory(factory)
    try:
        assert maker.make().request == "r-1"
    finally:
        logging.setLogRecordFactory(before)
    assert not hasattr(maker.make(), "request")


def test_a_child_names_its_own_process():
    maker = RecordMaker("step_cost")
    maker.make()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, str(maker.make().process).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as pipe:
        assert pipe.read() == str(child)
