"""Rules by themselves: parse, print, priority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateproof import _core
from gateproof.errors import RuleSyntaxError


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was read.

    `text` prints to the same tree, `priority` is the automatic one (its length), `hosts` are all
    hosts it names, `tree` is nested mappings: `{kind: all|any, children}` and
    `{kind: call, name, negated, args, offset, length}`.
    """

    text: str
    priority: int
    hosts: tuple[str, ...]
    tree: dict[str, Any]


def parse_rule(text: str, *, syntax: str = "v3") -> Rule:
    """Reads a rule. Raises RuleSyntaxError, which points into it.

    >>> parse_rule("Host(`a.test`) && !Path(`/x`)").priority
    29
    """
    if syntax not in ("v2", "v3"):
        raise ValueError(f"syntax is v2 or v3, not {syntax!r}")
    got = _core.parse_rule(text, syntax)
    if "error" in got:
        raise RuleSyntaxError(text, got["error"], got["offset"], got["length"], got["remedy"])
    return Rule(got["text"], got["priority"], tuple(got["hosts"]), got["tree"])
