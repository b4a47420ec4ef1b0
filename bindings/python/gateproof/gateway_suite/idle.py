"""How much of a run nobody computes anything: the suite sleeps, polls, or waits for a delay."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

SAMPLE_SECONDS = 0.05
# A sample in which all processes together used less than this part of one core counts as idle.
_IDLE_PART = 0.25


def cpu_seconds(pid: int) -> float:
    """What a process has used of processors; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class IdleClock:
    """Samples processes until `stop`; `idle` and `busy` are seconds of wall clock."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = tuple(pids)
        self.idle = self.busy = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _used(self) -> float:
        return sum(cpu_seconds(pid) for pid in self._pids)

    def _sample(self) -> None:
        before, used = time.monotonic(), self._used()
        while not self._ending.wait(SAMPLE_SECONDS):
            now, total = time.monotonic(), self._used()
            if total - used < _IDLE_PART * (now - before):
                self.idle += now - before
            else:
                self.busy += now - before
            before, used = now, total

    def stop(self) -> None:
        """Ends the sampling."""
        self._ending.set()
        self._thread.join()
