"""Parts of nested dictionaries and lists, by their path."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


def inner_paths(node: Any, path: Path = ()) -> Iterator[Path]:
    """Everything inside `node` that may be left out, outermost first."""
    items: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(node, dict):
        items = iter(node.items())
    elif isinstance(node, list):
        items = iter(enumerate(node))
    for key, value in items:
        yield (*path, key)
        yield from inner_paths(value, (*path, key))


def without(node: Any, path: Path) -> Any:
    """A copy that lacks what is at `path`."""
    out = copy.deepcopy(node)
    parent = out
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]
    return out
