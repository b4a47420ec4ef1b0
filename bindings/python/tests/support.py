"""What several tests need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateproof.errors import GateproofError
from gateproof.gateway_suite import versions
from gateproof.http1.model import Http1Case
from gateproof.http1.outcome import Outcome

SHOP: dict[str, Any] = {
    "http": {
        "routers": {
            "shop": {
                "rule": "Host(`shop.test`) && PathPrefix(`/api`)",
                "middlewares": ["strip", "mark"],
                "service": "shop",
            },
            "admin": {"rule": "Host(`shop.test`) && Path(`/admin`)", "service": "shop",
                      "middlewares": ["login"]},
            "rest": {"rule": "Host(`shop.test`)", "service": "shop", "priority": 1},
        },
        "middlewares": {
            "strip": {"stripPrefix": {"prefixes": ["/api"]}},
            "mark": {"headers": {"customResponseHeaders": {"X-Mark": "yes"}}},
            "login": {"basicAuth": {"users": ["u:$apr1$x$QbPRy6lWDXQ9rxkZOwlPU/"]}},
        },
        "services": {"shop": {"loadBalancer": {"servers": [{"url": "http://shop.internal:80"}]}}},
    }
}  # fmt: skip

WEB: dict[str, Any] = {
    "entryPoints": {"web": {"address": ":80"}, "websecure": {"address": ":443"}},
    "providers": {"file": {"filename": "dynamic.yaml"}},
}


class Careless:
    """A proxy for the gardens: reads what is sent first, relays it by a function of the bytes, and
    then `last`."""

    def __init__(self, name: str, relay: Callable[[bytes], bytes], last: bytes = b"") -> None:
        self.name = name
        self._relay = relay
        self._last = last

    def run(self, case: Http1Case) -> Outcome:
        """Everything goes to one connection of the server."""
        raw = self._relay(case.sends[0]) + self._last
        return Outcome.read(case, b"", True, [raw] if raw else [])


def suite_or_skip(version: str) -> versions.Suite:
    """The sources of the official Gateway API suite; the test is skipped where there are none."""
    try:
        found = versions.find_suite(version)
        assert found.sources.is_dir()
    except GateproofError as problem:
        pytest.skip(f"the suite's sources are not to be had: {problem}")
    return found
