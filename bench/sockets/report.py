"""What was measured, as tables and as data."""

from dataclasses import dataclass
from typing import Any

from figures import Spread, meets, ratios, shown, spread, table
from measuring import Found
from rows import ROWS, Row

JUDGE, OURS = "traefik", "gateproof"
CALLS_SHOWN = 6


@dataclass(frozen=True)
class Line:
    """One contender in one row; `ratio` is to the judge in the same round, or, of rows that
    compare within a proxy, the value itself."""

    name: str
    value: Spread
    ratio: Spread | None


def lines(row: Row, values: dict[str, dict[int, float]]) -> list[Line]:
    """In the order in which they were measured."""
    found = []
    for name, by_round in values.items():
        value = spread(list(by_round.values()))
        ratio: Spread | None = value if row.within else None
        if not row.within:
            shares = ratios(by_round, values.get(JUDGE, {}))
            ratio = spread(shares) if shares else None
        found.append(Line(name, value, ratio))
    return found


def verdict(row: Row, found: list[Line]) -> bool | None:
    """Whether the target is met; None where there is none, or where nothing was compared."""
    ours = next((one for one in found if one.name == OURS), None)
    if row.target is None or ours is None or ours.ratio is None:
        return None
    return meets(ours.ratio.median, row.target, row.more_is_better)


def _target(row: Row, found: list[Line]) -> str:
    if row.target is None:
        return ""
    met = {True: ": met", False: ": missed", None: ""}[verdict(row, found)]
    what = f"{row.target:g}" if row.within else f"{row.target:g} of Traefik's"
    return f"; target {what}{met}"


def as_text(found: Found) -> str:
    """Tables of Markdown; the figures are medians, and in brackets the range of all rounds."""
    parts = []
    for key, row in ROWS.items():
        if key not in found.values:
            continue
        told = lines(row, found.values[key])
        unit = f" ({row.unit})" if row.unit else ""
        parts.append(f"### {row.title}{unit}{_target(row, told)}\n")
        head = ["contender", "median (range)"]
        cells = [[one.name, shown(one.value)] for one in told]
        if not row.within and any(one.ratio for one in told):
            head.append("of Traefik's")
            for cell, one in zip(cells, told, strict=True):
                cell.append(shown(one.ratio) if one.ratio else "")
        parts.append(table(head, cells) + "\n")
        if key in found.disturbed:
            share = 100 * found.disturbed[key]
            parts.append(f"others took up to {share:.0f} % of the proxies' core meanwhile\n")
        if key == "calls":
            parts.extend(f"{name}: {_most(calls)}" for name, calls in found.calls.items())
            parts.append("")
    parts += [f"not measured: {one}" for one in found.skipped]
    parts += [f"FAILED {one}" for one in found.problems]
    return "\n".join(parts)


def _most(calls: dict[str, float]) -> str:
    ordered = sorted(calls.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {each:.2f}" for name, each in ordered[:CALLS_SHOWN])


def as_data(found: Found) -> dict[str, Any]:
    """The same for JSON, with the values of every round."""
    told: dict[str, Any] = {}
    for key, row in ROWS.items():
        if key not in found.values:
            continue
        values = found.values[key]
        all_lines = lines(row, values)
        told[key] = {
            "title": row.title,
            "unit": row.unit,
            "target": row.target,
            "met": verdict(row, all_lines),
            "disturbed_most": found.disturbed.get(key),
            "contenders": {
                one.name: {
                    **one.value.told(),
                    "values": list(values[one.name].values()),
                    "of_traefik": one.ratio.told() if one.ratio and not row.within else None,
                }
                for one in all_lines
            },
        }
    return {
        "rows": told,
        "calls": found.calls,
        "skipped": found.skipped,
        "problems": found.problems,
    }


def missed(found: Found) -> list[str]:
    """Keys of the rows whose target is missed."""
    keys = found.values.items()
    return [key for key, values in keys if verdict(ROWS[key], lines(ROWS[key], values)) is False]
