"""`gateproof check PATH...`: everything that is wrong in a configuration."""

from __future__ import annotations

import sys
from collections import Counter
from enum import StrEnum
from json import dumps, loads
from typing import TYPE_CHECKING, Annotated

import typer

from gateproof.cli.environment import ENVIRONMENT_HELP, variables
from gateproof.cli.output import console

if TYPE_CHECKING:
    from gateproof._core import StatusPart


class Format(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"


class Dialect(StrEnum):
    """Whose rules Gateway API objects are judged by."""

    traefik = "traefik"
    standard = "standard"


def _conditions_text(parts: list[StatusPart]) -> str:
    """One block for each object, one line for each condition, with what to change."""
    lines: list[str] = []
    last = ""
    for part in parts:
        if part.object != last:
            lines += ["", part.object] if lines else [part.object]
            last = part.object
        indent = "  "
        if part.part:
            facts = f" ({'; '.join(part.facts)})" if part.facts else ""
            lines.append(f"  {part.part}{facts}")
            indent = "    "
        for one in part.conditions:
            reason = "" if one.reason == one.type else f" {one.reason}"
            # A condition that is as it should be needs no words.
            good = one.status == "True" and not reason
            why = f": {one.message}" if one.message and not good else ""
            lines.append(f"{indent}{one.type}={one.status}{reason}{why}")
    return "\n".join(lines)


def _conditions_json(parts: list[StatusPart]) -> list[dict[str, object]]:
    return [
        {
            "object": part.object,
            "part": part.part,
            "facts": part.facts,
            "conditions": [
                {
                    "type": one.type,
                    "status": one.status,
                    "reason": one.reason,
                    "message": one.message,
                }
                for one in part.conditions
            ],
        }
        for part in parts
    ]


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
    dialect: Annotated[
        Dialect,
        typer.Option(help="Whose rules Gateway API objects are judged by."),
    ] = Dialect.traefik,
    conditions: Annotated[
        bool | None,
        typer.Option(
            "--conditions/--no-conditions",
            help="The conditions that a Gateway API controller would write. "
            "On with --dialect standard.",
        ),
    ] = None,
) -> None:
    """Everything that is wrong in a configuration: where, why, and what to write instead.

    Traefik's own files, Kubernetes manifests, Helm values, compose files (labels) and dumps of
    key/value stores are told apart by what is in them.

    Gateway API objects are judged as Traefik does, or with --dialect standard as any controller
    that conforms would: the conditions of each object are printed, and what to change.

    Exits with 1 if there is an error or a warning; notes alone give 0.
    """
    from gateproof import __version__, _core
    from gateproof.findings import SourceLines

    stdin = sys.stdin.read() if "-" in paths else ""
    core = _core.load(paths, {}, stdin, variables(env))
    found = _core.check(core, dialect.value)
    show = conditions if conditions is not None else dialect is Dialect.standard
    parts = _core.gateway_conditions(core, dialect.value) if show else []
    severities = [one.severity for one in found]
    if json or form is Format.json:
        text = _core.render_json(found)
        if show:
            whole = loads(text)
            whole["conditions"] = _conditions_json(parts)
            text = dumps(whole, indent=2, ensure_ascii=False)
        print(text)
    elif form is Format.sarif:
        print(_core.render_sarif(found, __version__))
    else:
        out = console()
        text = _core.render_text(found, SourceLines({"-": stdin} if stdin else {}))
        if text:
            out.print(text.rstrip("\n"), markup=False)
        if parts:
            out.print(_conditions_text(parts) + "\n", markup=False)
        out.print(_summary(severities, len(core.files)), markup=False)
    raise typer.Exit(1 if {"error", "warning"} & set(severities) else 0)
