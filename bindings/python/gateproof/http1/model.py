"""Cases of bytes: what a client sends, what a server answers, and what may become of it.

The file format is described in `conformance/http1/README.md`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REFUSALS = tuple(range(400, 600))


class CaseProblem(ValueError):
    """A case file cannot be understood; the text names the file and the case."""


@dataclass(frozen=True)
class Expected:
    """One outcome that is allowed. None and empty parts are not looked at.

    `upstream` counts whole requests at the server; `nothing` forbids even a part of one.
    """

    statuses: tuple[frozenset[int], ...] | None = None
    interim: tuple[int, ...] | None = None
    closed: bool | None = None
    complete: bool | None = None
    upstream: int | None = None
    nothing: bool = False
    line: bytes | None = None
    has: tuple[bytes, ...] = ()
    lacks: tuple[bytes, ...] = ()
    last_has: tuple[bytes, ...] = ()
    last_lacks: tuple[bytes, ...] = ()
    body: bytes | None = None
    bodies: tuple[bytes, ...] | None = None
    trailers: tuple[bytes, ...] | None = None
    reply_has: tuple[bytes, ...] = ()
    reply_lacks: tuple[bytes, ...] = ()
    reply_body: bytes | None = None


@dataclass(frozen=True)
class Act:
    """One thing that a scripted server does: `send`, `half_close`, `close`, or wait until the
    request is `whole` (of an answer that begins at its head)."""

    what: str
    data: bytes = b""
    after: float = 0.0


@dataclass(frozen=True)
class Http1Case:
    """A case. `sends` are written one after the other, each when something has come back or
    `pause` seconds have passed; `answers` are those of the server, the last for all that follow."""

    name: str
    clause: str
    file: Path
    sends: tuple[bytes, ...]
    expected: Expected
    also: tuple[Expected, ...] = ()
    strict: Expected | None = None
    answers: tuple[tuple[Act, ...], ...] = ()
    at_head: bool = False
    side: str = "request"
    setup: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    only: tuple[str, ...] = ()
    half_close: bool = False
    patience: float | None = None
    why: str = ""

    def allowed(self, strict: bool) -> Expected:
        """What the engine must do."""
        return self.strict if strict and self.strict is not None else self.expected


def _bytes(part: Any) -> bytes:
    """A text in Latin-1, `{repeat: text, times: n}`, or a list of these in a row."""
    if isinstance(part, str):
        return part.encode("latin-1")
    if isinstance(part, dict) and set(part) == {"repeat", "times"}:
        return _bytes(part["repeat"]) * int(part["times"])
    if isinstance(part, list):
        return b"".join(_bytes(one) for one in part)
    raise CaseProblem(f"no bytes: {part!r}")


def _act(part: Any) -> Act:
    if part in ("close", "half_close", "whole"):
        return Act(str(part))
    if isinstance(part, dict) and "wait" in part:
        return dataclasses.replace(_act(part.get("then", "")), after=float(part["wait"]))
    return Act("send", _bytes(part))


def _acts(part: Any) -> tuple[Act, ...]:
    return tuple(map(_act, part)) if isinstance(part, list) else (_act(part),)


def _texts(part: Any) -> tuple[bytes, ...]:
    if part is None:
        return ()
    return tuple(map(_bytes, part)) if isinstance(part, list) else (_bytes(part),)


def _statuses(part: Any) -> tuple[frozenset[int], ...] | None:
    if part is None:
        return None
    many = part if isinstance(part, list) else [part]
    return tuple(frozenset(one if isinstance(one, list) else [one]) for one in many)


_KEYS = {
    "status", "interim", "closed", "complete", "upstream", "line", "has", "lacks", "body", "bodies",
    "reply_has", "reply_lacks", "reply_body", "last_has", "last_lacks", "trailers",
}  # fmt: skip


def _expected(part: Any, refusals: tuple[int, ...]) -> Expected:
    """`refuse [CODE]`, `pass`, or a mapping with the fields of `Expected`."""
    if isinstance(part, str):
        word, _, code = part.partition(" ")
        if word == "pass" and not code:
            return Expected((frozenset([200]),), upstream=1)
        if word == "refuse":
            codes = frozenset([int(code)]) if code else frozenset(refusals)
            return Expected((codes,), closed=True, upstream=0, nothing=True)
        raise CaseProblem(f"expected outcome {part!r}")
    unknown = set(part) - _KEYS
    if unknown:
        raise CaseProblem(f"unknown keys {sorted(unknown)}")
    seen = part.get("upstream")
    line, body, reply = part.get("line"), part.get("body"), part.get("reply_body")
    return Expected(
        statuses=_statuses(part.get("status")),
        interim=tuple(part["interim"]) if "interim" in part else None,
        closed=part.get("closed"),
        complete=part.get("complete"),
        upstream=0 if seen == "nothing" else seen,
        nothing=seen == "nothing",
        line=None if line is None else _bytes(line),
        has=_texts(part.get("has")),
        lacks=_texts(part.get("lacks")),
        last_has=_texts(part.get("last_has")),
        last_lacks=_texts(part.get("last_lacks")),
        body=None if body is None else _bytes(body),
        bodies=_texts(part["bodies"]) if "bodies" in part else None,
        trailers=_texts(part["trailers"]) if "trailers" in part else None,
        reply_has=_texts(part.get("reply_has")),
        reply_lacks=_texts(part.get("reply_lacks")),
        reply_body=None if reply is None else _bytes(reply),
    )


_CASE_KEYS = {
    "name", "clause", "send", "sends", "expect", "also", "strict", "answer", "answers", "at_head",
    "setup", "half_close", "patience", "why", "only",
}  # fmt: skip


def _case(row: Mapping[str, Any], common: Mapping[str, Any], path: Path) -> Http1Case:
    unknown = set(row) - _CASE_KEYS
    if unknown:
        raise CaseProblem(f"unknown keys {sorted(unknown)}")
    answers = row.get("answers")
    if answers is None and "answer" in row:
        answers = [row["answer"]]
    sends = row["sends"] if "sends" in row else [row.get("send", common.get("send", ""))]
    also = row.get("also", [])
    setup = row.get("setup", common.get("setup", {}))
    if isinstance(setup, str):
        setup = common["setups"][setup]
    only = tuple(row.get("only", common.get("only", ["traefik"] if setup else [])))
    return Http1Case(
        name=row["name"],
        clause=row.get("clause", common.get("clause", "")),
        file=path,
        sends=tuple(map(_bytes, sends)),
        expected=_expected(row["expect"], (400,)),
        also=tuple(
            _expected(one, REFUSALS) for one in (also if isinstance(also, list) else [also])
        ),
        strict=_expected(row["strict"], (400,)) if "strict" in row else None,
        answers=tuple(map(_acts, answers or [])),
        at_head=bool(row.get("at_head", False)),
        side=common.get("side", "request"),
        setup=setup,
        only=only,
        half_close=bool(row.get("half_close", False)),
        patience=row.get("patience"),
        why=row.get("why", ""),
    )


def load_file(path: Path) -> list[Http1Case]:
    """The cases of one file. Raises CaseProblem."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as problem:
        raise CaseProblem(f"{path}: {problem}") from None
    cases: list[Http1Case] = []
    for row in data["cases"]:
        try:
            cases.append(_case(row, data, path))
        except (CaseProblem, KeyError, TypeError, ValueError) as problem:
            raise CaseProblem(f"{path}: {row.get('name')}: {problem!s}") from None
    return cases


def load_all(paths: list[Path]) -> list[Http1Case]:
    """The cases of files and directories, in order. Raises CaseProblem for a name used twice."""
    cases = [case for path in _files(paths) for case in load_file(path)]
    seen: dict[str, Path] = {}
    for case in cases:
        if case.name in seen:
            raise CaseProblem(f"{case.file}: {case.name} is also in {seen[case.name]}")
        seen[case.name] = case.file
    return cases


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.glob("*.yaml")) if path.is_dir() else [path]
