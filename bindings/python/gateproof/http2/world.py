"""HTTP/2 in virtual time: a client and servers of parity cases on a world's connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gateproof import _core
from gateproof.case_arm import ArmUnsupported, Observation, UpstreamSeen
from gateproof.case_model import RequestSpec, UpstreamScript
from gateproof.http2 import frames as h2
from gateproof.http2.exchange import ClientSide, request_parts
from gateproof.http2.server import ServerSide
from gateproof.http2.side import FIRST_WINDOW

_PATIENCE_NS = 20_000_000  # what passes of virtual time behind an answer, too


def ask(world: _core.World, request: RequestSpec, peer: str, delay: float) -> Observation:
    """One request on a connection of its own with prior knowledge.

    `delay` is the longest one of the servers, in seconds; with `settle` the answer may come that
    much later. Raises ArmUnsupported for what only sockets can do.
    """
    if request.url.startswith("https:") or request.tls:
        raise ArmUnsupported("HTTP/2 inside TLS is for sockets")
    if request.connection:
        raise ArmUnsupported("in virtual time each request over HTTP/2 has its own connection")
    if sum(map(len, request.chunks or (request.body,))) > FIRST_WINDOW:
        raise ArmUnsupported("a body beyond the first window of HTTP/2 is for sockets")
    last = 2 * request.beside + 1
    parts = [part for at in range(1, last + 1, 2) for part in request_parts(request, at)]
    acknowledged = h2.frame(h2.SETTINGS, h2.ACK, 0, b"")
    side = ClientSide()
    sends = [side.take(), acknowledged + h2.encode(parts)]
    patience = _PATIENCE_NS + round((delay + request.settle) * 10**9)
    out = world.connect(request.entry_point, sends, peer, False, patience)
    side.expect(last)
    side.feed(out["received"])
    return side.answer("closed" if out["closed"] else "timeout")


Reactions = Callable[[int, bytes, bool], list[tuple[str, bytes, int]]]


def server(name: str, scripts: Iterator[UpstreamScript], log: list[UpstreamSeen]) -> Reactions:
    """A server that speaks HTTP/2, for `World.add_tcp_host`; what it was asked goes to `log`."""
    sides: dict[int, ServerSide] = {}
    asked: list[tuple[UpstreamSeen, int]] = []

    def react(connection: int, piece: bytes, _ended: bool) -> list[tuple[str, bytes, int]]:
        side = sides.get(connection)
        if side is None:
            side = ServerSide(name, lambda seen, stream: asked.append((seen, stream)))
            sides[connection] = side
        side.feed(piece)
        acts: list[tuple[str, bytes, int]] = [("send", side.take(), 0)]
        while asked:
            seen, stream = asked.pop(0)
            log.append(seen)
            script = next(scripts)
            after = round(script.delay * 10**9)
            if script.close:
                return [*acts, ("half_close", b"", after)]
            side.answer(script, seen, stream)
            acts.append(("send", side.take(), after))
        if side.over:
            acts.append(("half_close", b"", 0))
        if side.failed:
            acts.append(("close", b"", 0))
        return [act for act in acts if act[0] != "send" or act[1]]

    return react


def delay_of(upstreams: Any) -> float:
    """The longest delay of any scripted answer, in seconds."""
    return max((one.delay for spec in upstreams for one in spec.answers), default=0.0)
