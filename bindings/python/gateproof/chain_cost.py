"""Where the time of an exchange goes: a router's whole chain, and the chain without each step.

The measuring is done by `gateproof-measure`, a program beside the engine that counts every
allocation of its process; here its samples become figures with intervals.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gateproof import _core
from gateproof.errors import GateproofError

# Half the width of a normal distribution's middle 95 %, in standard deviations.
_Z95 = 1.96


class MeasureError(GateproofError, ValueError):
    """Nothing could be measured: no such router, or the request goes elsewhere."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A median over rounds, and the interval that holds it with 95 % confidence.

    The interval's ends are order statistics of the rounds, so that nothing is assumed about how
    the noise of the machine is distributed. `low` and `high` are the median where rounds are few.
    """

    median: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether zero lies outside of the interval."""
        return self.low > 0 or self.high < 0


def figure(values: Sequence[float]) -> Figure:
    """The median of some rounds. Raises ValueError without any."""
    ordered = sorted(values)
    n = len(ordered)
    half = _Z95 * math.sqrt(n) / 2
    low = max(math.floor(n / 2 - half), 0)
    high = min(math.ceil(n / 2 + half), n - 1)
    return Figure(statistics.median(ordered), ordered[low], ordered[high])


@dataclass(frozen=True, slots=True)
class Cost:
    """Nanoseconds, allocations and allocated bytes of one exchange, or the share of a step."""

    ns: Figure
    allocations: Figure
    bytes: Figure


@dataclass(frozen=True, slots=True)
class StepCost:
    """What a middleware adds: the whole chain less the chain without it, round by round.

    `owner` is the router or entry point in whose list it stands. `statuses` are the answers of the
    chain without it; where they are not those of the whole, it decides what happens, and its cost
    is that of whatever else happened.
    """

    name: str
    owner: str
    cost: Cost
    statuses: dict[int, int]
    decides: bool


@dataclass(frozen=True, slots=True)
class ChainCost:
    """A measured chain. `stopped_by` is the middleware that answered in the server's stead."""

    router: str
    entry_point: str
    method: str
    url: str
    rounds: int
    exchanges: int
    whole: Cost
    statuses: dict[int, int]
    stopped_by: str | None
    steps: tuple[StepCost, ...] = ()

    @property
    def rest(self) -> float:
        """Nanoseconds that no step accounts for: entry point, routing, service, server."""
        return self.whole.ns.median - sum(one.cost.ns.median for one in self.steps)

    def as_dict(self) -> dict[str, Any]:
        """As data for JSON."""
        return {**asdict(self), "rest_ns": self.rest}


@dataclass
class _Variant:
    name: str
    owner: str
    statuses: dict[int, int] = field(default_factory=dict)
    samples: list[tuple[float, float, float]] = field(default_factory=list)


def _cost(samples: Sequence[tuple[float, ...]]) -> Cost:
    ns, allocations, size = (figure([one[k] for one in samples]) for k in range(3))
    return Cost(ns, allocations, size)


def _read(lines: Sequence[str], rounds: int, exchanges: int) -> ChainCost:
    facts: dict[str, list[str]] = {}
    variants: list[_Variant] = []
    for line in lines:
        kind, *values = line.split("\t")
        if kind == "variant":
            variants.append(_Variant(values[1], values[2]))
        elif kind == "status":
            variants[int(values[0])].statuses[int(values[1])] = int(values[2])
        elif kind == "sample":
            ns, allocations, size = map(float, values[1:])
            variants[int(values[0])].samples.append((ns, allocations, size))
        else:
            facts[kind] = values
    whole, *others = variants

    def step(one: _Variant) -> StepCost:
        # Both were measured in the same round, so what the machine did meanwhile hit both.
        pairs = zip(whole.samples, one.samples, strict=True)
        saved = [tuple(a - b for a, b in zip(full, less, strict=True)) for full, less in pairs]
        decides = one.statuses != whole.statuses
        return StepCost(one.name, one.owner, _cost(saved), one.statuses, decides)

    method, url, entry_point = facts["request"]
    return ChainCost(
        router=facts["router"][0],
        entry_point=entry_point,
        method=method,
        url=url,
        rounds=rounds,
        exchanges=exchanges,
        whole=_cost(whole.samples),
        statuses=whole.statuses,
        stopped_by=facts["stopped"][0] if "stopped" in facts else None,
        steps=tuple(step(one) for one in others),
    )


def program() -> Path:
    """`gateproof-measure`, which lies beside the engine. Raises MeasureError."""
    found = Path(str(_core.__file__)).parent / "gateproof-measure"
    if not os.access(found, os.X_OK):
        raise MeasureError(f"{found} is missing: build the target gateproof_measure")
    return found


def measure(
    paths: Sequence[str],
    request: Mapping[str, str | Sequence[str]],
    *,
    environment: Mapping[str, str] | None = None,
    rounds: int = 200,
    exchanges: int = 25,
    progress: Callable[[int], None] = lambda _round: None,
) -> ChainCost:
    """Measures; `request` are options of `gateproof-measure` by name, without dashes.

    `progress` gets the number of rounds that are finished. Raises MeasureError.
    """
    options: list[str] = []
    for path in paths:
        options += ["--path", path]
    for name, value in (environment or {}).items():
        options += ["--env", f"{name}={value}"]
    for name, given in {**request, "rounds": str(rounds), "exchanges": str(exchanges)}.items():
        for value in [given] if isinstance(given, str) else given:
            options += [f"--{name}", value]
    with (
        tempfile.TemporaryFile("w+") as out,
        subprocess.Popen(
            [str(program()), *options], stdout=out, stderr=subprocess.PIPE, text=True
        ) as running,
    ):
        assert running.stderr is not None
        said = ""
        for line in running.stderr:
            if line.strip().isdecimal():
                progress(int(line))
            else:
                said += line
        code = running.wait()
        out.seek(0)
        lines = out.read().splitlines()
    if code != 0:
        why = lines[0].partition("\t")[2] if lines else said.strip() or f"exit code {code}"
        raise MeasureError(why)
    return _read(lines, rounds, exchanges)
