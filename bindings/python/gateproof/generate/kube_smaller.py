"""Every way to make a set of objects a little smaller; whether it still disagrees is not asked."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace

from gateproof.generate.kube_sets import KubeSet
from gateproof.generate.pairs import Data
from gateproof.generate.tree import inner_paths, without

_EXTRA = re.compile(r" && (?!Path)[^&]*$")
# Without these an object says something quite different, or nothing.
_KEPT = frozenset({"kind", "name", "match", "host", "gatewayClassName", "parentRefs", "listeners"})


def _objects(one: KubeSet) -> Iterator[KubeSet]:
    for number, given in enumerate(one.objects):
        rest = (*one.objects[:number], *one.objects[number + 1 :])
        if rest:
            yield replace(one, objects=rest)
        for part in ("spec", "annotations"):
            for path in inner_paths(given.get(part) or {}):
                if path[-1] in _KEPT:
                    continue
                less = {**given, part: without(given[part], path)}
                yield replace(
                    one, objects=(*one.objects[:number], less, *one.objects[number + 1 :])
                )
        for plain in _plainer(given):
            yield replace(one, objects=(*one.objects[:number], plain, *one.objects[number + 1 :]))


def _plainer(given: Data) -> Iterator[Data]:
    """With a rule that has one matcher less."""
    for number, route in enumerate(given.get("spec", {}).get("routes") or ()):
        match = route.get("match", "")  # routes of UDP have none
        short = _EXTRA.sub("", match)
        if short != match:
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
