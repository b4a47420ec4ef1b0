"""The node agent (`conformance/gateway-api/node`) against a double of the API server."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from kube_double import KubeDouble

from gateproof.errors import GateproofError
from gateproof.gateway_suite import build
from gateproof.gateway_suite.kube import write_kubeconfig
from gateproof.gateway_suite.node import NodeAgent

PODS, SECRETS, CONFIG_MAPS = "/api/v1/pods", "/api/v1/secrets", "/api/v1/configmaps"
IMAGE = "registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0"
WAIT_SECONDS = 15.0


def eventually(done: Callable[[], Any]) -> Any:
    """What `done` gives once it is true; its last value after WAIT_SECONDS."""
    end = time.monotonic() + WAIT_SECONDS
    while not (found := done()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def binary() -> Path:
    try:
        return build.node_binary(lambda *_: None)
    except GateproofError as problem:
        if "no Go" in str(problem) or "source tree" in str(problem):
            pytest.skip(str(problem))
        raise


@pytest.fixture(scope="module")
def api() -> Iterator[KubeDouble]:
    double = KubeDouble()
    yield double
    double.close()


@pytest.fixture(scope="module")
def node(binary: Path, api: KubeDouble, tmp_path_factory: Any) -> Iterator[NodeAgent]:
    folder = tmp_path_factory.mktemp("node")
    write_kubeconfig(folder / "kubeconfig", api.url)
    with NodeAgent(binary, folder / "kubeconfig", folder) as running:
        yield running


class Pods:
    """Makes pods with addresses of their own and takes them away."""

    def __init__(self, api: KubeDouble) -> None:
        self.api, self.made = api, 0

    def add(self, env: dict[str, Any] | None = None, image: str = IMAGE, **spec: Any) -> str:
        """The pod's name; its IP is `ip(name)`."""
        self.made += 1
        name = f"echo-{self.made}"
        listed: list[dict[str, Any]] = [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        ]
        for key, value in (env or {}).items():
            listed.append({"name": key, **(value if isinstance(value, dict) else {"value": value})})
        container = {"name": "main", "image": image, "env": listed}
        if "mounts" in spec:
            container["volumeMounts"] = spec.pop("mounts")
        body = {
            "metadata": {"name": name, "namespace": "web"},
            "spec": {"nodeName": "gateproof-node", "containers": [container], **spec},
            "status": {"phase": "Pending", "podIP": f"127.102.77.{self.made}"},
        }
        self.api.put(PODS, body)
        return name

    def ip(self, name: str) -> str:
        return str(self.api.get(PODS, "web", name)["status"]["podIP"])

    def phase(self, name: str) -> str:
        return str(self.api.get(PODS, "web", name)["status"]["phase"])

    def running(self, *args: Any, **spec: Any) -> tuple[str, str]:
        """Name and IP of a pod that runs."""
        name = self.add(*args, **spec)
        assert eventually(lambda: self.phase(name) == "Running"), self.api.get(PODS, "web", name)
        return name, self.ip(name)


@pytest.fixture
def pods(api: KubeDouble, node: NodeAgent) -> Iterator[Pods]:
    made = Pods(api)
    yield made
    for collection, space, name in list(api.objects):
        if collection == PODS:
            ip = made.ip(name)
            api.remove(collection, space, name)
            assert eventually(lambda ip=ip: all(closed(ip, port) for port in (3000, 3001, 8443)))


def closed(ip: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ip, port)) != 0


def ask(
    ip: str, path: str, headers: dict[str, str] | None = None, port: int = 3000
) -> tuple[http.client.HTTPResponse, bytes]:
    link = http.client.HTTPConnection(ip, port, timeout=10)
    try:
        link.request("GET", path, headers=headers or {})
        answer = link.getresponse()
        return answer, answer.read()
    finally:
        link.close()


