"""`gateproof serve CONFIG...`: the engine on real sockets, in the foreground."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Annotated

import typer

from gateproof.cli.environment import ENVIRONMENT_HELP, PLUGIN_HELP, variables
from gateproof.cli.output import console, print_json


def _addresses(entry_points: list[dict[str, object]], host: str, port: int) -> dict[str, str]:
    """Where each entry point listens: ports count up from `port`; 0 takes free ones."""
    names = [str(one["name"]) for one in entry_points if not one["udp"]]
    return {name: f"{host}:{port + n if port else 0}" for n, name in enumerate(names)}


def serve(
    paths: Annotated[list[str], typer.Argument(metavar="CONFIG...", help="Files and directories.")],
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="First port, on --host; 0: free ports. Default: as configured."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on with --port.")] = "127.0.0.1",
    static: Annotated[
        str | None, typer.Option(help="Which static configuration, by number (from 0) or file.")
    ] = None,
    env: Annotated[list[str] | None, typer.Option("--env", help=ENVIRONMENT_HELP)] = None,
    plugin: Annotated[list[str] | None, typer.Option("--plugin", help=PLUGIN_HELP)] = None,
    workers: Annotated[int, typer.Option(min=1, help="Event loops.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the addresses as JSON.")] = False,
) -> None:
    """Serves a configuration on real sockets until it is interrupted.

    Files are read once; `gateproofd` is the proxy that watches them.
    """
    from gateproof import _core
    from gateproof.config import load
    from gateproof.plugins import adapt, load_plugins

    config = load(*paths, environment=variables(env))
    chosen = int(static) if static is not None and static.isdecimal() else static
    assembly = config.assembly(0 if chosen is None else chosen)
    entry_points = _core.World(config.core, 1, assembly).entry_points()
    over = {} if port is None else _addresses(entry_points, host, port)
    factories = adapt(load_plugins(plugin))
    server = _core.Server(config.core, assembly, workers, over, factories)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if json:
        print_json({"entry_points": server.addresses})
    else:
        for name, address in server.addresses.items():
            console().print(f"{name:<14}http://{address}", markup=False)
    sys.stdout.flush()
    try:
        while not ended.wait(3600):
            pass
    finally:
        server.stop()
