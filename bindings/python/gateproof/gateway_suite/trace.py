"""The engine's own trace of a request that a test has made: asked again in virtual time, of the
objects as they were then."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from gateproof.gateway_suite.kube import Object

_REQUEST = re.compile(r"Making (\S+) request to host (\S*) via (http://\S+)")


def last_request(lines: Sequence[str]) -> tuple[str, str, str] | None:
    """Method, URL with the host that was asked for, and entry point; None if there is none."""
    for line in reversed(lines):
        if found := _REQUEST.search(line):
            method, host, url = found.groups()
            parts = urlsplit(url)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            entry = f"{parts.hostname}:{parts.port or 80}/tcp"
            return method, f"http://{host or parts.netloc}{target}", entry
    return None


def engine_trace(
    lines: Sequence[str], objects: Sequence[Object], version: str, controller: str, usable: str
) -> list[str]:
    """How the engine decides the last request of a test's log; empty if there is none over HTTP."""
    from gateproof import World

    asked = last_request(lines)
    if asked is None:
        return []
    method, url, entry = asked
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    with World(config={"http": {}}) as world:
        world.load_gateway(text, version, controller, [usable])
        try:
            return world.ask(method, url, entry_point=entry).explain().splitlines()
        except ValueError as problem:  # nothing listens there
            return [str(problem)]