def logs(api: KubeDouble, name: str, query: str = "") -> tuple[int, str]:
    status = api.get("/api/v1/nodes", "", "gateproof-node")["status"]
    port = status["daemonEndpoints"]["kubeletEndpoint"]["Port"]
    answer, text = ask("127.0.0.1", f"/containerLogs/web/{name}/main{query}", port=port)
    return answer.status, text.decode()


def test_it_registers_a_ready_node(api: KubeDouble, node: NodeAgent) -> None:
    status = api.get("/api/v1/nodes", "", "gateproof-node")["status"]
    assert {"type": "InternalIP", "address": "127.0.0.1"} in status["addresses"]
    assert status["daemonEndpoints"]["kubeletEndpoint"]["Port"] > 0
    assert [(one["type"], one["status"]) for one in status["conditions"]] == [("Ready", "True")]


def test_a_running_pod_keeps_its_address_and_is_ready(api: KubeDouble, pods: Pods) -> None:
    name, ip = pods.running()
    status = api.get(PODS, "web", name)["status"]
    assert status["podIPs"] == [{"ip": ip}]
    assert ("Ready", "True") in [(one["type"], one["status"]) for one in status["conditions"]]
    assert status["containerStatuses"][0]["ready"] is True
    assert status["containerStatuses"][0]["image"] == IMAGE


def test_http_echoes_the_request_as_it_came(pods: Pods) -> None:
    name, ip = pods.running({"SERVICE_NAME": "cart"})
    headers = {"Host": "shop.test", "x-two": "b", "X-Echo-Set-Header": "x-Odd:1, A:2,A:3"}
    answer, text = ask(ip, "/a//b%2Fc?z=1&y", headers)
    seen = json.loads(text)
    assert (seen["path"], seen["host"], seen["method"]) == ("/a//b%2Fc?z=1&y", "shop.test", "GET")
    assert (seen["pod"], seen["namespace"], seen["service"]) == (name, "web", "cart")
    assert (seen["proto"], seen["httpPort"]) == ("HTTP/1.1", "3000")
    assert seen["headers"]["X-Two"] == ["b"]
    assert "tls" not in seen
    assert ("x-Odd", "1") in answer.getheaders()
    assert answer.getheader("A") == "2,3"
    assert answer.getheader("Content-Type") == "application/json"


def test_status_health_and_delay(pods: Pods) -> None:
    _, ip = pods.running()
    assert ask(ip, "/status/418")[0].status == 418
    assert ask(ip, "/status/4181")[0].status == 400
    assert ask(ip, "/health")[1] == b"OK"
    start = time.monotonic()
    assert ask(ip, "/slow?delay=300ms")[0].status == 200
    assert time.monotonic() - start >= 0.3
    assert ask(ip, "/slow?delay=soon")[0].status == 500


def test_a_retry_fails_so_many_times_for_each_uuid(pods: Pods) -> None:
    _, ip = pods.running()
    path = "/retry/x?uuid={}&succeedAfter=2&responseCode=503"
    codes = [ask(ip, path.format("one"))[0].status for _ in range(3)]
    assert codes == [503, 503, 200]
    assert ask(ip, path.format("two"))[0].status == 503
    with pytest.raises(ConnectionResetError):
        ask(ip, "/retry/x?uuid=three&succeedAfter=1")
    assert ask(ip, "/retry/x?uuid=three&succeedAfter=1")[0].status == 200
    assert ask(ip, "/retry/x?uuid=four")[0].status == 400


def test_the_h2c_port_speaks_http2_only(pods: Pods) -> None:
    _, ip = pods.running()
    assert ask(ip, "/", port=3001)[0].status == 400
    with socket.create_connection((ip, 3001), timeout=5) as link:
        link.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
        assert link.recv(9)[3] == 4  # a SETTINGS frame


