# SPDX-License-Identifier: Apache-2.0
"""A server for the tests, and a tracer for each of them.

The programs come from ITEMIZED_BIN and ITEMIZE_BIN, by default those of build/bin; the
package from client/python.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "client" / "python"
sys.path.insert(0, str(PACKAGE))

import itemized  # noqa: E402
from itemized import diagnostics, tracer  # noqa: E402

# Responses of OpenAI and Anthropic, as dicts.
CHAT = {"prompt_tokens": 50, "completion_tokens": 9, "total_tokens": 59}
MESSAGE = {"id": "msg_1", "type": "message", "model": "claude-x", "usage": {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": 5}}

SERVING = re.compile(r"serving: grpc (\S+), http (\S+),")


class Server:
    def __init__(self, data):
        self.data, self.grpc, self.http = data, "127.0.0.1:0", "127.0.0.1:0"

    def start(self):
        """Starts it, after a stop on the addresses it had."""
        program = os.environ.get("ITEMIZED_BIN", ROOT / "build" / "bin" / "itemized")
        self.process = subprocess.Popen(
            [program, "--data-dir", self.data, "--grpc-address", self.grpc, "--http-address", self.http,
             "--no-bundled-rates"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for line in self.process.stdout:
            found = SERVING.search(line)
            if found:
                self.grpc, self.http = found.groups()
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return self
        raise AssertionError("the server did not start")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(60)

    @property
    def url(self):
        return f"http://{self.http}"

    @property
    def client(self):
        return itemized.Client(self.url)

    def import_rates(self):
        program = os.environ.get("ITEMIZE_BIN", ROOT / "build" / "bin" / "itemize")
        subprocess.run([program, "--server", self.grpc, "rates", "import", "--bundled"], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path / "data").start()
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGKILL)


@pytest.fixture(params=["http", "grpc"])
def transport(request):
    if request.param == "grpc":
        pytest.importorskip("grpc")
    return request.param


@pytest.fixture
def configure():
    """Makes a tracer for this test; ended afterwards."""
    made = []

    def make(server=None, /, **options):
        if server is not None:
            options = {"server": server.grpc, "http": server.url, **options}
        made.append(tracer.Tracer(tracer.Options(**options)))
        tracer.set_tracer(made[-1])
        return made[-1]

    yield make
    tracer.set_tracer(None)
    for each in made:
        each.shutdown(0)


@pytest.fixture(autouse=True)
def warnings_are_new():
    """Each test hears the warnings that are given once."""
    diagnostics._said.clear()


def eventually(check, seconds=20):
    """Awaits that `check()` is true."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def recorded(*responses):
    """The usage of one call that all of these responses are of."""
    usage = itemized.Usage()
    for response in responses:
        usage.record(response)
    return usage
