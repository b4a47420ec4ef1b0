"""What a Go test binary prints with -test.v=test2json, as events."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

# The marks that the testing package puts between its own lines and what tests print.
_FRAME, _ERROR_BEGIN, _ERROR_END, _ESCAPE = "\x16", "\x0f", "\x0e", "\x1b"
_STATE = re.compile(r"=== (RUN|PAUSE|CONT|NAME|ATTR|ARTIFACTS)\s*(\S*)")
_RESULT = re.compile(r"\s*--- (PASS|FAIL|SKIP): (\S+) \(([0-9.]+)s\)")
_OUTCOMES = {"PASS": "passed", "FAIL": "failed", "SKIP": "skipped"}
# Lines that are kept of one test: the first and the last; and its errors.
LINES_FIRST, LINES_LAST, ERRORS_MAX = 100, 900, 50
_LEADING_LINES = 60


@dataclass
class TestRun:
    """One test or subtest; `name` has the suite's function in front."""

    __test__ = False  # not pytest's

    name: str
    outcome: str = ""  # passed, failed, skipped; empty while it runs
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    before_error: list[str] = field(default_factory=list)  # some lines that led to the first
    first: list[str] = field(default_factory=list)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_LAST))
    lines: int = 0

    @property
    def output(self) -> list[str]:
        """What it printed; a line says so where something is left out."""
        left_out = self.lines - len(self.first) - len(self.last)
        gap = [f"... {left_out} lines are left out"] if left_out > 0 else []
        return [*self.first, *gap, *self.last]

    def add(self, line: str) -> None:
        """A line of output."""
        self.lines += 1
        if len(self.first) < LINES_FIRST:
            self.first.append(line)
        else:
            self.last.append(line)


# Called with "run" when a test starts and with "end" when it has an outcome.
Seen = Callable[[str, TestRun], None]


class Stream:
    """Takes lines of output, keeps the tests by name in the order in which they started."""

    def __init__(self, seen: Seen | None = None) -> None:
        self.tests: dict[str, TestRun] = {}
        self.outside: deque[str] = deque(maxlen=LINES_LAST)
        self._current = ""
        self._error: list[str] | None = None
        self._seen = seen or (lambda _what, _test: None)

    def feed(self, line: str) -> None:
        """One line, with or without its end."""
        before, mark, frame = line.rstrip("\n").partition(_FRAME)
        if mark and not before.endswith(_ESCAPE):
            if before:
                self._output(before)
            if not self._framing(frame):
                self._output(frame)
        else:
            self._output(line.rstrip("\n"))

    def _framing(self, text: str) -> bool:
        if found := _STATE.match(text):
            name = found[2]
            if found[1] == "RUN":
                self._seen("run", self._test(name))
            if found[1] in ("RUN", "CONT", "NAME", "PAUSE"):
                self._current = name
            return True
        if found := _RESULT.match(text):
            test = self._test(found[2])
            test.outcome, test.seconds = _OUTCOMES[found[1]], float(found[3])
            self._current = found[2]
            self._seen("end", test)
            return True
        # The summary of the whole binary: PASS, FAIL.
        return text in ("PASS", "FAIL")

    def _test(self, name: str) -> TestRun:
        return self.tests.setdefault(name, TestRun(name))

    def _output(self, text: str) -> None:
        if _ERROR_BEGIN in text and self._error is None:
            before, _, text = text.partition(_ERROR_BEGIN)
            if before:
                self._line(before)
            self._error = []
        if self._error is None:
            self._line(text)
            return
        inside, end, after = text.partition(_ERROR_END)
        self._error.append(_plain(inside))
        self._line(inside)
        if end:
            test = self._test(self._current) if self._current else TestRun("")
            if not test.errors:
                test.before_error = test.output[-_LEADING_LINES:]
            if len(test.errors) < ERRORS_MAX:
                test.errors.append("\n".join(self._error).strip("\n"))
            self._error = None
            if after.strip():
                self._line(after)

    def _line(self, text: str) -> None:
        if self._current:
            self.tests[self._current].add(_plain(text))
        else:
            self.outside.append(_plain(text))


def _plain(text: str) -> str:
    for mark in (_ERROR_BEGIN, _ERROR_END, _ESCAPE):
        text = text.replace(mark, "")
    return text
