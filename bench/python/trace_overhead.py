# SPDX-License-Identifier: Apache-2.0
"""What a traced call costs on the caller's thread, and what one process sustains.

    python3 bench/python/trace_overhead.py HOST:GRPC-PORT HOST:HTTP-PORT

prints, for both transports and with logging off and on, the median and the 99th percentile
beside those of an empty context manager and of a call of logging with the same fields, and
the calls a second that arrive when calls are made at 40,000 a second for five seconds.
"""

import logging
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "client" / "python"))

from itemized import configure, cost_trace  # noqa: E402

SAMPLES = 20_000
RATE = 40_000
SECONDS = 5


class Empty:
    def __enter__(self):
        return {}

    def __exit__(self, *error):
        return None


class Logged:
    """What the log alone costs."""

    def __enter__(self):
        return {}

    def __exit__(self, *error):
        fields = {
            "cost_usd": "0.0345",
            "step": "summarise",
            "is_outlier": False,
            "input_tokens": 8400,
            "output_tokens": 620,
            "workflow_id": "run",
            "model": "claude-sonnet-4-6",
        }
        logging.getLogger("itemized").info("step_cost", extra=fields)


def fill(manager):
    with manager as usage:
        usage["input_tokens"] = 8400
        usage["output_tokens"] = 620


def measure(make):
    """Median and 99th percentile in microseconds, at some thousand calls a second."""
    samples = []
    for number in range(SAMPLES):
        begin = time.perf_counter_ns()
        fill(make())
        samples.append(time.perf_counter_ns() - begin)
        if number % 20 == 0:
            time.sleep(0.002)
    samples.sort()
    return samples[SAMPLES // 2] / 1000, samples[SAMPLES * 99 // 100] / 1000


def sustain(tracer, make):
    """Calls a second that arrive, and how many were dropped."""
    begin = time.perf_counter()
    for tick in range(SECONDS * 100):
        for _ in range(RATE // 100):
            fill(make())
        time.sleep(max(0.0, begin + (tick + 1) / 100 - time.perf_counter()))
    tracer.flush(60)
    return SECONDS * RATE / (time.perf_counter() - begin), tracer.counters.dropped


def main(grpc, http):
    def trace():
        return cost_trace("summarise", "claude-sonnet-4-6", "run")

    logger = logging.getLogger("itemized")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(open(os.devnull, "w", encoding="utf-8")))
    print("empty context manager: median %.1f us, p99 %.1f us" % measure(Empty))
    logger.setLevel(logging.INFO)
    print("logging alone: median %.1f us, p99 %.1f us" % measure(Logged))
    for transport in ("http", "grpc"):
        for level in (logging.WARNING, logging.INFO):
            logger.setLevel(level)
            tracer = configure(server=grpc, http=f"http://{http}", transport=transport)
            fill(trace())
            tracer.flush(10)
            name = f"{transport}, logging {'on' if level == logging.INFO else 'off'}"
            print(f"{name}: median %.1f us, p99 %.1f us" % measure(trace))
            print(f"{name}: %.0f calls/s arrive, %d dropped" % sustain(tracer, trace))


if __name__ == "__main__":
    main(*sys.argv[1:])
