"""A Redis of our own with the pairs of a dump, for Traefik's redis provider."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_SECONDS = 10.0


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """`key = value` lines; comments and empty lines are left out."""
    pairs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.strip().startswith("#"):
            key, _, value = line.partition("=")
            pairs.append((key.strip().removeprefix("/"), value.strip()))
    return pairs


def find_redis() -> str | None:
    """The server's path (Debian's redis-server)."""
    return shutil.which("redis-server")


class RedisStore:
    """The server while it runs, filled; a context manager."""

    def __init__(self, pairs: list[tuple[str, str]], host: str = "127.0.9.2") -> None:
        with socket.socket() as probe:
            probe.bind((host, 0))
            port = probe.getsockname()[1]
        self.endpoint = f"{host}:{port}"
        self._folder = tempfile.TemporaryDirectory()
        options = f"--bind {host} --port {port} --save '' --appendonly no"
        self._process = subprocess.Popen(
            [
                str(find_redis()),
                *options.replace("''", "").split(),
                "--notify-keyspace-events",
                "KEA",
            ],
            cwd=self._folder.name,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                link = socket.create_connection((host, port), timeout=5)
                break
            except OSError:
                if time.monotonic() > end:
                    self.__exit__()
                    raise
                time.sleep(0.05)
        with link, link.makefile("rb") as answers:
            for key, value in pairs:
                words = [b"SET", key.encode(), value.encode()]
                link.sendall(b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
                if answers.readline() != b"+OK\r\n":
                    raise RuntimeError(f"redis refused {key}")

    def __enter__(self) -> RedisStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._folder.cleanup()
