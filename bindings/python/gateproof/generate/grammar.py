"""Reads `data/grammar.yaml` and draws values from it; the file says what its words mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Protocol

import yaml

_NAME = re.compile(r"<([a-z][a-z0-9-]*)>")
_OPERATORS = frozenset({"some", "any", "list", "times"})
DEPTH_MAX = 7
"""How many names may lead to one another before first alternatives are taken."""


class Choices(Protocol):
    """Where randomness comes from: a seeded generator, or Hypothesis."""

    def below(self, count: int) -> int:
        """One of 0..count-1; count is at least 1."""


@dataclass(frozen=True)
class EntryKind:
    """A kind of entry point: its static options, and its share of the judge's entry points."""

    share: int
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Grammar:
    """Names with their alternatives, `times` written out; and the kinds of entry points."""

    names: Mapping[str, Sequence[Any]]
    entries: Mapping[str, EntryKind]

    def draw(self, name: str, choices: Choices, depth: int = 0) -> Any:
        """A value for a name."""
        alternatives = self.names[name]
        chosen = 0 if depth >= DEPTH_MAX else choices.below(len(alternatives))
        return self._value(alternatives[chosen], choices, depth + 1)

    def _value(self, node: Any, choices: Choices, depth: int) -> Any:
        if isinstance(node, str):
            return self._text(node, choices, depth)
        if isinstance(node, list):
            return [self._value(one, choices, depth) for one in node]
        if not isinstance(node, dict):
            return node
        operator = next(iter(node)) if len(node) == 1 else ""
        if operator == "some":
            return {
                key: self._value(one, choices, depth)
                for key, one in node["some"].items()
                if choices.below(2)
            }
        if operator == "any":
            alternatives = node["any"]
            return self._value(alternatives[choices.below(len(alternatives))], choices, depth)
        if operator == "list":
            least, most, element = node["list"]
            count = least + choices.below(most - least + 1)
            return [self._value(element, choices, depth) for _ in range(count)]
        return {key: self._value(one, choices, depth) for key, one in node.items()}

    def _text(self, text: str, choices: Choices, depth: int) -> Any:
        whole = _NAME.fullmatch(text)
        if whole:
            return self.draw(whole[1], choices, depth)
        return _NAME.sub(lambda found: str(self.draw(found[1], choices, depth)), text)


def _written_out(alternatives: Sequence[Any]) -> list[Any]:
    out: list[Any] = []
    for one in alternatives:
        count, node = one["times"] if isinstance(one, dict) and "times" in one else (1, one)
        out.extend([node] * count)
    return out


def _names_in(node: Any) -> set[str]:
    if isinstance(node, str):
        return set(_NAME.findall(node))
    if isinstance(node, dict):
        return {name for one in node.values() for name in _names_in(one)}
    if isinstance(node, list):
        return {name for one in node for name in _names_in(one)}
    return set()


def parse_grammar(text: str) -> Grammar:
    """The grammar in a text. Raises ValueError for a name that is used and not there."""
    data = yaml.safe_load(text)
    names = {name: _written_out(alternatives) for name, alternatives in data["grammar"].items()}
    unknown = _names_in(list(names.values())) - set(names)
    if unknown:
        raise ValueError(f"the grammar has no {', '.join(sorted(unknown))}")
    entries = {name: EntryKind(**one) for name, one in data["entries"].items()}
    return Grammar(names, entries)


@cache
def grammar() -> Grammar:
    """The grammar of the package."""
    file = resources.files("gateproof") / "data" / "grammar.yaml"
    return parse_grammar(file.read_text(encoding="utf-8"))
