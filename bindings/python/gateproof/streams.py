"""TCP connections and UDP datagrams: what became of them, who takes them, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gateproof.result import Candidate

KINDS = {"tls": "tls", "tcp": "plain", "postgres": "postgres", "udp": "udp"}
"""URL schemes of `gateproof ask` and the kind of connection each stands for."""

_TAKERS = {
    "tcp": "a TCP router",
    "http": "the entry point's HTTP routers",
    "https": "the entry point's HTTPS side",
    "acme": "the ACME TLS challenge",
    "nobody": "nobody: it is closed",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """What became of one TCP connection.

    `taker` is `tcp`, `http`, `https`, `acme` or `nobody`, `why` the step that decided. `received`
    is what the client got, `closed` whether the other side ended it, `upstream` what each
    connection to a TCP server brought it so far.
    """

    received: bytes
    closed: bool
    taker: str
    why: str
    router: str | None
    service: str | None
    server: str | None
    failure: str | None
    upstream: tuple[tuple[str, bytes], ...]
    steps: tuple[str, ...]

    @classmethod
    def from_core(cls, told: Mapping[str, Any]) -> Connection:
        """From what the engine tells."""
        return cls(
            bytes(told["received"]),
            told["closed"],
            told["taker"],
            told["why"],
            told["router"] or None,
            told["service"] or None,
            told["server"] or None,
            told["failure"] or None,
            tuple((name, bytes(data)) for name, data in told["upstream"]),
            tuple(f"{stage}: {action} {detail}" for stage, action, detail, _ in told["trace"]),
        )


@dataclass(frozen=True, slots=True)
class ConnectionAnswer:
    """Who takes a connection (or, of UDP, a datagram), and why nobody else does."""

    question: str
    entry_point: str
    taker: str
    why: str
    router: str | None
    rule: str
    place: str
    priority: int
    service: str | None
    server: str | None
    failure: str | None
    steps: tuple[tuple[str, str], ...]
    candidates: tuple[Candidate, ...]

    @property
    def served(self) -> bool:
        """Whether a router takes it and nothing stands in its way."""
        return bool(self.router) and not self.failure

    def as_dict(self) -> dict[str, Any]:
        """The answer as data for JSON."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        facts["steps"] = [list(step) for step in self.steps]
        facts["candidates"] = [
            {name: getattr(one, name) for name in one.__dataclass_fields__}
            for one in self.candidates
        ]
        return facts

    def explain(self, candidates: int = 20) -> str:
        """The answer in words, at most so many other routers."""
        return "\n".join(line.rstrip() for line in self._lines(candidates))

    def _lines(self, limit: int) -> Iterator[str]:
        yield self.question
        yield _line("entry point", self.entry_point)
        if self.taker:
            yield _line("taken by", _TAKERS[self.taker])
            yield _line("", self.why)
        place = f"  ({self.place})" if self.place else ""
        yield _line("router", f"{self.router}{place}" if self.router else "none matches")
        if self.rule:
            yield _line("", f"{self.rule}  priority {self.priority}")
        if self.steps:
            yield "steps"
            for stage, detail in self.steps:
                yield _line("", f"{stage.removeprefix('middleware ')}: {detail}")
        if self.service:
            yield _line("service", self.service)
        if self.server:
            yield _line("server", self.server)
        if self.failure:
            yield _line("failure", self.failure)
        others = sorted(self.candidates, key=lambda one: (not one.matches, -one.priority))
        if others:
            yield f"other TCP routers ({len(others)})"
        for one in others[:limit]:
            yield f"  {one.router}: {one.why}" + (f"  ({one.place})" if one.place else "")
        if len(others) > limit:
            yield f"  ... and {len(others) - limit} more"


def _line(label: str, text: str) -> str:
    return f"{label:<14}{text}"


def split_stream_url(url: str) -> tuple[str, str, int | None] | None:
    """Kind, server name and port of `tls://db.test:5432`, `tcp://:1883`, `udp://:53`; None for
    any other URL. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    kind = KINDS.get(parts.scheme)
    return (kind, parts.hostname or "", parts.port) if kind else None


def answer_from_core(question: str, entry_point: str, told: Mapping[str, Any]) -> ConnectionAnswer:
    """From what the engine tells."""
    return ConnectionAnswer(
        question,
        entry_point,
        told.get("taker", ""),
        told.get("why", ""),
        told["router"] or None,
        told.get("rule", ""),
        told.get("place", ""),
        told.get("priority", 0),
        told["service"] or None,
        told["server"] or None,
        told["failure"] or None,
        tuple((str(stage), str(detail)) for stage, detail in told["steps"]),
        tuple(Candidate(**one) for one in told.get("candidates", ())),
    )
