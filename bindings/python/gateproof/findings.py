"""Findings: what is wrong in a configuration, where, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateproof import _core

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `line` and `column` count from 1 and are 0 where there is no place.

    `code` is stable (`GP0301`), `severity` one of `error`, `warning`, `note`, `object` the thing
    it is about (`router my-app@file`), empty for a whole file.
    """

    code: str
    severity: str
    file: str
    line: int
    column: int
    object: str
    message: str
    remedy: str

    @property
    def span(self) -> str:
        """`file:line:column`, as editors and terminals understand it."""
        parts = [self.file or "<configuration>"]
        if self.line:
            parts += [str(self.line), str(self.column)]
        return ":".join(parts)

    def as_dict(self) -> dict[str, str | int]:
        """The finding as `gateproof check --json` prints it."""
        return asdict(self)

    def __str__(self) -> str:
        about = f"{self.object}: " if self.object else ""
        return f"{self.span}: {self.severity} {self.code}: {about}{self.message}"


def from_core(found: Iterable[_core.Finding]) -> tuple[Finding, ...]:
    """The engine's findings as values."""
    return tuple(
        Finding(f.code, f.severity, f.file, f.line, f.column, f.object, f.message, f.remedy)
        for f in found
    )


class SourceLines:
    """Lines of files, read once; texts in memory come before files."""

    def __init__(self, texts: dict[str, str] | None = None) -> None:
        self._lines = {name: text.splitlines() for name, text in (texts or {}).items()}

    def __call__(self, file: str, line: int) -> str | None:
        """Line `line` (from 1) of a file, or None if it cannot be had."""
        if file not in self._lines:
            try:
                self._lines[file] = Path(file).read_text("utf-8", "replace").splitlines()
            except (OSError, ValueError):
                self._lines[file] = []
        lines = self._lines[file]
        return lines[line - 1] if 0 < line <= len(lines) else None
