"""Everything the package raises on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateproof.findings import Finding


class GateproofError(Exception):
    """The root of all errors of this package."""


class ConfigError(GateproofError, ValueError):
    """A configuration cannot be used; `problems` says where and why, and what to write instead."""

    def __init__(self, message: str, problems: Sequence[Finding] = ()) -> None:
        super().__init__(message, tuple(problems))
        self.message = message
        self.problems: tuple[Finding, ...] = tuple(problems)

    def __str__(self) -> str:
        lines = [self.message]
        for problem in self.problems:
            lines.append(f"{problem.span}: {problem.code} {problem.message}")
            if problem.remedy:
                lines.append(f"  help: {problem.remedy}")
        return "\n".join(lines)


class RuleSyntaxError(ConfigError):
    """A rule cannot be read. `offset` and `length` count bytes of `rule`."""

    def __init__(self, rule: str, message: str, offset: int, length: int, remedy: str = "") -> None:
        super().__init__(message)
        self.args = (rule, message, offset, length, remedy)
        self.rule, self.offset, self.length, self.remedy = rule, offset, length, remedy

    def __str__(self) -> str:
        # Columns count characters, the engine counts bytes.
        raw = self.rule.encode()
        before = len(raw[: self.offset].decode(errors="replace"))
        marked = len(raw[self.offset : self.offset + self.length].decode(errors="replace"))
        caret = " " * before + "^" + "~" * (max(marked, 1) - 1)
        text = f"{self.message}\n  {self.rule}\n  {caret}"
        return f"{text}\n  help: {self.remedy}" if self.remedy else text


class StartError(GateproofError):
    """A server on real sockets could not start: a port in use, no permission, no such address."""


class PluginError(GateproofError, ValueError):
    """A middleware in Python cannot be found, or is none."""


class SimulationError(GateproofError):
    """A run in virtual time could not be finished; `tasks` lists what was still waiting."""

    def __init__(self, message: str, tasks: str = "") -> None:
        super().__init__(message, tasks)
        self.message, self.tasks = message, tasks

    def __str__(self) -> str:
        return f"{self.message}\n{self.tasks}" if self.tasks else self.message


class DeadlockError(SimulationError):
    """Nothing that is left to happen could ever finish the exchange."""


class BudgetExceeded(SimulationError):
    """The exchange took more events than the world allows."""


class ParityError(AssertionError):
    """Two arms, or an arm and its expectation, differ; `left` and `right` are the two sides."""

    def __init__(self, what: str, left: object, right: object) -> None:
        super().__init__(what, left, right)
        self.what, self.left, self.right = what, left, right

    def __str__(self) -> str:
        return f"{self.what}\n  left:  {self.left}\n  right: {self.right}"
