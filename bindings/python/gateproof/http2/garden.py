"""Differential fuzzing of HTTP/2: what do servers of HTTP/1.1 get to see of a request?

Drawn frames go to the engine and to real proxies, each with a recording server behind it. Kinds of
findings, beside those of `http1.garden`:

- `alone`: the engine sends on a request, and every peer refuses it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateproof.http1.garden import (
    ENGINE,
    Finding,
    Garden,
    SideBySide,
    Smallest,
    Subject,
    View,
    shorter,
)
from gateproof.http1.outcome import Outcome
from gateproof.http1.reading import Message, read_requests
from gateproof.http2.client import case_of
from gateproof.http2.frames import Data, Field, Frame, Frames, Head, Raw, encode
from gateproof.http2.grammar import EVIL, LAST, Grammar
from gateproof.http2.reading import Request, read

_SHRINKS_MAX = 150  # runs that making one finding small may cost
# Targets that nobody rewrites on the way.
_PLAIN_TARGET = re.compile(rb"/[0-9A-Za-z]*(\?[0-9A-Za-z=]*)?")


def _target(message: Message) -> bytes:
    return message.start.split(b" ")[1]


def _essence(message: Message) -> tuple[str, bytes]:
    """What proxies must agree about. A request that was made of a value's bytes is marked."""
    made = message.values(EVIL.decode()) or _target(message) == b"/hidden"
    return message.method + (" made of a value" if made else ""), message.body


def view_of(outcome: Outcome) -> View:
    """How a subject understood the frames. Requests are sorted: streams have no order."""
    requests = sorted(map(_essence, outcome.requests))
    return View(tuple(requests), not outcome.problems, tuple(outcome.raw))


@dataclass
class H2Finding(Finding):
    """A disagreement about frames; `data` is their bytes."""

    frames: Frames = ()

    def sent(self) -> Any:
        """The frames, for a record."""
        return [one.record() for one in self.frames]


def engine_problem(frames: Frames, outcome: Outcome) -> str:
    """Where the engine sends on what the strict reader does not; "" if nowhere."""
    if outcome.problems:
        return f"the server got what is no HTTP: {outcome.problems[0]}"
    wanted = read([*frames, *LAST])
    for got in outcome.requests:
        fitting = next((one for one in wanted if _is_that(got, one)), None)
        if fitting is None:
            return f"{got.start!r} with {got.body!r} is no request to the strict reader"
        wanted.remove(fitting)
        if got.values(EVIL.decode()):
            return "a field was made of a value's bytes"
    return ""


def _is_that(got: Message, wanted: Request) -> bool:
    if got.method != wanted.method or got.body != wanted.body:
        return False
    if _PLAIN_TARGET.fullmatch(wanted.target) and _target(got) != wanted.target:
        return False
    # Without an authority a server is called by its own address, as Go's client does it.
    hosts = [one.lower() for one in got.values("host")]
    return len(hosts) == 1 and (not wanted.host or hosts[0] == wanted.host.lower())


def _sent_on(outcome: Outcome) -> int:
    """Requests at the server, without the last one, which nobody refuses."""
    return sum(_target(one) != b"/last" for one in outcome.requests) + len(outcome.problems)


def _has_more(frames: Frames) -> bool:
    """Whether there are frames that no request needs: what they earn, a reset perhaps, may come
    before or behind a request that was whole."""
    wanted = read(frames)
    return any(read(frames[:n] + frames[n + 1 :]) == wanted for n in range(len(frames)))


def _agree(views: Sequence[View]) -> bool:
    """Whether each has a part of the largest: who refuses a request reads nothing otherwise."""
    counts = [Counter(view.requests) for view in views]
    largest = max(counts, key=lambda one: one.total(), default=Counter())
    return all(one <= largest for one in counts)


