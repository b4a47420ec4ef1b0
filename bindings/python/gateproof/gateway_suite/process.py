"""Child processes whose output goes to a file, ended by their id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from gateproof.errors import GateproofError

START_SECONDS = 20.0
END_SECONDS = 5.0
_TAIL_BYTES = 4000


class Child:
    """A process in a group of its own: an end of the driver by ^C does not reach it first."""

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.command, self.log = command, log
        with log.open("wb") as output:
            try:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(env or {})},
                    start_new_session=True,
                )
            except OSError as problem:
                raise GateproofError(f"{command[0]} does not start: {problem}") from None

    @property
    def pid(self) -> int:
        """Its id, which is that of its group."""
        return self.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def complaints(self) -> str:
        """The end of what it printed."""
        raw = self.log.read_bytes()[-_TAIL_BYTES:]
        return raw.decode(errors="replace").strip()

    def wait_for(self, ready: Callable[[str], bool], what: str) -> None:
        """Waits until what it printed is as asked; raises if it ends or takes too long."""
        end = time.monotonic() + START_SECONDS
        while not ready(self.complaints()):
            if self.process.poll() is not None:
                raise GateproofError(f"{what} ended at once: {self.complaints()}")
            if time.monotonic() > end:
                raise GateproofError(
                    f"{what} is not ready after {START_SECONDS:g} s: {self.complaints()}"
                )
            time.sleep(0.01)

    def close(self) -> None:
        """Asks the group to end, then makes it."""
        for number, seconds in ((signal.SIGTERM, END_SECONDS), (signal.SIGKILL, END_SECONDS)):
            if self.process.poll() is not None:
                break
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()
