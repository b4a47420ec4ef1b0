"""Worlds: an engine with everything around it under control."""

from __future__ import annotations

import json as json_module
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from gateproof import _core
from gateproof.config import Config, PathLike, Source, make
from gateproof.durations import Seconds, nanoseconds
from gateproof.errors import SimulationError
from gateproof.findings import Finding, from_core
from gateproof.headers import Headers, HeadersLike, lines_of
from gateproof.plugins import Factory, adapt
from gateproof.result import Result
from gateproof.scripts import Play, Response, Script
from gateproof.sockets import Sockets, request_spec
from gateproof.streams import Connection, ConnectionAnswer, answer_from_core, split_stream_url

ARMS = ("direct", "wire", "socket")
ASK = _core.mode("ask", "trace")


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A listening address of the configuration; `port` is 0 for any free one."""

    name: str
    address: str
    port: int
    tls: bool
    as_default: bool
    udp: bool


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What became of a router, service or middleware.

    `status` is `enabled`, `warning` or `disabled`, `errors` say why, `used_by` names routers.
    `servers` tells of a load balancer which of its servers are `UP` or `DOWN` by health checks.
    The last fields are those of routers and empty for the rest.
    """

    name: str
    status: str
    errors: tuple[str, ...]
    used_by: tuple[str, ...]
    file: str
    line: int
    column: int
    servers: dict[str, str] = field(default_factory=dict)
    rule: str = ""
    service: str = ""
    priority: int = 0
    tls: bool = False
    entry_points: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = ()


def _states(rows: list[dict[str, Any]]) -> dict[str, ObjectState]:
    lists = ("errors", "used_by", "entry_points", "middlewares")

    def state(row: dict[str, Any]) -> ObjectState:
        fields: dict[str, Any] = {
            key: tuple(value) if key in lists else value for key, value in row.items()
        }
        return ObjectState(**fields)

    return {row["name"]: state(row) for row in rows}


def _address(target: str) -> tuple[str, int]:
    """Host and port of `app.internal:8080`, `http://app.internal`, `10.0.0.7` ..."""
    parts = urlsplit(target if "//" in target else f"//{target}")
    if not parts.hostname:
        raise ValueError(f"not an address of an upstream: {target!r}; write host:port")
    default = 443 if parts.scheme == "https" else 80
    return parts.hostname, parts.port or default


