# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 frames by hand, for clients that gRPC's own would never be."""

import socket
import struct

import hostile

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 6, 7, 8, 9,
)  # fmt: skip
END_STREAM, END_HEADERS, ACK = 0x1, 0x4, 0x1
FRAME_MAX = 16384
INITIAL_WINDOW_SIZE = 4  # The number of the setting.
PREFIX_BYTES = 5  # They stand before the content of a message.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
INGEST = "/itemized.v1.IngestService/Ingest"
WRITE = "/itemized.v1.IngestService/Write"
TOP = "/itemized.v1.QueryService/GetTop"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """A header field that is not indexed, its name and value as they are."""

    def text(string):
        raw = string.encode()
        assert len(raw) < 127
        return bytes([len(raw)]) + raw

    return b"\x00" + text(name) + text(value)


def call_headers(path):
    fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ]
    return b"".join(literal(*field) for field in fields)


def message(payload):
    return b"\x00" + struct.pack(">I", len(payload)) + payload


class Connection:
    """A connection whose sender decides about every frame. Answers are read when asked for."""

    def __init__(self, address, window=0):
        """`window`: how much more than 64 KiB the server may send, bytes."""
        self.raw = hostile.connect(address)
        self.received = b""
        self.next_stream = 1
        self.send(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 65535 + window)))
        if window:
            self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", window)))

    def send(self, data):
        self.raw.sendall(data)

    def open(self, path, payload=b"", flags=0):
        """Begins a call; returns the number of its stream."""
        stream = self.next_stream
        self.next_stream += 2
        data = frame(HEADERS, END_HEADERS, stream, call_headers(path))
        if payload or flags:
            data += frame(DATA, flags, stream, payload)
        self.send(data)
        return stream

    def write(self, stream, payload):
        for at in range(0, len(payload), FRAME_MAX):
            self.send(frame(DATA, 0, stream, payload[at : at + FRAME_MAX]))

    def write_what_fits(self, left):
        """Sends `left[stream]` bytes of data on each stream, as far and as long as the server's
        windows let it; returns once there was no room for half a second, or the server closed.
        """
        windows = dict.fromkeys([0, *left], 65535 - PREFIX_BYTES * len(left))
        initial = 65535
        moved = True
        while any(left.values()) and moved:
            moved = False
            for stream in left:
                size = min(left[stream], windows[0], windows[stream], FRAME_MAX)
                if size > 0:
                    self.send(frame(DATA, 0, stream, b"x" * size))
                    left[stream] -= size
                    windows[0] -= size
                    windows[stream] -= size
                    moved = True
            self.raw.settimeout(0.001 if moved else 0.5)
            try:
                while found := self.read_frame():
                    kind, flags, stream, payload = found
                    moved = True
                    self.raw.settimeout(0.001)
                    if kind == WINDOW_UPDATE and stream in windows:
                        windows[stream] += int.from_bytes(payload, "big")
                    elif kind == SETTINGS and not flags & ACK:
                        for name, value in struct.iter_unpack(">HI", payload):
                            if name == INITIAL_WINDOW_SIZE:
                                for each in left:
                                    windows[each] += value - initial
                                initial = value
                    elif kind == RST_STREAM and stream in left:
                        left[stream] = 0
                return  # The server has closed.
            except socket.timeout:
                pass
            finally:
                self.raw.settimeout(hostile.PATIENCE)

    def read_frame(self):
        """Kind, flags, stream and payload of the next frame; None once the server has closed."""
        if not self._receive(9):
            return None
        length = int.from_bytes(self.received[:3], "big")
        if not self._receive(9 + length):
            return None
        head, payload = self.received[:9], self.received[9 : 9 + length]
        self.received = self.received[9 + length :]
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))
        return kind, flags, stream, payload

    def _receive(self, length):
        while len(self.received) < length:
            try:
                chunk = self.raw.recv(65536)
            except ConnectionError:
                return False
            if not chunk:
                return False
            self.received += chunk
        return True

    def close(self):
        self.raw.close()

    def is_closed(self):
        """Whether the server has closed; whatever it sent is thrown away."""
        self.raw.setblocking(False)
        try:
            while True:
                if not self.raw.recv(65536):
                    return True
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.raw.settimeout(hostile.PATIENCE)