def test_websocket_echoes(pods: Pods) -> None:
    _, ip = pods.running()
    with socket.create_connection((ip, 3000), timeout=5) as link:
        link.sendall(
            b"GET /ws HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        reader = link.makefile("rb")
        assert b" 101 " in reader.readline()
        while reader.readline() != b"\r\n":
            pass
        link.sendall(b"\x81\x82\x00\x00\x00\x00hi")
        assert reader.read(4) == b"\x81\x02hi"


def test_logs_have_the_line_that_mirrors_are_looked_up_by(api: KubeDouble, pods: Pods) -> None:
    name, ip = pods.running()
    ask(ip, "/mirror?id=1")
    code, text = logs(api, name)
    assert code == 200
    assert text.startswith("Echoing back request made to /mirror?id=1 to client (127.")
    later = (datetime.now(UTC) + timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert logs(api, name, f"?sinceTime={later}") == (200, "")
    before = (datetime.now(UTC) - timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    code, stamped = logs(api, name, f"?sinceTime={before}&timestamps=true")
    assert datetime.fromisoformat(stamped.split()[0][:26].rstrip("Z") + "+00:00").year > 2000
    ask(ip, "/second")
    assert logs(api, name, "?tailLines=1")[1].startswith("Echoing back request made to /second ")
    assert logs(api, name, "?limitBytes=7") == (200, "Echoing")
    assert logs(api, name, "?sinceTime=noon")[0] == 400
    assert logs(api, "nobody")[0] == 404


def test_following_a_log_ends_with_the_pod(api: KubeDouble, pods: Pods) -> None:
    name, ip = pods.running()
    status = api.get("/api/v1/nodes", "", "gateproof-node")["status"]
    port = status["daemonEndpoints"]["kubeletEndpoint"]["Port"]
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request("GET", f"/containerLogs/web/{name}/main?follow=true")
    ask(ip, "/live")
    answer = link.getresponse()
    assert b"/live" in answer.readline()
    api.remove(PODS, "web", name)
    assert answer.read() == b""
    link.close()


def test_ports_are_free_once_a_pod_is_gone(api: KubeDouble, pods: Pods) -> None:
    name, ip = pods.running()
    assert not closed(ip, 3000)
    api.remove(PODS, "web", name)
    assert eventually(lambda: closed(ip, 3000) and closed(ip, 3001))


def test_a_pod_that_is_being_deleted_is_let_go(api: KubeDouble, pods: Pods) -> None:
    name, ip = pods.running()
    body = api.get(PODS, "web", name)
    body["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    api.put(PODS, body)
    assert eventually(lambda: (PODS, "web", name) not in api.objects)
    assert closed(ip, 3000)


def test_an_unknown_image_stays_pending_and_says_so(api: KubeDouble, pods: Pods) -> None:
    name = pods.add(image="docker.io/library/nginx:1.29")
    assert eventually(lambda: "message" in api.get(PODS, "web", name)["status"])
    status = api.get(PODS, "web", name)["status"]
    assert status["phase"] == "Pending"
    assert 'no image "docker.io/library/nginx:1.29"' in status["message"]
    assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "ErrImagePull"
    assert closed(pods.ip(name), 3000)


def test_pods_of_other_nodes_are_left_alone(api: KubeDouble, pods: Pods) -> None:
    name = pods.add(nodeName="another")
    pods.running()
    assert pods.phase(name) == "Pending"
    assert closed(pods.ip(name), 3000)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: Any) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    cert, key = folder / "crt", folder / "key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=abc.example.com", "-keyout", str(key)]
    subprocess.run([*command, "-out", str(cert)], check=True, capture_output=True)
    return cert, key


def secret(api: KubeDouble, pair: tuple[Path, Path], name: str) -> None:
    data = {
        key: base64.b64encode(path.read_bytes()).decode()
        for key, path in zip(("tls.crt", "tls.key"), pair, strict=True)
    }
    api.put(SECRETS, {"metadata": {"name": name, "namespace": "web"}, "data": data})


def with_pair(name: str) -> dict[str, Any]:
    items = [{"key": "tls.crt", "path": "crt"}, {"key": "tls.key", "path": "key"}]
    return {
        "mounts": [{"name": "pair", "mountPath": "/etc/pair"}],
        "volumes": [{"name": "pair", "secret": {"secretName": name, "items": items}}],
    }


def test_a_pod_waits_for_its_secret(api: KubeDouble, pods: Pods, pair: tuple[Path, Path]) -> None:
    env = {"TLS_SERVER_CERT": "/etc/pair/crt", "TLS_SERVER_PRIVKEY": "/etc/pair/key"}
    name = pods.add(env, **with_pair("later"))
    assert eventually(lambda: "message" in api.get(PODS, "web", name)["status"])
    status = api.get(PODS, "web", name)["status"]
    assert status["phase"] == "Pending"
    assert 'secret "later"' in status["message"]
    assert ("Ready", "False") in [(one["type"], one["status"]) for one in status["conditions"]]
    secret(api, pair, "later")
    assert eventually(lambda: pods.phase(name) == "Running")
    assert "message" not in api.get(PODS, "web", name)["status"]


def test_https_tells_of_the_handshake_and_asks_for_a_client(
    api: KubeDouble, pods: Pods, pair: tuple[Path, Path]
) -> None:
    secret(api, pair, "pair")
    ca = {"metadata": {"name": "ca", "namespace": "web"}, "data": {"ca.crt": pair[0].read_text()}}
    api.put(CONFIG_MAPS, ca)
    env = {
        "TLS_SERVER_CERT": "/etc/pair/crt",
        "TLS_SERVER_PRIVKEY": "/etc/pair/key",
        "TLS_CLIENT_CACERTS": "/etc/ca/ca",
    }
    spec = with_pair("pair")
    spec["mounts"].append({"name": "ca", "mountPath": "/etc/ca"})
    items = [{"key": "ca.crt", "path": "ca"}]
    spec["volumes"].append({"name": "ca", "configMap": {"name": "ca", "items": items}})
    _, ip = pods.running(env, **spec)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def handshake() -> dict[str, Any]:
        with (
            socket.create_connection((ip, 8443), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="abc.example.com") as link,
        ):
            link.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: link.recv(65536), b""))
            return dict(json.loads(text.partition(b"\r\n\r\n")[2])["tls"])

    seen = handshake()
    assert (seen["version"], seen["serverName"]) == ("TLSv1.3", "abc.example.com")
    assert seen["cipherSuite"].startswith("TLS_")
    assert "peerCertificates" not in seen
    context.load_cert_chain(*pair)
    assert handshake()["peerCertificates"] == [pair[0].read_text()]


