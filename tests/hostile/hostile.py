# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: attackers over raw sockets, a bound of resident
memory, and a client beside them whose events must all be counted.
"""

import http.client
import json
import socket
import threading
import time
import urllib.request

import harness

MIB = 1 << 20
PATIENCE = 60  # Seconds; "does it answer at all", never "how fast".


def event(number, **fields):
    """A call that is dear enough to be seen in a sum: 1,000 input tokens."""
    body = {
        "event_id": f"n-{number}",
        "time": "2026-11-01T00:00:00Z",
        "workflow": "neighbour",
        "workflow_id": f"run-{number % 50}",
        "step": "beside",
        "provider": "p",
        "model": "m",
        "usage": {"input_tokens": 1000},
    }
    body.update(fields)
    return body


def lines(events):
    return "".join(json.dumps(each) + "\n" for each in events).encode()


class Neighbour(threading.Thread):
    """Posts `batches` of `size` events, each again until it was taken, while others attack."""

    def __init__(self, address, batches=20, size=100):
        super().__init__(daemon=True)
        self.address = address
        self.batches = batches
        self.size = size
        self.sent = 0
        self.fault = None
        self.start()

    def run(self):
        try:
            for batch in range(self.batches):
                first = batch * self.size
                body = lines(event(n) for n in range(first, first + self.size))
                self._post(body)
                self.sent += self.size
        except Exception as fault:  # Told by the test that waits for it.
            self.fault = fault

    def _post(self, body):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                status, answer = request(self.address, "POST", "/api/v1/events", body)
                if status == 200:
                    counts = json.loads(answer)
                    assert counts["accepted"] + counts["duplicate"] == self.size, answer
                    return
                assert status in (429, 503), (status, answer)
            except OSError:
                pass  # Given way to another connection; the ids make sending again harmless.
            assert time.monotonic() < until, "the neighbour's events are not taken"
            time.sleep(0.05)


def request(address, method, path, body=None, headers=()):
    """Status and body of one request on a connection of its own."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as fault:
        raise OSError(str(fault)) from fault
    finally:
        connection.close()


def connect(address):
    """A raw socket to HOST:PORT."""
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def read_all(raw):
    """What comes until the other side closes; what came before a reset counts."""
    received = b""
    try:
        while chunk := raw.recv(65536):
            received += chunk
    except (ConnectionResetError, socket.timeout):
        pass
    return received


class TestCase(harness.TestCase):
    """Knows how much memory the server has, and whether it lost anything."""

    def resident(self):
        """Resident memory of the server, bytes."""
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("the server is gone")

    def peak(self):
        """The most that it ever had, bytes."""
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("the server is gone")

    def wait_until(self, condition, what, within=PATIENCE):
        until = time.monotonic() + within
        while not condition():
            self.assertLess(time.monotonic(), until, f"never: {what}\n{self.server.log}")
            time.sleep(0.02)

    def assert_answers(self, within=PATIENCE):
        """A newcomer gets an answer from the server, if need be at a second try."""

        def answers():
            try:
                return request(self.server.http, "GET", "/api/v1/info")[0] == 200
            except OSError:
                return False

        self.wait_until(answers, "/api/v1/info answers", within)

    def assert_neighbour_complete(self, neighbour):
        """All events of the neighbour are in the bill, each once."""
        neighbour.join(PATIENCE)
        self.assertFalse(neighbour.is_alive(), "the neighbour is still sending")
        self.assertIsNone(neighbour.fault)
        self.assertEqual(neighbour.sent, neighbour.batches * neighbour.size)
        query = "step=beside&from=2026-11-01&to=2026-11-02"
        url = f"http://{self.server.http}/api/v1/top?{query}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            total = json.load(answer)["total"]
        self.assertEqual(int(total["calls"]), neighbour.sent)
