"""Sessions of TLS that are taken up again, on real sockets: gateproofd beside Traefik."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateproof.kubernetes.arms import find_daemon
from gateproof.loopback import free_port
from gateproof.real_traefik import find_traefik

SECONDS_MAX = 20.0


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("pair")
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-nodes", "-days", "30", "-subj", "/CN=a.test", "-addext", "subjectAltName=DNS:a.test"]
    subprocess.run(
        [*new, "-keyout", "key.pem", "-out", "cert.pem", *names],
        cwd=at, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return at


class Proxy:
    """A process that serves a.test with TLS, and the file that it watches."""

    def __init__(self, name: str, port: int, dynamic: Path, text: Callable[[str], str]) -> None:
        self.name, self.port, self.dynamic, self.text = name, port, dynamic, text

    def reload(self, mark: str) -> None:
        """Until the answer comes from the new configuration: a path that only it serves."""
        self.dynamic.write_text(self.text(mark))
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if b" 302 " in self.ask(f"/{mark}")[0]:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{mark} is not served")

    def ask(
        self,
        path: str,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        context: ssl.SSLContext | None = None,
        session: ssl.SSLSession | None = None,
    ) -> tuple[bytes, ssl.SSLSession | None, bool]:
        """The answer's first line, the session, and whether it was one of before."""
        context = context or client(version)
        with (
            socket.create_connection(("127.0.0.1", self.port), SECONDS_MAX) as plain,
            context.wrap_socket(plain, server_hostname="a.test", session=session) as tls,
        ):
            tls.sendall(f"GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode())
            line = tls.recv(4096).split(b"\r\n")[0]
            return line, tls.session, bool(tls.session_reused)


def client(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    return context


@pytest.fixture(params=["gateproofd", "traefik"])
def proxy(
    request: pytest.FixtureRequest, pair: Path, tmp_path: Path
) -> Iterator[Callable[[str], Proxy]]:
    """proxy(options of TLS): a started one."""
    binary = find_daemon() if request.param == "gateproofd" else find_traefik()
    if binary is None:
        pytest.skip(f"no {request.param}")
    running: list[subprocess.Popen[bytes]] = []

    def start(options: str) -> Proxy:
        def text(mark: str) -> str:
            router = f"rule: 'Path(`/{mark}`)', service: s, middlewares: [tea], tls: {{}}"
            return (
                f"tls:\n  certificates: [{{certFile: {pair}/cert.pem, keyFile: {pair}/key.pem}}]\n"
                f"  options: {{default: {{{options}}}}}\n"
                f"http:\n  routers: {{r: {{{router}}}}}\n"
                "  middlewares: {tea: {redirectRegex: {regex: '^', replacement: 'http://b/'}}}\n"
                "  services: {s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}}\n"
            )

        port, dynamic = free_port(), tmp_path / "dynamic.yml"
        dynamic.write_text(text("one"))
        static = tmp_path / "static.yml"
        static.write_text(
            f"entryPoints: {{secure: {{address: '127.0.0.1:{port}'}}}}\n"
            f"providers: {{providersThrottleDuration: 10ms, file: {{filename: {dynamic}}}}}\n"
            "global: {checkNewVersion: false, sendAnonymousUsage: false}\n"
        )
        command = [str(binary), f"--configFile={static}"]
        quiet = subprocess.DEVNULL
        running.append(subprocess.Popen(command, stdout=quiet, stderr=quiet))
        made = Proxy(request.param, port, dynamic, text)
        made.reload("one")
        return made

    yield start
    for process in running:
        process.kill()
        process.wait()


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
def test_a_session_is_taken_up_again(
    proxy: Callable[[str], Proxy], version: ssl.TLSVersion
) -> None:
    p, context = proxy(""), client(version)
    _, session, reused = p.ask("/one", version, context)
    assert session is not None
    assert not reused
    _, again, reused = p.ask("/one", version, context, session)
    assert reused
    p.reload("two")
    # Traefik makes new keys of tickets with each configuration.
    assert p.ask("/two", version, context, again)[2] == (p.name == "gateproofd")


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize(
    ("options", "traefik"),
    [
        ("disableSessionTickets: true", False),
        ("clientAuth: {clientAuthType: RequestClientCert}", True),
    ],
    ids=["switched off", "clients are asked"],
)
def test_what_gives_no_tickets(
    proxy: Callable[[str], Proxy], version: ssl.TLSVersion, options: str, traefik: bool
) -> None:
    p, context = proxy(options), client(version)
    _, session, _ = p.ask("/one", version, context)
    reused = p.ask("/one", version, context, session)[2]
    assert reused == (traefik if p.name == "traefik" else False)
