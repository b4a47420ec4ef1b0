"""What a parity case is made of.

Everything here is plain data: no sockets, no YAML. `case_loader` fills these classes from files,
`case_arm` says what runs them, `case_compare` judges what was observed, `cases` ties it together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ALL_ARMS: tuple[str, ...] = ("direct", "wire", "socket", "traefik")
"""Names of the arms a case may be restricted to."""

Headers = list[tuple[str, str]]
"""Header lines in order, exact spelling, values decoded as Latin-1."""


class CaseError(Exception):
    """A case file is wrong. The text starts with `file:line:column:`."""


@dataclass(frozen=True)
class Place:
    """Where a value stands in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class ValueRule:
    """What a text must be: one exact value, exact lines, a pattern, or nothing at all.

    Exactly one of the fields is set; `absent` means that the value must not exist.
    """

    exact: tuple[str, ...] | None = None
    matches: str | None = None
    absent: bool = False

    def __str__(self) -> str:
        if self.absent:
            return "absent"
        if self.matches is not None:
            return f"a match of {self.matches!r}"
        return " | ".join(repr(value) for value in self.exact or ())


@dataclass(frozen=True)
class TlsSpec:
    """How a client speaks TLS; it trusts everybody.

    `sni` None is the URL's host, empty is no name at all. Versions are `1.0` to `1.3`;
    `certificate` names what the client proves itself with, `postgres` asks for TLS with an
    SSLRequest first.
    """

    sni: str | None = None
    min: str | None = None
    max: str | None = None
    alpn: tuple[str, ...] = ()
    certificate: str | None = None
    postgres: bool = False


@dataclass(frozen=True)
class TlsServer:
    """TLS of an upstream; `client_ca` names the authority of those who may connect. With `http2`
    it speaks HTTP/2 with those who offer it."""

    certificate: str = "server"
    client_ca: str | None = None
    min: str | None = None
    max: str | None = None
    http2: bool = False


@dataclass(frozen=True)
class StreamSend:
    """Bytes instead of a request: over one TCP connection, or as UDP datagrams from one port.

    Behind each piece but the last (of UDP behind each) the client waits for an answer, at most
    `patience` seconds; `half_close` ends its direction then. `hold` leaves the connection open.
    """

    pieces: tuple[bytes, ...] = ()
    udp: bool = False
    half_close: bool = False
    patience: float = 0.3
    hold: bool = False


@dataclass(frozen=True)
class StreamUpstream:
    """A server that speaks bytes: `greeting` when somebody connects (its name if not said, none
    if empty), `reply` to each piece (nothing if not said; of UDP its name)."""

    udp: bool = False
    greeting: bytes | None = None
    reply: bytes | None = None
    close_after: int = 0

    @property
    def greets(self) -> bool:
        """Whether anything is said before the client speaks."""
        return self.greeting != b""

    @property
    def silent(self) -> bool:
        """Whether what arrives is not answered."""
        return self.reply is None and not self.udp

    def greeting_of(self, name: str) -> bytes:
        """The greeting of a server with this name."""
        return name.encode() if self.greeting is None else self.greeting

    def answer(self, name: str, data: bytes) -> bytes:
        """What is said to a piece or a datagram; `echo` says it again."""
        if self.reply == b"echo":
            return data
        return name.encode() if self.reply is None else self.reply


@dataclass(frozen=True)
class RedisUpstream:
    """A Redis: a redis-server on sockets, the virtual world's own in virtual time.

    With a password clients must name themselves; without a username they are `default`. With
    `reply` it is none, but says these bytes to every piece (`silent`: nothing). What clients say
    to it is not compared.
    """

    username: str = ""
    password: str = ""
    reply: bytes | None = None
    silent: bool = False

    @property
    def broken(self) -> StreamUpstream | None:
        """The server of bytes that stands in for a Redis; None: it is one."""
        if self.reply is None and not self.silent:
            return None
        return StreamUpstream(greeting=b"", reply=None if self.silent else self.reply)


@dataclass(frozen=True)
class RequestSpec:
    """One request to send, after or before placeholder substitution.

    `url` is absolute and gives Host and target; `target` overrides the request target and a
    `Host` line in `headers` (or `host_line=False`) overrides the generated one. `raw` replaces
    everything on the connection. With `version` "2" it goes over HTTP/2: inside TLS if the URL says
    https, else with prior knowledge; `fields` are then the whole head, pseudo-header fields too.
    `chunks` sends the body chunked, followed by `trailers`.
    Requests with the same `connection` label share one client connection. `beside` is how many
    like it are under way on its connection of HTTP/2 when it is sent; their answers are not looked
    at. `jar` sends the
    cookies which this case received so far; `digest` answers a challenge which it received.
    `settle` is how many seconds after the answer upstreams are still watched (copies to mirrors).
    `stream` replaces the whole request by bytes. `tls` says how TLS is spoken: of bytes that it is.
    """

    method: str = "GET"
    url: str = "http://localhost/"
    target: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    host_line: bool = True
    body: bytes = b""
    chunks: tuple[bytes, ...] = ()
    trailers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    fields: tuple[tuple[str, str], ...] | None = None
    client_ip: str = "127.0.0.1"
    entry_point: str = "web"
    version: str = "1.1"
    connection: str | None = None
    beside: int = 0
    jar: bool = False
    digest: Mapping[str, str] | None = None
    settle: float = 0.0
    stream: StreamSend | None = None
    tls: TlsSpec | None = None


