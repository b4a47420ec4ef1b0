"""What service managers and certificate tools do to a proxy; gateproofd beside Traefik."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from gateproof.kubernetes.arms import find_daemon
from gateproof.loopback import free_port
from gateproof.real_traefik import find_traefik

SECONDS_MAX = 20.0
STILL_SECONDS = 1.5  # that nothing happens for, where nothing shall

Start = Callable[..., "subprocess.Popen[bytes]"]


def eventually(what: Callable[[], bool], seconds: float = SECONDS_MAX) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if what():
                return True
        time.sleep(0.05)
    return False


@pytest.fixture(params=["gateproofd", "traefik"])
def binary(request: pytest.FixtureRequest) -> Path:
    found = find_daemon() if request.param == "gateproofd" else find_traefik()
    if found is None:
        pytest.skip(f"no {request.param}")
    return Path(found)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """start(command, **environment); what it prints goes to tmp_path/out."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(*command: str, **environment: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "out").open("ab") as out:
            running.append(
                subprocess.Popen(
                    command, stdout=out, stderr=out, env={**os.environ, **environment},
                    close_fds=False,
                )
            )  # fmt: skip
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.wait()


def status(port: int, path: str = "/") -> str:
    with socket.create_connection(("127.0.0.1", port), SECONDS_MAX) as s:
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n".encode())
        return s.recv(4096).split(b" ")[1].decode()


def make_pair(folder: Path) -> None:
    """A new certificate in place of the one that is there, as certificate tools write it."""
    folder.mkdir(exist_ok=True)
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-nodes", "-days", "30", "-subj", "/CN=a.test", "-addext", "subjectAltName=DNS:a.test"]
    subprocess.run(
        [*new, "-keyout", "key.new", "-out", "cert.new", *names],
        cwd=folder, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (folder / "key.new").rename(folder / "key.pem")
    (folder / "cert.new").rename(folder / "cert.pem")


def shown(port: int) -> str:
    """The digest of the certificate that a client is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), SECONDS_MAX) as plain,
        context.wrap_socket(plain, server_hostname="a.test") as tls,
    ):
        return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()


def written(folder: Path) -> str:
    der = ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text())
    return hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize(
    ("provider", "beside", "follows"),
    [
        ("directory", True, True),
        ("directory", False, False),
        ("filename", True, False),
        ("filename", False, False),
    ],
)
def test_a_certificate_that_was_replaced(
    binary: Path, start: Start, tmp_path: Path, provider: str, beside: bool, follows: bool
) -> None:
    """The configuration stays as it is: seen where the folder is watched, and on SIGHUP."""
    folder = tmp_path / "dynamic"
    pair = folder if beside else tmp_path / "pair"
    folder.mkdir()
    make_pair(pair)
    dynamic = folder / "dynamic.yml"
    dynamic.write_text(
        f"tls:\n  certificates: [{{certFile: {pair}/cert.pem, keyFile: {pair}/key.pem}}]\n"
    )
    port = free_port()
    process = start(
        str(binary),
        f"--entryPoints.secure.address=127.0.0.1:{port}",
        "--entryPoints.secure.http.tls=true",
        f"--providers.file.{provider}={dynamic if provider == 'filename' else folder}",
        "--providers.providersThrottleDuration=10ms",
    )
    assert eventually(lambda: shown(port) == written(pair))
    make_pair(pair)
    seen = eventually(
        lambda: shown(port) == written(pair), SECONDS_MAX if follows else STILL_SECONDS
    )
    assert seen == follows
    process.send_signal(signal.SIGHUP)
    assert eventually(lambda: shown(port) == written(pair))


# A service manager prepares the process that becomes the program: descriptors, LISTEN_PID.
AS_PID = (
    "import os, sys\n"
    "os.dup2(int(sys.argv[1]), 3)\n"
    "os.environ['LISTEN_PID'] = str(os.getpid())\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


def test_a_socket_of_the_service_manager(binary: Path, start: Start) -> None:
    """The entry point of that name gets it, whatever address is written."""
    with socket.create_server(("127.0.0.1", 0)) as given:
        given.set_inheritable(True)
        other = free_port()
        start(
            sys.executable, "-c", AS_PID, str(given.fileno()), str(binary),
            f"--entryPoints.web.address=127.0.0.1:{other}",
            LISTEN_FDS="1", LISTEN_FDNAMES="web",
        )  # fmt: skip
        assert eventually(lambda: status(given.getsockname()[1]) == "404")
        with pytest.raises(ConnectionRefusedError):
            status(other)


class Notified:
    """What a program tells its service manager (sd_notify(3))."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(SECONDS_MAX)

    def next(self) -> str:
        return self.socket.recv(4096).decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def test_a_service_manager_is_told(start: Start, tmp_path: Path) -> None:
    """Type=notify: ready when it serves, the new process at a restart, the end when it begins."""
    binary = find_daemon()
    if binary is None:
        pytest.skip("gateproofd is not built")
    with Notified(tmp_path) as manager:
        tells(start, str(binary), manager)


def tells(start: Start, binary: str, manager: Notified) -> None:
    port = free_port()
    process = start(
        binary, f"--entryPoints.web.address=127.0.0.1:{port}", NOTIFY_SOCKET=str(manager.path)
    )
    assert manager.next() == "READY=1"
    assert status(port) == "404"
    process.send_signal(signal.SIGUSR2)
    told = sorted([manager.next(), manager.next()])
    assert told[1] == "READY=1"
    assert told[0].startswith("MAINPID=")
    successor = int(told[0].partition("=")[2])
    assert successor != process.pid
    try:
        assert process.wait(SECONDS_MAX) == 0
        assert status(port) == "404"
    finally:
        os.kill(successor, signal.SIGTERM)
    assert manager.next() == "STOPPING=1"
    assert eventually(lambda: not Path(f"/proc/{successor}").exists())


def test_sigusr1_opens_log_files_again(binary: Path, start: Start, tmp_path: Path) -> None:
    """Traefik's own log goes on in the file that was moved; ours is opened as its access log is."""
    port, log = free_port(), tmp_path / "app.log"
    process = start(
        str(binary),
        f"--entryPoints.web.address=127.0.0.1:{port}",
        f"--log.filePath={log}", "--log.level=INFO", "--log.format=json",
    )  # fmt: skip
    assert eventually(lambda: status(port) == "404")
    assert eventually(lambda: '"message":"' in log.read_text())
    log.rename(tmp_path / "moved")
    process.send_signal(signal.SIGUSR1)
    ours = "gateproof" in binary.name
    assert eventually(log.exists, SECONDS_MAX if ours else STILL_SECONDS) == ours
    process.terminate()
    process.wait(SECONDS_MAX)
    last = "stopping gracefully" if ours else "Server stopped"
    assert last in (log if ours else tmp_path / "moved").read_text()
