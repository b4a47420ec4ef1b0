"""The client of a garden case on a socket, and the engine's and real proxies' sides of it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from gateproof.http1.model import Expected, Http1Case
from gateproof.http1.peers import Peer
from gateproof.http2 import frames as h2
from gateproof.http2.grammar import LAST, LAST_STREAM, MAIN

_PROBE: h2.Frames = (
    h2.Head(
        MAIN,
        (
            (b":method", b"GET"),
            (b":scheme", b"http"),
            (b":authority", b"a.test"),
            (b":path", b"/probe"),
        ),
    ),
)
_SECONDS_MAX = 5.0  # of one case, however much a proxy has to say
_STATUS_200 = 0x88  # RFC 7541 appendix A, indexed
_TABLE_SIZE = range(0x20, 0x40)  # section 6.3: may come before it
PATIENCE = 0.25  # seconds without a byte


def case_of(frames: h2.Frames) -> Http1Case:
    """A case that sends these frames, and `LAST` when they have been answered."""
    sends = (h2.opening() + h2.encode(frames), h2.encode(LAST))
    return Http1Case("garden", "", Path("garden"), sends, Expected(), patience=PATIENCE)


class _Hearing:
    """What a server says, as it comes: frames, which streams have ended, and the end."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._rest = b""
        self.received = b""
        self.closed = False
        self.failed = False  # GOAWAY with an error: nothing more is looked at
        self.ended: set[int] = set()
        self.statuses: dict[int, int] = {}

    def until(self, stream: int, patience: float) -> None:
        """Until a stream has ended, the connection is closed, or nothing comes for that long."""
        end = time.monotonic() + _SECONDS_MAX
        while (
            stream not in self.ended
            and not self.closed
            and not self.failed
            and time.monotonic() < end
        ):
            self._sock.settimeout(patience)
            try:
                piece = self._sock.recv(65536)
            except TimeoutError:
                return
            except OSError:
                piece = b""
            self.closed = not piece
            self.received += piece
            self._take(piece)

    def _take(self, piece: bytes) -> None:
        self._rest += piece
        done = 0
        for kind, flags, stream, payload, end in h2.split_frames(self._rest):
            done = end
            if kind == h2.RST_STREAM or (kind in (h2.DATA, h2.HEADERS) and flags & h2.END_STREAM):
                self.ended.add(stream)
            if kind == h2.HEADERS and stream not in self.statuses:
                first = next((one for one in payload if one not in _TABLE_SIZE), 0)
                self.statuses[stream] = 200 if first == _STATUS_200 else 0
            if kind == h2.GOAWAY:
                self.failed = payload[4:8] != b"\0\0\0\0"
            answer = kind in (h2.SETTINGS, h2.PING) and not flags & h2.ACK
            if answer:
                with contextlib.suppress(OSError):
                    body = payload if kind == h2.PING else b""
                    self._sock.sendall(h2.frame(kind, h2.ACK, 0, body))
        self._rest = self._rest[done:]


def talk(address: str, case: Http1Case, patience: float) -> tuple[bytes, bool]:
    """Sends a case, its last request on a new connection if the first one did not survive; what
    came back, and whether the other side has closed."""
    main, last = case.sends
    first = _say(address, [(main, MAIN), (last, LAST_STREAM)], patience)
    if first.closed or first.failed:
        _say(address, [(h2.opening() + last, LAST_STREAM)], patience)
    return first.received, first.closed


def _say(address: str, sends: Sequence[tuple[bytes, int]], patience: float) -> _Hearing:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), 5) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hearing = _Hearing(sock)
        for data, stream in sends:
            if hearing.closed or hearing.failed:
                break
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.settimeout(5)
                sock.sendall(data)
            hearing.until(stream, patience)
        return hearing


class H2Peer(Peer):
    """A real proxy whose entry points take HTTP/2 with prior knowledge; its servers speak
    HTTP/1.1."""

    h2 = True

    def _talk(self, door: str, case: Http1Case, patience: float) -> tuple[bytes, bool]:
        return talk(door, case, patience)

    def _probe(self, sock: socket.socket) -> int:
        sock.sendall(h2.opening() + h2.encode(_PROBE))
        hearing = _Hearing(sock)
        hearing.until(MAIN, 2.0)
        return hearing.statuses.get(MAIN, 0)
