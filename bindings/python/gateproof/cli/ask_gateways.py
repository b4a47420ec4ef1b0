"""`gateproof ask --dialect standard`: Gateway API manifests served as a controller of their own
class would serve them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from gateproof.errors import ConfigError

if TYPE_CHECKING:
    from gateproof.result import Result
    from gateproof.world import World

BUNDLE_VERSION = "v1.7.0"
_SUFFIXES = (".yaml", ".yml", ".json")
_PORTS = {"http": 80, "https": 443}


def manifest_text(paths: Sequence[str], stdin: str) -> str:
    """The manifests of files and directories as one text of several documents."""
    texts: list[str] = []
    for name in paths:
        path = Path(name)
        if name == "-":
            texts.append(stdin)
        elif path.is_dir():
            found = sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES)
            texts += [one.read_text(encoding="utf-8") for one in found]
        elif path.is_file():
            texts.append(path.read_text(encoding="utf-8"))
        else:
            raise ConfigError(f"{name} does not exist")
    return "\n---\n".join(texts)


def controllers(text: str) -> list[str]:
    """The controllers that the GatewayClasses of the manifests name, in their order."""
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as problem:
        raise ConfigError(f"the manifests cannot be read: {problem}") from None
    objects = [one for one in documents if isinstance(one, dict)]
    listed = [item for one in objects for item in one.get("items") or [] if isinstance(item, dict)]
    names = [
        str((one.get("spec") or {}).get("controllerName", ""))
        for one in [*objects, *listed]
        if one.get("kind") == "GatewayClass"
    ]
    return list(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True)
class Asked:
    """The answer, and what objects of the manifests are told that keeps them from being served."""

    result: Result
    told: list[str]


Status = tuple[str, str, str, int, str]


def _addresses(statuses: Sequence[Status]) -> list[str]:
    found = [json.loads(status) for kind, _, _, _, status in statuses if kind == "Gateway"]
    return [one["value"] for status in found for one in status.get("addresses") or []]


def _conditions(status: object) -> Iterator[dict[str, str]]:
    if isinstance(status, dict):
        yield from status.get("conditions") or []
        for name in ("listeners", "parents", "ancestors"):
            for part in status.get(name) or []:
                yield from _conditions(part)


def _told(statuses: Sequence[Status]) -> list[str]:
    out = [
        f"{kind} {namespace}/{name}: {one['type']} is False, {one['reason']}: {one['message']}"
        for kind, namespace, name, _, status in statuses
        for one in _conditions(json.loads(status))
        if one["status"] == "False" and one["type"] in ("Accepted", "Programmed", "ResolvedRefs")
    ]
    return list(dict.fromkeys(out))


def ask_gateways(
    world: World, text: str, method: str, url: str, entry_point: str | None, **request: Any
) -> Asked:
    """The answer of the first Gateway on the URL's port that has a route for it, else of the
    first one. Raises ConfigError if no GatewayClass is there or nobody listens."""
    names = controllers(text)
    if not names:
        raise ConfigError(
            "the manifests have no GatewayClass: without one nobody knows whose Gateways they are; "
            "add it to what you name"
        )
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 80)
    first: Asked | None = None
    told: list[str] = []
    for controller in names:
        statuses = world.load_gateway(text, BUNDLE_VERSION, controller)
        told = _told(statuses)
        for entry in [entry_point] if entry_point else [
            f"{address}:{port}/tcp" for address in _addresses(statuses)
        ]:  # fmt: skip
            try:
                result = world.ask(method, url, entry_point=entry, **request)
            except ValueError:  # nothing listens there
                continue
            if result.router:
                return Asked(result, told)
            first = first or Asked(result, told)
    if first is None:
        raise ConfigError("\n".join([f"no Gateway listens on {entry_point or port}", *told]))
    return first
