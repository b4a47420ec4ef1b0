"""`gateproof test PATH...`: parity cases on the arms, and against real Traefik."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateproof.cli.environment import PLUGIN_HELP
from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from gateproof.case_compare import KnownDifference
    from gateproof.case_model import Case

_KNOWN = "known_differences.yaml"
_KNOWN_HTTP2 = "known_differences_http2.yaml"


def _known_file(paths: list[Path], name: str) -> Path | None:
    for path in paths:
        beside = (path if path.is_dir() else path.parent) / name
        if beside.is_file():
            return beside
    return None


def _chosen(cases: list[Case], select: str, http2: bool) -> list[Case]:
    from gateproof.case_http2 import over_http2

    chosen = [case for case in cases if select in case.name]
    if http2:
        chosen = [turned for case in chosen if (turned := over_http2(case))]
    if not chosen:
        why = f"no case's name contains {select!r}" if select else "no cases"
        print(f"gateproof: {why}" + (" that can go over HTTP/2" if http2 else ""), file=sys.stderr)
        raise typer.Exit(2)
    return chosen


def _read(
    paths: list[Path], known: Path | None, beside: str
) -> tuple[list[Case], list[KnownDifference], bool]:
    """The cases, the differences that are explained, and whether they are of clusters."""
    from gateproof.case_model import CaseError
    from gateproof.cases import load_cases, load_known_differences
    from gateproof.kubernetes.case_files import is_kubernetes, load_kubernetes_cases

    try:
        of_clusters = all(is_kubernetes(path) for path in paths)
        load = load_kubernetes_cases if of_clusters else load_cases
        cases = [case for path in paths for case in load(path)]
        reasons = known or _known_file(paths, beside)
        return cases, load_known_differences(reasons) if reasons else [], of_clusters
    except CaseError as problem:
        print(f"gateproof: {problem}", file=sys.stderr)
        raise typer.Exit(2) from None


def test(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", exists=True, help="Case files, directories.")
    ],
    arm: Annotated[
        list[str] | None,
        typer.Option(
            "--arm", help="direct, wire, socket; of manifests offline, daemon; several times."
        ),
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Compare every arm with this one: traefik.")
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option(
            help=f"Known differences and their reasons (default: {_KNOWN} beside the cases)."
        ),
    ] = None,
    http2: Annotated[
        bool,
        typer.Option(
            "--http2",
            help="Over HTTP/2 those cases whose requests can be; only compared: wants --against.",
        ),
    ] = False,
    select: Annotated[str, typer.Option("-k", help="Only cases whose name contains this.")] = "",
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit report.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the virtual arms.")] = 1,
    plugin: Annotated[list[str] | None, typer.Option("--plugin", help=PLUGIN_HELP)] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Real processes at a time.")] = 4,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Runs parity cases on the engine's arms; `--against traefik` runs them on the real binary,
    too, and prints every difference with both sides. Cases of Kubernetes objects run offline and
    on an API server in this process, which gateproofd and Traefik follow.

    Exits with 1 if a case fails or a difference has no known reason.
    """
    from gateproof.kubernetes.suite import run_on_clusters
    from gateproof.plugins import load_plugins
    from gateproof.suite import Suite
    from gateproof.suite_report import print_report, write_junit

    cases, explained, of_clusters = _read(paths, known, _KNOWN_HTTP2 if http2 else _KNOWN)
    if http2 and not against:
        why = "what is expected was observed over HTTP/1.1: name a judge with --against"
        raise typer.BadParameter(why, param_hint="--http2")
    if http2 and of_clusters:
        raise typer.BadParameter("cases of clusters go over HTTP/1.1", param_hint="--http2")
    chosen = _chosen(cases, select, http2)
    out = console(errors=json)
    try:
        if of_clusters:
            arms = arm or ["offline", "daemon"]
            report = run_on_clusters(chosen, arms, against, explained, seed, jobs, out)
        else:
            brought = load_plugins(plugin)
            arms = arm or (["socket"] if http2 else ["direct", "wire", "socket"])
            suite = Suite(arms, against, explained, seed, jobs, brought, only_compare=http2)
            report = suite.run(chosen, out)
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None
    if junit:
        write_junit(report, junit)
    if json:
        print_json(report.as_dict())
    else:
        print_report(report, out, [str(path) for path in paths])
    raise typer.Exit(0 if report.fine else 1)
