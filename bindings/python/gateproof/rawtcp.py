"""Raw TCP and UDP clients and servers of parity cases: bytes out, bytes in, nothing added.

A ClientHello is made by hand, always of the same bytes for the same names: what servers receive
can be compared between arms.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from gateproof.case_arm import Observation, UpstreamSeen
from gateproof.case_model import StreamSend, StreamUpstream, TlsSpec
from gateproof.loopback import free_port
from gateproof.tls_cases import alert, client_socket, seen

POSTGRES_SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])
_PIECE = 65536


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")


def client_hello(server_name: str | None = None, alpn: tuple[str, ...] = ()) -> bytes:
    """A ClientHello of TLS 1.2 which asks for a server name and offers protocols."""
    extensions = b""
    if server_name:
        entry = b"\0" + _two(len(server_name)) + server_name.encode()
        extensions += _two(0) + _two(len(entry) + 2) + _two(len(entry)) + entry
    offered = b"".join(bytes([len(one)]) + one.encode() for one in alpn)
    if offered:
        extensions += _two(16) + _two(len(offered) + 2) + _two(len(offered)) + offered
    body = b"\3\3" + b"r" * 32 + b"\0" + _two(2) + b"\x13\x01" + b"\1\0"
    body += _two(len(extensions)) + extensions
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + _two(len(message)) + message


def in_records(hello: bytes, size: int) -> bytes:
    """The same handshake message spread over records of `size` bytes."""
    body = hello[5:]
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(hello[:3] + _two(len(part)) + part for part in parts)


class StreamClient:
    """Connections of one case; those that are held stay open until `close`."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def send(
        self, address: str, send: StreamSend, client_ip: str, tls: TlsSpec | None = None
    ) -> Observation:
        """One connection, or one datagram after the other from one port."""
        if send.udp:
            return self._datagrams(address, send, client_ip)
        host, _, port = address.rpartition(":")
        try:
            sock = socket.create_connection((host, int(port)), 5.0, (client_ip, 0))
        except OSError:
            return Observation(error="refused")
        told: dict[str, str] = {}
        if tls is not None:
            try:
                if tls.postgres:
                    sock.sendall(POSTGRES_SSL_REQUEST)
                    sock.recv(1)
                secure = client_socket(sock, tls, "")
            except OSError as problem:
                sock.close()
                return Observation(error="closed", tls=alert(problem))
            told = seen(secure)
            sock = secure
        sock.settimeout(send.patience)
        got, open_still = self._talk(sock, send)
        if send.hold:
            self._held.append(sock)
        else:
            sock.close()
        return Observation(body=got, stays_open=open_still, tls=told)

    def _talk(self, sock: socket.socket, send: StreamSend) -> tuple[bytes, bool]:
        got = b""
        try:
            for number, piece in enumerate(send.pieces, 1):
                sock.sendall(piece)
                if number < len(send.pieces):
                    with contextlib.suppress(TimeoutError):
                        part = sock.recv(_PIECE)
                        if not part:
                            return got, False
                        got += part
            if send.half_close:
                sock.shutdown(socket.SHUT_WR)
            while part := sock.recv(_PIECE):
                got += part
        except TimeoutError:
            return got, True
        except OSError:
            pass
        return got, False

    def _datagrams(self, address: str, send: StreamSend, client_ip: str) -> Observation:
        host, _, port = address.rpartition(":")
        got = b""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((client_ip, 0))
            sock.settimeout(send.patience)
            for piece in send.pieces:
                sock.sendto(piece, (host, int(port)))
                with contextlib.suppress(TimeoutError, OSError):
                    got += sock.recv(_PIECE)
        return Observation(body=got)

    def close(self) -> None:
        """Closes what was held."""
        for sock in self._held:
            sock.close()
        self._held.clear()


def _datagram_socket(host: str) -> socket.socket:
    """A UDP socket on a port that `free_port` would tell; of UDP it does not know who has it."""
    tried: set[int] = set()
    while True:
        port = free_port(host, but=tried)
        tried.add(port)
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.bind((host, port))
        except OSError:
            made.close()
        else:
            return made


class StreamServer:
    """A server that speaks bytes: greets, and answers every piece as its script says."""

    def __init__(self, name: str, script: StreamUpstream, host: str = "127.0.0.1") -> None:
        self._name = name
        self._script = script
        self._lock = threading.Lock()
        self._seen: list[tuple[float, bytearray]] = []
        self._open: list[socket.socket] = []
        if script.udp:
            self._socket = _datagram_socket(host)
            run = self._run_udp
        else:
            self._socket = socket.create_server((host, free_port(host)))
            run = self._accept
        self.address = f"{host}:{self._socket.getsockname()[1]}"
        threading.Thread(target=run, daemon=True).start()

    def _note(self) -> bytearray:
        into = bytearray()
        with self._lock:
            self._seen.append((time.monotonic(), into))
        return into

    def _run_udp(self) -> None:
        while True:
            try:
                data, peer = self._socket.recvfrom(_PIECE)
            except OSError:
                return
            if not data and not self._open_port:
                return
            self._note().extend(data)
            if not self._script.silent:
                with contextlib.suppress(OSError):
                    self._socket.sendto(self._script.answer(self._name, data), peer)

    _open_port = True

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        into = self._note()
        with contextlib.suppress(OSError), sock:
            if self._script.greets:
                sock.sendall(self._script.greeting_of(self._name))
            while data := sock.recv(_PIECE):
                with self._lock:
                    into.extend(data)
                if self._script.close_after and len(into) >= self._script.close_after:
                    break
                if not self._script.silent:
                    sock.sendall(self._script.answer(self._name, data))

    def take(self) -> list[tuple[float, UpstreamSeen]]:
        """What connections or datagrams brought since the last call, with when they came."""
        with self._lock:
            seen, self._seen = self._seen, []
            kind = "UDP" if self._script.udp else "TCP"
            return [(at, UpstreamSeen(self._name, kind, "", [], bytes(data))) for at, data in seen]

    def close(self) -> None:
        """Closes the port and every connection."""
        self._open_port = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            open_now = list(self._open)
        for sock in open_now:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
