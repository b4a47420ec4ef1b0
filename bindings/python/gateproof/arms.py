"""The engine's arms for parity cases: objects, bytes in memory, and real sockets."""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from gateproof import _core
from gateproof.case_arm import (
    Arm,
    ArmStartError,
    ArmUnsupported,
    Observation,
    RouterState,
    UpstreamSeen,
    without_probes,
)
from gateproof.case_client import CaseClient, CookieJar
from gateproof.case_model import (
    Case,
    ChangeSpec,
    RequestSpec,
    StreamSend,
    StreamUpstream,
    TlsSpec,
    UpstreamScript,
    UpstreamSpec,
)
from gateproof.errors import StartError
from gateproof.http2 import world as http2_world
from gateproof.loopback import free_address
from gateproof.plugins import Factory, adapt
from gateproof.rawhttp import request_target, serialise
from gateproof.real_traefik import full_static
from gateproof.tls_cases import world_client, world_seen, world_server
from gateproof.upstreams import UpstreamSet

# Where virtual arms keep their files; nothing there is read from a disk.
_ROOT = "/gateproof"
_DIRECTORY = f"{_ROOT}/dynamic"
_STATIC = f"{_ROOT}/traefik.yaml"
# The name that a virtual world gives its proxy.
_HOST_NAME = "gateproof"
# Findings which say that a part of the configuration has no effect in this version.
_NOT_YET = "GP110"
# What passes between two requests in virtual time: no two moments of a real client are one.
_PAUSE_NS = 1_000_000


def load_case(
    case: Case, addresses: Mapping[str, str], api: str = "127.0.0.1:1"
) -> tuple[_core.ConfigSet, dict[str, str]]:
    """The case's configuration and its dynamic files. Raises ArmStartError."""
    resolved = case.resolve(addresses)
    static = full_static(resolved, _DIRECTORY, api)
    # Only the real binary needs its API to be watched.
    if "api" not in resolved.static:
        del static["api"]
    if "traefik" not in case.entry_points:
        del static["entryPoints"]["traefik"]
    texts = {f"{_DIRECTORY}/{name}": text for name, text in resolved.files.items()}
    texts[_STATIC] = yaml.safe_dump(static, sort_keys=False)
    core = _core.load([_STATIC], texts, "")
    refused = [one for one in core.findings if one.severity == "error" and one.file == _STATIC]
    if refused or not core.statics or not core.statics[0]:
        raise ArmStartError("\n".join(one.message for one in refused) or "no static configuration")
    # A look at files from outside reads no usersFile; the engine does.
    later = [
        one
        for one in _core.check(core)
        if one.code.startswith(_NOT_YET) and "usersFile" not in one.message
    ]
    if later:
        raise ArmUnsupported(f"not acted on yet: {later[0].message}")
    return core, resolved.files


