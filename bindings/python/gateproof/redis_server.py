"""A real redis-server as an upstream of a case: one process, on a loopback port, in memory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from gateproof.case_arm import ArmStartError, ArmUnsupported
from gateproof.case_model import RedisUpstream
from gateproof.loopback import free_port

START_SECONDS = 10.0
_PIECE = 65536


def find_redis_server() -> Path | None:
    """The binary: $GATEPROOF_REDIS_SERVER, else on PATH; None if absent."""
    chosen = os.environ.get("GATEPROOF_REDIS_SERVER")
    if chosen:
        return Path(chosen) if Path(chosen).is_file() else None
    found = shutil.which("redis-server")
    return Path(found) if found else None


class RedisServer:
    """One redis-server; runs from construction until `close`.

    Raises ArmUnsupported if there is no binary, ArmStartError if it does not listen in time.
    """

    def __init__(self, spec: RedisUpstream, settings: tuple[str, ...] = ()) -> None:
        binary = find_redis_server()
        if binary is None:
            raise ArmUnsupported("no redis-server; install Debian's package redis-server")
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self._folder = tempfile.TemporaryDirectory(prefix="gateproof-redis-")
        lines = [f"port {port}", "bind 127.0.0.1", 'save ""', "appendonly no", "databases 16"]
        lines += [f"dir {self._folder.name}", *settings]
        if spec.password and spec.username:
            lines.append(f"user {spec.username} on >{spec.password} ~* &* +@all")
            lines.append("user default off")
        elif spec.password:
            lines.append(f"requirepass {spec.password}")
        config = Path(self._folder.name, "redis.conf")
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._process = subprocess.Popen(
            [str(binary), str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                self.close()
                raise ArmStartError("redis-server does not start")
            time.sleep(0.01)

    def _listens(self) -> bool:
        host, _, port = self.address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), 1.0).close()
        except OSError:
            return False
        return True

    def say(self, *words: str | bytes) -> bytes:
        """The reply to one command, as bytes; a reply is what came in one piece."""
        parts = [one.encode() if isinstance(one, str) else one for one in words]
        command = b"*%d\r\n" % len(parts)
        command += b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in parts)
        host, _, port = self.address.rpartition(":")
        with socket.create_connection((host, int(port)), 5.0) as link:
            link.sendall(command)
            return link.recv(_PIECE)

    def close(self) -> None:
        """Ends the process by its id."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


class RedisClusterServers:
    """A Redis Cluster of three masters; runs from construction until `close`.

    Raises as RedisServer, and ArmStartError if the nodes do not find together in time.
    """

    def __init__(self) -> None:
        self.nodes: list[RedisServer] = []
        for _ in range(3):
            settings = ("cluster-enabled yes", f"cluster-port {free_port()}")
            self.nodes.append(RedisServer(RedisUpstream(), settings))
        self.addresses = [node.address for node in self.nodes]
        create = ["redis-cli", "--cluster", "create", *self.addresses, "--cluster-yes"]
        made = subprocess.run(create, capture_output=True, timeout=60, check=False)
        end = time.monotonic() + START_SECONDS
        while made.returncode != 0 or not all(self._whole(node) for node in self.nodes):
            if made.returncode != 0 or time.monotonic() > end:
                self.close()
                raise ArmStartError(f"no Redis Cluster: {made.stdout.decode()[-300:]}")
            time.sleep(0.05)

    @staticmethod
    def _whole(node: RedisServer) -> bool:
        return b"cluster_state:ok" in node.say("CLUSTER", "INFO")

    def holder(self, key: str) -> RedisServer:
        """The node that has a key."""
        for node in self.nodes:
            if not node.say("EXISTS", key).startswith(b"-MOVED"):
                return node
        raise LookupError(key)

    def close(self) -> None:
        for node in self.nodes:
            node.close()
