"""The standard ConformanceReport: what the suite wrote, with a heading that says how it was run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateproof.gateway_suite.versions import Suite

# The report's `mode` of a run in which cluster and backends are simulated.
SIMULATION = "simulation"


@dataclass(frozen=True)
class Implementation:
    """Who is tested, as the report names it."""

    organization: str = "gateproof"
    project: str = "gateproof"
    url: str = "https://gateproof.dev"
    version: str = ""
    contact: str = "https://gateproof.dev"

    def flags(self) -> list[str]:
        """For the suite's binary."""
        return [
            f"-organization={self.organization}",
            f"-project={self.project}",
            f"-url={self.url}",
            f"-version={self.version}",
            f"-contact={self.contact}",
        ]


@dataclass(frozen=True)
class Level:
    """Core or extended tests of one profile."""

    result: str
    passed: int
    failed: int
    skipped: int
    unsupported: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: dict[str, Any]) -> Level:
        """From a report."""
        numbers = data.get("statistics") or {}
        return cls(
            data.get("result", ""),
            numbers.get("Passed", 0),
            numbers.get("Failed", 0),
            numbers.get("Skipped", 0),
            tuple(data.get("unsupportedFeatures") or ()),
        )


@dataclass(frozen=True)
class Profile:
    """One profile of a report."""

    name: str
    summary: str
    core: Level
    extended: Level | None

    @property
    def complete(self) -> bool:
        """Everything passed, nothing was skipped or left out as unsupported."""
        levels = [self.core, *([self.extended] if self.extended else [])]
        return all(one.result == "success" and not one.unsupported for one in levels)

    def line(self) -> str:
        """For people."""
        text = f"{self.name}: core {_numbers(self.core)}"
        if self.extended:
            text += f"; extended {_numbers(self.extended)}"
            if self.extended.unsupported:
                text += f", {len(self.extended.unsupported)} features unsupported"
        return text


def _numbers(level: Level) -> str:
    text = f"{level.passed} passed"
    text += f", {level.failed} failed" if level.failed else ""
    return text + (f", {level.skipped} skipped" if level.skipped else "")


def read_profiles(path: Path) -> list[Profile]:
    """The profiles of a report file, by name; none if there is no such file."""
    if not path.exists():
        return []
    data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return [
        Profile(
            one["name"],
            one.get("summary", ""),
            Level.read(one.get("core") or {}),
            Level.read(one["extended"]) if one.get("extended") else None,
        )
        for one in sorted(data.get("profiles") or [], key=lambda one: str(one["name"]))
    ]


def heading(suite: Suite, selection: str, api: str) -> list[str]:
    """What has to be known of a run and has no field in the report."""
    return [
        f"Gateway API conformance suite {suite.version}: its own test binary, unmodified.",
        "Run in simulation: there was no Kubernetes cluster; the API server, its controllers and",
        "the node that runs the echo pods are Gateproof's. The gateway served real sockets.",
        f"Helper module of the suite's binary: {suite.helper}.",
        f"API server: {api}. Features are those of the GatewayClass's status.",
        selection or "All tests of the gateway profiles; those of the mesh are not run.",
    ]


def write_report(source: Path, into: Path, lines: list[str]) -> None:
    """Copies a report with its heading as comments."""
    into.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"# {line}\n" for line in lines) + source.read_text(encoding="utf-8")
    into.write_text(text, encoding="utf-8")
