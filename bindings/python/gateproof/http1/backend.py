"""A scripted server that writes down every byte, and reads it with the strict second reader."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Sequence

from gateproof.http1.model import Act
from gateproof.http1.reading import (
    Message,
    Refused,
    Unfinished,
    read_requests,
    request_body,
    request_head,
)
from gateproof.loopback import free_port

_ANSWER = (Act("send", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),)


def default_answer(method: str) -> tuple[Act, ...]:
    """What is answered without a script: 200 and two bytes."""
    return (Act("send", _ANSWER[0].data.removesuffix(b"ok")),) if method == "HEAD" else _ANSWER


class Script:
    """The server's side of all connections of one case, without sockets. Not thread-safe.

    Answers each whole request (with `at_head`: each head) in turn; what is no legal request is
    not answered, and ends the connection.
    """

    def __init__(self, answers: Sequence[tuple[Act, ...]] = (), at_head: bool = False) -> None:
        self._answers = answers
        self._at_head = at_head
        self._turn = 0
        self._done: dict[int, int] = {}
        self._held: dict[int, list[Act]] = {}  # until the request is whole
        self.received: dict[int, bytes] = {}

    def feed(self, connection: int, piece: bytes, ended: bool = False) -> list[Act]:
        """Bytes (or the end) on a connection; what the server does now."""
        data = self.received[connection] = self.received.get(connection, b"") + piece
        heads = self._heads(data)
        whole = len(heads) == len(read_requests(data).messages)
        acts = self._held.pop(connection, []) if whole else []
        for message in heads[self._done.get(connection, 0) :]:
            acts.extend(self._next(message))
        self._done[connection] = len(heads)
        at = next((n for n, act in enumerate(acts) if act.what == "whole"), None)
        if at is not None:
            later = acts[at + 1 :]
            acts = acts[:at] + (later if whole else [])
            if not whole:
                self._held[connection] = later
        if read_requests(data).problem or ended:
            acts.append(Act("close"))
        return acts

    def _next(self, message: Message) -> tuple[Act, ...]:
        if not self._answers:
            return default_answer(message.method)
        self._turn += 1
        return self._answers[min(self._turn, len(self._answers)) - 1]

    def _heads(self, data: bytes) -> list[Message]:
        """What asks for an answer: whole requests, and with `at_head` the head of the last."""
        reading = read_requests(data)
        heads = list(reading.messages)
        if self._at_head and reading.rest:
            with contextlib.suppress(Unfinished, Refused):
                message, rest = request_head(reading.rest)
                heads.append(message)
                request_body(message, rest)
        return heads

    def raw(self) -> list[bytes]:
        """What each connection brought, in their order; those without a byte are left out."""
        return [data for _, data in sorted(self.received.items()) if data]


class Backend:
    """The same on a socket of 127.0.0.1, one script after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script = Script()
        self._open: set[socket.socket] = set()
        self._connections = 0
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def play(self, script: Script) -> None:
        """Ends all connections; what comes from now on is the script's."""
        with self._lock:
            self._script = script
            ending, self._open = self._open, set()
        for sock in ending:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(sock)
                self._connections += 1
                number = self._connections
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                piece = sock.recv(65536)
                with self._lock:
                    mine = sock in self._open
                    acts = self._script.feed(number, piece, not piece) if mine else []
                if not mine or not self._perform(sock, acts) or not piece:
                    break
        with self._lock:
            self._open.discard(sock)

    def _perform(self, sock: socket.socket, acts: Sequence[Act]) -> bool:
        for act in acts:
            if act.after:
                time.sleep(act.after)
            if act.what == "close":
                return False
            if act.what == "half_close":
                sock.shutdown(socket.SHUT_WR)
            else:
                sock.sendall(act.data)
        return True

    def close(self) -> None:
        """Closes the port and all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.play(Script())
