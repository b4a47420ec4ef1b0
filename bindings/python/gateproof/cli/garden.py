"""`gateproof garden`: differential fuzzing of HTTP/1.1 and HTTP/2 against real proxies."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from gateproof.http1.garden import Finding, Garden, Plot, Subject
    from gateproof.http1.peers import Peer
    from gateproof.http2.garden import H2Garden

_PEERS = "traefik,envoy,nginx,caddy,haproxy"
_LANES = 4


def _told(one: Finding, versions: dict[str, str]) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "send": one.sent(),
        "seed": one.seed,
        "views": one.views,
        "next_hop": one.next_hop,
        "versions": {name: versions[name] for name in one.views if name in versions},
    }


def _subjects(
    stack: contextlib.ExitStack, names: list[str], kind: type[Peer], lanes: int
) -> dict[str, Subject]:
    """The engine and its peers, which end with the stack. Raises PeerMissing."""
    from gateproof.http1.engine_arms import WireArm
    from gateproof.http1.garden import ENGINE

    subjects: dict[str, Subject] = {ENGINE: WireArm()}
    for name in names:
        subjects[name] = peer = kind(name, lanes=lanes)
        stack.callback(peer.close)
    return subjects


def _plot(stack: contextlib.ExitStack, names: list[str], lanes: int = _LANES) -> Garden:
    """The garden of HTTP/1.1. Raises PeerMissing."""
    from gateproof.http1.garden import Garden
    from gateproof.http1.peers import Peer

    made = Garden(_subjects(stack, names, Peer, lanes), lanes)
    stack.callback(made.close)
    return made


def _plot_h2(stack: contextlib.ExitStack, names: list[str]) -> H2Garden:
    """The garden of HTTP/2; behind it the one of HTTP/1.1, once somebody relays what is no HTTP.
    Raises PeerMissing."""
    from gateproof.http2.client import H2Peer
    from gateproof.http2.garden import H2Garden

    lock = threading.Lock()
    behind: list[Garden] = []

    def next_hop() -> Garden:
        with lock:
            if not behind:
                behind.append(_plot(stack, names, 1))
            return behind[0]

    made = H2Garden(_subjects(stack, names, H2Peer, _LANES), _LANES, next_hop)
    stack.callback(made.close)
    return made


def garden(
    rounds: Annotated[int, typer.Option(min=1, help="Requests to draw.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed draws the same requests.")] = 1,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Stop drawing after so many seconds.")
    ] = None,
    against: Annotated[str, typer.Option(help="Real proxies; empty: the engine alone.")] = _PEERS,
    http2: Annotated[
        bool, typer.Option("--http2", help="Frames of HTTP/2; servers speak HTTP/1.1.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Store each finding here, e.g. conformance/garden.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draws requests from a grammar of HTTP/1.1 or HTTP/2, bends them, and sends them to the
    engine's wire arm and to real proxies with a recording server behind each.

    Finds who relays what is no legal HTTP, and who reads the same bytes as other requests than
    his neighbour; each finding is made small. Exits with 1 if the engine sends on anything that
    the strict second reader does not read there, or that every peer refuses.
    """
    from gateproof.http1.garden import ENGINE, grow
    from gateproof.http1.garden import keep as store
    from gateproof.http1.peers import PeerMissing, version_of
    from gateproof.http1.suite import peer_names

    with contextlib.ExitStack() as stack:
        try:
            names = peer_names(against)
            versions = {name: version_of(name) for name in names}
            plot: Plot = _plot_h2(stack, names) if http2 else _plot(stack, names)
        except (PeerMissing, ValueError) as problem:
            print(f"gateproof: {problem}", file=sys.stderr)
            raise typer.Exit(2) from None
        fresh = 0

        def each(one: Finding) -> None:
            nonlocal fresh
            fresh += store(keep, one, versions) if keep else 0

        findings, done = grow(plot, seed, rounds, seconds, each)
    ours = [one for one in findings if one.kind in ("engine", "alone")
            or (ENGINE in one.views and one.kind == "relays")]  # fmt: skip
    if json:
        told = [_told(one, versions) for one in findings]
        print_json({"drawn": done, "fine": not ours, "kept": fresh, "findings": told})
    else:
        out = console()
        for one in findings:
            out.print(f"{one.name}: {one.sent()!r}", markup=False)
            for name, view in [*one.views.items(), *one.next_hop.items()]:
                out.print(f"  {name}: {view}", markup=False)
        out.print(f"{done} requests, {len(findings)} findings, {fresh} kept, {len(ours)} of ours")
    raise typer.Exit(1 if ours else 0)
