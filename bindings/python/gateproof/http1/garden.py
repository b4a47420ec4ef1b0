"""Differential fuzzing of HTTP/1.1: who reads a request otherwise than his neighbour?

A drawn request goes to the engine and to real proxies, each with a recording server behind it.
Three things are findings:

- `relays`: somebody sends a server what the strict second reader refuses, and somebody else, who
  gets those bytes as in a chain, reads requests in them; which ones is part of the finding.
- `splits`: two of them both accept the bytes, and send on different requests.
- `engine`: the engine sends on what the strict reader does not read there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from gateproof.http1.grammar import LAST, Grammar
from gateproof.http1.model import Expected, Http1Case
from gateproof.http1.outcome import Outcome
from gateproof.http1.reading import Message, read_requests

_SHRINKS_MAX = 80  # runs that making one finding small may cost
_PATIENCE = 0.25  # seconds without a byte from a real proxy
ENGINE = "gateproof"


class Subject(Protocol):
    """Whoever plays a case."""

    name: str

    def run(self, case: Http1Case) -> Outcome:
        """Plays one case."""


def case_of(data: bytes) -> Http1Case:
    """A case that sends these bytes at once and expects nothing."""
    return Http1Case("garden", "", Path("garden"), (data,), Expected(), patience=_PATIENCE)


def _essence(message: Message) -> tuple[str, bytes]:
    return message.method, message.body


@dataclass(frozen=True)
class View:
    """How a subject understood the bytes: the requests that it sent on, and whether these were
    legal. `raw` is what its server got on each connection."""

    requests: tuple[tuple[str, bytes], ...]
    legal: bool
    raw: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, outcome: Outcome, raw: Sequence[bytes]) -> View:
        """The view that an outcome shows."""
        return cls(tuple(map(_essence, outcome.requests)), not outcome.problems, tuple(raw))

    def word(self) -> str:
        """In a few characters, for a record."""
        if not self.requests and self.legal:
            return "refuses"
        words = [f"{method}+{len(body)}" for method, body in self.requests]
        return ", ".join(words if self.legal else [*words, "no HTTP"])


@dataclass
class Finding:
    """A disagreement: its kind, the bytes, and what each subject made of them."""

    kind: str
    data: bytes
    views: dict[str, str]
    next_hop: dict[str, str] = field(default_factory=dict)
    seed: int = 0

    @property
    def signature(self) -> tuple[Any, ...]:
        """Findings with one signature are one."""
        return (self.kind, *sorted(self.views.items()), *sorted(self.next_hop.items()))

    @property
    def name(self) -> str:
        """A name of its own, stable for the same bytes."""
        who = "-".join(self.views) if self.kind == "relays" else ""
        digest = hashlib.sha256(self.data).hexdigest()[:10]
        return "-".join(filter(None, (self.kind, who, digest)))

    def sent(self) -> Any:
        """What was sent, for a record."""
        return self.data.decode("latin-1")

    def record(self, versions: dict[str, str]) -> str:
        """The finding as a YAML record."""
        told: dict[str, Any] = {
            "kind": self.kind,
            "send": self.sent(),
            "seed": self.seed,
            "versions": {name: versions[name] for name in self.views if name in versions},
            "views": self.views,
        }
        if self.next_hop:
            told["next_hop"] = self.next_hop
        return yaml.safe_dump(told, sort_keys=False, allow_unicode=False, width=1000)


def _all_agree(readings: list[tuple[tuple[str, bytes], ...]]) -> bool:
    """Whether each is the longest with gaps: who closes early, or answers a request itself, reads
    nothing otherwise."""
    longest = max(readings, key=len, default=())
    return all(_is_within(one, longest) for one in readings)


def _is_within(part: Iterable[object], whole: Iterable[object]) -> bool:
    left = iter(whole)
    return all(one in left for one in part)


class Plot(Protocol):
    """Where findings grow: subjects side by side, and what is drawn for them."""

    lanes: int

    def source(self, seed: int) -> Callable[[], Any]:
        """Gives what to look at, one after the other."""

    def look(self, data: Any) -> Iterator[Finding]:
        """The findings that this shows."""

    def shrink(self, finding: Finding, end: float | None = None) -> Finding:
        """A smaller finding of the same kind and signature."""


class SideBySide:
    """`subjects` holds the engine's arm under `ENGINE`, and peers; `lanes` cases are played at a
    time, each by all subjects at once."""

    def __init__(self, subjects: dict[str, Subject], lanes: int = 1) -> None:
        self._subjects = subjects
        self.lanes = lanes
        self._pool = ThreadPoolExecutor(max(len(subjects), 1) * lanes)

    @property
    def names(self) -> list[str]:
        """Whoever takes part."""
        return list(self._subjects)

    def outcomes(self, case: Http1Case, names: Sequence[str] | None = None) -> dict[str, Outcome]:
        """What becomes of a case at each subject."""
        chosen = self.names if names is None else list(names)
        found = self._pool.map(lambda name: self._subjects[name].run(case), chosen)
        return dict(zip(chosen, found, strict=True))

    def close(self) -> None:
        """Ends the helpers."""
        self._pool.shutdown()


class Smallest:
    """Asked with smaller data again and again, whether it still shows the finding, `runs` times at
    most and until the monotonic clock says `end`. `best` is the last one that did."""

    def __init__(self, plot: Plot, finding: Finding, runs: int, end: float | None) -> None:
        self._plot, self._finding, self._end = plot, finding, end
        self._left = runs
        self.best = finding

    def __call__(self, data: Any) -> bool:
        """Whether a finding of the same kind and signature is seen."""
        if self._left <= 0 or (self._end is not None and time.monotonic() >= self._end):
            return False
        self._left -= 1
        for one in self._plot.look(data):
            if one.signature == self._finding.signature:
                one.seed = self._finding.seed
                self.best = one
                return True
        return False


class Garden(SideBySide):
    """Requests of HTTP/1.1, to subjects side by side."""

    def source(self, seed: int) -> Callable[[], bytes]:
        """Requests of the grammar, each with `LAST` behind it."""
        grammar = Grammar(seed)
        return lambda: b"".join(grammar.draw()) + LAST

    def views(self, data: bytes, names: Sequence[str] | None = None) -> dict[str, View]:
        """What the subjects make of bytes, all at the same time."""
        found = self.outcomes(case_of(data), names)
        return {name: View.of(outcome, outcome.raw) for name, outcome in found.items()}

    def look(self, data: bytes) -> Iterator[Finding]:
        """The findings that these bytes show."""
        views = self.views(data)
        words = {name: view.word() for name, view in views.items()}
        if ENGINE in views and (why := engine_problem(data, views[ENGINE])):
            yield Finding("engine", data, {**words, "problem": why})
        for name, view in views.items():
            if not view.legal:
                others = [one for one in self._subjects if one != name]
                relayed = next(one for one in view.raw if read_requests(one).problem)
                behind = self.views(relayed, others)
                hops = {one: other.word() for one, other in behind.items()}
                if name == ENGINE or any(other.requests for other in behind.values()):
                    yield Finding("relays", data, {name: words[name]}, hops)
        read = {name: view for name, view in views.items() if view.requests and view.legal}
        if not _all_agree([view.requests for view in read.values()]):
            yield Finding("splits", data, {name: words[name] for name in read})

    def shrink(self, finding: Finding, end: float | None = None) -> Finding:
        """A smaller finding of the same kind and signature; as small as it got when the
        monotonic clock says `end`."""
        holds = Smallest(self, finding, _SHRINKS_MAX, end)
        shorter(finding.data.removesuffix(LAST), lambda part: holds(part + LAST))
        return holds.best


def shorter(data: bytes, holds: Callable[[bytes], bool]) -> bytes:
    """The data without every piece that `holds` does not need, larger pieces first."""
    size = max(len(data) // 2, 1)
    while size:
        at = 0
        while at < len(data):
            part = data[:at] + data[at + size :]
            if holds(part):
                data = part
            else:
                at += size
        size //= 2
    return data


def engine_problem(data: bytes, view: View) -> str:
    """Where the engine reads what the strict reader does not; "" if nowhere.

    The engine may refuse what the strict reader takes (it knows more rules: targets, limits);
    it may not send on anything else.
    """
    if not view.legal:
        return "the server got what is no HTTP"
    # In their order; those that the engine answered itself are not among what it sent on.
    wanted = iter([_essence(one) for one in read_requests(data).messages])
    for n, got in enumerate(view.requests):
        if got not in wanted:
            return f"request {n + 1}, {got!r}, is none to the strict reader"
    return ""


def grow(
    garden: Plot,
    seed: int,
    rounds: int,
    seconds: float | None = None,
    each: Callable[[Finding], object] = lambda _: None,
) -> tuple[list[Finding], int]:
    """Draws and looks at so many requests, or for so long; distinct findings, made small and
    told to `each` at once, and the number of requests looked at."""
    draw = garden.source(seed)
    end = None if seconds is None else time.monotonic() + seconds
    found: dict[tuple[Any, ...], Finding] = {}
    done = 0
    with ThreadPoolExecutor(garden.lanes) as lanes:
        while done < rounds and (end is None or time.monotonic() < end):
            count = min(garden.lanes, rounds - done)
            drawn = [draw() for _ in range(count)]
            done += count
            for seen in lanes.map(lambda data: list(garden.look(data)), drawn):
                for finding in seen:
                    if finding.signature not in found:
                        finding.seed = seed
                        small = garden.shrink(finding, end)
                        found[finding.signature] = small
                        each(small)
    return list(found.values()), done


def keep(folder: Path, finding: Finding, versions: dict[str, str]) -> bool:
    """Stores a finding; False if its record is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{finding.name}.yaml"
    if path.exists():
        return False
    path.write_text(finding.record(versions), encoding="utf-8")
    return True
