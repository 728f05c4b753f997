# SPDX-License-Identifier: Apache-2.0
"""How a tracer delivers, and how far it has come."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Optional

from .diagnostics import warn_once
from .events import one_of

_TRANSPORTS = ("auto", "grpc", "http")


def _transport_of_environment() -> str:
    try:
        return one_of(_TRANSPORTS, "ITEMIZED_TRANSPORT", os.environ.get("ITEMIZED_TRANSPORT", "auto"))
    except ValueError as error:  # No caller set it who could be told by an exception.
        warn_once("transport", "%s; auto is taken.", error)
        return "auto"


@dataclass
class Options:
    """How a tracer delivers. Every default is for a server on this machine. Raises
    ValueError for what is none of the values allowed."""

    #: HOST:PORT of the server's gRPC.
    server: str = field(default_factory=lambda: os.environ.get("ITEMIZED_SERVER", "127.0.0.1:4317"))
    #: URL of the server's HTTP.
    http: str = field(default_factory=lambda: os.environ.get("ITEMIZED_HTTP", "http://127.0.0.1:4318"))
    #: "grpc", "http", or "auto": gRPC if grpcio is installed.
    transport: str = field(default_factory=_transport_of_environment)
    #: A directory in which events outlive the process until they are delivered; None: memory only.
    spool_directory: Optional[str] = field(default_factory=lambda: os.environ.get("ITEMIZED_SPOOL"))
    spool_bytes_max: int = 256 << 20
    #: Events kept in memory while the server is away; further ones are dropped and told.
    queue_max: int = 100_000
    #: What the end of the process waits for the last events, seconds.
    exit_seconds: float = 2.0

    def __post_init__(self) -> None:
        self.transport = one_of(_TRANSPORTS, "transport", self.transport)


@dataclass
class Counters:
    """Events so far, those of a spool that was taken over too."""

    delivered: int = 0  # Acknowledged: on the server's disk.
    refused: int = 0  # The server refused them, for good.
    dropped: int = 0  # Lost here: there was no room, or no wire can say what they hold.
    waiting: int = 0  # None of these yet.
    misreported: int = 0  # Calls recorded here whose reported usage was not understood, or contradicts itself.
