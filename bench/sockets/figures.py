"""Medians with their ranges, ratios within a round, and the tables made of them."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The least, the middle and the greatest of some values."""

    low: float
    median: float
    high: float

    def told(self) -> dict[str, float]:
        return {"min": self.low, "median": self.median, "max": self.high}


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError where there is none."""
    if not values:
        raise ValueError("no values")
    return Spread(min(values), statistics.median(values), max(values))


def ratios(values: Mapping[int, float], others: Mapping[int, float]) -> list[float]:
    """Value by value of the same round: what the machine did meanwhile was done to both."""
    return [values[n] / others[n] for n in sorted(values) if others.get(n)]


def meets(median: float, target: float, more_is_better: bool) -> bool:
    """Whether a median is as good as the target at least."""
    return median >= target if more_is_better else median <= target


def number(value: float) -> str:
    """Three digits that count: 0.213, 4.71, 38.2, 1520."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def shown(one: Spread) -> str:
    return f"{number(one.median)} ({number(one.low)} to {number(one.high)})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown, its columns padded to be read as it is."""
    wide = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]

    def line(row: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(wide[n]) for n, cell in enumerate(row)) + " |"

    return "\n".join([line(head), line(["-" * n for n in wide]), *map(line, rows)])
