"""What tools/test, demo and nightly share: steps with a log, a clock, counts and a summary."""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "logs"
VENV = ROOT / ".venv" / "bin"
TAIL_LINES = 40
STEP_SECONDS_MAX = 1500
PLAIN_TICK_SECONDS = 60.0


@dataclass
class Step:
    """One finished step. Counts are those of the tests it ran, if it ran any."""

    name: str
    status: str  # passed, failed, skipped
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""


class Steps:
    """Runs commands one after another; output goes to build/logs, a line for each goes to `out`."""

    def __init__(self, as_json: bool = False) -> None:
        self.out = sys.stderr if as_json else sys.stdout
        self.as_json = as_json
        self.done: list[Step] = []
        self.started = time.monotonic()
        LOGS.mkdir(parents=True, exist_ok=True)

    def say(self, text: str) -> None:
        print(text, file=self.out, flush=True)

    def run(
        self,
        name: str,
        *commands: list[str],
        junit: Path | None = None,
        environment: dict[str, str] | None = None,
        cwd: Path = ROOT,
        seconds_max: int = STEP_SECONDS_MAX,
    ) -> Step:
        """Runs the commands until one fails. `junit` is where they leave their results.

        A command that takes longer than `seconds_max` is ended, and all that it started.
        """
        if junit is not None:
            junit.unlink(missing_ok=True)
        log = LOGS / f"{name.replace(' ', '-')}.log"
        begin = time.monotonic()
        code = 0
        with log.open("w") as stream, self._progress(name, begin):
            for command in commands:
                stream.write("$ " + " ".join(map(str, command)) + "\n")
                stream.flush()
                limited = ["timeout", "--kill-after=10", str(seconds_max), *command]
                code = call(limited, stream, environment, cwd)
                if code:
                    break
        step = Step(name, "failed" if code else "passed", time.monotonic() - begin)
        if junit is not None:
            step.passed, step.failed, step.skipped = read_junit(junit)
            if step.failed or not junit.is_file():
                step.status = "failed"
        if step.status == "failed" and not step.failed:
            step.failed = 1
        return self.add(step, log)

    def skip(self, name: str, note: str) -> Step:
        return self.add(Step(name, "skipped", 0.0, note=note))

    def add(self, step: Step, log: Path | None = None) -> Step:
        self.done.append(step)
        counts = f"  {step.passed} passed" if step.passed else ""
        counts += f", {step.failed} failed" if step.failed and step.passed else ""
        counts += f", {step.skipped} skipped" if step.skipped else ""
        note = f"  ({step.note})" if step.note else ""
        self.say(f"{step.status:8}{step.name:20}{step.seconds:7.1f} s{counts}{note}")
        if step.status == "failed" and log is not None:
            lines = log.read_text(errors="replace").rstrip().split("\n")
            for line in lines[-TAIL_LINES:]:
                self.say(f"    | {line}")
            self.say(f"    whole log: {log.relative_to(ROOT)}")
        return step

    def finish(self) -> int:
        """Prints the summary (the last line is `N passed, N failed`) and returns the exit code."""
        passed = sum(step.passed for step in self.done)
        failed = sum(step.failed for step in self.done)
        broken = [step.name for step in self.done if step.status == "failed"]
        seconds = time.monotonic() - self.started
        if self.as_json:
            report = {"passed": passed, "failed": failed, "seconds": round(seconds, 1)}
            steps = [asdict(step) | {"seconds": round(step.seconds, 1)} for step in self.done]
            print(json.dumps({**report, "steps": steps}, indent=2))
        tail = f"; failed: {', '.join(broken)}" if broken else ""
        self.say(f"{len(self.done)} steps in {seconds / 60:.1f} min{tail}")
        self.say(f"{passed} passed, {failed} failed")
        return 1 if broken else 0

    @contextlib.contextmanager
    def _progress(self, name: str, begin: float) -> Iterator[None]:
        stop = threading.Event()
        tty = self.out.isatty()

        def tick() -> None:
            pause = 2.0 if tty else PLAIN_TICK_SECONDS
            while not stop.wait(pause):
                seconds = time.monotonic() - begin
                if tty:
                    print(
                        f"\r        {name:20}{seconds:7.0f} s ", end="", file=self.out, flush=True
                    )
                    pause = 1.0
                else:
                    self.say(f"        {name:20}{seconds:7.0f} s so far")

        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            stop.set()
            ticker.join()
            if tty:
                print("\r\033[K", end="", file=self.out, flush=True)


def call(command: list[str], stream: object, environment: dict[str, str] | None, cwd: Path) -> int:
    """The command's exit code; 127 when there is no such program."""
    env = dict(os.environ, **(environment or {}))
    try:
        done = subprocess.run(
            command, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            cwd=cwd, env=env, check=False,
        )  # fmt: skip
    except OSError as error:
        print(error, file=stream, flush=True)
        return 127
    return done.returncode


GTEST = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) \s*\] (\d+) tests?[,.]", re.MULTILINE)


def read_junit(path: Path) -> tuple[int, int, int]:
    """(passed, failed, skipped) of a JUnit file; GoogleTest inside a ctest case counts its own."""
    try:
        tree = ElementTree.parse(path)
    except (OSError, ElementTree.ParseError):
        return 0, 0, 0
    passed = failed = skipped = 0
    for case in tree.iter("testcase"):
        output = case.findtext("system-out") or ""
        inner = {word: int(count) for word, count in GTEST.findall(output)}
        broken = case.find("failure") is not None or case.find("error") is not None
        if inner:
            passed += inner.get("PASSED", 0)
            failed += inner.get("FAILED", 0) or int(broken)
            skipped += inner.get("SKIPPED", 0)
        elif broken or case.get("status") == "fail":
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def wheel_command(folder: Path, *settings: str) -> list[str]:
    """Makes the wheel into the folder, with these settings of its build instead of its own."""
    pip = [str(VENV / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    given = [f"--config-settings={one}" for one in settings]
    return [*pip, "wheel", ".", "--no-deps", "--no-build-isolation", "-w", str(folder), *given]


def ctest(preset: str, junit: Path, *selection: str) -> list[str]:
    """A ctest command that leaves whole outputs (read_junit counts in them)."""
    command = ["ctest", "--test-dir", f"build/{preset}", "-j", str(os.cpu_count() or 2)]
    command += ["--output-on-failure", "--no-tests=error", "--output-junit", str(junit)]
    return [*command, "--test-output-size-passed", "1000000", *selection]


def compile_database() -> None:
    """compile_commands.json at the top, for editors, when nobody has put one there."""
    link = ROOT / "compile_commands.json"
    for preset in ("dev", "release"):
        made = Path("build", preset, "compile_commands.json")
        if (ROOT / made).is_file() and not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(made)


def common_arguments(name: str, description: str | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=name,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit codes: 0 fine, 1 something failed, 2 usage",
    )
    made.add_argument("--json", action="store_true", help="a JSON report on standard output")
    return made