def test_grpc_echoes_and_leaves_one_method_out(pods: Pods) -> None:
    name, ip = pods.running({"GRPC_ECHO_SERVER": "1"})
    service = "/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho"
    with grpc.insecure_channel(f"{ip}:3000") as channel:
        raw = channel.unary_unary(f"{service}/Echo")(b"", timeout=10, metadata=[("x-a", "v")])
        assert f"{service}/Echo".encode() in raw
        assert name.encode() in raw
        assert b"\n\x03x-a\x12\x01v" in raw
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(f"{service}/EchoThree")(b"", timeout=10)
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_tcp_speaks_first_then_answers_words(pods: Pods) -> None:
    name, ip = pods.running({"TCP_ECHO_SERVER": "1", "TCP_PORT": "3333", "SERVICE_NAME": "s"})
    assert closed(ip, 3000)
    with socket.create_connection((ip, 3333), timeout=5) as link:
        lines = link.makefile("rb")
        assert lines.readline() == b"Gateway API Test TCP Server\n"
        link.sendall(b"PING\nnonsense\nIS_TLS\nTEST\n")
        assert lines.readline() == b"PONG\n"
        assert lines.readline() == b"false\n"
        seen = json.loads(lines.readline())
    assert (seen["pod"], seen["service"], seen["tcpport"], seen["isTLS"]) == (
        name,
        "s",
        "3333",
        False,
    )


