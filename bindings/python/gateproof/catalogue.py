"""The middleware types: their options from the engine's schemas, their record against real Traefik.

The record is `data/middlewares.json`; `tools/middleware_record` makes it by running every parity
case on every arm and against the binary, and the benchmark of each type.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateproof import _core

if TYPE_CHECKING:
    from gateproof.cases import Case

RECORD = Path(__file__).parent / "data" / "middlewares.json"


@dataclass(frozen=True)
class Option:
    """One option. `name` is its path: `ipStrategy.depth`, with `[]` for elements of lists."""

    name: str
    type: str
    default: str
    deprecated: bool = False
    instead: str = ""


@dataclass(frozen=True)
class Record:
    """What was measured of one type.

    `cases` is the number of parity cases that use it, `compared` how many of them were compared
    with the binary on at least one arm, `differences` how many of those differ for a reason that
    is written down (none may differ without). `ns` is the time of one call through a chain with
    this middleware alone in nanoseconds (Release, the machine of the record; None: it is not in
    the chain that runs, or its time is somebody else's), `floor` the same in bare virtual calls
    of the same run.
    """

    cases: int = 0
    compared: int = 0
    differences: int = 0
    ns: float | None = None
    floor: float | None = None


@dataclass(frozen=True)
class MiddlewareType:
    """A type with everything known about it."""

    type: str
    options: tuple[Option, ...]
    record: Record = field(default_factory=Record)

    @property
    def status(self) -> str:
        """One phrase on how it compares with the real binary."""
        if not self.record.compared:
            return "not compared"
        if self.record.differences:
            return f"same but for {self.record.differences} explained"
        return "same"

    def as_dict(self) -> dict[str, Any]:
        """Everything as data for JSON."""
        return {**asdict(self), "status": self.status}


@cache
def _recorded() -> dict[str, Any]:
    if not RECORD.is_file():
        return {"traefik": "", "types": {}}
    data: dict[str, Any] = json.loads(RECORD.read_text())
    return data


def traefik_version() -> str:
    """The version of the binary that the record is against."""
    return str(_recorded()["traefik"])


def middleware_types() -> tuple[MiddlewareType, ...]:
    """All types that the engine builds, by name."""
    recorded = _recorded()["types"]
    return tuple(
        MiddlewareType(
            one["type"],
            tuple(Option(**option) for option in one["options"]),
            Record(**recorded.get(one["type"], {})),
        )
        for one in _core.middleware_types()
    )


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if str(key).lower() == "middlewares" and isinstance(value, Mapping):
                for options in value.values():
                    if isinstance(options, Mapping):
                        yield from (str(name).lower() for name in options)
            else:
                yield from _names(value)


def types_of(case: Case) -> frozenset[str]:
    """The middleware types that a case configures, in lower case."""
    import yaml

    found = set(_names(case.dynamic or {}))
    for name, text in case.files.items():
        if name.endswith((".yml", ".yaml")) and "{{" not in text:
            try:
                found.update(_names(yaml.safe_load(text)))
            except yaml.YAMLError:
                continue  # a case about broken files
    return frozenset(found)


def count_cases(cases: Iterable[Case]) -> dict[str, int]:
    """How many cases use each type, by lower-case type name."""
    counts: dict[str, int] = {}
    for case in cases:
        for name in types_of(case):
            counts[name] = counts.get(name, 0) + 1
    return counts