class World:
    """One engine serving one configuration, and everything it can see: upstreams, clock, chance.

    `config` is a `Config`, a path or several, or a mapping (a dynamic configuration); `static`
    chooses among several static configurations by number or file, or is one itself as a mapping.
    `arm` is `direct` (objects), `wire` (HTTP/1.1 bytes in memory) or `socket` (real loopback
    sockets, real time). `trace=False` leaves out the record that `explain` needs.
    `events_max` bounds the events of one exchange in virtual time (50 million; 0: no bound).
    `plugins` are middlewares in Python by name (`gateproof.Plugin`).

    >>> with World(config={"http": {"routers": {"r": {"rule": "Path(`/`)", "service": "s"}},
    ...         "services": {"s": {"loadBalancer": {"servers": [{"url": "http://a:1"}]}}}}}) as w:
    ...     w.upstream("a:1", body="hello")
    ...     w.get("http://any.test/").text
    'hello'
    """

    def __init__(
        self,
        *,
        config: Config | Source,
        seed: int = 1,
        arm: str = "direct",
        static: Mapping[str, Any] | int | PathLike | None = None,
        trace: bool = True,
        events_max: int | None = None,
        plugins: Mapping[str, Factory] | None = None,
    ) -> None:
        if arm not in ARMS:
            raise ValueError(f"no arm is called {arm!r}; there are: {', '.join(ARMS)}")
        self.config = make(config, static)
        self.seed = seed
        self.arm = arm
        self.last: Result | None = None
        chosen = static if isinstance(static, (int, str, os.PathLike)) else 0
        assembly = self.config.assembly(chosen)
        factories = adapt(plugins)
        self._core = _core.World(self.config.core, seed, assembly, factories)
        if events_max is not None:
            self._core.set_events_max(events_max)
        self._call = self._core.call
        self._mode = _core.mode(arm, "trace" if trace else "none")
        self._sockets: Sockets | None = None
        self._closed = False
        if arm == "socket":
            names = [one["name"] for one in self._core.entry_points() if not one["udp"]]
            self._sockets = Sockets(self.config.core, assembly, names, factories)

    def __enter__(self) -> World:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends servers and upstreams of the socket arm; harmless otherwise, and when repeated."""
        if self._sockets is not None and not self._closed:
            self._sockets.close()
        self._closed = True

    # -- upstreams

    def upstream(
        self,
        address: str,
        script: Script | Response | None = None,
        *,
        name: str | None = None,
        status: int = 200,
        headers: HeadersLike | Headers | None = None,
        body: bytes | str = b"",
        json: Any = None,
        delay: Seconds = 0.0,
        fail_first: int = 0,
        failure: Response | None = None,
        refuse: bool = False,
        tls: Mapping[str, str] | None = None,
    ) -> None:
        """Puts a scripted server at an address of the configuration (`app.internal:8080`).

        `script` is a callable `(request) -> Response | str | bytes | int | dict | list`, or a
        Response; without it the keywords make the answer. The first `fail_first` requests get
        `failure` (a connection closed without an answer, unless it says otherwise). `refuse`:
        nobody listens. An address without a script refuses connections, too. `tls` has its
        `certificate` and `key` in PEM, and perhaps `client_authority`, `min_version` and
        `max_version` (in virtual time only).
        """
        lines = lines_of(headers)
        if json is not None:
            body = json_module.dumps(json)
            if not any(key.lower() == "content-type" for key, _ in lines):
                lines.append(("Content-Type", "application/json"))
        if script is None:
            script = Response(status=status, headers=lines, body=body, delay=delay)
        host, port = _address(address)
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        play = Play(script, fail_first, failure or Response(action="close"))
        known = name or address
        if self._sockets is not None:
            if tls:
                raise ValueError("an upstream with TLS is one in virtual time")
            self._sockets.add_upstream(host, port, known, play, refuse)
        told = _core.HostAnswer(action="refuse") if refuse else play.to_core()
        self._core.add_host(shown, known, told, dict(tls or {}))

    def alias(self, name: str, target: str, *, ttl: Seconds = 300.0) -> None:
        """A CNAME record of this world's name servers: `name` is an alias of `target`.

        Rules on hosts see where the records end if the static configuration has
        `hostResolver.cnameFlattening`. On the socket arm the real name servers are asked instead:
        ValueError.
        """
        if self._sockets is not None:
            raise ValueError("an alias is for virtual arms; the socket arm asks real name servers")
        self._core.add_alias(name, target, nanoseconds(ttl))

    # -- requests

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: HeadersLike | Headers | None = None,
        client_ip: str | None = None,
        entry_point: str | None = None,
        client_cert: bytes | str | None = None,
    ) -> Result:
        """The decision only: entry point, router, chain, choice of a server; none is asked.

        What lies behind a middleware that answers is told as well. The entry point is the named
        one, else the one on the URL's port, else a fitting one (`websecure` or one with TLS for
        https, `web` for http).
        """
        lines = lines_of(headers) if isinstance(headers, Headers) else headers
        answered = self._call(method, url, lines, None, entry_point, client_ip, ASK, client_cert)
        self.last = result = Result(answered, method, url, True)
        return result

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: HeadersLike | Headers | None = None,
        body: bytes | str | None = None,
        client_ip: str | None = None,
        entry_point: str | None = None,
        client_cert: bytes | str | None = None,
    ) -> Result:
        """One whole exchange: as a client would see it, and what happened on the way.

        `client_cert` is a PEM text, the client's own certificate first: what a TLS handshake would
        have brought (https URLs on the direct and wire arms).

        Raises DeadlockError if it can never end, BudgetExceeded if it takes too many events, and
        whatever an upstream's callable raised.
        """
        if self._sockets is None:
            if headers.__class__ is Headers:
                headers = headers.items()
            self.last = result = Result(
                self._call(
                    method, url, headers, body, entry_point, client_ip, self._mode, client_cert
                ),
                method,
                url,
            )
            return result
        if client_cert is not None:
            raise ValueError("the socket arm shakes hands, and client_cert has no key")
        raw = body.encode() if isinstance(body, str) else body or b""
        chosen = entry_point or self._core.entry_point_of(url)
        spec = request_spec(method, url, lines_of(headers), raw, chosen, client_ip or "127.0.0.1")
        self.last = result = self._sockets.send(spec)
        return result

    def get(self, url: str, **options: Any) -> Result:
        """`send("GET", url, ...)`."""
        return self.send("GET", url, **options)

    def post(self, url: str, body: bytes | str | None = None, **options: Any) -> Result:
        """`send("POST", url, body=body, ...)`; `json=` makes the body and its Content-Type."""
        data = options.pop("json", None)
        if data is not None:
            lines = lines_of(options.pop("headers", None))
            body = json_module.dumps(data)
            options["headers"] = [*lines, ("Content-Type", "application/json")]
        return self.send("POST", url, body=body, **options)

    # -- TCP and UDP

    def tcp_upstream(
        self,
        address: str,
        *,
        name: str | None = None,
        greeting: str = "",
        reply: str = "",
        silent: bool = False,
    ) -> None:
        """Puts a server that speaks bytes at an address.

        It says `greeting` when somebody connects, and `reply` to each piece (nothing given: the
        piece itself; `silent`: nothing).
        """
        self._virtual()
        self._core.add_tcp_host(address, name or address, greeting, reply, silent)

    def redis(
        self,
        address: str,
        *,
        name: str | None = None,
        username: str = "",
        password: str = "",
        delay: Seconds = 0.0,
    ) -> None:
        """Puts a Redis at an address, for rateLimit's option `redis`; virtual time only.

        It answers each piece of commands after `delay`. With a password, clients must give it.
        """
        self._virtual()
        wait = nanoseconds(delay)
        self._core.add_redis(address, name or address, username, password, wait)

    def udp_upstream(self, address: str, *, name: str | None = None, reply: str = "") -> None:
        """Puts a UDP server at an address; it sends `reply` (or the datagram) back."""
        self._virtual()
        self._core.add_udp_host(address, name or address, reply)

    def connect(
        self,
        *sends: bytes,
        entry_point: str | None = None,
        client_ip: str = "127.0.0.1",
        half_close: bool = False,
        patience: Seconds = 1.0,
    ) -> Connection:
        """One TCP connection in virtual time: sends the pieces, each after an answer to the one
        before, and listens until the other side ends or says nothing for `patience`.

        Without a named entry point it is the first one by name.
        """
        self._virtual()
        chosen = entry_point or self._stream_entry_point("tls", None)
        return Connection.from_core(
            self._core.connect(
                chosen, list(sends), f"{client_ip}:50000", half_close, nanoseconds(patience)
            )
        )

    def datagram(
        self,
        data: bytes,
        *,
        entry_point: str | None = None,
        client: str = "127.0.0.1:50000",
        patience: Seconds = 0.1,
    ) -> list[bytes]:
        """Sends a UDP datagram and gives what came back within `patience` of virtual time."""
        self._virtual()
        chosen = entry_point or self._stream_entry_point("udp", None)
        return list(self._core.datagram(chosen, data, client, nanoseconds(patience)))

    def ask_connection(
        self,
        url: str,
        *,
        alpn: Sequence[str] = (),
        client_ip: str = "127.0.0.1",
        entry_point: str | None = None,
    ) -> ConnectionAnswer:
        """Who takes a connection, and why nobody else does; no server is asked.

        `tls://db.test:5432` opens with a ClientHello for that name, `postgres://db.test` does so
        behind an SSLRequest, `tcp://:1883` with plain bytes, `udp://:53` is a datagram. The entry
        point is the named one, else the one on the URL's port, else the first.
        """
        split = split_stream_url(url)
        if split is None:
            raise ValueError(f"not a tls, tcp, postgres or udp URL: {url!r}")
        kind, server_name, port = split
        chosen = entry_point or self._stream_entry_point(kind, port)
        told = self._core.ask_connection(chosen, kind, server_name, list(alpn), client_ip)
        offered = f" offering {', '.join(alpn)}" if alpn else ""
        return answer_from_core(f"{url}{offered} from {client_ip}", chosen, told)

    def _stream_entry_point(self, kind: str, port: int | None) -> str:
        rows = [one for one in self._core.entry_points() if one["udp"] == (kind == "udp")]
        names = [one["name"] for one in rows if port is not None and one["port"] == port]
        names += [one["name"] for one in rows if one["name"] != "traefik"]
        if not names:
            raise ValueError(f"there is no {'UDP' if kind == 'udp' else 'TCP'} entry point")
        return str(names[0])

    def _virtual(self) -> None:
        if self._sockets is not None:
            raise SimulationError("bytes and datagrams in virtual time: not in the socket arm")

    # -- time, configuration, state

    def advance(self, duration: Seconds) -> None:
        """Lets virtual time pass: seconds, a timedelta, or a text such as `1m30s`."""
        if self._sockets is not None:
            raise SimulationError("time is real in the socket arm; it cannot be moved")
        self._core.advance(nanoseconds(duration))

    @property
    def now(self) -> timedelta:
        """Virtual time since the world began."""
        return timedelta(microseconds=self._core.now_ns / 1000)

    def link(self, *, latency: Seconds = 0.0, segment_bytes: int = 65536) -> None:
        """How connections of the wire arm behave from now on."""
        self._core.set_link(nanoseconds(latency), segment_bytes)

    def update(self, files: Mapping[str, str]) -> tuple[Finding, ...]:
        """Replaces the file provider's files (name to text); returns what is wrong with them.

        As in Traefik, an update with an error in any file is rejected as a whole.
        """
        found = self._core.update(dict(files))
        if self._sockets is not None:
            self._sockets.update(files)
        return from_core(found)

    def load_gateway(
        self, text: str, version: str, controller: str, usable: Sequence[str] = ()
    ) -> list[tuple[str, str, str, int, str]]:
        """Serves the Gateway API manifests of a text instead of those of the last call.

        `version` is that of the API's bundle (v1.7.0), `controller` the name of the classes that
        are ours, `usable` are addresses that a Gateway may ask for beside those of the pool.
        Returns what a controller would write: kind, namespace, name, generation, and the status
        as JSON. Each listener's port is an entry point `ADDRESS:PORT/tcp`.
        """
        self._virtual()
        return self._core.load_gateway(text, version, controller, list(usable))

    def remove_matcher(self, name: str) -> None:
        """Takes a matcher out of the language: rules that use it are broken from now on."""
        self._core.remove_matcher(name)
        if self._sockets is not None:
            self._sockets.remove_matcher(name)

    @property
    def routers(self) -> dict[str, ObjectState]:
        """All routers by qualified name."""
        return _states(self._core.routers())

    @property
    def services(self) -> dict[str, ObjectState]:
        """All services by qualified name."""
        return _states(self._core.services())

    @property
    def middlewares(self) -> dict[str, ObjectState]:
        """All middlewares by qualified name."""
        return _states(self._core.middlewares())

    @property
    def tcp_routers(self) -> dict[str, ObjectState]:
        """All TCP routers by qualified name."""
        return _states(self._core.stream_objects()["tcp_routers"])

    @property
    def tcp_services(self) -> dict[str, ObjectState]:
        """All TCP services by qualified name."""
        return _states(self._core.stream_objects()["tcp_services"])

    @property
    def tcp_middlewares(self) -> dict[str, ObjectState]:
        """All TCP middlewares by qualified name."""
        return _states(self._core.stream_objects()["tcp_middlewares"])

    @property
    def udp_routers(self) -> dict[str, ObjectState]:
        """All UDP routers by qualified name."""
        return _states(self._core.stream_objects()["udp_routers"])

    @property
    def udp_services(self) -> dict[str, ObjectState]:
        """All UDP services by qualified name."""
        return _states(self._core.stream_objects()["udp_services"])

    @property
    def entry_points(self) -> dict[str, EntryPoint]:
        """All entry points by name."""
        return {row["name"]: EntryPoint(**row) for row in self._core.entry_points()}

    @property
    def addresses(self) -> dict[str, str]:
        """Where the entry points of the socket arm listen; empty in the other arms."""
        return dict(self._sockets.addresses) if self._sockets is not None else {}

    @property
    def digest(self) -> str:
        """16 hex digits over everything that happened: equal seeds give equal digests."""
        return str(self._core.digest())

    def __repr__(self) -> str:
        paths = ", ".join(self.config.paths)
        return f"World(seed={self.seed}, arm={self.arm!r}, config={paths!r})"
