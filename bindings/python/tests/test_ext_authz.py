"""ExternalAuth filters over gRPC against a server of grpcio, plain and over TLS."""

from __future__ import annotations

import http.client
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import gateway_objects as objects
import grpc
import pytest
from ext_authz import AuthService, CheckResponse, header
from test_kubernetes_gateway_live import Cluster, free_ports
from test_kubernetes_gateway_standard import address, standard
from test_kubernetes_live import Backend, pytestmark, until

from gateproof.errors import StartError

__all__ = ["pytestmark"]


@pytest.fixture(name="backend")
def _backend() -> Iterator[Backend]:
    with Backend("one") as one:
        handler: Any = one._server.RequestHandlerClass

        def answer(self: Any) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        handler.do_POST = answer
        yield one


@pytest.fixture(name="auth")
def _auth() -> Iterator[AuthService]:
    with AuthService() as service:
        yield service


def cluster(port: int, backend: int, auth: int, options: str, more: str = "") -> Any:
    """A cluster that serves a Gateway on `port` whose route asks first."""
    asks = (
        "{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: auth, port: 80}, "
        f"{options}}}}}"
    )
    rules = f"[{{filters: [{asks}], backendRefs: [{{name: back, port: 80}}]}}]"
    made = objects.BASE + objects.service("back", backend) + objects.service("auth", auth) + more
    made += objects.gateway("web", [f"{{name: http, protocol: HTTP, port: {port}}}"])
    made += objects.route("r", "[{name: web}]", rules, hosts="a.test")
    try:
        found = Cluster(bundle_version="v1.7.0", gateways=True)
    except StartError as e:
        pytest.skip(str(e))
    found.apply(standard(made))
    return found


class Client:
    """Requests to the Gateway, once it is served."""

    def __init__(self, running: Any, port: int) -> None:
        self.running, self.port = running, port
        end = time.monotonic() + 15
        while not (host := address(running, "web")) and time.monotonic() < end:
            time.sleep(0.02)
        self.host = host
        while self.get("/ready")[0] in {0, 404} and time.monotonic() < end:
            time.sleep(0.02)

    def get(
        self, path: str, method: str = "GET", body: bytes | None = None, **fields: str
    ) -> tuple[int, dict[str, str], str]:
        link = http.client.HTTPConnection(self.host, self.port, timeout=5)
        sent = {"Host": "a.test", **{k.replace("_", "-"): v for k, v in fields.items()}}
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        except OSError:
            return 0, {}, ""
        finally:
            link.close()


def test_what_the_service_is_told(backend: Backend, auth: AuthService) -> None:
    (port,) = free_ports(1)
    with cluster(port, backend.port, auth.port, "grpc: {}, forwardBody: {maxSize: 8}") as running:
        client = Client(running, port)
        status, _, body = client.get(
            "/p%2Fq?a=%20", "POST", b"12345678", X_Other="o", X_Request_Id="id"
        )
        assert (status, body) == (200, "one /p%2Fq?a=%20")
        told = auth.asked[-1]
        request = told.request.http
        assert told.source.address.socket_address.address == "127.0.0.1"
        assert told.source.address.socket_address.port_value > 0
        assert told.destination.address.socket_address.address == client.host
        assert told.destination.address.socket_address.port_value == port
        assert abs(told.request.time.seconds - time.time()) < 60
        assert (request.id, request.method, request.host) == ("id", "POST", "a.test")
        assert (request.path, request.scheme) == ("/p%2Fq?a=%20", "http")
        assert (request.protocol, request.size, request.body) == ("HTTP/1.1", 8, "12345678")
        assert request.headers["x-other"] == "o"
        assert request.headers[":path"] == "/p%2Fq?a=%20"
        assert request.headers["x-forwarded-for"] == "127.0.0.1"
        assert "x-other" not in auth.metadata[-1]
        asked = len(auth.asked)
        assert client.get("/", "POST", b"123456789")[0] == 413
        assert len(auth.asked) == asked


def test_listed_headers_only(backend: Backend, auth: AuthService) -> None:
    (port,) = free_ports(1)
    with cluster(port, backend.port, auth.port, "grpc: {allowedHeaders: [X-Other]}") as running:
        assert Client(running, port).get("/", X_Other="o", X_More="m")[0] == 200
        assert dict(auth.asked[-1].request.http.headers) == {"x-other": "o"}
        assert auth.asked[-1].request.http.host == "a.test"


def test_what_the_service_answers(backend: Backend, auth: AuthService) -> None:
    (port,) = free_ports(1)
    with cluster(port, backend.port, auth.port, "grpc: {}") as running:
        client = Client(running, port)
        auth.says = lambda _: CheckResponse(
            status={"code": 0},
            ok_response={
                "headers": [header("x-user", "u"), header("x-role", "r", append=True)],
                "headers_to_remove": ["authorization"],
                "response_headers_to_add": [header("x-auth", "yes")],
                "query_parameters_to_set": [{"key": "n", "value": "v w"}],
                "query_parameters_to_remove": ["a"],
            },
        )
        status, fields, body = client.get("/p?a=1&b", X_User="admin", Authorization="t")
        assert (status, body, fields.get("X-Auth")) == (200, "one /p?b&n=v+w", "yes")
        denied = {"status": {"code": 401}, "headers": [header("x-why", "w")], "body": "who"}
        auth.says = lambda _: CheckResponse(status={"code": 16}, denied_response=denied)
        status, fields, body = client.get("/")
        assert (status, body, fields.get("X-Why")) == (401, "who", "w")
        auth.says = lambda _: CheckResponse(status={"code": 7, "message": "no"})
        assert client.get("/")[0] == 403
        auth.says = lambda _: grpc.StatusCode.UNAVAILABLE
        assert client.get("/")[0] == 503
        auth.says = lambda _: grpc.StatusCode.PERMISSION_DENIED
        assert client.get("/")[0] == 403
        auth.says = lambda _: grpc.StatusCode.INTERNAL
        assert client.get("/")[0] == 500
        auth.says = lambda _: CheckResponse(ok_response={"headers": [header("x", "a\nb")]})
        assert client.get("/")[0] == 500


def test_a_service_over_tls(backend: Backend) -> None:
    (port,) = free_ports(1)
    pair = (objects.pem("a.key").encode(), objects.pem("a.crt").encode())
    with AuthService(grpc.ssl_server_credentials([pair])) as auth:
        authority = (
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca, namespace: shop}\n"
            "data:\n  ca.crt: |\n" + textwrap.indent(objects.pem("root.crt"), "    ")
        )
        refs = '[{group: "", kind: ConfigMap, name: ca}]'
        validation = f"{{hostname: a.test, caCertificateRefs: {refs}}}"
        more = authority + objects.policy("auth", "auth", validation)
        with cluster(port, backend.port, auth.port, "grpc: {}", more) as running:
            client = Client(running, port)
            assert client.get("/x")[::2] == (200, "one /x")
            assert auth.asked[-1].request.http.path == "/x"
            # A certificate of another name is nobody's to ask.
            wrong = objects.policy("auth", "auth", validation.replace("a.test", "b.test"))
            running.apply(standard(wrong))
            until(lambda: client.get("/x")[0], 500)
