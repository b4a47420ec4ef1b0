"""`gateproof explain RULE`: how a rule is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from gateproof.cli.output import console, print_json


def _tree(node: dict[str, Any], depth: int = 0) -> Iterator[str]:
    pad = "  " * depth
    if node["kind"] == "call":
        arguments = ", ".join(f"`{one}`" for one in node["args"])
        yield f"{pad}{'not ' if node['negated'] else ''}{node['name']}({arguments})"
        return
    yield f"{pad}{'all of' if node['kind'] == 'all' else 'any of'}"
    for child in node["children"]:
        yield from _tree(child, depth + 1)


def explain(
    rule: Annotated[str, typer.Argument(help="The rule, quoted for the shell.")],
    syntax: Annotated[str, typer.Option(help="v3 or v2.")] = "v3",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How a rule is read: its tree (negations at the leaves), its hosts, its priority.

    Exits with 1 if it cannot be read, and points at the place.
    """
    from gateproof.errors import RuleSyntaxError
    from gateproof.rules import parse_rule

    if syntax not in ("v2", "v3"):
        raise typer.BadParameter(f"v2 or v3, not {syntax!r}", param_hint="--syntax")
    try:
        read = parse_rule(rule, syntax=syntax)
    except RuleSyntaxError as problem:
        if json:
            print_json({
                "error": problem.message, "offset": problem.offset, "length": problem.length,
                "remedy": problem.remedy,
            })  # fmt: skip
        else:
            console(errors=True).print(str(problem), markup=False)
        raise typer.Exit(1) from None
    if json:
        print_json({
            "rule": read.text, "priority": read.priority, "hosts": list(read.hosts),
            "tree": read.tree,
        })  # fmt: skip
        return
    out = console()
    out.print("\n".join(_tree(read.tree)), markup=False)
    out.print(f"priority  {read.priority} (the rule's length)", markup=False)
    if read.hosts:
        out.print(f"hosts     {', '.join(read.hosts)}", markup=False)
