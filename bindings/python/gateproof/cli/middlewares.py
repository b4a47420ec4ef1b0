"""`gateproof middlewares [TYPE]`: every middleware type and how it compares with real Traefik."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from gateproof.catalogue import MiddlewareType


def _short(one: MiddlewareType, most: int = 2) -> str:
    top = [option.name for option in one.options if "." not in option.name]
    rest = f", {len(top) - most} more" if len(top) > most else ""
    return (", ".join(top[:most]) or "any") + rest


def _cost(one: MiddlewareType) -> str:
    if one.record.ns is None:
        return "-"
    return f"{one.record.ns:.0f} ns"


def _overview(types: tuple[MiddlewareType, ...], version: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("type", "options", "cases", f"against Traefik {version}", "cost"):
        table.add_column(name, justify="right" if name in ("cases", "cost") else "left")
    for one in types:
        table.add_row(one.type, _short(one), str(one.record.cases), one.status, _cost(one))
    return table


def _detail(one: MiddlewareType) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("option", "type", "default", ""):
        table.add_column(name)
    for option in one.options:
        note = "deprecated" + (f": {option.instead}" if option.instead else "")
        table.add_row(option.name, option.type, option.default, note if option.deprecated else "")
    return table


def middlewares(
    name: Annotated[
        str | None,
        typer.Argument(metavar="TYPE", help="One type, in any case; all if left out."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Every middleware type: options, parity cases, status against real Traefik, cost.

    With TYPE, all options of that one with what they take and their defaults. The cost is that of
    a chain of this one alone, as `tools/middleware_record` measured it; "-" stands where there is
    none of its own: `chain` is expanded, `forwardAuth` waits for its server. That of `plugin` is
    the engine's share, without the plugin's own work.
    """
    from gateproof.catalogue import middleware_types, traefik_version

    types = middleware_types()
    if name is not None:
        types = tuple(one for one in types if one.type.lower() == name.lower())
        if not types:
            raise typer.BadParameter(f"no middleware type {name!r}", param_hint="TYPE")
    if json:
        print_json({"traefik": traefik_version(), "types": [one.as_dict() for one in types]})
        return
    out = console()
    out.print(_overview(types, traefik_version()))
    if name is not None:
        out.print()
        out.print(_detail(types[0]))
