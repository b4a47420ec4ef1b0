"""A raw HTTP/1.1 client: the bytes sent are exactly those of the request's description.

Nothing is added beyond a Host line, and Content-Length or Transfer-Encoding for a body, and each
only if the request does not bring its own.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateproof.case_arm import Observation
from gateproof.case_model import Headers, RequestSpec, TlsSpec
from gateproof.http2.connection import Http2Connection
from gateproof.tls_cases import alert, client_socket, seen

_LIMIT = 64 * 1024 * 1024
_INTERIM = ("100", "102", "103")


class Truncated(Exception):
    """The peer closed before the message was complete."""


def _has(headers: tuple[tuple[str, str], ...], name: str) -> bool:
    return any(key.lower() == name for key, _ in headers)


def request_target(request: RequestSpec) -> str:
    """The request target: the explicit one, else path and query of the URL, byte for byte."""
    if request.target is not None:
        return request.target
    rest = request.url.partition("://")[2]
    starts = [rest.find(mark) for mark in "/?#" if mark in rest]
    if not starts:
        return "/"
    tail = rest[min(starts) :]
    return tail if tail.startswith("/") else "/" + tail


def serialise(request: RequestSpec) -> bytes:
    """The bytes of a request, header texts encoded as Latin-1."""
    if request.raw is not None:
        return request.raw
    lines = [f"{request.method} {request_target(request)} HTTP/{request.version}"]
    if request.host_line and not _has(request.headers, "host"):
        lines.append(f"Host: {urlsplit(request.url).netloc}")
    lines.extend(f"{name}: {value}" for name, value in request.headers)
    body = request.body
    if request.chunks:
        if not _has(request.headers, "transfer-encoding"):
            lines.append("Transfer-Encoding: chunked")
        if request.trailers and not _has(request.headers, "trailer"):
            lines.append("Trailer: " + ", ".join(name for name, _ in request.trailers))
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in request.chunks) + b"0\r\n"
        body += "".join(f"{n}: {v}\r\n" for n, v in request.trailers).encode("latin-1") + b"\r\n"
    elif body and not _has(request.headers, "content-length"):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


@dataclass
class Message:
    """A parsed HTTP/1 message: first line, header lines, joined body, trailers."""

    start: str
    headers: Headers
    body: bytes = b""
    trailers: Headers = field(default_factory=list)


class Reader:
    """Reads HTTP/1 messages from a socket. Raises Truncated at an early end."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    def _more(self) -> None:
        data = self._sock.recv(65536)
        if not data:
            raise Truncated
        self._buffer += data

    def line(self) -> str:
        """One line without its CRLF (a bare LF ends a line as well)."""
        while b"\n" not in self._buffer:
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r").decode("latin-1")

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes."""
        while len(self._buffer) < count:
            self._more()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def until_end(self) -> bytes:
        """Everything until the peer closes; a reset counts as the end."""
        with contextlib.suppress(Truncated, ConnectionResetError):
            while len(self._buffer) < _LIMIT:
                self._more()
        data, self._buffer = self._buffer, b""
        return data

    def header_lines(self) -> Headers:
        """Header (or trailer) lines up to the empty line, spelled as received."""
        found: Headers = []
        while line := self.line():
            name, _, value = line.partition(":")
            found.append((name, value.strip(" \t")))
        return found

    def head(self) -> Message:
        """First line and headers of the next message."""
        return Message(self.line(), self.header_lines())

    def chunked(self, message: Message) -> None:
        """Reads a chunked body and its trailers into the message."""
        while size := int(self.line().split(";")[0], 16):
            message.body += self.exactly(size)
            self.line()
        message.trailers = self.header_lines()


def header(headers: Headers, name: str) -> str | None:
    """The first value of a header, or None."""
    return next((value for key, value in headers if key.lower() == name), None)


class Connection:
    """One client connection to `address` (`host:port`), from `client_ip`.

    `server_name` set means TLS without verification, as `tls` wants it. Raises OSError if nobody
    listens, and ssl.SSLError when the handshake fails.
    """

    def __init__(
        self,
        address: str,
        client_ip: str = "127.0.0.1",
        server_name: str | None = None,
        timeout: float = 10.0,
        tls: TlsSpec | None = None,
    ) -> None:
        self._tls: dict[str, str] = {}
        host, _, port = address.rpartition(":")
        self._sock = socket.create_connection((host, int(port)), timeout, (client_ip, 0))
        if server_name is not None:
            secure = client_socket(self._sock, tls or TlsSpec(), server_name)
            # Told only where it is asked for: other cases compare what is inside.
            self._tls = seen(secure) if tls else {}
            self._sock = secure
        self._reader = Reader(self._sock)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; harmless if it is closed already."""
        self._sock.close()

    def exchange(self, request: RequestSpec) -> Observation:
        """Sends a request and reads its answer; interim 1xx answers other than 101 are skipped.

        Never raises for what the peer does: `error` says `closed` or `timeout`.
        """
        # A peer that refuses early may reset while the body is still being sent.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._sock.sendall(serialise(request))
        try:
            answer = self._reader.head()
            while answer.start[9:12] in _INTERIM:
                answer = self._reader.head()
            method = request.raw.split(b" ")[0].decode() if request.raw else request.method
            until_close = self._read_body(answer, method)
        except (Truncated, ConnectionError):
            return Observation(error="closed", tls=self._tls)
        except ssl.SSLError as problem:
            # With TLS 1.3 a client hears of a refusal behind its own handshake.
            return Observation(error="closed", tls=alert(problem))
        except TimeoutError:
            return Observation(error="timeout")
        _, _, rest = answer.start.partition(" ")
        status, _, reason = rest.partition(" ")
        says = (header(answer.headers, "connection") or "").lower()
        old = answer.start.startswith("HTTP/1.0")
        closes = until_close or says == "close" or (old and says != "keep-alive")
        return Observation(
            status=int(status),
            reason=reason,
            headers=answer.headers,
            body=answer.body,
            trailers=answer.trailers,
            stays_open=not closes,
            tls=self._tls,
        )

    def _read_body(self, answer: Message, method: str) -> bool:
        status = answer.start[9:12]
        if method == "HEAD" or status in ("101", "204", "304"):
            return False
        if (header(answer.headers, "transfer-encoding") or "").lower() == "chunked":
            self._reader.chunked(answer)
            return False
        length = header(answer.headers, "content-length")
        if length is not None:
            answer.body = self._reader.exactly(int(length))
            return False
        answer.body = self._reader.until_end()
        return True


