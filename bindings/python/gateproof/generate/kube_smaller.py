"""Every way to make a set of objects a little smaller; whether it still disagrees is not asked."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gateproof.generate.kube_sets import KubeSet
from gateproof.generate.pairs import Data

_EXTRA = re.compile(r" && (?!Path)[^&]*$")
Path = tuple[str | int, ...]
# Without these an object says something quite different, or nothing.
_KEPT = frozenset({"kind", "name", "match", "host", "gatewayClassName", "parentRefs", "listeners"})


def _paths(node: Any, path: Path = ()) -> Iterator[Path]:
    items: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(node, dict):
        items = iter(node.items())
    elif isinstance(node, list):
        items = iter(enumerate(node))
    for key, value in items:
        yield (*path, key)
        yield from _paths(value, (*path, key))


def _without(node: Any, path: Path) -> Any:
    out = copy.deepcopy(node)
    parent = out
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]
    return out


def _objects(one: KubeSet) -> Iterator[KubeSet]:
    for number, given in enumerate(one.objects):
        rest = (*one.objects[:number], *one.objects[number + 1 :])
        if rest:
            yield replace(one, objects=rest)
        for part in ("spec", "annotations"):
            for path in _paths(given.get(part) or {}):
                if path[-1] in _KEPT:
                    continue
                less = {**given, part: _without(given[part], path)}
                yield replace(
                    one, objects=(*one.objects[:number], less, *one.objects[number + 1 :])
                )
        for plain in _plainer(given):
            yield replace(one, objects=(*one.objects[:number], plain, *one.objects[number + 1 :]))


def _plainer(given: Data) -> Iterator[Data]:
    """With a rule that has one matcher less."""
    for number, route in enumerate(given.get("spec", {}).get("routes") or ()):
        short = _EXTRA.sub("", route.get("match", ""))
        if short != route.get("match"):
            plain = copy.deepcopy(given)
            plain["spec"]["routes"][number]["match"] = short
            yield plain


def _requests(one: KubeSet) -> Iterator[KubeSet]:
    if len(one.requests) > 1:
        for sent in one.requests:
            yield replace(one, requests=(sent,))
    for number, sent in enumerate(one.requests):
        for key in ("headers", "body", "method"):
            if sent.get(key, "GET") != "GET":
                less = {k: v for k, v in sent.items() if k != key}
                requests = (*one.requests[:number], less, *one.requests[number + 1 :])
                yield replace(one, requests=requests)


def smaller_sets(one: KubeSet) -> list[KubeSet]:
    """Sets that each lack one part of this one, the smallest first."""
    return sorted((*_requests(one), *_objects(one)), key=lambda found: found.size)
