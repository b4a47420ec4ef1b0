"""Ask an HTTP gateway what happens to a request, and why, before it is deployed.

    import gateproof as gp

    with gp.World(seed=7, config=gp.load("routes.yaml")) as world:
        world.upstream("cart.internal:80", body="hello")
        print(world.get("http://shop.test/cart").explain())

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateproof.cluster import Applied, Cluster
    from gateproof.config import Config, check, load
    from gateproof.errors import (
        BudgetExceeded,
        ConfigError,
        DeadlockError,
        GateproofError,
        ParityError,
        PluginError,
        RuleSyntaxError,
        SimulationError,
        StartError,
    )
    from gateproof.findings import Finding
    from gateproof.headers import Headers
    from gateproof.plugins import Plugin, PluginHeaders, PluginRequest, PluginResponse
    from gateproof.result import Candidate, Result, TraceStep
    from gateproof.rules import Rule, parse_rule
    from gateproof.scripts import Response, UpstreamRequest
    from gateproof.world import World

__version__ = "0.1.0"

_HOMES = {
    "Applied": "cluster",
    "BudgetExceeded": "errors",
    "Candidate": "result",
    "Cluster": "cluster",
    "Config": "config",
    "ConfigError": "errors",
    "DeadlockError": "errors",
    "Finding": "findings",
    "GateproofError": "errors",
    "Headers": "headers",
    "ParityError": "errors",
    "Plugin": "plugins",
    "PluginError": "errors",
    "PluginHeaders": "plugins",
    "PluginRequest": "plugins",
    "PluginResponse": "plugins",
    "Response": "scripts",
    "Result": "result",
    "Rule": "rules",
    "RuleSyntaxError": "errors",
    "SimulationError": "errors",
    "StartError": "errors",
    "TraceStep": "result",
    "UpstreamRequest": "scripts",
    "World": "world",
    "check": "config",
    "load": "config",
    "parse_rule": "rules",
}

__all__ = [
    "Applied",
    "BudgetExceeded",
    "Candidate",
    "Cluster",
    "Config",
    "ConfigError",
    "DeadlockError",
    "Finding",
    "GateproofError",
    "Headers",
    "ParityError",
    "Plugin",
    "PluginError",
    "PluginHeaders",
    "PluginRequest",
    "PluginResponse",
    "Response",
    "Result",
    "Rule",
    "RuleSyntaxError",
    "SimulationError",
    "StartError",
    "TraceStep",
    "UpstreamRequest",
    "World",
    "__version__",
    "check",
    "load",
    "parse_rule",
]

# In a source tree the engine lies in the build directory, not beside this file.
_tree = Path(__file__).resolve().parents[3]
if (_tree / "CMakePresets.json").is_file():
    __path__.append(str(_tree / "build" / "release" / "python" / "gateproof"))


if not TYPE_CHECKING:  # else every name would be Any to type checkers

    def __getattr__(name: str) -> Any:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
