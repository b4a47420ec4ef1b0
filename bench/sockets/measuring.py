"""The rounds: every contender in each of them, so that what the machine does is done to all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import loads
import machine
from contenders import CONTENDERS, Running, behind, running
from rows import CONNECTIONS, KINDS, ROWS, TRACED_REQUESTS, Row, Sample, Setup, h1

WARM_UP = -1  # the round that is not told
WARM_UP_SECONDS = 1.0
_FAILURES = (loads.LoadFailedError, RuntimeError, OSError)


@dataclass
class Found:
    """Values by row, contender and round; what went wrong; what could not be measured."""

    values: dict[str, dict[str, dict[int, float]]] = field(default_factory=dict)
    calls: dict[str, dict[str, float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    disturbed: dict[str, float] = field(default_factory=dict)  # the most in any of a row's loads

    def add(self, row: str, name: str, turn: int, value: float) -> None:
        self.values.setdefault(row, {}).setdefault(name, {})[turn] = value

    def took(self, row: str, *samples: Sample) -> None:
        """What others took of the core while a row was measured."""
        most = max(one.disturbed for one in samples)
        self.disturbed[row] = max(self.disturbed.get(row, 0.0), most)


class Measuring:
    """Measures the chosen rows. `tell` hears of each step before it is done."""

    def __init__(
        self,
        setup: Setup,
        programs: dict[str, str],
        rounds: int,
        routes: int,
        tell: Callable[[str], None],
    ) -> None:
        self.found = Found()
        self._setup = setup
        self._programs = programs
        self._rounds = rounds
        self._routes = routes
        self._tell = tell

    def run(self, chosen: Sequence[str]) -> Found:
        """All of them, as far as they can be measured."""
        with ExitStack() as stack:
            folder, core = self._setup.folder, self._setup.cores
            server = stack.enter_context(behind(folder / "behind", core.load))
            if set(chosen) - {"start", "routes"}:
                serving = self._start_all(stack, server, "main")
                self._kinds(chosen, serving)
                if {"chain", "chain-cpu"} & set(chosen):
                    self._chain(chosen, serving)
                if "calls" in chosen:
                    self._calls(serving)
                if "memory" in chosen:
                    for one in serving:
                        self._memory(one)
            if "start" in chosen:
                self._starts(server)
            if "routes" in chosen:
                self._many_routes(server)
        return self.found

    def _start_all(
        self, stack: ExitStack, server: int, label: str, routes: int = 0
    ) -> list[Running]:
        serving = []
        for name, program in self._programs.items():
            if routes and "routes" not in CONTENDERS[name].can:
                continue
            self._tell(f"starting {name}" + (f", {routes} routes" if routes else ""))
            folder = self._setup.folder / f"{label}-{name}"
            proxy = running(name, program, folder, server, self._setup.cores.proxy, routes)
            with self._failures(f"starting {name}"):
                serving.append(stack.enter_context(proxy))
        return serving

    def _failures(self, what: str) -> "Failures":
        return Failures(what, self.found.problems)

    def _turns(self, serving: Sequence[Running], row: Row) -> Iterator[tuple[int, Running, Setup]]:
        """Round by round, the order turned about each time; a warm-up comes first."""
        able = [one for one in serving if row.needs <= one.can]
        for turn in range(WARM_UP, self._rounds):
            seconds = WARM_UP_SECONDS if turn == WARM_UP else self._setup.seconds
            setup = replace(self._setup, seconds=seconds)
            for one in able if turn % 2 else reversed(able):
                shown = "warm-up" if turn == WARM_UP else f"round {turn + 1} of {self._rounds}"
                self._tell(f"{row.title}, {shown}: {one.name}")
                yield turn, one, setup

    def _kinds(self, chosen: Sequence[str], serving: Sequence[Running]) -> None:
        for name, kind in KINDS.items():
            readers = {key: ROWS[key] for key in chosen if ROWS[key].kind == name}
            if not readers:
                continue
            row = replace(next(iter(readers.values())), needs=kind.needs)
            for turn, one, setup in self._turns(serving, row):
                with self._failures(f"{row.title}, {one.name}"):
                    got = kind.measure(one, setup)
                    if turn != WARM_UP:
                        self._read(readers, one.name, turn, got)

    def _read(self, readers: dict[str, Row], name: str, turn: int, got: Sample) -> None:
        for key, row in readers.items():
            self.found.took(key, got)
            self.found.add(key, name, turn, row.figure(got))

    def _chain(self, chosen: Sequence[str], serving: Sequence[Running]) -> None:
        row = ROWS["chain"]
        for turn, one, setup in self._turns(serving, row):
            with self._failures(f"{row.title}, {one.name}"):
                none, ten = h1(one, setup, "/small"), h1(one, setup, "/chain/small")
                told = {"chain": ten.rate / none.rate, "chain-cpu": ten.cpu_us / none.cpu_us}
                for key in set(chosen) & set(told) if turn != WARM_UP else ():
                    self.found.took(key, none, ten)
                    self.found.add(key, one.name, turn, told[key])

    def _calls(self, serving: Sequence[Running]) -> None:
        for one in serving:
            self._tell(f"system calls: {one.name}")

            def load(one: Running = one) -> int:
                core, url = self._setup.cores.load, one.url("/small")
                return loads.exactly(core, url, TRACED_REQUESTS, CONNECTIONS).requests

            try:
                calls = machine.system_calls(one.process.pid, self._setup.folder, load)
            except machine.NotTraceableError as problem:
                self.found.skipped.append(f"system calls of {one.name}: {problem}")
                continue
            except _FAILURES as problem:
                self.found.problems.append(f"system calls, {one.name}: {problem}")
                continue
            self.found.calls[one.name] = calls
            self.found.add("calls", one.name, 0, sum(calls.values()))

    def _memory(self, one: Running) -> None:
        if one.process.poll() is not None:
            self.found.problems.append(f"{one.name} has ended while it was measured")
            return
        self.found.add("memory", one.name, 0, machine.resident_kb(one.process.pid) / 1024)

    def _starts(self, server: int) -> None:
        names = list(self._programs)
        for turn in range(WARM_UP, self._rounds):
            for name in names if turn % 2 else reversed(names):
                self._tell(f"start, round {turn + 1} of {self._rounds}: {name}")
                folder = self._setup.folder / f"start-{turn + 1}-{name}"
                core = self._setup.cores.proxy
                with (
                    self._failures(f"starting {name}"),
                    running(name, self._programs[name], folder, server, core) as one,
                ):
                    if turn != WARM_UP:
                        self.found.add("start", name, turn, one.start_seconds * 1e3)

    def _many_routes(self, server: int) -> None:
        row, last = ROWS["routes"], self._routes - 1
        with ExitStack() as stack:
            few = {one.name: one for one in self._start_all(stack, server, "one", 1)}
            many = self._start_all(stack, server, "many", self._routes)
            both = [one for one in many if one.name in few]
            for turn, one, setup in self._turns(both, row):
                with self._failures(f"{row.title}, {one.name}"):
                    single = h1(few[one.name], setup, "/p0/x", host="h0.test")
                    got = h1(one, setup, f"/p{last}/x", host=f"h{last}.test")
                    if turn != WARM_UP:
                        self.found.took("routes", single, got)
                        self.found.add("routes", one.name, turn, got.cpu_us / single.cpu_us)


class Failures:
    """Notes what goes wrong inside and goes on; a failure is never a value."""

    def __init__(self, what: str, problems: list[str]) -> None:
        self._what = what
        self._problems = problems

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _where: object) -> bool:
        if isinstance(problem, _FAILURES):
            self._problems.append(f"{self._what}: {problem}")
            return True
        return False