class Client:
    """Sends requests to entry points, sharing connections with the same label."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self._kept: dict[str, Connection | Http2Connection] = {}

    def send(self, request: RequestSpec) -> Observation:
        """Sends one request; `error` is `refused` if the entry point takes no connection."""
        kept = self._kept.get(request.connection) if request.connection else None
        try:
            connection = kept or self._open(request)
        except TimeoutError:
            return Observation(error="timeout")
        except ssl.SSLError as problem:
            return Observation(error="closed", tls=alert(problem) if request.tls else {})
        except OSError as problem:
            # A listener may accept and then drop during the TLS handshake.
            dropped = isinstance(problem, ConnectionResetError)
            told = alert(problem) if dropped and request.tls else {}
            return Observation(error="closed" if dropped else "refused", tls=told)
        if request.connection:
            self._kept[request.connection] = connection
            return connection.exchange(request)
        with connection:
            return connection.exchange(request)

    def _open(self, request: RequestSpec) -> Connection | Http2Connection:
        parts = urlsplit(request.url)
        name = parts.hostname or "" if parts.scheme == "https" else None
        address = self._addresses[request.entry_point]
        kind = Http2Connection if request.version == "2" else Connection
        return kind(address, request.client_ip, name, tls=request.tls)

    def close(self) -> None:
        """Closes the connections that were kept."""
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()
