"""What benchmarks call: the same `world.send` that everybody uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gateproof.result import Result
from gateproof.world import World

CHAIN = ("strip", "add", "request", "response", "allow")
BODY = b"x" * 100


def configuration(routes: int) -> dict[str, Any]:
    """`routes` routers, `Host && PathPrefix` each, with a chain of five middlewares each."""
    middlewares: dict[str, Any] = {
        "add": {"addPrefix": {"prefix": "/app"}},
        "request": {"headers": {"customRequestHeaders": {"X-Request": "one"}}},
        "response": {"headers": {"customResponseHeaders": {"X-Response": "two"}}},
        "allow": {"ipAllowList": {"sourceRange": ["127.0.0.0/8", "10.0.0.0/8"]}},
    }
    routers: dict[str, Any] = {}
    for k in range(routes):
        middlewares[f"strip{k}"] = {"stripPrefix": {"prefixes": [f"/p{k}"]}}
        routers[f"r{k}"] = {
            "rule": f"Host(`h{k}.example.com`) && PathPrefix(`/p{k}`)",
            "middlewares": [f"strip{k}", *CHAIN[1:]],
            "service": "backend",
        }
    backend = {"loadBalancer": {"servers": [{"url": "http://10.0.0.1:8080"}]}}
    return {
        "http": {"routers": routers, "middlewares": middlewares, "services": {"backend": backend}}
    }


def world(routes: int, *, arm: str = "direct", trace: bool = False) -> World:
    """A world with that configuration and its backend."""
    made = World(
        config=configuration(routes),
        static={"entryPoints": {"web": {"address": ":80"}}, "providers": {"file": {}}},
        arm=arm,
        trace=trace,
    )
    made.upstream("10.0.0.1:8080", body=BODY, headers={"Content-Type": "text/plain"})
    return made


def factory(routes: int) -> Callable[[str, str, str, Iterable[tuple[str, str]]], Result]:
    """A callable `(method, host, path, headers) -> Result` over `routes` routes."""
    send = world(routes).send

    def call(method: str, host: str, path: str, headers: Iterable[tuple[str, str]]) -> Result:
        result = send(method, f"http://{host}{path}", headers=headers)
        if result.status != 200:
            raise AssertionError(f"{method} {host}{path}: {result.status}")
        return result

    return call
