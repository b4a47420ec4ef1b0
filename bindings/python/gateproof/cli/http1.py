"""`gateproof http1 [CASES...]`: cases of bytes on the arms, beside real proxies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from gateproof.http1.suite import Http1Report

_CASES = Path("conformance/http1")


def _print(report: Http1Report, out: Console) -> None:
    for one in report.failed:
        out.print(f"FAILED {one.case.name}  ({one.case.clause}, {one.case.file})", markup=False)
        for text in one.problems:
            out.print(f"  {text}", markup=False)
        seen = {**one.outcomes, **one.peers}
        words = ", ".join(f"{name}: {outcome.word()}" for name, outcome in seen.items())
        out.print(f"  {words}", markup=False)
    for name, why in report.missing.items():
        out.print(f"skipped {name}: {why}", markup=False)
    for name, version in report.versions.items():
        rows = [one for one in report.cases if name in one.peers]
        good = sum(name in one.strictest for one in rows)
        out.print(f"{name} {version}: {good} of {len(rows)} as allowed", markup=False)
    out.print(f"{len(report.cases) - len(report.failed)} passed, {len(report.failed)} failed")


def http1(
    cases: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[CASES]...", exists=True, help=f"Files, directories ({_CASES})."),
    ] = None,
    arm: Annotated[
        list[str] | None,
        typer.Option("--arm", help="wire, wire-strict, socket, socket-strict; several times."),
    ] = None,
    against: Annotated[
        str, typer.Option(help="Real proxies: traefik,envoy,nginx,caddy,haproxy.")
    ] = "",
    select: Annotated[str, typer.Option("-k", help="Only cases whose name contains this.")] = "",
    write_table: Annotated[
        Path | None, typer.Option(help="Write the table of who does what into this page.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sends bytes to the engine's arms and, with `--against`, to real proxies, each with a
    recording server behind it, and checks what came back and what the server saw.

    Exits with 1 if an arm does what its case does not expect, or lets through what every
    peer refuses.
    """
    from gateproof.http1.model import CaseProblem, load_all
    from gateproof.http1.suite import ARMS, peer_names, run_suite
    from gateproof.http1.table import around_table
    from gateproof.http1.table import write_table as put_table

    try:
        chosen = [one for one in load_all(cases or [_CASES]) if select in one.name]
        peers = peer_names(against)
        arms = arm if arm is not None else ["wire", "wire-strict", "socket"]
        unknown = [one for one in arms if one not in ARMS]
        if unknown:
            raise ValueError(f"no arm is called {unknown[0]!r}; there are: {', '.join(ARMS)}")
        if write_table:
            around_table(write_table)  # before minutes of work
    except (CaseProblem, ValueError, OSError) as problem:
        print(f"gateproof: {problem}", file=sys.stderr)
        raise typer.Exit(2) from None
    if not chosen:
        print("gateproof: no case's name contains this", file=sys.stderr)
        raise typer.Exit(2)
    report = run_suite(chosen, arms, peers)
    if write_table:
        put_table(write_table, report)
    if json:
        print_json(report.as_dict())
    else:
        _print(report, console())
    raise typer.Exit(1 if report.failed else 0)
