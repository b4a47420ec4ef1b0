"""The engine's arms for cases of bytes: connections in memory, and sockets of this machine."""

from __future__ import annotations

import contextlib
import copy
import socket
from typing import Any

import yaml

from gateproof import _core
from gateproof.http1.backend import Backend, Script
from gateproof.http1.model import Http1Case
from gateproof.http1.outcome import Outcome, problems
from gateproof.loopback import free_address

# Long enough for everything that has no time limit of its own in a case.
_VIRTUAL_PATIENCE = 2.0
REAL_PATIENCE = 0.35
# An answer that has not come by then does not come.
LONG_PATIENCE = 2.0
_SERVER = "127.0.0.1:19000"


def _merged(base: Any, over: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(over, dict):
        return copy.deepcopy(over)
    return {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}


def _filled(value: Any, server: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, server) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, server) for one in value]
    return value.replace("{server}", server) if isinstance(value, str) else value


def traefik_model(setup: Any, doors: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Static and dynamic configuration: for each entry point (name to address) one router that
    sends everything to one server. `doors` maps listening addresses to servers' addresses.

    A case's `setup` may change the `entry_point` (merged) and replace `http` (the dynamic part,
    `{server}` stands for the server's address).
    """
    points: dict[str, Any] = {}
    routers: dict[str, Any] = {}
    services: dict[str, Any] = {}
    for n, (door, server) in enumerate(doors.items()):
        point = {"address": door, "transport": {"respondingTimeouts": {"readTimeout": "3s"}}}
        points[f"web{n}"] = _merged(point, setup.get("entry_point", {}))
        name = f"server{n}"
        routers[name] = {"rule": "PathPrefix(`/`)", "service": name, "entryPoints": [f"web{n}"]}
        services[name] = {"loadBalancer": {"servers": [{"url": f"http://{server}"}]}}
    http = {"routers": routers, "services": services}
    if "http" in setup:
        (server,) = doors.values()  # one only: such a setup names its server where it likes
        http = _filled(setup["http"], server)
    return {"entryPoints": points}, {"http": http}


def load_engine(setup: Any, doors: dict[str, str], strict: bool) -> _core.ConfigSet:
    """The engine's configuration for these doors. Raises ValueError if it has errors."""
    static, dynamic = traefik_model(setup, doors)
    static["providers"] = {"file": {"filename": "/gateproof/dynamic.yml"}}
    static["gateproof"] = {"strict": strict}
    texts = {
        "/gateproof/dynamic.yml": yaml.safe_dump(dynamic, sort_keys=False),
        "/gateproof/traefik.yml": yaml.safe_dump(static, sort_keys=False),
    }
    core = _core.load(["/gateproof/traefik.yml"], texts, "")
    wrong = [one.message for one in core.findings if one.severity == "error"]
    if wrong:
        raise ValueError("; ".join(wrong))
    return core


class WireArm:
    """Bytes through connections in memory, in virtual time."""

    def __init__(self, strict: bool = False, seed: int = 1) -> None:
        self.name = "wire strict" if strict else "wire"
        self.strict = strict
        self._seed = seed

    def run(self, case: Http1Case) -> Outcome:
        """Plays one case in a world of its own."""
        world = _core.World(load_engine(case.setup, {"127.0.0.1:80": _SERVER}, self.strict))
        script = Script(case.answers, case.at_head)

        def react(connection: int, piece: bytes, ended: bool) -> list[tuple[str, bytes, int]]:
            acts = script.feed(connection, piece, ended)
            return [(act.what, act.data, round(act.after * 10**9)) for act in acts]

        world.add_tcp_host(_SERVER, "server", react=react)
        patience = round((case.patience or _VIRTUAL_PATIENCE) * 10**9)
        out = world.connect("web0", list(case.sends), "127.0.0.1:50000", case.half_close, patience)
        return Outcome.read(case, out["received"], out["closed"], script.raw())

    def close(self) -> None:
        """Nothing is open."""


def talk(address: str, case: Http1Case, patience: float) -> tuple[bytes, bool]:
    """The client's side on a socket: what came back, and whether the other side has closed."""
    host, _, port = address.rpartition(":")
    received, closed = b"", False
    with socket.create_connection((host, int(port)), 5) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n, piece in enumerate(case.sends):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.settimeout(5)
                sock.sendall(piece)
            if n + 1 < len(case.sends):
                got, closed = _hear(sock, min(patience, 0.2), first_only=True)
                received += got
            if closed:
                return received, True
        if case.half_close:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
        got, closed = _hear(sock, patience, first_only=False)
        return received + got, closed


def _hear(sock: socket.socket, patience: float, first_only: bool) -> tuple[bytes, bool]:
    received = b""
    while True:
        sock.settimeout(patience)
        try:
            piece = sock.recv(65536)
        except TimeoutError:
            return received, False
        except ConnectionResetError:
            return received, True
        if not piece:
            return received, True
        received += piece
        if first_only:
            return received, False


class SocketArm:
    """Real sockets, the engine in this process; a server of its own for each case."""

    def __init__(self, strict: bool = False) -> None:
        self.name = "socket strict" if strict else "socket"
        self.strict = strict

    def run(self, case: Http1Case) -> Outcome:
        """Plays one case; once more with more patience if it went wrong, for the machine may
        only have been slow."""
        outcome = self._play(case, max(case.patience or 0.0, REAL_PATIENCE))
        if problems(outcome, case.allowed(self.strict)):
            outcome = self._play(case, max(case.patience or 0.0, LONG_PATIENCE))
        return outcome

    def _play(self, case: Http1Case, patience: float) -> Outcome:
        backend = Backend()
        script = Script(case.answers, case.at_head)
        backend.play(script)
        door = free_address()
        server = None
        try:
            core = load_engine(case.setup, {door: backend.address}, self.strict)
            server = _core.Server(core, 0, 1, {}, {})
            received, closed = talk(door, case, patience)
            return Outcome.read(case, received, closed, script.raw())
        finally:
            if server is not None:
                server.stop()
            backend.close()

    def close(self) -> None:
        """Nothing is open."""
