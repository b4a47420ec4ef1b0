"""`gateproof bench CONFIG...`: what an exchange costs, and which middleware costs what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateproof.cli.ask import header_pair
from gateproof.cli.environment import ENVIRONMENT_HELP, variables
from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from gateproof.chain_cost import ChainCost, Cost, Figure
    from gateproof.world import World


def _chosen_router(world: World, wanted: str | None) -> str:
    """The router to measure when no URL chooses it."""
    there = [
        name
        for name, state in world.routers.items()
        if not name.endswith("@internal") and state.status != "disabled"
    ]
    if wanted is not None:
        found = [one for one in there if wanted in (one, one.partition("@")[0])]
    else:
        # A router on several entry points has copies, with the entry point's name in front.
        found = [one for one in there if not any(one.endswith(f"-{other}") for other in there)]
    if len(found) == 1:
        return found[0]
    what = f"no enabled router {wanted!r}" if wanted else f"{len(found)} routers, name one"
    raise typer.BadParameter(f"{what}: {', '.join(there)}", param_hint="--router")


def _request(world: World, url: str | None, router: str | None) -> dict[str, str]:
    """The options of `gateproof-measure` that say which request is sent."""
    from urllib.parse import urlsplit

    if url is None:
        return {"router": _chosen_router(world, router), "sample": "1"}
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise typer.BadParameter(f"not an absolute URL: {url!r}", param_hint="--url")
    out = {
        "host": parts.netloc,
        "target": (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        "tls": "1" if parts.scheme == "https" else "0",
    }
    if router is not None:
        out["router"] = _chosen_router(world, router)
    return out


def _figure(one: Figure, sign: str = "") -> tuple[str, str]:
    return f"{one.median:{sign}.0f}", f"{one.low:{sign}.0f} to {one.high:{sign}.0f}"


def _row(table: Table, label: str, cost: Cost, share: str, note: str, sign: str = "") -> None:
    ns, interval = _figure(cost.ns, sign)
    allocations = f"{cost.allocations.median:{sign}.1f}"
    table.add_row(label, ns, interval, allocations, *_figure(cost.bytes, sign)[:1], share, note)


def _table(found: ChainCost) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in ("ns", "95 % interval", "allocations", "bytes", "share"):
        table.add_column(name, justify="right")
    table.add_column("")
    _row(table, "one exchange", found.whole, "", "")
    for n, step in enumerate(found.steps, 1):
        share = f"{100 * step.cost.ns.median / found.whole.ns.median:.1f} %"
        note = "" if step.cost.ns.certain else "within the noise"
        if step.decides:
            answers = ", ".join(map(str, step.statuses))
            note = f"decides: without it the answer is {answers}"
        _row(table, f"{n:>2}. {step.name}", step.cost, share, note, "+")
    if found.steps:
        share = f"{100 * found.rest / found.whole.ns.median:.1f} %"
        table.add_row("the rest", f"{found.rest:.0f}", "", "", "", share, "")
    return table


def _show(found: ChainCost) -> None:
    out = console()
    answers = ", ".join(f"{status} ({count} times)" for status, count in found.statuses.items())
    out.print(f"{found.method} {found.url}", markup=False)
    out.print(f"router {found.router} on {found.entry_point}, answers {answers}", markup=False)
    if found.stopped_by:
        out.print(
            f"{found.stopped_by} answers: nothing behind it is measured; see --url and --header",
            markup=False,
        )
    out.print(f"{found.rounds} rounds of {found.exchanges} exchanges for each row, direct arm")
    out.print()
    out.print(_table(found))


def _measured(
    paths: list[str],
    request: dict[str, str | list[str]],
    environment: dict[str, str],
    rounds: int,
    exchanges: int,
    *,
    show: bool,
) -> ChainCost:
    """Measures behind a progress bar."""
    from rich.progress import Progress

    from gateproof.chain_cost import measure

    errors = console(errors=True)
    quiet = not (show and errors.is_terminal)
    with Progress(console=errors, transient=True, disable=quiet) as bar:
        task = bar.add_task("measuring", total=rounds)
        return measure(
            paths,
            request,
            environment=environment,
            rounds=rounds,
            exchanges=exchanges,
            progress=lambda done: bar.update(task, completed=done),
        )


def bench(
    paths: Annotated[list[str], typer.Argument(metavar="CONFIG...", help="Files and directories.")],
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Also the chain without each of its steps.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="The request. Default: one that the router's rule takes.")
    ] = None,
    method: Annotated[str, typer.Option(help="The request's method.")] = "GET",
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="A header line, `Name: value`.")
    ] = None,
    body: Annotated[str, typer.Option(help="The request's body.")] = "",
    router: Annotated[
        str | None, typer.Option(help="The router to measure; needed if there are several.")
    ] = None,
    entry_point: Annotated[
        str | None, typer.Option(help="The entry point; without it the URL chooses.")
    ] = None,
    static: Annotated[
        str | None, typer.Option(help="Which static configuration, by number (from 0) or file.")
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, help="Rounds; every row has its turn in each.")
    ] = 200,
    exchanges: Annotated[int, typer.Option(min=1, help="Exchanges of a row in a round.")] = 25,
    pause: Annotated[
        str, typer.Option(help="Virtual time between exchanges, so that limiters let them pass.")
    ] = "1s",
    env: Annotated[list[str] | None, typer.Option("--env", help=ENVIRONMENT_HELP)] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What an exchange costs in the direct arm: nanoseconds, allocations and allocated bytes.

    With --leave-one-out every middleware of the router (and of its entry point) is taken out in
    turn; what the chain saves without it is its cost. All are measured in turns in one run, and an
    interval holds the median with 95 % confidence. Servers are scripted, and answer 100 bytes.

    Exits with 1 when the request does not reach a server, so that the chain is not measured whole.
    """
    from gateproof.config import load
    from gateproof.durations import nanoseconds
    from gateproof.world import World

    config = load(*paths, environment=variables(env))
    chosen = int(static) if static is not None and static.isdecimal() else static
    with World(config=config, static=chosen) as world:
        request: dict[str, str | list[str]] = dict(_request(world, url, router))
        if url is not None:
            request["entry-point"] = entry_point or world._core.entry_point_of(url)
    lines = [header_pair(one) for one in header or []]
    request |= {
        "assembly": str(config.assembly(0 if chosen is None else chosen)),
        "method": method,
        "header": [f"{name}:{value}" for name, value in lines],
        "body": body,
        "pause-ns": str(nanoseconds(pause)),
        "leave-one-out": "1" if leave_one_out else "0",
    }
    found = _measured(paths, request, variables(env), rounds, exchanges, show=not json)
    if json:
        print_json(found.as_dict())
    else:
        _show(found)
    raise typer.Exit(1 if found.stopped_by else 0)
