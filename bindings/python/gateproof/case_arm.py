"""The protocol that an arm follows to run a case, and what it hands back.

Engine arms and the real binary alike implement `Arm` and `ArmSession`; nothing else of them is
known to the code that runs and compares cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateproof.case_model import Case, ChangeSpec, Headers, RequestSpec


class ArmStartError(Exception):
    """The arm could not start with this static configuration; the text is the arm's own reason."""


class ArmUnsupported(Exception):
    """The arm cannot do what this step asks; the case counts as skipped with this reason."""


@dataclass(frozen=True)
class UpstreamSeen:
    """One request exactly as an upstream received it; a chunked body is joined.

    `trailers` is None where the arm does not tell them.
    """

    name: str
    method: str
    target: str
    headers: Headers
    body: bytes
    version: str = "1.1"
    trailers: Headers | None = field(default_factory=list)


@dataclass(frozen=True)
class Observation:
    """What came back for one request, and what the upstreams saw of it.

    `error` is None or one of `closed` (no complete answer), `refused`, `timeout`, over HTTP/2 also
    `RST_STREAM CODE` and `GOAWAY CODE`; then `status` is 0. `interim` are statuses of 1xx answers,
    told over HTTP/2 only. `router` is the winner's qualified name or None; only arms with
    `tells_router` fill it, and over HTTP/1.1 alone.
    `stays_open` is None where the arm has no connections. `tls` is what the client saw of TLS:
    `version`, `alpn` and the name of the server's `certificate`, or the `alert` that ended it.
    """

    status: int = 0
    reason: str = ""
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    trailers: Headers = field(default_factory=list)
    upstream: list[UpstreamSeen] = field(default_factory=list)
    router: str | None = None
    error: str | None = None
    stays_open: bool | None = None
    tls: Mapping[str, str] = field(default_factory=dict)
    interim: tuple[int, ...] = ()


@dataclass(frozen=True)
class RouterState:
    """Status (`enabled`, `warning`, `disabled`) and messages of one router."""

    status: str
    errors: tuple[str, ...] = ()


def without_probes(seen: Sequence[UpstreamSeen]) -> list[UpstreamSeen]:
    """Leaves out health probes: on real sockets one may come while a request is under way."""

    def is_probe(one: UpstreamSeen) -> bool:
        # The preface of a probe over gRPC, as a server of HTTP/1.1 reads it.
        if (one.method, one.target) in (("PRI", "*"), ("SM", "")):
            return True
        fields = {name.lower(): value for name, value in one.headers}
        forwarded = any(name.startswith("x-forwarded-") for name in fields)
        return fields.get("user-agent") == "Go-http-client/1.1" and not forwarded

    return [one for one in seen if not is_probe(one)]


class ArmSession(Protocol):
    """One running configuration. Not thread-safe; requests are sent one after the other."""

    @property
    def addresses(self) -> Mapping[str, str]:
        """`host:port` of every entry point and upstream by name.

        Under `dir` stands the directory of the dynamic configuration files, and under
        `hostname`, if the arm sets it, the proxy's host name (default: this machine's).
        """

    def send(self, request: RequestSpec) -> Observation:
        """Sends one resolved request and waits for its end; never raises for a bad answer."""

    def change(self, change: ChangeSpec) -> None:
        """Applies a change and returns when it took effect (or was refused)."""

    def wait(self, seconds: float) -> None:
        """Lets time pass: sleeps, or moves the virtual clock."""

    def routers(self) -> Mapping[str, RouterState]:
        """States by qualified name; internal routers may be among them."""

    def close(self) -> None:
        """Ends everything that `open` started."""


class Arm(Protocol):
    """A way to drive a case: objects, bytes in memory, real sockets, or real Traefik."""

    @property
    def name(self) -> str:
        """One of `ALL_ARMS`."""

    @property
    def tells_router(self) -> bool:
        """True if observations name the router that won."""

    def open(self, case: Case) -> ArmSession:
        """Starts the case's configuration and its upstreams on addresses of the arm's choice.

        Raises ArmStartError if the static configuration is refused, ArmUnsupported if the arm
        lacks a feature of the case.
        """

    def close(self) -> None:
        """Ends what the cases shared, behind the last one; the arm may be used again."""
