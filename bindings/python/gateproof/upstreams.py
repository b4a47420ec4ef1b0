"""Scripted HTTP/1.1 servers on 127.0.0.1 that write down exactly what they receive."""

from __future__ import annotations

import contextlib
import gzip
import http
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping

from gateproof.case_arm import UpstreamSeen
from gateproof.case_model import UpstreamScript, UpstreamSpec
from gateproof.http2.server import ServerSide
from gateproof.loopback import free_port
from gateproof.rawhttp import Message, Reader, Truncated, header
from gateproof.rawtcp import StreamServer
from gateproof.redis_server import RedisServer
from gateproof.tls_cases import server_context


def _reason(script: UpstreamScript) -> str:
    if script.reason is not None:
        return script.reason
    try:
        return http.HTTPStatus(script.status).phrase
    except ValueError:
        return ""


def _given(script: UpstreamScript, name: str) -> bool:
    return any(key.lower() == name for key, _ in script.headers)


def answer_bytes(script: UpstreamScript, name: str, method: str) -> bytes:
    """The bytes of a scripted answer; without `body` and `size` the body is the server's name."""
    body = name.encode() if script.body is None else script.body
    if script.size is not None:
        body = b"x" * script.size
    headers = list(script.headers)
    if script.gzip:
        # mtime fixed: the same script always gives the same bytes.
        body = gzip.compress(body, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    bodyless = script.status in (101, 204, 304)
    if script.chunked or script.trailers:
        headers.append(("Transfer-Encoding", "chunked"))
        if script.trailers and not _given(script, "trailer"):
            headers.append(("Trailer", ", ".join(key for key, _ in script.trailers)))
        tail = "".join(f"{key}: {value}\r\n" for key, value in script.trailers)
        chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
        body = chunk + b"0\r\n" + tail.encode("latin-1") + b"\r\n"
    elif script.until_close:
        headers.append(("Connection", "close"))
    elif not bodyless and not _given(script, "content-length"):
        headers.append(("Content-Length", str(len(body))))
    head = "".join(f"HTTP/1.1 {code} Interim\r\n\r\n" for code in script.interim)
    head += f"HTTP/1.1 {script.status} {_reason(script)}\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in headers) + "\r\n"
    return head.encode("latin-1") + (b"" if method == "HEAD" or bodyless else body)


def read_request(reader: Reader, name: str) -> UpstreamSeen:
    """Reads one whole request. Raises Truncated at the end of the connection."""
    message: Message = reader.head()
    method, _, rest = message.start.partition(" ")
    target, _, version = rest.rpartition(" ")
    if (header(message.headers, "transfer-encoding") or "").lower() == "chunked":
        reader.chunked(message)
    else:
        message.body = reader.exactly(int(header(message.headers, "content-length") or 0))
    return UpstreamSeen(
        name,
        method,
        target,
        message.headers,
        message.body,
        version.removeprefix("HTTP/"),
        message.trailers,
    )


def _end(sock: socket.socket) -> None:
    # Bytes that nobody has read would make a reset of a close(), which is another failure.
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(65536):
        pass


def _chose_http2(sock: socket.socket) -> bool:
    return isinstance(sock, ssl.SSLSocket) and sock.selected_alpn_protocol() == "h2"


class Upstream:
    """One scripted server; listens from construction until `close`.

    `script` may answer each request by itself, in place of the answers of `spec`.
    """

    def __init__(
        self,
        name: str,
        spec: UpstreamSpec,
        log: Recorder,
        script: Callable[[UpstreamSeen], UpstreamScript] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self._script = script
        self._name = name
        self._spec = spec
        self._log = log
        self._lock = threading.Lock()
        self._answered = 0
        self._tls = server_context(spec.tls) if spec.tls else None
        self._open: set[socket.socket] = set()
        self.address = f"{host}:{free_port(host)}"
        self._listener: socket.socket | None = None
        self._held: socket.socket | None = None
        if spec.refuse:
            self._hold()
        else:
            self._listen()

    def _hold(self) -> None:
        # Bound and not listening: nobody else gets the port, and whoever connects is refused.
        self._held = socket.socket()
        host, _, port = self.address.rpartition(":")
        with contextlib.suppress(OSError):
            self._held.bind((host, int(port)))

    def _listen(self) -> None:
        host, _, port = self.address.rpartition(":")
        self._listener = socket.create_server((host, int(port)))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _next_script(self) -> UpstreamScript:
        with self._lock:
            script = self._spec.answers[min(self._answered, len(self._spec.answers) - 1)]
            self._answered += 1
        return script

    def _serve(self, sock: socket.socket) -> None:
        plain = sock
        with contextlib.suppress(OSError, Truncated, ValueError):
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                with self._lock:
                    self._open.discard(plain)
                    self._open.add(sock)
            if self._spec.http2 or _chose_http2(sock):
                self._serve_http2(sock)
            else:
                self._serve_http1(sock)
        sock.close()
        with self._lock:
            self._open.discard(sock)

    def _take(self, seen: UpstreamSeen) -> UpstreamScript:
        # Written down before the answer leaves, so that whoever has the answer finds it.
        self._log.add(seen)
        script = self._script(seen) if self._script else self._next_script()
        if script.delay:
            time.sleep(script.delay)
        return script

    def _serve_http1(self, sock: socket.socket) -> None:
        reader = Reader(sock)
        while True:
            seen = read_request(reader, self._name)
            script = self._take(seen)
            if script.close:
                return
            if script.silent:
                # Until the other side gives up, or this one is closed.
                while sock.recv(65536):
                    pass
                return
            sock.sendall(answer_bytes(script, self._name, seen.method))
            if script.until_close:
                return

    def _serve_http2(self, sock: socket.socket) -> None:
        asked: list[tuple[UpstreamSeen, int]] = []
        side = ServerSide(self._name, lambda seen, stream: asked.append((seen, stream)))
        while not side.failed:
            sock.sendall(side.take())
            data = sock.recv(65536)
            if not data:
                return
            side.feed(data)
            while asked:
                seen, stream = asked.pop(0)
                script = self._take(seen)
                if script.close:
                    _end(sock)
                    return
                if not script.silent:
                    side.answer(script, seen, stream)
            if side.over:
                sock.sendall(side.take())
                _end(sock)
                return

    def rewind(self) -> None:
        """Plays the answers from the first one on."""
        with self._lock:
            self._answered = 0

    def close(self) -> None:
        """Closes the port and every connection."""
        if self._held is not None:
            self._held.close()
        if self._listener is not None:
            # close() alone does not wake a blocked accept().
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self._lock:
            open_now = list(self._open)
        for sock in open_now:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class Recorder:
    """What the upstreams of one case received, in order of arrival; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[UpstreamSeen] = []

    def add(self, seen: UpstreamSeen) -> None:
        """Appends one request."""
        with self._lock:
            self._seen.append(seen)

    def take(self) -> list[UpstreamSeen]:
        """Everything since the last call."""
        with self._lock:
            seen, self._seen = self._seen, []
        return seen


class UpstreamSet:
    """The upstreams of one case, started together; `addresses` maps names to `host:port`.

    `hosts` are loopback addresses of those that do not listen on 127.0.0.1.
    """

    def __init__(
        self, specs: Mapping[str, UpstreamSpec], hosts: Mapping[str, str] | None = None
    ) -> None:
        at = hosts or {}
        self._recorder = Recorder()
        self._redis: dict[str, RedisServer | StreamServer] = {}
        try:
            for name, spec in specs.items():
                if spec.redis is not None:
                    broken = spec.redis.broken
                    made = StreamServer(name, broken) if broken else RedisServer(spec.redis)
                    self._redis[name] = made
        except BaseException:
            self._close_redis()
            raise
        self._servers = {
            name: Upstream(name, spec, self._recorder, host=at.get(name, "127.0.0.1"))
            for name, spec in specs.items()
            if spec.stream is None and spec.redis is None
        }
        self._streams = {
            name: StreamServer(name, spec.stream, at.get(name, "127.0.0.1"))
            for name, spec in specs.items()
            if spec.stream is not None
        }
        self.addresses = {name: server.address for name, server in self._servers.items()}
        self.addresses |= {name: server.address for name, server in self._streams.items()}
        self.addresses |= {name: server.address for name, server in self._redis.items()}

    def take(self) -> list[UpstreamSeen]:
        """What arrived since the last call, in order of arrival; bytes after requests."""
        streams = [one for server in self._streams.values() for one in server.take()]
        streams.sort(key=lambda one: one[0])
        return [*self._recorder.take(), *(seen for _, seen in streams)]

    def rewind(self) -> None:
        """Lets every server begin anew with its answers."""
        for server in self._servers.values():
            server.rewind()

    def close(self) -> None:
        """Stops all servers."""
        for server in self._servers.values():
            server.close()
        for stream in self._streams.values():
            stream.close()
        self._close_redis()

    def _close_redis(self) -> None:
        for redis in self._redis.values():
            redis.close()
