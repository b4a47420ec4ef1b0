"""OCSP stapling on real sockets: OpenSSL's responder and client, the engine and Traefik between."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gateproof import _core, load
from gateproof.loopback import free_port
from gateproof.real_traefik import find_traefik

NAMED = "http://ocsp.invalid/ask"  # what the certificate says; nobody is there


def openssl(folder: Path, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, input=stdin, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and the certificate of a.test that it signed."""
    at = tmp_path_factory.mktemp("ocsp")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    openssl(at, "req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    names = ["-addext", "subjectAltName=DNS:a.test", "-subj", "/CN=a.test"]
    openssl(at, "req", *new[:-2], "-keyout", "leaf.key", "-out", "leaf.csr", *names)
    (at / "ext").write_text(f"subjectAltName=DNS:a.test\nauthorityInfoAccess=OCSP;URI:{NAMED}\n")
    sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "4097", "-days", "20"]
    openssl(at, "x509", "-req", "-in", "leaf.csr", *sign, "-extfile", "ext", "-out", "leaf.pem")
    (at / "chain.pem").write_text((at / "leaf.pem").read_text() + (at / "ca.pem").read_text())
    return at


def index(state: str) -> str:
    """OpenSSL's list of what an authority signed: V is valid, R is revoked."""
    revoked = "200101000000Z" if state == "R" else ""
    return f"{state}\t391231235959Z\t{revoked}\t1001\tunknown\t/CN=a.test\n"


class Responder(BaseHTTPRequestHandler):
    """HTTP on the loopback around `openssl ocsp`, whose own server listens everywhere."""

    folder: Path
    asked = 0

    def do_POST(self) -> None:
        type(self).asked += 1
        assert self.headers["Content-Type"] == "application/ocsp-request"
        request = self.rfile.read(int(self.headers["Content-Length"]))
        by = ["-index", "index", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key"]
        (self.folder / "asked").write_bytes(request)
        openssl(self.folder, "ocsp", *by, "-nmin", "60", "-reqin", "asked", "-respout", "said")
        answer = (self.folder / "said").read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Not on the terminal."""


@pytest.fixture
def responder(folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of OpenSSL's responder; its parameter is the certificate's state."""
    (folder / "index").write_text(index(request.param))
    Responder.folder = folder
    Responder.asked = 0
    with HTTPServer(("127.0.0.1", 0), Responder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/ask"
        server.shutdown()


def static(port: int, block: str, dynamic: Path) -> str:
    return (
        f"entryPoints: {{secure: {{address: '127.0.0.1:{port}'}}}}\n"
        f"providers: {{file: {{filename: {dynamic}}}}}\n"
        f"global: {{checkNewVersion: false, sendAnonymousUsage: false}}\n{block}\n"
    )


@pytest.fixture(params=["engine", "traefik"])
def serve(
    request: pytest.FixtureRequest, folder: Path, tmp_path: Path
) -> Iterator[Callable[[str], str]]:
    """serve(static block) starts the proxy; its address."""
    ends = []
    dynamic = folder / "dynamic.yml"
    dynamic.write_text(
        f"tls: {{certificates: [{{certFile: {folder}/chain.pem, keyFile: {folder}/leaf.key}}]}}\n"
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: noop@internal, tls: {}}}}\n"
    )

    def start(block: str) -> str:
        port = free_port()
        path = tmp_path / "static.yml"
        path.write_text(static(port, block, dynamic))
        if request.param == "engine":
            config = load(path, dynamic)
            server = _core.Server(config.core, 0, 2, {}, {})
            ends.append(server.stop)
            return f"127.0.0.1:{port}"
        assert binary is not None
        running = subprocess.Popen(
            [binary, f"--configFile={path}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ends.extend([running.wait, running.kill])
        return f"127.0.0.1:{port}"

    binary = find_traefik()
    if request.param == "traefik" and binary is None:
        pytest.skip("no traefik binary")
    yield start
    while ends:
        ends.pop()()


def status(folder: Path, address: str, *more: str) -> str:
    """What a client that asks for the certificate's state sees stapled."""
    how = ["-connect", address, "-servername", "a.test", "-status", "-CAfile", "ca.pem", *more]
    told = openssl(folder, "s_client", *how, stdin="")
    if "OCSP response: no response sent" in told:
        return "nothing"
    found = re.search(r"Cert Status: (\w+)", told)
    assert found is None or "Response verify OK" in told or "Verify return code: 0" in told
    return found.group(1) if found else "no handshake"


def awaited(folder: Path, address: str, wanted: str, *more: str) -> str:
    """The same, as soon as it is `wanted`, or after a while."""
    deadline = time.monotonic() + 15
    while (seen := status(folder, address, *more)) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return seen


@pytest.mark.parametrize(
    ("responder", "said"), [("V", "good"), ("R", "revoked")], indirect=["responder"]
)
def test_what_the_responder_says_is_stapled(
    serve: Callable[[str], str], folder: Path, responder: str, said: str
) -> None:
    address = serve(f"ocsp: {{responderOverrides: {{'{NAMED}': '{responder}'}}}}")
    assert awaited(folder, address, said, "-tls1_3") == said
    assert status(folder, address, "-tls1_2") == said


@pytest.mark.parametrize("responder", ["V"], indirect=True)
def test_without_the_block_nobody_is_asked(
    serve: Callable[[str], str], folder: Path, responder: str
) -> None:
    address = serve("")
    assert awaited(folder, address, "nothing") == "nothing"
    assert Responder.asked == 0


def test_a_responder_that_is_not_there_fails_no_handshake(
    serve: Callable[[str], str], folder: Path
) -> None:
    address = serve(f"ocsp: {{responderOverrides: {{'{NAMED}': 'http://127.0.0.1:1/'}}}}")
    assert awaited(folder, address, "nothing") == "nothing"
