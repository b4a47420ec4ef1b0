"""Walking a YAML document without losing the place of any value.

A `Cursor` is one node with its file, line and column; its accessors check the type and raise
CaseError with that place when the file says something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from gateproof.case_model import CaseError, Place


class Cursor:
    """One node of a YAML document and where it stands."""

    def __init__(self, node: yaml.Node, file: str) -> None:
        self._node = node
        self._file = file

    @property
    def place(self) -> Place:
        """File, line and column of the value's first character."""
        mark = self._node.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def fail(self, message: str) -> NoReturn:
        """Raises CaseError at this place."""
        raise CaseError(f"{self.place}: {message}")

    @property
    def is_mapping(self) -> bool:
        """True for a YAML mapping."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """True for a YAML sequence."""
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_null(self) -> bool:
        """True for null, `~` or nothing."""
        return self._node.tag == "tag:yaml.org,2002:null"

    def plain(self) -> Any:
        """The value as ordinary Python objects."""
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(self._node, deep=True)
        except yaml.MarkedYAMLError as problem:
            self.fail(str(problem.problem))
        finally:
            loader.dispose()

    def items(self, allowed: frozenset[str] | None = None) -> dict[str, Cursor]:
        """The children of a mapping by key; keys must be unique and, if given, allowed."""
        if not isinstance(self._node, yaml.MappingNode):
            self.fail("a mapping is needed here")
        found: dict[str, Cursor] = {}
        for key_node, value_node in self._node.value:
            key = Cursor(key_node, self._file)
            name = key.text()
            if name in found:
                key.fail(f"key {name!r} is given twice")
            if allowed is not None and name not in allowed:
                key.fail(f"unknown key {name!r}; known are {', '.join(sorted(allowed))}")
            found[name] = Cursor(value_node, self._file)
        return found

    def elements(self) -> Iterator[Cursor]:
        """The children of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.fail("a list is needed here")
        return (Cursor(child, self._file) for child in self._node.value)

    def text(self) -> str:
        """A scalar as its text, also if YAML reads it as a number or a boolean."""
        if not isinstance(self._node, yaml.ScalarNode) or self.is_null:
            self.fail("a text is needed here")
        return str(self._node.value)

    def integer(self) -> int:
        """A whole number."""
        value = self.plain()
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail("a whole number is needed here")
        return value

    def number(self) -> float:
        """A number, in whatever unit the key says."""
        value = self.plain()
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self.fail("a number is needed here")
        return float(value)

    def boolean(self) -> bool:
        """`true` or `false`."""
        value = self.plain()
        if not isinstance(value, bool):
            self.fail("true or false is needed here")
        return value

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """A list of `[name, value]` pairs; order and repetition matter."""
        found = []
        for element in self.elements():
            pair = [part.text() for part in element.elements()]
            if len(pair) != 2:
                element.fail("a [name, value] pair is needed here")
            found.append((pair[0], pair[1]))
        return tuple(found)


def open_yaml(path: Path, shown: str | None = None) -> Cursor:
    """The document in `path`; `shown` is the file name for messages (default: the path).

    Raises CaseError with the place for broken YAML and for an empty document.
    """
    name = shown or str(path)
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise CaseError(f"{name}:{line}:{column}: {problem.problem}") from problem
    if node is None:
        raise CaseError(f"{name}:1:1: the file is empty")
    return Cursor(node, name)
