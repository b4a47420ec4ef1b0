"""`gateproof conformance`: the official Gateway API suite, unmodified, without a cluster."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gateproof.cli.output import console, print_json
from gateproof.errors import GateproofError

if TYPE_CHECKING:
    from rich.console import Console

    from gateproof.gateway_suite.fast import FastResult
    from gateproof.gateway_suite.report import Implementation
    from gateproof.gateway_suite.results import SuiteResult, SuiteRun
    from gateproof.gateway_suite.run import Options

# How often a line about a build is printed where no bar can be.
_BUILD_LINE_SECONDS = 20.0


SharedNetwork = Annotated[
    bool, typer.Option(help="In the machine's network, not in a namespace of our own.")
]
Fast = Annotated[
    bool, typer.Option("--fast", help="Only what is data in the suite's sources, in seconds.")
]


class Progress:
    """Says on standard error how it goes: a bar on a terminal, else a line for each test."""

    def __init__(self, *, quiet: bool) -> None:
        self._out = console(errors=True)
        self._quiet = quiet
        self._bar = None
        self._told = 0.0
        self._done = self._failed = self._total = 0
        if not quiet and sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            text = TextColumn("{task.description}", markup=False)
            numbers = TextColumn("{task.completed:.0f}/{task.total:.0f}")
            self._bar = Progress(
                text, BarColumn(), numbers, TimeElapsedColumn(), console=self._out, transient=True
            )
            self._task = self._bar.add_task("", total=1)
            self._bar.start()

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._out.print(text, markup=False)

    def building(self, what: str, done: int, total: int) -> None:
        """See `Watcher`."""
        text = f"building {what} (once, some minutes)"
        if self._bar:
            self._bar.update(self._task, description=text, completed=done, total=total or 1)
        elif done == 0 or time.monotonic() - self._told > _BUILD_LINE_SECONDS:
            self._told = time.monotonic()
            self._say(f"{text}: {done} of {total} packages" if total else text)

    def starting(self, what: str) -> None:
        """See `Watcher`."""
        if self._bar:
            self._bar.update(self._task, description=f"starting {what}", completed=0, total=1)
        else:
            self._say(f"starting {what}")

    def running(self, number: int, tests: int) -> None:
        """See `Watcher`."""
        self._done = self._failed = 0
        self._total = tests
        text = f"pass {number}: setup"
        if self._bar:
            self._bar.update(self._task, description=text, completed=0, total=tests)
        else:
            self._say(f"pass {number}: {tests} tests")

    def test(self, name: str, outcome: str, seconds: float) -> None:
        """See `Watcher`."""
        if outcome:
            self._done += 1
            self._failed += outcome == "failed"
            if self._bar is None or outcome == "failed":
                self._say(f"{outcome.upper():7} {name} ({seconds:.2f} s)")
        if self._bar:
            text = f"{name}" + (f", {self._failed} failed" if self._failed else "")
            self._bar.update(self._task, description=text, completed=self._done, total=self._total)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar:
            self._bar.stop()


def _print_run(run: SuiteRun, out: Console) -> None:
    for one in run.explanations:
        for line in one.lines():
            out.print(line, markup=False)
    missed = [one for one in run.failed if one.messages == ("the suite never came to it",)]
    if missed:
        out.print(f"FAILED tests that the suite never came to: {len(missed)}", markup=False)
        for line in missed[0].text:
            out.print(f"  suite: {line}", markup=False)
    if run.problem:
        out.print(run.problem, markup=False)
    for profile in run.profiles:
        out.print(profile.line(), markup=False)
    out.print(
        f"{run.counted('passed')} passed, {run.counted('failed')} failed, "
        f"{run.counted('skipped')} skipped in {run.seconds:.1f} s; "
        f"setup {run.setup_seconds:.1f} s; "
        f"in {run.idle_seconds:.1f} s nobody computed (the suite sleeps, polls, asks for delays)",
        markup=False,
    )


def _print(result: SuiteResult, options: Options, out: Console) -> None:
    out.print(f"suite {result.version}, {len(result.features)} features of the GatewayClass")
    out.print(f"helper module: {result.helper}", markup=False)
    for run in result.runs:
        _print_run(run, out)
    for name, count in result.flaky().items():
        out.print(f"FLAKY {name}: failed {count} of {len(result.runs)} times", markup=False)
    if options.report and options.report.exists():
        out.print(f"report: {options.report}", markup=False)


def _known(names: list[str], all_: tuple[str, ...]) -> list[str]:
    if wrong := [one for one in names if one not in all_]:
        raise GateproofError(f"no profile {wrong[0]!r}; there are: {', '.join(all_)}")
    return names


def _usual_report(version: str) -> Path:
    """Where the report of a run of everything goes."""
    from gateproof.gateway_suite import versions

    return versions.home().parent / "reports" / f"gateway-api-{version}.yaml"


def _implementation(text: str | None) -> Implementation:
    from gateproof import __version__
    from gateproof.gateway_suite.report import Implementation

    fields = {"version": f"v{__version__}"}
    for part in (text or "").split(",") if text else []:
        name, _, value = part.partition("=")
        known = ("organization", "project", "url", "version", "contact")
        if name not in known:
            raise GateproofError(f"--implementation has no field {name!r}: {', '.join(known)}")
        fields[name] = value
    return Implementation(**fields)


def _print_fast(result: FastResult, out: Console) -> None:
    for one in result.failed:
        out.print(f"FAILED {one.test.name}: {one.test.description}", markup=False)
        for text in one.problems:
            out.print(f"  {text}", markup=False)
    checked = sum(one.checked for one in result.outcomes)
    tests = sum(one.checked > 0 for one in result.outcomes)
    left = ", ".join(f"{count} {why}" for why, count in result.left_out().items())
    out.print(
        f"{checked} checks of {tests} tests, {len(result.failed)} failed in {result.seconds:.1f} s "
        f"(preparing {result.prepare_seconds:.1f} s); not checked: {left or 'nothing'}",
        markup=False,
    )


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(143)


def _prepare(options: Options, *, own_network: bool, json: bool) -> None:
    from gateproof.gateway_suite.build import build_all
    from gateproof.gateway_suite.own_network import enter

    if own_network:
        progress = Progress(quiet=json)
        try:
            build_all(options.suite, progress.building)  # a namespace has no way to Go's modules
        finally:
            progress.close()
    if own_network and (why := enter()):
        print(f"gateproof: {why}; ports and addresses are those of the machine", file=sys.stderr)
    # A polite end from outside has to end what was started, too.
    signal.signal(signal.SIGTERM, _end)


def _run_fast(options: Options, *, json: bool) -> int:
    from gateproof.gateway_suite.run import run_fast

    progress = Progress(quiet=json)
    try:
        result = run_fast(options, progress)
    finally:
        progress.close()
    if json:
        print_json(result.as_dict())
    else:
        _print_fast(result, console())
    return 0 if result.good else 1


def _run(options: Options, junit: Path | None, *, json: bool) -> int:
    from gateproof.gateway_suite.junit import write_junit
    from gateproof.gateway_suite.run import run_suite

    progress = Progress(quiet=json)
    try:
        result = run_suite(options, progress)
    finally:
        progress.close()
    if junit:
        write_junit(junit, result.version, [one for run in result.runs for one in run.outcomes])
    if json:
        print_json(result.as_dict())
    else:
        _print(result, options, console())
    return 0 if result.good else 1


def conformance(
    suite: Annotated[str, typer.Option(help="v1.7.0 or v1.6.3.")] = "v1.7.0",
    profile: Annotated[
        list[str] | None, typer.Option(help="GATEWAY-HTTP, -GRPC, -TLS, -TCP, -UDP; several times.")
    ] = None,
    feature: Annotated[
        list[str] | None, typer.Option(help="Only tests that need this feature; several times.")
    ] = None,
    run: Annotated[
        list[str] | None, typer.Option("--run", help="Only tests of this name; * is any text.")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Run so many times.")] = 1,
    parallel: Annotated[int, typer.Option(min=1, help="Tests at a time, of those that may.")] = 4,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that a pass may take.")] = 1800,
    report: Annotated[Path | None, typer.Option(help="Write the ConformanceReport here.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    log: Annotated[Path | None, typer.Option(help="Write all that the suite prints here.")] = None,
    api: Annotated[
        str | None, typer.Option(help="URL or kubeconfig of an API server, in place of our own.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Test this gateway: a command; {kubeconfig} and {api} are filled in."),
    ] = None,
    gateway_class: Annotated[str, typer.Option(help="The GatewayClass.")] = "gateway-conformance",
    controller: Annotated[
        str, typer.Option(help="Its controllerName, if it has to be made.")
    ] = "gateproof.dev/gateway-controller",
    implementation: Annotated[
        str | None,
        typer.Option(
            help="For the report: organization=...,project=...,url=...,version=...,contact=..."
        ),
    ] = None,
    shared_network: SharedNetwork = False,
    fast: Fast = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Runs the official Gateway API conformance suite, its own binary unmodified, against the
    engine: API server, controllers, node and backends are simulated, the gateway's sockets real,
    in a network namespace of its own if one can be made (else 80 and 443 need root).

    Features are those of the GatewayClass's status; no test is skipped by a list. A run of
    everything writes conformance/reports/. Exits with 1 if a test fails.
    """
    from gateproof.gateway_suite.run import Options
    from gateproof.gateway_suite.versions import PROFILES, find_suite

    chosen = find_suite(suite)
    whole = not (profile or feature or run or target or api)
    options = Options(
        suite=chosen,
        profiles=_known(profile or list(PROFILES), PROFILES),
        features=feature or [],
        names=run or [],
        repeat=repeat,
        parallel=parallel,
        timeout=timeout,
        api=api,
        target=target,
        gateway_class=gateway_class,
        controller=controller,
        implementation=_implementation(implementation),
        report=report or (_usual_report(chosen.version) if whole else None),
        log=log,
    )
    _prepare(options, own_network=not (fast or api or shared_network), json=json)
    raise typer.Exit(_run_fast(options, json=json) if fast else _run(options, junit, json=json))
