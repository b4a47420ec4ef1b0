"""What the sub-commands share: how they print."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console

from gateproof.errors import ConfigError


def console(*, errors: bool = False) -> Console:
    """A console which has no colour and does not wrap unless it is a terminal."""
    stream = sys.stderr if errors else sys.stdout
    there = stream.isatty()
    return Console(
        file=stream,
        highlight=False,
        soft_wrap=True,
        color_system="auto" if there else None,
        width=None if there else 120,
    )


def print_json(data: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def fail(problem: Exception) -> int:
    """Says why the command cannot do its work; returns its exit code."""
    if "--json" in sys.argv:
        found = problem.problems if isinstance(problem, ConfigError) else ()
        message = problem.message if isinstance(problem, ConfigError) else str(problem)
        print_json({"error": message, "findings": [one.as_dict() for one in found]})
    else:
        print(f"gateproof: {problem}", file=sys.stderr)
    return 2
