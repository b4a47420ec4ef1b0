"""A result in words, and as data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateproof.result import _FIELDS, Candidate, TraceStep

if TYPE_CHECKING:
    from gateproof.result import Result

_INDENT = " " * 14
NO_TRACE = "(no steps were recorded: World(trace=True) records them)"


def _line(label: str, text: str) -> str:
    return f"{label:<14}{text}"


def _entry_point(result: Result) -> str | None:
    for step in result.trace:
        if step.stage.startswith("entryPoint "):
            return step.stage.removeprefix("entryPoint ")
    return None


def _told(step: TraceStep) -> str:
    words = {"path": "", "pass": "", "pick": "", "answer": "answers "}
    prefix = words.get(step.action, f"{step.action} ")
    return f"{prefix}{step.detail}"


def _steps(result: Result) -> Iterator[str]:
    number = 0
    last = ""
    for step in result.trace:
        kind, _, name = step.stage.partition(" ")
        if (kind == "router" and step.action == "route") or (
            kind == "entryPoint" and step.action == "enter"
        ):
            continue
        if kind == "server":
            # The last section tells the answer; here only what went wrong is news.
            if step.action != "failure":
                continue
        if step.stage != last and kind == "middleware":
            number += 1
        same = step.stage == last
        label = "" if same else f"{number}. {name}" if kind == "middleware" else f"{kind} {name}"
        last = step.stage
        if same and step.action != "beyond":
            yield f"{_INDENT}   {_told(step)}"
        elif step.action == "beyond":
            yield f"{_INDENT}   -- {step.detail}"
        else:
            yield f"{_line('', label)}: {_told(step)}"


def _router(result: Result) -> Iterator[str]:
    if result.router is None:
        if result.status and result.trace and result.trace[-1].action == "answer":
            yield _line("router", "none was asked")
        else:
            yield _line("router", "none matches")
        return
    place = f"  ({result.rule_place})" if result.rule_place else ""
    yield _line("router", f"{result.router}{place}")
    if result.rule:
        yield _line("", f"{result.rule}  priority {result.priority}")


def _answer(result: Result) -> Iterator[str]:
    if result.service:
        yield _line("service", result.service)
    if result.server:
        tries = f"  (attempt {result.attempts})" if result.attempts > 1 else ""
        yield _line("server", f"{result.server}{tries}")
    status = f"{result.status} {result.reason}".strip()
    if result.stopped_by:
        where = result.stopped_by.removeprefix("middleware ")
        yield _line("answer", f"{status}, by {where}; the server is not asked")
    elif result.status:
        yield _line("answer", status)
    elif result.asked:
        yield _line("answer", "whatever the server says; it was not asked")
    else:
        yield _line("answer", "none: the connection was closed")
    location = result.headers.get("location")
    if location:
        yield _line("", f"Location: {location}")
    if result.failure:
        yield _line("failure", result.failure)


def _order(candidate: Candidate) -> tuple[bool, bool, int, str]:
    # Those that come closest first: would have won, did match, then by priority.
    return (
        not candidate.would_win, not candidate.matches, -candidate.priority, candidate.router
    )  # fmt: skip


def _candidates(result: Result, limit: int) -> Iterator[str]:
    others = sorted(result.candidates, key=_order)
    if not others:
        return
    yield f"other routers ({len(others)})"
    for one in others[:limit]:
        place = f"  ({one.place})" if one.place else ""
        yield f"  {one.router}: {one.why}{place}"
    if len(others) > limit:
        yield f"  ... and {len(others) - limit} more"


def explain(result: Result, limit: int) -> str:
    """See `Result.explain`."""
    lines = [f"{result.method} {result.url}"]
    entry_point = result.entry_point or _entry_point(result)
    if entry_point:
        lines.append(_line("entry point", entry_point))
    if not result.trace and result.status != 404:
        lines.append(NO_TRACE)
    lines.extend(_router(result))
    steps = list(_steps(result))
    if steps:
        lines.append("steps")
        lines.extend(steps)
    lines.extend(_answer(result))
    lines.extend(_candidates(result, limit))
    return "\n".join(line.rstrip() for line in lines)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: _plain(getattr(value, name)) for name in value._fields}
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return [_plain(one) for one in value]


def as_dict(result: Result) -> dict[str, Any]:
    """See `Result.as_dict`. Durations are seconds, headers are pairs, bodies Latin-1 text."""
    facts = {name: _plain(getattr(result, name)) for name in _FIELDS}
    return {"method": result.method, "url": result.url, "asked": result.asked, **facts}
