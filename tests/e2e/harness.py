# SPDX-License-Identifier: Apache-2.0
"""Runs the built programs for the tests of this folder.

The programs come from ITEMIZED_BIN, ITEMIZE_BIN and ITEMIZE_DEMO_BIN, by
default those of build/bin.
"""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
AGENT_RUNS = ROOT / "tests" / "data" / "agent-runs"
START_SECONDS = 60
SERVING = re.compile(r"itemized \S+ serving: grpc (\S+), http (\S+), data (.+)")


def program(variable, name):
    path = pathlib.Path(os.environ.get(variable, ROOT / "build" / "bin" / name))
    if not path.exists():
        raise unittest.SkipTest(f"{path} is not built")
    return str(path)


def load_script(name):
    """The Python script script/NAME as a module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(ROOT / "script" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Server:
    """A server process; its output is collected in `log`."""

    def __init__(
        self, data_dir, grpc="127.0.0.1:0", http="127.0.0.1:0", flags=(), bundled_rates=False
    ):
        command = [program("ITEMIZED_BIN", "itemized"), "--data-dir", str(data_dir)]
        command += ["--grpc-address", grpc, "--http-address", http, *flags]
        command += [] if bundled_rates else ["--no-bundled-rates"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.log = ""
        self.grpc = None
        self.http = None
        self._serving = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.log += line
            serving = SERVING.search(line)
            if serving:
                self.grpc, self.http = serving.group(1), serving.group(2)
                self._serving.set()
        self._serving.set()

    def wait_serving(self):
        if not self._serving.wait(START_SECONDS) or self.grpc is None:
            self.kill()
            raise AssertionError(f"the server does not serve:\n{self.log}")
        return self

    def wait_exit(self):
        """The exit status of a server that is expected to end."""
        status = self.process.wait(START_SECONDS)
        self._reader.join()
        self.process.stdout.close()
        return status

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait_exit()

    def kill(self):
        if not self.process.stdout.closed:
            self.process.kill()
            self.wait_exit()


class TestCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="itemized-e2e-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.server = None

    def start(self, name="data", **options):
        """Starts a server on a store of this test; it becomes `self.server`."""
        self.server = Server(self.directory / name, **options)
        self.addCleanup(self.server.kill)
        return self.server.wait_serving()

    def run_program(self, command, status=0, **options):
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            timeout=300,
            check=False,
            **options,
        )
        done.stdout = done.stdout.decode("utf-8", "replace")
        done.stderr = done.stderr.decode("utf-8", "replace")
        self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}\n{done.stderr}")
        return done

    def itemize(self, *arguments, status=0, **options):
        address = self.server.grpc if self.server else "127.0.0.1:1"
        command = [program("ITEMIZE_BIN", "itemize"), "--server", address, *arguments]
        return self.run_program(command, status, **options)

    def ask(self, *arguments):
        """The answer of a command with --json."""
        return json.loads(self.itemize(*arguments, "--json").stdout)

    def write_events(self, events, name="events.ndjson"):
        path = self.directory / name
        with open(path, "w", encoding="utf-8") as lines:
            for event in events:
                lines.write(json.dumps(event) + "\n")
        return path

    def import_events(self, events, name="events.ndjson"):
        """Imports events that must all be accepted."""
        events = list(events)
        answer = self.ask("import", self.write_events(events, name))
        self.assertEqual(answer["accepted"], len(events), answer)
        return answer

    def set_rates(self, rates):
        """`rates` maps a model to its prices in USD per million tokens, as decimal strings."""
        models = [
            f"{json.dumps(model)}: {{{', '.join(f'{json.dumps(k)}: {v}' for k, v in prices.items())}}}"
            for model, prices in rates.items()
        ]
        path = self.directory / "rates.json"
        path.write_text("{" + ", ".join(models) + "}", encoding="utf-8")
        self.itemize("rates", "import", path)


def call(number, time, **fields):
    """A call with believable defaults."""
    event = {
        "event_id": f"c-{number}",
        "time": time,
        "workflow": "support_ticket",
        "workflow_id": f"run-{number % 10}",
        "step": "planning",
        "provider": "anthropic",
        "model": "claude-sonnet-4-6",
        "usage": {"input_tokens": 1000, "output_tokens": 100},
        "duration_ms": 812.5,
    }
    event.update(fields)
    return event
