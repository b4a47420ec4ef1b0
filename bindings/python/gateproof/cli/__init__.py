"""The `gateproof` command: one file per sub-command.

Exit codes: 0 as it should be, 1 something was found or differs, 2 the command could not do its
work (bad usage, nothing to read).
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateproof.cli import (
    ask,
    bench,
    check,
    cluster,
    compare,
    conformance,
    explain,
    garden,
    http1,
    middlewares,
    serve,
    test,
)
from gateproof.cli.output import fail, print_json
from gateproof.errors import GateproofError

app = typer.Typer(
    name="gateproof",
    help="Ask an HTTP gateway what happens to a request, and why, before it is deployed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("ask", context_settings={"ignore_unknown_options": False})(ask.ask)
app.command("bench")(bench.bench)
app.command("check")(check.check)
app.command("test")(test.test)
app.command("cluster")(cluster.cluster)
app.command("compare")(compare.compare)
app.command("conformance")(conformance.conformance)
app.command("garden")(garden.garden)
app.command("http1")(http1.http1)
app.command("serve")(serve.serve)
app.command("explain")(explain.explain)
app.command("middlewares")(middlewares.middlewares)


def _version(wanted: bool) -> None:
    if wanted:
        from gateproof import __version__

        if "--json" in sys.argv:
            print_json({"version": __version__})
        else:
            print(f"gateproof {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", hidden=True)] = False,
) -> None:
    """Ask an HTTP gateway what happens to a request, and why, before it is deployed."""


def main() -> int:
    """The entry point of the command; returns the exit code."""
    try:
        code = app(standalone_mode=True)
    except SystemExit as ending:
        code = ending.code
    except GateproofError as problem:
        return fail(problem)
    except ValueError as problem:
        return fail(problem)
    except ImportError as problem:
        if problem.name != "gateproof" or "_core" not in str(problem):
            raise
        return fail(GateproofError("the engine is not built: run tools/demo, or pip install ."))
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing more may be written at exit.
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130
    return code if isinstance(code, int) else 0
