"""What became of a request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateproof import _core
from gateproof.headers import Headers
from gateproof.scripts import UpstreamRequest, request_from_core


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One thing that happened: where (`stage`), what (`action`), in words, and when.

    `at` is virtual time since the world began.
    """

    stage: str
    action: str
    detail: str
    at: timedelta


@dataclass(frozen=True, slots=True)
class Candidate:
    """A router that did not take the request.

    `kind` is `no match` (a matcher failed; the place is the matcher's), `beaten` (it matched, the
    winner came first) or `aside` (it could not be asked here; `would_win` says whether it would
    have won).
    """

    router: str
    kind: str
    why: str
    file: str
    line: int
    column: int
    priority: int
    matches: bool
    would_win: bool

    @property
    def place(self) -> str:
        """`file:line:column`, empty if unknown."""
        return place_of((self.file, self.line, self.column))


def place_of(span: tuple[str, int, int]) -> str:
    """`file:line:column`; empty if unknown."""
    return f"{span[0]}:{span[1]}:{span[2]}" if span[1] else ""


def _steps(core: _core.Outcome) -> tuple[TraceStep, ...]:
    return tuple(
        TraceStep(stage, action, detail, timedelta(microseconds=at / 1000))
        for stage, action, detail, at in core.trace
    )


# Every field but the status and how it comes out of the engine.
_FIELDS: dict[str, Callable[[_core.Outcome], Any]] = {
    "entry_point": lambda o: o.entry_point or None,
    "reason": lambda o: o.reason,
    "headers": lambda o: Headers(o.headers),
    "body": lambda o: bytes(o.body),
    "trailers": lambda o: Headers(o.trailers),
    "router": lambda o: o.router or None,
    "rule": lambda o: o.rule or None,
    "rule_place": lambda o: place_of(o.rule_span),
    "priority": lambda o: o.priority,
    "service": lambda o: o.service or None,
    "server": lambda o: o.server or None,
    "user": lambda o: o.user or None,
    "attempts": lambda o: o.attempts,
    "failure": lambda o: o.failure or None,
    "stopped_by": lambda o: o.stopped_by or None,
    "upstream": lambda o: tuple(request_from_core(seen) for seen in o.upstream),
    "trace": _steps,
    "candidates": lambda o: tuple(Candidate(**one) for one in o.candidates),
    "elapsed": lambda o: timedelta(microseconds=(o.finished_ns - o.started_ns) / 1000),
    "connection_kept": lambda o: o.connection_kept,
}


class Result:
    """The answer to a request, and how it came about. A value: compares, pickles, prints.

    `status` is 0 where there is no answer: the connection was closed, or the server was not
    asked (`world.ask`). `router`, `service`, `server` are None where the request did not get so
    far. `stopped_by` is the middleware that answered in place of the server; what lies behind it
    is told all the same by `ask`. Fields are made when they are first looked at.
    """

    __slots__ = ("_core", "_made", "asked", "method", "status", "url")

    status: int
    entry_point: str | None
    reason: str
    headers: Headers
    body: bytes
    trailers: Headers
    router: str | None
    rule: str | None
    rule_place: str
    priority: int
    service: str | None
    server: str | None
    user: str | None
    attempts: int
    failure: str | None
    stopped_by: str | None
    upstream: tuple[UpstreamRequest, ...]
    trace: tuple[TraceStep, ...]
    candidates: tuple[Candidate, ...]
    elapsed: timedelta
    connection_kept: bool

    def __init__(
        self,
        answered: tuple[int, _core.Outcome | None],
        method: str,
        url: str,
        asked: bool = False,
        made: dict[str, Any] | None = None,
    ) -> None:
        self.status, self._core = answered
        self.method = method
        self.url = url
        self.asked = asked
        self._made = made

    @property
    def text(self) -> str:
        """The body as text: the charset of Content-Type, else UTF-8; bad bytes are replaced."""
        kind = self.headers.get("content-type", "")
        _, _, charset = kind.lower().partition("charset=")
        try:
            return self.body.decode(charset.split(";")[0].strip(' "') or "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    def explain(self, *, candidates: int = 20) -> str:
        """The way of the request in words: entry point, router, chain, server, answer, and why
        every other router did not take it (at most `candidates` of them)."""
        from gateproof.explain import explain

        return explain(self, candidates)

    def as_dict(self) -> dict[str, Any]:
        """Everything as data for JSON; bodies as Latin-1 text."""
        from gateproof.explain import as_dict

        return as_dict(self)

    def _all(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("status", *_FIELDS)}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        mine, theirs = (self.method, self.url, self.asked), (other.method, other.url, other.asked)
        return mine == theirs and self._all() == other._all()

    def __hash__(self) -> int:
        return hash((self.method, self.url, self.status, self.body))

    def __reduce__(self) -> tuple[Any, ...]:
        return Result, ((self.status, None), self.method, self.url, self.asked, self._all())

    def __repr__(self) -> str:
        shown = {"status": self.status, "router": self.router, "server": self.server}
        if self.stopped_by:
            shown["stopped_by"] = self.stopped_by
        inside = ", ".join(f"{name}={value!r}" for name, value in shown.items())
        return f"Result({self.method} {self.url}: {inside})"


def _field(name: str, convert: Callable[[_core.Outcome], Any]) -> property:
    def get(self: Result) -> Any:
        made = self._made
        if made is None:
            made = self._made = {}
        if name not in made:
            if self._core is None:
                raise AttributeError(f"this result does not know its {name}")
            made[name] = convert(self._core)
        return made[name]

    return property(get)


for _name, _convert in _FIELDS.items():
    setattr(Result, _name, _field(_name, _convert))