@dataclass(frozen=True)
class UpstreamScript:
    """How a scripted upstream answers one request; `delay` is in seconds.

    `close` ends the connection without an answer after reading the request. `size` makes a body
    of that many bytes `x`. `until_close` sends no length and closes. `gzip` compresses the body
    and says so in Content-Encoding. `reset` is the error code of HTTP/2 that ends the stream
    instead of an answer; `goaway` and `goaway_before` that which ends the connection, with or
    without this request among those that were looked at. `interim` are the statuses of 1xx answers
    before the answer.
    """

    status: int = 200
    reason: str | None = None
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/plain"),)
    body: bytes | None = None
    size: int | None = None
    delay: float = 0.0
    chunked: bool = False
    until_close: bool = False
    gzip: bool = False
    trailers: tuple[tuple[str, str], ...] = ()
    close: bool = False
    silent: bool = False
    reset: str | None = None
    goaway: str | None = None
    goaway_before: str | None = None
    interim: tuple[int, ...] = ()


@dataclass(frozen=True)
class UpstreamSpec:
    """One upstream: a free port which refuses, or a server which plays `answers` in order.

    The last answer repeats for ever. `stream` makes it a server that speaks bytes, `redis` one
    that keeps buckets. `http2`: it speaks HTTP/2 with prior knowledge, and nothing else.
    """

    refuse: bool = False
    http2: bool = False
    answers: tuple[UpstreamScript, ...] = (UpstreamScript(),)
    stream: StreamUpstream | None = None
    redis: RedisUpstream | None = None
    tls: TlsServer | None = None


@dataclass(frozen=True)
class ExpectUpstream:
    """What the upstream must have received; unset fields are not looked at."""

    name: str | None = None
    method: str | None = None
    target: str | None = None
    version: str | None = None
    headers: Mapping[str, ValueRule] = field(default_factory=dict)
    trailers: Mapping[str, ValueRule] = field(default_factory=dict)
    body: ValueRule | None = None


@dataclass(frozen=True)
class Expectation:
    """What one request must lead to; unset fields are not looked at.

    `no_upstream` demands that no upstream was asked; `no_router` that no router won. `counts` is
    for repeated requests: how many of them each upstream got. `interim` are the 1xx statuses before
    the answer, told over HTTP/2 only.
    """

    status: int | None = None
    reason: str | None = None
    headers: Mapping[str, ValueRule] = field(default_factory=dict)
    trailers: Mapping[str, ValueRule] = field(default_factory=dict)
    body: ValueRule | None = None
    body_sha256: str | None = None
    size: int | None = None
    stays_open: bool | None = None
    error: str | None = None
    router: str | None = None
    no_router: bool = False
    upstream: ExpectUpstream | None = None
    no_upstream: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    tls: Mapping[str, str] = field(default_factory=dict)
    interim: tuple[int, ...] | None = None


@dataclass(frozen=True)
class ChangeSpec:
    """A change of the dynamic configuration while the arm runs.

    `files` maps a file name in the provider's directory to its new text (None removes it).
    `how` is `rename` (atomic) or `overwrite` (truncate, then write after a pause).
    """

    files: Mapping[str, str | None]
    how: str = "rename"


@dataclass(frozen=True)
class Step:
    """One step of a case: wait, then either apply `change` or send `send` `repeat` times."""

    place: Place
    wait: float = 0.0
    send: RequestSpec | None = None
    repeat: int = 1
    expect: Expectation = field(default_factory=Expectation)
    change: ChangeSpec | None = None


@dataclass(frozen=True)
class RouterRule:
    """Expected state of one router in the API; `absent` means that it must not be listed."""

    status: str | None = None
    error: ValueRule | None = None
    absent: bool = False


@dataclass(frozen=True)
class ResolvedCase:
    """A case with every address filled in: what an arm's `open` starts from.

    `static` is Traefik's static configuration without providers unless the case names some.
    `files` are the dynamic configuration files by name, in the order of their names.
    `dynamic` is the same as a mapping if the case wrote one, else None.
    """

    static: dict[str, Any]
    files: dict[str, str]
    dynamic: dict[str, Any] | None
    steps: tuple[Step, ...]
    routers: dict[str, RouterRule]


@dataclass(frozen=True)
class Case:
    """One parity case as read from a file, placeholders still in place."""

    name: str
    clause: str
    place: Place
    static: Mapping[str, Any]
    files: Mapping[str, str]
    dynamic: Mapping[str, Any] | None
    upstreams: Mapping[str, UpstreamSpec]
    arms: Sequence[str]
    steps: tuple[Step, ...]
    routers: Mapping[str, RouterRule] = field(default_factory=dict)
    start_error: ValueRule | None = None

    @property
    def entry_points(self) -> tuple[str, ...]:
        """Names of the static configuration's entry points, in order."""
        return tuple(self.static.get("entryPoints") or {})

    def resolve(self, addresses: Mapping[str, str]) -> ResolvedCase:
        """Fills in `host:port` texts for every entry point and upstream, and `dir`.

        Raises CaseError if an address is missing.
        """
        from gateproof.case_resolve import resolve_case

        return resolve_case(self, addresses)