def _answer(script: UpstreamScript, name: str) -> _core.HostAnswer:
    if script.interim:
        raise ArmUnsupported("interim answers of servers of HTTP/1.1 are for sockets")
    body = name.encode() if script.body is None else script.body
    if script.size is not None:
        body = b"x" * script.size
    headers = list(script.headers)
    if script.gzip:
        body = gzip.compress(body, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    return _core.HostAnswer(
        status=script.status,
        reason=script.reason or "",
        headers=headers,
        body=body,
        # No length told: by a last chunk or by closing is one thing here.
        chunked=script.chunked or script.until_close,
        trailers=list(script.trailers),
        delay_ns=round(script.delay * 10**9),
        action="close" if script.close else "answer",
    )


def _script(spec: UpstreamSpec, name: str) -> _core.HostAnswer | Callable[[Any], Any]:
    if spec.refuse:
        return _core.HostAnswer(action="refuse")
    answers = [_answer(script, name) for script in spec.answers]
    if len(answers) == 1:
        return answers[0]
    turn = itertools.count()
    return lambda _seen: answers[min(next(turn), len(answers) - 1)]


def _seen(one: _core.HostRequest) -> UpstreamSeen:
    return UpstreamSeen(
        one.host, one.method, one.target, list(one.headers), bytes(one.body), trailers=None
    )


def _states(rows: list[dict[str, Any]]) -> dict[str, RouterState]:
    return {row["name"]: RouterState(row["status"], tuple(row["errors"])) for row in rows}


def _all_states(engine: _core.World | _core.Server) -> dict[str, RouterState]:
    streams = engine.stream_objects()
    return {
        **_states(engine.routers()),
        **{f"tcp:{k}": v for k, v in _states(streams["tcp_routers"]).items()},
        **{f"udp:{k}": v for k, v in _states(streams["udp_routers"]).items()},
    }


def _apply(
    change: ChangeSpec, files: dict[str, str], update: Callable[[dict[str, str]], Any]
) -> None:
    """Plays a change on files in memory, told to the engine as the file provider would."""
    for name, text in change.files.items():
        if text is None:
            files.pop(name, None)
            continue
        if change.how == "overwrite":
            files[name] = ""
            update(files)
        files[name] = text
    update(files)


class VirtualSession:
    """One case in a world with virtual time; see `ArmSession`."""

    def __init__(
        self, case: Case, arm: str, seed: int, plugins: Mapping[str, Factory] | None = None
    ) -> None:
        self._arm = arm
        names = [*case.entry_points, *case.upstreams]
        # Stable, so that values derived from addresses are the same in every run.
        self._addresses = {name: f"127.0.0.1:{20000 + n}" for n, name in enumerate(names)}
        self._addresses |= {"dir": _DIRECTORY, "hostname": _HOST_NAME}
        self._jar = CookieJar()
        self._seen_http2: list[UpstreamSeen] = []
        core, self._files = self._load(case)
        self.world = _core.World(core, seed, 0, adapt(plugins))
        for name, spec in case.upstreams.items():
            if spec.redis is not None and spec.redis.broken:
                self._add_stream(name, spec.redis.broken)
            elif spec.redis is not None:
                known = (spec.redis.username, spec.redis.password)
                self.world.add_redis(self._addresses[name], name, *known)
            elif spec.http2:
                self._add_http2(name, spec)
            elif spec.tls is not None and spec.tls.http2:
                raise ArmUnsupported("servers of HTTP/2 inside TLS are for sockets")
            elif spec.stream is None:
                tls = world_server(spec.tls) if spec.tls else {}
                self.world.add_host(self._addresses[name], name, _script(spec, name), tls)
            else:
                self._add_stream(name, spec.stream)
        if any(step.change is not None for step in case.steps):
            self.world.update(self._files)  # so that a change to the same values is known as one
        self._ports = itertools.count(50000)
        self._connections = 0
        self._delay = http2_world.delay_of(case.upstreams.values())

    def _load(self, case: Case) -> tuple[_core.ConfigSet, dict[str, str]]:
        return load_case(case, self._addresses)

    @property
    def addresses(self) -> Mapping[str, str]:
        """Entry points and upstreams by name."""
        return self._addresses

    def send(self, request: RequestSpec) -> Observation:
        """See `ArmSession.send`."""
        request = self._jar.apply(request)
        got = self._exchange(request)
        if self._seen_http2:
            got = dataclasses.replace(got, upstream=[*got.upstream, *self._seen_http2])
            self._seen_http2.clear()
        if request.settle:
            self.world.advance(round(request.settle * 10**9))
            late = [_seen(one) for one in self.world.take_seen()]
            got = dataclasses.replace(got, upstream=[*got.upstream, *late])
        else:
            got = dataclasses.replace(got, upstream=without_probes(got.upstream))
        self.world.advance(_PAUSE_NS)
        self._jar.store(got)
        return got

    def _add_http2(self, name: str, spec: UpstreamSpec) -> None:
        scripts = itertools.chain(spec.answers, itertools.repeat(spec.answers[-1]))
        react = http2_world.server(name, scripts, self._seen_http2)
        self.world.add_tcp_host(self._addresses[name], name, react=react)

    def _http2(self, request: RequestSpec) -> Observation:
        peer = f"{request.client_ip}:{next(self._ports)}"
        self.world.take_seen()
        got = http2_world.ask(self.world, request, peer, self._delay)
        return dataclasses.replace(got, upstream=[_seen(one) for one in self.world.take_seen()])

    def _add_stream(self, name: str, script: StreamUpstream) -> None:
        at = self._addresses[name]
        # A text that cannot be sent stands for "the same again".
        reply = "" if script.reply == b"echo" else script.answer(name, b"").decode()
        if script.udp:
            self.world.add_udp_host(at, name, reply, False)
            return
        greeting = script.greeting_of(name).decode() if script.greets else ""
        self.world.add_tcp_host(at, name, greeting, reply, script.silent, script.close_after)

    def _stream(self, request: RequestSpec, send: StreamSend) -> Observation:
        peer = f"{request.client_ip}:{next(self._ports)}"
        patience = round(send.patience * 10**9)
        if send.udp:
            got = b"".join(
                one
                for piece in send.pieces
                for one in self.world.datagram(request.entry_point, piece, peer, patience)
            )
            late = [
                UpstreamSeen(n, "UDP", "", [], bytes(b)) for n, _, b in self.world.take_datagrams()
            ]
            return Observation(body=got, upstream=late)
        out = self.world.connect(
            request.entry_point, list(send.pieces), peer, send.half_close, patience, send.hold
        )
        connections = out["upstream"][self._connections :]
        self._connections = len(out["upstream"])
        return Observation(
            body=out["received"],
            stays_open=not out["closed"],
            router=out["router"] or None,
            upstream=[UpstreamSeen(name, "TCP", "", [], data) for name, data in connections],
        )

    def _exchange(self, request: RequestSpec) -> Observation:
        if request.stream is not None and request.tls is not None:
            raise ArmUnsupported("bytes inside TLS are for sockets")
        if request.stream is not None:
            return self._stream(request, request.stream)
        if request.version == "2":
            return self._http2(request)
        if self._arm == "direct" and (request.raw is not None or request.trailers):
            raise ArmUnsupported("the direct arm has no bytes on a connection")
        parts = urlsplit(request.url)
        hosts = [value for name, value in request.headers if name.lower() == "host"]
        if self._arm == "direct" and len(hosts) > 1:
            raise ArmUnsupported("the direct arm has one Host")
        method = request.method
        if request.raw:
            method = request.raw.split(b" ")[0].decode("latin-1")
        out = self.world.send(
            method,
            request_target(request),
            hosts[0] if hosts else parts.netloc if request.host_line else "",
            [
                (n.encode("latin-1"), v.encode("latin-1"))
                for n, v in request.headers
                if n.lower() != "host"
            ],
            b"".join(request.chunks) or request.body,
            entry_point=request.entry_point,
            tls=parts.scheme == "https",
            peer=f"{request.client_ip}:50000",
            arm=self._arm,
            detail="trace",
            http10=request.version == "1.0",
            has_host=bool(hosts) or request.host_line,
            chunked=bool(request.chunks),
            raw=serialise(request) if self._arm == "wire" else b"",
            tls_client=world_client(request.tls or TlsSpec(), parts.hostname or ""),
        )
        told = world_seen(out.tls, out.failure) if request.tls and self._arm == "wire" else {}
        seen = [_seen(one) for one in out.upstream]
        if out.status == 0:
            return Observation(error="closed", upstream=seen, tls=told)
        return Observation(
            status=out.status,
            reason=out.reason,
            headers=list(out.headers),
            body=bytes(out.body),
            trailers=list(out.trailers),
            upstream=seen,
            router=out.router or None,
            stays_open=out.connection_kept if self._arm == "wire" else None,
            tls=told,
        )

    def change(self, change: ChangeSpec) -> None:
        """Hands the files to the engine as the file provider would."""
        _apply(change, self._files, self.world.update)

    def wait(self, seconds: float) -> None:
        """Moves the clock."""
        self.world.advance(round(seconds * 10**9))

    def routers(self) -> Mapping[str, RouterState]:
        """States of all routers."""
        return _all_states(self.world)

    def close(self) -> None:
        """Nothing is open."""


class SocketSession:
    """One case on real loopback sockets, the engine in this process; see `ArmSession`."""

    def __init__(
        self, case: Case, workers: int, plugins: Mapping[str, Factory] | None = None
    ) -> None:
        self._upstreams = UpstreamSet(case.upstreams)
        self._addresses = {name: free_address() for name in case.entry_points}
        self._addresses |= {**self._upstreams.addresses, "dir": _DIRECTORY}
        self._client = CaseClient(self._addresses, self._upstreams)
        self._server: _core.Server | None = None
        try:
            core, self._files = load_case(case, self._addresses)
            self._server = _core.Server(core, 0, workers, {}, adapt(plugins))
            if any(step.change is not None for step in case.steps):
                self._server.update(self._files)  # as the virtual arms do
        except StartError as problem:
            self.close()
            raise ArmStartError(str(problem)) from None
        except BaseException:
            self.close()
            raise

    @property
    def addresses(self) -> Mapping[str, str]:
        """Entry points and upstreams by name."""
        return self._addresses

    def send(self, request: RequestSpec) -> Observation:
        """See `ArmSession.send`."""
        return self._client.send(request)

    def change(self, change: ChangeSpec) -> None:
        """Hands the files to the engine as the file provider would."""
        assert self._server is not None
        _apply(change, self._files, self._server.update)

    def wait(self, seconds: float) -> None:
        """Sleeps."""
        time.sleep(seconds)

    def routers(self) -> Mapping[str, RouterState]:
        """States of all routers."""
        assert self._server is not None
        return _all_states(self._server)

    def close(self) -> None:
        """Ends the server and the upstreams."""
        self._client.close()
        if self._server is not None:
            self._server.stop()
        self._upstreams.close()


class DirectArm:
    """No bytes: a request object goes in, an answer object comes out; time is virtual."""

    name = "direct"
    tells_router = True

    def __init__(self, seed: int = 1, plugins: Mapping[str, Factory] | None = None) -> None:
        self._seed = seed
        self._plugins = plugins

    def open(self, case: Case) -> VirtualSession:
        """See `Arm.open`."""
        return VirtualSession(case, self.name, self._seed, self._plugins)

    def close(self) -> None:
        """Cases share nothing."""


class WireArm(DirectArm):
    """HTTP/1.1 bytes through connections in memory; time is virtual."""

    name = "wire"


class SocketArm:
    """HTTP/1.1 on real loopback sockets, with `workers` event loops."""

    name = "socket"
    tells_router = False

    def __init__(self, workers: int = 1, plugins: Mapping[str, Factory] | None = None) -> None:
        self._workers = workers
        self._plugins = plugins

    def open(self, case: Case) -> SocketSession:
        """See `Arm.open`."""
        return SocketSession(case, self._workers, self._plugins)

    def close(self) -> None:
        """Cases share nothing."""


ENGINE_ARMS = ("direct", "wire", "socket")


def make_arm(name: str, *, seed: int = 1, plugins: Mapping[str, Factory] | None = None) -> Arm:
    """An arm by name: one of `ENGINE_ARMS`, or `traefik`. Raises ValueError.

    `plugins` are middlewares in Python; Traefik has none of them.
    """
    if name == "direct":
        return DirectArm(seed, plugins)
    if name == "wire":
        return WireArm(seed, plugins)
    if name == "socket":
        return SocketArm(plugins=plugins)
    if name == "traefik":
        from gateproof.real_traefik import TraefikArm

        return TraefikArm()
    raise ValueError(f"no arm is called {name!r}; there are: {', '.join(ENGINE_ARMS)}, traefik")


def explain_case(case: Case, seed: int = 1) -> str:
    """What the engine would do with each request of a case, in words.

    The configuration is the one that the case starts with. Raises ArmStartError.
    """
    from gateproof.result import Result

    session = VirtualSession(case, "direct", seed)
    everything = _core.mode("ask", "candidates")
    texts: list[str] = []
    for step in case.resolve(session.addresses).steps:
        send = step.send
        if send is None or send.raw is not None or send.target is not None:
            continue
        lines = [*send.headers]
        peer = f"{send.client_ip}:50000"
        answered = session.world.call(
            send.method, send.url, lines, None, send.entry_point, peer, everything
        )
        texts.append(Result(answered, send.method, send.url, True).explain())
    return "\n\n".join(texts)
