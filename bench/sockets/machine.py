"""What the system says of processes: their cores, CPU time, memory and system calls."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ATTACH_SECONDS_MAX = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cores:
    """One for the proxy that is measured, one for all that loads it."""

    proxy: int
    load: int

    @classmethod
    def here(cls) -> "Cores":
        """The first two that this process may use; a single one is for both."""
        mine = sorted(os.sched_getaffinity(0))
        return cls(mine[0], mine[1] if len(mine) > 1 else mine[0])

    @property
    def shared(self) -> bool:
        return self.proxy == self.load


def spawn(
    command: Sequence[str],
    core: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    log: str = "log",
) -> subprocess.Popen[bytes]:
    """Starts a program on one core; what it says goes to a file of the folder."""
    with (folder / log).open("ab") as out:
        # It ends with the one that measures, however that ends.
        return subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", "taskset", "-c", str(core), *command],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def tree(pid: int) -> list[int]:
    """A process, its children, and theirs."""
    parents = {int(one.name): _parent(int(one.name)) for one in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_seconds(pid: int) -> float:
    """What the scheduler gave all threads of a process tree so far."""
    nanoseconds = 0
    for one in tree(pid):
        for stat in Path(f"/proc/{one}/task").glob("*/schedstat"):
            try:
                nanoseconds += int(stat.read_text().split()[0])
            except (OSError, IndexError):
                continue
    return nanoseconds / 1e9


def resident_kb(pid: int) -> int:
    """Resident memory of a process tree; pages that its processes share count for each."""
    total = 0
    for one in tree(pid):
        try:
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        found = re.search(r"VmRSS:\s+(\d+)", status)
        total += int(found[1]) if found else 0
    return total


def busy_seconds(core: int, text: str | None = None) -> float:
    """What a core has worked since it was started, whoever it was for."""
    stat = Path("/proc/stat").read_text() if text is None else text
    found = re.search(rf"^cpu{core} (.*)$", stat, re.MULTILINE)
    if not found:
        return 0.0
    values = list(map(int, found[1].split()[:8]))
    return (sum(values) - values[3] - values[4]) / _TICKS


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that was started here; by force when it takes its time."""
    children = tree(process.pid)
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        process.wait()


class NotTraceableError(Exception):
    """The system calls of a process cannot be counted here."""


def count_calls(text: str) -> dict[str, int]:
    """Calls by name, from the summary that `strace -c` writes."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) < 5 or not re.fullmatch(r"[\d.]+", words[0]) or words[-1] == "total":
            continue
        found[words[-1]] = int(words[3])
    return found


def system_calls(pid: int, folder: Path, load: Callable[[], int]) -> dict[str, float]:
    """System calls per request by name, while `load` sends requests and tells how many.

    Raises NotTraceableError.
    """
    summary = folder / "strace"
    targets = [word for one in tree(pid) for word in ("-p", str(one))]
    try:
        tracer = subprocess.Popen(
            ["strace", "-f", "-c", "-o", str(summary), *targets],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    except OSError as problem:
        raise NotTraceableError(f"strace: {problem.strerror}") from None
    assert tracer.stderr is not None
    first = tracer.stderr.readline()
    if "attached" not in first:
        tracer.wait(timeout=ATTACH_SECONDS_MAX)
        raise NotTraceableError(first.strip() or "strace said nothing")
    time.sleep(0.2)  # for the other threads
    try:
        requests = load()
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.stderr.close()
        tracer.wait(timeout=ATTACH_SECONDS_MAX)
    if not requests:
        raise NotTraceableError("no request was answered under strace")
    return {name: n / requests for name, n in count_calls(summary.read_text()).items()}
