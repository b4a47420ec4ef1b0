#!/usr/bin/env python3
"""What a middleware in Python costs: whole exchanges of the direct arm without one, with one that
does nothing and with one that reads a field and sets another, in turns in one run.

    .venv/bin/python bench/python_plugin.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
from time import perf_counter_ns
from typing import Any

import gateproof as gp

EXCHANGES = 300


class Idle(gp.Plugin):
    """Called, and does nothing."""

    def __init__(self, config: dict[str, Any], name: str) -> None:
        pass

    def on_request(self, request: gp.PluginRequest) -> None:
        """Nothing."""


class Field(Idle):
    """Reads one field and sets one."""

    def on_request(self, request: gp.PluginRequest) -> None:
        """One of each."""
        request.headers["X-Seen"] = request.headers.get("Accept", "none")


def world(plugin: type[Idle] | None) -> gp.World:
    """A router with that plugin, and a server."""
    router = {"rule": "PathPrefix(`/`)", "service": "s", "middlewares": ["m"] if plugin else []}
    http = {
        "routers": {"r": router},
        "middlewares": {"m": {"plugin": {"p": {}}}},
        "services": {"s": {"loadBalancer": {"servers": [{"url": "http://a.test:80"}]}}},
    }
    made = gp.World(config={"http": http}, trace=False, plugins={"p": plugin or Idle})
    made.upstream("a.test:80", body="x" * 100)
    return made


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    worlds = {"none": world(None), "idle": world(Idle), "one field": world(Field)}
    took: dict[str, list[float]] = {name: [] for name in worlds}
    for _ in range(rounds):
        for name, one in worlds.items():
            send = one.send
            begin = perf_counter_ns()
            for _ in range(EXCHANGES):
                send("GET", "http://a.test/", headers=[("Accept", "*/*")])
            took[name].append((perf_counter_ns() - begin) / EXCHANGES)
    base = statistics.median(took["none"])
    for name, times in took.items():
        ns = statistics.median(times)
        print(f"{name:<10} {ns:8.0f} ns an exchange, {ns - base:+8.0f} ns, {ns / base:.2f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