def test_tcp_with_tls(api: KubeDouble, pods: Pods, pair: tuple[Path, Path]) -> None:
    secret(api, pair, "pair")
    env = {
        "TCP_ECHO_SERVER": "1",
        "TLS_SERVER_CERT": "/etc/pair/crt",
        "TLS_SERVER_PRIV_KEY": "/etc/pair/key",
    }
    _, ip = pods.running(env, **with_pair("pair"))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((ip, 8443), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="abc.example.com") as link,
    ):
        lines = link.makefile("rb")
        assert lines.readline() == b"Gateway API Test TCP Server\n"
        link.sendall(b"TEST\n")
        seen = json.loads(lines.readline())
    assert (seen["isTLS"], seen["tls"]["serverName"]) == (True, "abc.example.com")


def datagram(ip: str, port: int, payload: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(5)
        link.connect((ip, port))
        link.send(payload)
        return link.recv(4096)


def test_udp_echoes_a_datagram(pods: Pods) -> None:
    name, ip = pods.running({"UDP_ECHO_SERVER": "1", "SERVICE_NAME": "udp-echo"})
    seen = json.loads(datagram(ip, 8080, b"hello"))
    assert (seen["request"], seen["pod"], seen["service"]) == ("hello", name, "udp-echo")


def test_the_name_server_answers_with_the_question(pods: Pods) -> None:
    _, ip = pods.running(image="registry.k8s.io/coredns/coredns:v1.12.2")
    name = b"\x03foo\x03bar\x03com\x00\x00\x01\x00\x01"
    answer = datagram(ip, 53, b"\xab\xcd\x01\x00\x00\x01" + bytes(6) + name)
    assert answer[:2] == b"\xab\xcd"
    assert answer[2] & 0x80
    assert name in answer
    assert answer.endswith(b"\x7f\x00\x00\x01")


def test_values_of_secrets_and_of_the_downward_api(api: KubeDouble, pods: Pods) -> None:
    data = {"who": base64.b64encode(b"from-secret").decode()}
    api.put(SECRETS, {"metadata": {"name": "words", "namespace": "web"}, "data": data})
    env = {
        "SERVICE_NAME": {"valueFrom": {"secretKeyRef": {"name": "words", "key": "who"}}},
        "INGRESS_NAME": {"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    }
    _, ip = pods.running(env)
    seen = json.loads(ask(ip, "/")[1])
    assert (seen["service"], seen["ingress"]) == ("from-secret", ip)


def test_a_bad_port_is_told(api: KubeDouble, pods: Pods) -> None:
    name = pods.add({"HTTP_PORT": "many"})
    assert eventually(lambda: "message" in api.get(PODS, "web", name)["status"])
    assert 'HTTP_PORT="many" is no port' in api.get(PODS, "web", name)["status"]["message"]


def test_it_follows_a_server_that_comes_back(api: KubeDouble, pods: Pods) -> None:
    first, ip = pods.running()
    api.break_watches()
    second, _ = pods.running()
    assert not closed(ip, 3000)
    api.break_watches()
    api.remove(PODS, "web", first)
    assert eventually(lambda: closed(ip, 3000))
    assert pods.phase(second) == "Running"


@pytest.mark.parametrize(
    "arguments", [[], ["-api", "http://127.0.0.1:1", "x"], ["-api", "a", "-kubeconfig", "b"]]
)
def test_wrong_usage_is_refused(binary: Path, arguments: list[str]) -> None:
    done = subprocess.run([binary, *arguments], capture_output=True, check=False, timeout=30)
    assert done.returncode == 2


def test_a_log_keeps_its_last_lines(binary: Path, tmp_path: Path) -> None:
    double = KubeDouble()
    command = [str(binary), "-api", double.url, "-log-lines", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert b"ready" in process.stdout.readline()
            name, ip = Pods(double).running()
            for number in range(4):
                ask(ip, f"/{number}")
            lines = logs(double, name)[1].splitlines()
            assert [line.split()[5] for line in lines] == ["/1", "/2", "/3"]
        finally:
            process.terminate()
            double.close()