class H2Garden(SideBySide):
    """Frames, to subjects side by side. `behind` gives the next hop of a chain, a garden of
    HTTP/1.1, which is made when it is needed first."""

    def __init__(
        self,
        subjects: dict[str, Subject],
        lanes: int = 1,
        behind: Callable[[], Garden] | None = None,
    ) -> None:
        super().__init__(subjects, lanes)
        self._behind = behind

    def source(self, seed: int) -> Callable[[], Frames]:
        """Requests of the grammar."""
        return Grammar(seed).draw

    def look(self, frames: Frames) -> Iterator[H2Finding]:
        """The findings that these frames show."""
        outcomes = self.outcomes(case_of(frames))
        views = {name: view_of(one) for name, one in outcomes.items()}
        words = {name: view.word() for name, view in views.items()}

        def found(kind: str, told: dict[str, str], hops: dict[str, str] | None = None) -> H2Finding:
            return H2Finding(kind, encode(frames), told, hops or {}, frames=frames)

        if ENGINE in outcomes and (why := engine_problem(frames, outcomes[ENGINE])):
            yield found("engine", {**words, "problem": why})
        if ENGINE in outcomes and len(outcomes) > 2 and not _has_more(frames):
            most = max(_sent_on(one) for name, one in outcomes.items() if name != ENGINE)
            if _sent_on(outcomes[ENGINE]) > most:
                yield found("alone", words)
        for name, view in views.items():
            if not view.legal:
                hops = self._next_hop(name, view)
                if name == ENGINE or any("+" in word for word in hops.values()):
                    yield found("relays", {name: words[name]}, hops)
        read_by = {name: view for name, view in views.items() if view.requests and view.legal}
        if not _agree(list(read_by.values())):
            yield found("splits", {name: words[name] for name in read_by})

    def _next_hop(self, name: str, view: View) -> dict[str, str]:
        if self._behind is None:
            return {}
        relayed = next(one for one in view.raw if read_requests(one).problem)
        garden = self._behind()
        others = [one for one in garden.names if one != name]
        return {one: other.word() for one, other in garden.views(relayed, others).items()}

    def shrink(self, finding: Finding, end: float | None = None) -> Finding:
        """A smaller finding of the same kind and signature; as small as it got when the monotonic
        clock says `end`."""
        if not isinstance(finding, H2Finding):
            return finding
        holds = Smallest(self, finding, _SHRINKS_MAX, end)
        smaller(finding.frames, holds)
        return holds.best


def smaller(frames: Frames, holds: Callable[[Frames], bool]) -> Frames:
    """The frames without every frame, field, padding and byte that `holds` does not need."""
    frames = _fewer(frames, holds)
    for n, one in enumerate(frames):
        frames = _with(frames, n, _plainer(one, _in_place(frames, n, holds)))
    return frames


def _with(items: tuple[Any, ...], n: int, one: Any) -> tuple[Any, ...]:
    return (*items[:n], one, *items[n + 1 :])


def _in_place(
    items: tuple[Any, ...], n: int, holds: Callable[[tuple[Any, ...]], bool]
) -> Callable[[Any], bool]:
    """Asks about the items with another one in the place of the nth."""
    return lambda one: holds(_with(items, n, one))


def _fewer(items: tuple[Any, ...], holds: Callable[[tuple[Any, ...]], bool]) -> tuple[Any, ...]:
    at = 0
    while at < len(items):
        part = items[:at] + items[at + 1 :]
        if part and holds(part):
            items = part
        else:
            at += 1
    return items


def _plainer(one: Frame, holds: Callable[[Any], bool]) -> Frame:
    if isinstance(one, Raw):
        return one
    if one.pad is not None and holds(replace(one, pad=None)):
        one = replace(one, pad=None)
    if isinstance(one, Data):
        data = one
        return replace(data, data=shorter(data.data, lambda part: holds(replace(data, data=part))))
    if one.cuts and holds(replace(one, cuts=())):
        one = replace(one, cuts=())
    return replace(one, fields=_plainer_fields(one, holds))


def _plainer_fields(head: Head, holds: Callable[[Any], bool]) -> tuple[Field, ...]:
    def with_fields(fields: tuple[Field, ...]) -> bool:
        return holds(replace(head, fields=fields))

    fields = _fewer(head.fields, with_fields)
    for n, field in enumerate(fields):
        for part in (1, 0):  # the value, then the name, which makes sense of the value
            if part == 1 or field[0][:1] != b":":
                in_field = _in_place(field, part, _in_place(fields, n, with_fields))
                field = _with(field, part, shorter(field[part], in_field))
        fields = _with(fields, n, field)
    return fields
