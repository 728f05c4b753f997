# SPDX-License-Identifier: Apache-2.0
"""Requests with a second one hidden in them: a run must not be stored by the hidden one."""

import json
import unittest

import hostile

EVENT = hostile.lines([hostile.event(1)])
HIDDEN = (
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
    + str(len(EVENT)).encode()
    + b"\r\nConnection: close\r\n\r\n"
    + EVENT
)
HIDDEN_LENGTH = str(len(HIDDEN)).encode()

# What is said of a body that is or contains HIDDEN.
FRAMINGS = {
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n" + HIDDEN,
    "a coding in front": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a coding behind": b"Transfer-Encoding: chunked, identity\r\n\r\n" + HIDDEN,
    "a length of none beside chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\n" + HIDDEN,
    "a length of all beside chunks": b"Transfer-Encoding: chunked\r\nContent-Length: "
    + HIDDEN_LENGTH
    + b"\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "two lengths": b"Content-Length: " + HIDDEN_LENGTH + b"\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a list of lengths": b"Content-Length: 0, 0\r\n\r\n" + HIDDEN,
    "a space before the colon": b"Content-Length : "
    + HIDDEN_LENGTH
    + b"\r\nContent-Length: 0\r\n\r\n"
    + HIDDEN,
    "a folded line": b"X: 1\r\n Content-Length: " + HIDDEN_LENGTH + b"\r\n\r\n" + HIDDEN,
    "a bare line feed": b"X: 1\nContent-Length: " + HIDDEN_LENGTH + b"\r\n\r\n" + HIDDEN,
    "a bare carriage return": b"X: 1\rContent-Length: " + HIDDEN_LENGTH + b"\r\n\r\n" + HIDDEN,
    "an extension of a chunk": b"Transfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n" + HIDDEN,
    "a field behind the chunks": b"Transfer-Encoding: chunked\r\n\r\n0\r\nHost: a\r\n\r\n" + HIDDEN,
}
HOSTS = [b"localhost\r\nHost: evil", b"evil\r\nHost: localhost", b"[::1]evil", b"localhost:80@evil"]


class SmugglingTest(hostile.TestCase):
    def send(self, data):
        with hostile.connect(self.server.http) as raw:
            raw.sendall(data)
            return hostile.read_all(raw)

    def stored_calls(self):
        answer = json.loads(hostile.request(self.server.http, "GET", "/api/v1/info")[1])
        return int(answer["calls"])

    def test_no_hidden_request_is_taken(self):
        self.start()
        for name, framing in FRAMINGS.items():
            for path in (b"/api/v1/events", b"/healthz", b"/nothing"):
                answer = self.send(b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + framing)
                self.assertIn(answer[:12], (b"HTTP/1.1 400", b"HTTP/1.1 501"), (name, answer))
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, (name, answer))
                self.assertIn(b"Connection: close\r\n", answer, name)
        self.assertEqual(self.stored_calls(), 0)
        self.assertIn(b'"accepted":1', self.send(HIDDEN))

    def test_a_host_is_one_name(self):
        self.start()
        for host in HOSTS:
            answer = self.send(b"GET /api/v1/info HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
            self.assertIn(b"HTTP/1.1 400", answer[:12], (host, answer))
            self.assertIn(b"Connection: close\r\n", answer, host)


if __name__ == "__main__":
    unittest.main()
