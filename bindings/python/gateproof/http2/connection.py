"""Requests of parity cases over HTTP/2 on a socket."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
import time

from gateproof.case_arm import Observation
from gateproof.case_model import RequestSpec, TlsSpec
from gateproof.http2.exchange import ClientSide
from gateproof.tls_cases import alert, client_socket, seen

_HEAD_START_SECONDS = 0.1  # of a request over the next one beside it, which might overtake it


class Http2Connection:
    """One client connection to `address` (`host:port`), from `client_ip`, with prior knowledge or,
    with a `server_name`, inside TLS without verification, where `h2` is all that is offered.

    Raises OSError if nobody listens, and ssl.SSLError when the handshake fails.
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
        self._chosen = True
        host, _, port = address.rpartition(":")
        self._sock = socket.create_connection((host, int(port)), timeout, (client_ip, 0))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server_name is not None:
            spec = tls or TlsSpec()
            spec = spec if spec.alpn else dataclasses.replace(spec, alpn=("h2",))
            secure = client_socket(self._sock, spec, server_name)
            self._tls = seen(secure) if tls else {}
            self._chosen = secure.selected_alpn_protocol() == "h2"
            self._sock = secure
        self._side = ClientSide()

    def __enter__(self) -> Http2Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; harmless if it is closed already."""
        self._sock.close()

    def exchange(self, request: RequestSpec) -> Observation:
        """Sends a request and reads its answer.

        Never raises for what the peer does: `error` says `closed`, `timeout`, or how the stream or
        the connection was ended.
        """
        if not self._chosen:
            return Observation(error="closed", tls=self._tls)
        error = "closed"
        try:
            for _ in range(request.beside):
                self._side.ask(request)
                self._sock.sendall(self._side.take())
                time.sleep(_HEAD_START_SECONDS)
            self._side.ask(request)
            while not self._side.ended:
                # A peer that refuses early may be gone while the rest is being sent.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self._sock.sendall(self._side.take())
                if not (data := self._sock.recv(65536)):
                    break
                self._side.feed(data)
            with contextlib.suppress(OSError):
                self._sock.sendall(self._side.take())
        except ssl.SSLError as problem:
            # With TLS 1.3 a client hears of a refusal behind its own handshake.
            return Observation(error="closed", tls=alert(problem))
        except ConnectionError:
            pass
        except TimeoutError:
            error = "timeout"
        return dataclasses.replace(self._side.answer(error), tls=self._tls)
