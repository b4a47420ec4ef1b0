"""The pytest plugin: worlds as fixtures, parity cases as tests.

- `world` makes worlds: `world(config=..., arm=...)`; the seed is `--gp-seed`, and all of them are
  closed at the end of the test.
- Files called `*.gp.yaml` or `*.gp.yml` are collected: each case is a test on each arm
  (`--gp-arm`, may be repeated; direct, wire and socket by default).
- A failure tells seed, digest and the last request's explanation, and a command to see it again.

Nothing of the engine is imported before it is used.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gateproof.cases import Case, CaseResult
    from gateproof.world import World

_SUFFIXES = (".gp.yaml", ".gp.yml")
_ARMS = ("direct", "wire", "socket")
_WORLDS = pytest.StashKey[list[Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; their defaults can be set with `addopts`."""
    group = parser.getgroup("gateproof")
    group.addoption("--gp-seed", type=int, default=1, help="seed of worlds and cases (1)")
    group.addoption(
        "--gp-arm", action="append", choices=list(_ARMS), help="arms for *.gp.yaml cases (all)"
    )


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[Callable[..., World]]:
    """Makes worlds: takes what `gateproof.World` takes; closes them after the test."""
    from gateproof.world import World

    made: list[World] = []
    request.node.stash[_WORLDS] = made
    seed = request.config.getoption("--gp-seed")

    def make(**options: Any) -> World:
        options.setdefault("seed", seed)
        one = World(**options)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Adds what the worlds of a failed test know."""
    report: Any = yield
    if report.when == "call" and report.failed:
        for one in item.stash.get(_WORLDS, []):
            report.sections.append(("gateproof", _story(one, item.nodeid)))
    return report


def _story(world: World, nodeid: str) -> str:
    lines = [f"{world!r}", f"seed {world.seed}, digest {world.digest}"]
    if world.last is not None:
        lines.append(world.last.explain())
    lines.append(f"again: pytest {shlex.quote(nodeid)} --gp-seed {world.seed}")
    return "\n".join(lines)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Case files by their name."""
    if file_path.name.endswith(_SUFFIXES):
        file: pytest.Collector = CaseFile.from_parent(parent, path=file_path)
        return file
    return None


class CaseFile(pytest.File):
    """A file of parity cases."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item per case and arm."""
        from gateproof.case_model import CaseError
        from gateproof.cases import load_cases

        try:
            cases = load_cases(self.path)
        except CaseError as problem:
            raise self.CollectError(str(problem)) from None
        for case in cases:
            for arm in self.config.getoption("--gp-arm") or _ARMS:
                if arm in case.arms:
                    yield CaseItem.from_parent(self, name=f"{case.name}[{arm}]", case=case, arm=arm)


class CaseFailure(Exception):
    """A case was not as expected."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result)
        self.result = result


class CaseItem(pytest.Item):
    """One case on one arm."""

    def __init__(self, *, case: Case, arm: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.arm = arm

    def runtest(self) -> None:
        """Runs the case."""
        from gateproof.arms import make_arm
        from gateproof.cases import run_case

        result = run_case(self.case, make_arm(self.arm, seed=self._seed))
        if result.skipped is not None:
            pytest.skip(result.skipped)
        if result.mismatches:
            raise CaseFailure(result)

    @property
    def _seed(self) -> int:
        return int(self.config.getoption("--gp-seed"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Mismatches, the explanation where there is one, and the command to run it again."""
        if not isinstance(excinfo.value, CaseFailure):
            return super().repr_failure(excinfo, style)
        lines = [f"{self.case.place}: case {self.case.name} on the arm {self.arm}"]
        lines += [f"  {one}" for one in excinfo.value.result.mismatches]
        lines += self._explained()
        command = ["gateproof", "test", str(self.path), "-k", self.case.name, "--arm", self.arm]
        lines.append(f"again: {shlex.join([*command, '--seed', str(self._seed)])}")
        return "\n".join(lines)

    def _explained(self) -> list[str]:
        from gateproof.arms import explain_case
        from gateproof.case_arm import ArmStartError, ArmUnsupported
        from gateproof.errors import GateproofError

        try:
            return ["", explain_case(self.case, self._seed), ""]
        except (ArmStartError, ArmUnsupported, GateproofError, ValueError):
            return []

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case stands."""
        return self.path, self.case.place.line - 1, self.name
