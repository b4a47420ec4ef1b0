"""What is given to a configuration from outside: `--env NAME=VALUE`, what Go templates in dynamic
files see of an environment, and `--plugin NAME=MODULE:FACTORY`, middlewares in Python."""

from __future__ import annotations

import typer

ENVIRONMENT_HELP = (
    "NAME=VALUE for `env` in templates of dynamic files; NAME alone takes it from here."
)

PLUGIN_HELP = "A middleware in Python: NAME=MODULE:FACTORY, for `plugin: {NAME: ...}`."


def variables(given: list[str] | None) -> dict[str, str]:
    """The variables that were given, by name."""
    import os

    out: dict[str, str] = {}
    for one in given or []:
        name, equals, value = one.partition("=")
        if not name:
            raise typer.BadParameter(f"--env {one}: write NAME=VALUE")
        out[name] = value if equals else os.environ.get(name, "")
    return out
