"""`gateproof check PATH...`: everything that is wrong in a configuration."""

from __future__ import annotations

import sys
from collections import Counter
from enum import StrEnum
from typing import Annotated

import typer

from gateproof.cli.environment import ENVIRONMENT_HELP, variables
from gateproof.cli.output import console


class Format(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"


def _summary(severities: list[str], files: int) -> str:
    if not severities:
        return f"no findings in {files} file(s)"
    counts = Counter(severities)
    parts = [f"{counts[name]} {name}(s)" for name in ("error", "warning", "note") if counts[name]]
    return f"{', '.join(parts)} in {files} file(s)"


def check(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and directories.")],
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.text,
    env: Annotated[list[str] | None, typer.Option("--env", help=ENVIRONMENT_HELP)] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Everything that is wrong in a configuration: where, why, and what to write instead.

    Traefik's own files, Kubernetes manifests, Helm values, compose files (labels) and dumps of
    key/value stores are told apart by what is in them.

    Exits with 1 if there is an error or a warning; notes alone give 0.
    """
    from gateproof import __version__, _core
    from gateproof.findings import SourceLines

    stdin = sys.stdin.read() if "-" in paths else ""
    core = _core.load(paths, {}, stdin, variables(env))
    found = _core.check(core)
    severities = [one.severity for one in found]
    if json or form is Format.json:
        print(_core.render_json(found))
    elif form is Format.sarif:
        print(_core.render_sarif(found, __version__))
    else:
        out = console()
        text = _core.render_text(found, SourceLines({"-": stdin} if stdin else {}))
        if text:
            out.print(text.rstrip("\n"), markup=False)
        out.print(_summary(severities, len(core.files)), markup=False)
    raise typer.Exit(1 if {"error", "warning"} & set(severities) else 0)
