"""A gRPC server (grpcio, plain HTTP/2) behind the proxy: health checks, gRPC-Web over HTTP/2."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path

import grpc
import h2.config
import h2.connection
import h2.events
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from gateproof import _core, load
from gateproof.loopback import free_port

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Backend:
    """A gRPC server with the health service, and `/echo.Echo/Say` which gives back what it gets."""

    def __init__(self, healthy: bool = True) -> None:
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        if healthy:
            self.health = health.HealthServicer()
            health_pb2_grpc.add_HealthServicer_to_server(self.health, self.server)
        say = grpc.unary_unary_rpc_method_handler(self.say)
        echo = grpc.method_handlers_generic_handler("echo.Echo", {"Say": say})
        self.server.add_generic_rpc_handlers((echo,))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    @staticmethod
    def say(request: bytes, context: grpc.ServicerContext) -> bytes:
        context.set_trailing_metadata((("x-said", "yes"),))
        return request


@pytest.fixture
def backend() -> Iterator[Callable[..., Backend]]:
    running: list[Backend] = []

    def start(healthy: bool = True) -> Backend:
        running.append(Backend(healthy))
        return running[-1]

    yield start
    for one in running:
        one.server.stop(None).wait()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[_core.Server, int]]]:
    running: list[_core.Server] = []

    def start(backend: Backend, **options: object) -> tuple[_core.Server, int]:
        port = free_port()
        static: dict[str, object] = {"entryPoints": {"web": {"address": f"127.0.0.1:{port}"}}}
        balancer = {"servers": [{"url": f"h2c://127.0.0.1:{backend.port}"}], **options}
        router = {"rule": "PathPrefix(`/`)", "service": "s", "middlewares": ["web"]}
        dynamic = {
            "http": {
                "routers": {"r": router},
                "middlewares": {"web": {"grpcWeb": {"allowOrigins": ["*"]}}},
                "services": {"s": {"loadBalancer": balancer}},
            }
        }
        static["providers"] = {"file": {"filename": str(tmp_path / "d.yml")}}
        (tmp_path / "s.yml").write_text(json.dumps(static))
        (tmp_path / "d.yml").write_text(json.dumps(dynamic))
        config = load(tmp_path / "s.yml", tmp_path / "d.yml")
        running.append(_core.Server(config.core, 0, 1, {}, {}))
        return running[-1], port

    yield start
    for one in running:
        one.stop()


def call(port: int) -> str:
    """A call through the proxy: what it gave, or the name of its status."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        say = channel.unary_unary("/echo.Echo/Say")
        try:
            return str(say(b"hi", timeout=5).decode())
        except grpc.RpcError as error:
            return str(error.code().name)


def awaited(port: int, wanted: str) -> str:
    deadline = time.monotonic() + 10
    while (seen := call(port)) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return seen


CHECK = {"mode": "grpc", "interval": "100ms", "timeout": "2s"}


def test_a_server_is_up_while_it_says_serving(backend, serve) -> None:  # type: ignore[no-untyped-def]
    one = backend()
    one.health.set("", SERVING)
    _, port = serve(one, healthCheck=CHECK)
    assert call(port) == "hi"
    time.sleep(0.5)
    assert call(port) == "hi"
    one.health.set("", NOT_SERVING)
    assert awaited(port, "UNAVAILABLE") == "UNAVAILABLE"
    one.health.set("", SERVING)
    assert awaited(port, "hi") == "hi"


def test_a_server_without_the_health_service_is_down(backend, serve) -> None:  # type: ignore[no-untyped-def]
    _, port = serve(backend(healthy=False), healthCheck=CHECK)
    assert awaited(port, "UNAVAILABLE") == "UNAVAILABLE"


@pytest.mark.parametrize("text", [False, True])
def test_grpc_web_over_http2(backend, serve, text: bool) -> None:  # type: ignore[no-untyped-def]
    _, port = serve(backend())
    kind = "application/grpc-web-text" if text else "application/grpc-web"
    message = b"\0\0\0\0\2hi"
    head, body = exchange(port, kind, base64.b64encode(message) if text else message)
    assert head[b":status"] == b"200"
    assert head[b"content-type"].startswith(kind.encode())
    if text:  # parts that are padded each
        parts = body.replace(b"==", b"==|").replace(b"=|", b"=|").split(b"|")
        body = b"".join(base64.b64decode(part) for part in parts if part)
    assert body.startswith(message)
    frame = body[len(message) :]
    assert frame[:1] == b"\x80"
    assert int.from_bytes(frame[1:5], "big") == len(frame) - 5
    assert b"grpc-status: 0\r\n" in frame
    assert b"x-said: yes\r\n" in frame


def exchange(port: int, kind: str, body: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """A request over HTTP/2 with prior knowledge: the head of its answer, and the body."""
    config = h2.config.H2Configuration(client_side=True, header_encoding=None)
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    fields = [(":method", "POST"), (":scheme", "http"), (":authority", "a.test")]
    fields += [(":path", "/echo.Echo/Say"), ("content-type", kind), ("x-grpc-web", "1")]
    fields.append(("te", "trailers"))  # grpcio resets calls without it, through Traefik too
    connection.send_headers(1, fields)
    connection.send_data(1, body, end_stream=True)
    head: dict[bytes, bytes] = {}
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        while True:
            wire.sendall(connection.data_to_send())
            for event in connection.receive_data(wire.recv(65536)):
                if isinstance(event, h2.events.ResponseReceived):
                    head = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    got += event.data
                elif isinstance(event, h2.events.StreamEnded):
                    return head, got
                assert not isinstance(event, h2.events.StreamReset)
