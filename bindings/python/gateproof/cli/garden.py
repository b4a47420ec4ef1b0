"""`gateproof garden`: differential fuzzing of HTTP/1.1 against real proxies."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from gateproof.http1.garden import Finding

_PEERS = "traefik,envoy,nginx,caddy,haproxy"
_LANES = 4


def _told(one: Finding, versions: dict[str, str]) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "send": one.data.decode("latin-1"),
        "seed": one.seed,
        "views": one.views,
        "next_hop": one.next_hop,
        "versions": {name: versions[name] for name in one.views if name in versions},
    }


def garden(
    rounds: Annotated[int, typer.Option(min=1, help="Requests to draw.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed draws the same requests.")] = 1,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Stop drawing after so many seconds.")
    ] = None,
    against: Annotated[str, typer.Option(help="Real proxies; empty: the engine alone.")] = _PEERS,
    keep: Annotated[
        Path | None, typer.Option(help="Store each finding here, e.g. conformance/garden.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draws requests from a grammar of HTTP/1.1, bends them, and sends them to the engine's wire
    arm and to real proxies with a recording server behind each.

    Finds who relays what is no legal HTTP, and who reads the same bytes as other requests than
    his neighbour; each finding is made small. Exits with 1 if the engine sends on anything that
    the strict second reader does not read there.
    """
    from gateproof.http1.engine_arms import WireArm
    from gateproof.http1.garden import ENGINE, Garden, Subject, grow
    from gateproof.http1.garden import keep as store
    from gateproof.http1.peers import Peer, PeerMissing, version_of
    from gateproof.http1.suite import peer_names

    subjects: dict[str, Subject] = {ENGINE: WireArm()}
    versions: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        try:
            for name in peer_names(against):
                versions[name] = version_of(name)
                peer = Peer(name, lanes=_LANES)
                stack.callback(peer.close)
                subjects[name] = peer
        except (PeerMissing, ValueError) as problem:
            print(f"gateproof: {problem}", file=sys.stderr)
            raise typer.Exit(2) from None
        plot = Garden(subjects, _LANES)
        stack.callback(plot.close)
        fresh = 0

        def each(one: Finding) -> None:
            nonlocal fresh
            fresh += store(keep, one, versions) if keep else 0

        findings, done = grow(plot, seed, rounds, seconds, each)
    ours = [one for one in findings if one.kind == "engine" or (ENGINE in one.views
            and one.kind == "relays")]  # fmt: skip
    if json:
        told = [_told(one, versions) for one in findings]
        print_json({"drawn": done, "fine": not ours, "kept": fresh, "findings": told})
    else:
        out = console()
        for one in findings:
            out.print(f"{one.name}: {one.data!r}", markup=False)
            for name, view in [*one.views.items(), *one.next_hop.items()]:
                out.print(f"  {name}: {view}", markup=False)
        out.print(f"{done} requests, {len(findings)} findings, {fresh} kept, {len(ours)} of ours")
    raise typer.Exit(1 if ours else 0)
