"""Runs the suite: builds, starts what it needs, reads what it prints."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gateproof.errors import GateproofError
from gateproof.gateway_suite import build, catalogue, cluster, report, versions
from gateproof.gateway_suite.catalogue import SuiteTest
from gateproof.gateway_suite.cluster import Cluster
from gateproof.gateway_suite.explain import (
    TRACE_LINES_MAX,
    Explanation,
    clean,
    explain,
    failing_leaves,
    panic_of,
)
from gateproof.gateway_suite.fast import FastResult, Runner, Values
from gateproof.gateway_suite.fast_socket import SocketArm
from gateproof.gateway_suite.idle import IdleClock
from gateproof.gateway_suite.node import NodeAgent
from gateproof.gateway_suite.recorder import Recorder
from gateproof.gateway_suite.results import Outcome, SuiteResult, SuiteRun
from gateproof.gateway_suite.stream import Stream, TestRun
from gateproof.gateway_suite.target import Target
from gateproof.gateway_suite.trace import engine_trace

GATEWAY_CLASS = "gateway-conformance"
# How long a controller has to accept its class: ours does it in its reply, others poll or watch.
ACCEPT_SECONDS = 30.0
_FUNCTION = "TestConformance"


class Watcher(Protocol):
    """Is told how a run goes on; see `cli.conformance`."""

    def building(self, what: str, done: int, total: int) -> None:
        """A part is built; `total` is 0 until it is known."""

    def starting(self, what: str) -> None:
        """Something is started or waited for."""

    def running(self, number: int, tests: int) -> None:
        """The binary starts for the number-th time, with so many tests."""

    def test(self, name: str, outcome: str, seconds: float) -> None:
        """A test started (no outcome) or ended."""


@dataclass(frozen=True)
class Options:
    """What to run, against what."""

    suite: versions.Suite
    profiles: list[str] = field(default_factory=lambda: list(versions.PROFILES))
    features: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    repeat: int = 1
    parallel: int = 4
    timeout: float = 1800.0
    api: str | None = None
    target: str | None = None
    gateway_class: str = GATEWAY_CLASS
    controller: str = cluster.CONTROLLER
    usable_address: str = "127.80.255.250"
    unusable_address: str = "192.0.2.1"
    implementation: report.Implementation = field(default_factory=report.Implementation)
    report: Path | None = None
    log: Path | None = None

    @property
    def narrowed(self) -> bool:
        """Some tests of the profiles are left out."""
        return bool(self.features or self.names)


@dataclass
class _Stage:
    """What runs while the binary does."""

    options: Options
    folder: Path
    binary: Path
    cluster: Cluster
    recorder: Recorder
    pids: list[int]
    chosen: list[SuiteTest]
    every: list[SuiteTest]
    watcher: Watcher


def run_fast(options: Options, watcher: Watcher) -> FastResult:
    """What is data in the suite's sources, checked once each, without the suite's binary: in
    virtual time, or over sockets if an API server or a target is given."""
    every = [one for one in catalogue.load_tests(options.suite) if not one.mesh]
    chosen = catalogue.select(every, options.profiles, options.features, options.names)
    cases = build.cases_file(options.suite, watcher.building)
    values = Values(
        options.gateway_class,
        options.controller,
        options.usable_address,
        options.unusable_address,
    )
    if options.api is None and options.target is None:
        from gateproof.gateway_suite.fast_world import WorldArm

        world = WorldArm(options.suite.version, options.controller, options.usable_address)
        world.apply([cluster.class_object(options.gateway_class, options.controller)])
        watcher.running(1, len(chosen))
        return Runner(options.suite, world, cases, values).run(chosen)
    agent = build.node_binary(watcher.building)
    with _ready(options, agent, watcher) as (own, _pids, _folder, _features):
        watcher.running(1, len(chosen))
        return Runner(options.suite, SocketArm(own.kube), cases, values).run(chosen)


@contextlib.contextmanager
def _ready(
    options: Options, agent: Path, watcher: Watcher
) -> Iterator[tuple[Cluster, list[int], Path, list[str]]]:
    """Cluster, node, gateway and an accepted GatewayClass: with its processes and its features."""
    with (
        tempfile.TemporaryDirectory(prefix="gateproof-suite-") as name,
        contextlib.ExitStack() as all_,
    ):
        folder = Path(name)
        watcher.starting("cluster")
        ours = cluster.Gateway(options.suite.version, options.controller, options.usable_address)
        own = cluster.open_cluster(options.api, folder, None if options.target else ours)
        all_.callback(own.close)
        cluster.install_crds(own.kube, options.suite)
        watcher.starting("node agent")
        node = all_.enter_context(NodeAgent(agent, own.kubeconfig, folder))
        pids = [*own.pids, node.pid]
        if options.target:
            watcher.starting(f"target: {options.target}")
            target = all_.enter_context(
                Target(options.target, own.kubeconfig, own.kube.url, folder)
            )
            pids.append(target.pid)
        watcher.starting(f"GatewayClass {options.gateway_class}")
        features = cluster.gateway_class(
            own.kube, options.gateway_class, options.controller, ACCEPT_SECONDS
        )
        yield own, pids, folder, features


def run_suite(options: Options, watcher: Watcher) -> SuiteResult:
    """Builds, starts, runs as often as asked. Raises GateproofError if it cannot come to a run."""
    every = [one for one in catalogue.load_tests(options.suite) if not one.mesh]
    chosen = catalogue.select(every, options.profiles, options.features, options.names)
    binary, agent = build.build_all(options.suite, watcher.building)
    with _ready(options, agent, watcher) as (own, pids, folder, features):
        recorder = Recorder(own.kube)
        try:
            result = SuiteResult(options.suite.version, options.suite.helper, features)
            stage = _Stage(options, folder, binary, own, recorder, pids, chosen, every, watcher)
            for number in range(1, options.repeat + 1):
                watcher.running(number, len(chosen))
                result.runs.append(_run_once(stage, number))
        finally:
            recorder.close()
    return result


def command(stage: _Stage, number: int) -> list[str]:
    """The binary and its flags. Features are never named: the suite reads them from the class."""
    options = stage.options
    out = [
        str(stage.binary),
        "-test.v=test2json",
        f"-test.timeout={options.timeout:g}s",
        f"-test.parallel={options.parallel}",
        f"-gateway-class={options.gateway_class}",
        f"-conformance-profiles={','.join(options.profiles)}",
        f"-usable-address={options.usable_address}",
        f"-unusable-address={options.unusable_address}",
        f"-mode={report.SIMULATION}",
        f"-report-output={_report_file(stage, number)}",
        *options.implementation.flags(),
    ]
    # The package has tests of its own options, too.
    only = f"^{_FUNCTION}$"
    if len(stage.chosen) < len(stage.every):
        only += f"/^({'|'.join(one.name for one in stage.chosen)})$"
    return [*out, f"-test.run={only}"]


def _report_file(stage: _Stage, number: int) -> Path:
    return stage.folder / f"report-{number}.yaml"


def _run_once(stage: _Stage, number: int) -> SuiteRun:
    started = time.monotonic()
    first_test: list[float] = []
    names = {one.name for one in stage.chosen}

    def seen(what: str, test: TestRun) -> None:
        function, _, name = test.name.partition("/")
        if function != _FUNCTION or not name or "/" in name:
            return
        if not first_test:
            first_test.append(time.monotonic() - started)
        if name in names:  # else one of the mesh, which skips itself
            stage.watcher.test(name, test.outcome if what == "end" else "", test.seconds)

    stream = Stream(seen)
    clock, code = _execute(stage, number, stream)
    seconds = time.monotonic() - started
    outcomes, explanations = _outcomes(stage, stream)
    run = SuiteRun(
        outcomes=outcomes,
        explanations=explanations,
        profiles=report.read_profiles(_report_file(stage, number)),
        seconds=seconds,
        idle_seconds=clock.idle,
        setup_seconds=first_test[0] if first_test else seconds,
    )
    if code and not run.failed:
        run.problem = f"the suite ended with {code}: " + "\n".join(_last_words(stream))
    _keep_report(stage, number)
    return run


def _execute(stage: _Stage, number: int, stream: Stream) -> tuple[IdleClock, int]:
    """Runs the binary to its end, or to ours: it is ended when something is raised here."""
    log = (stage.options.log or stage.folder / "suite.log").open("w", encoding="utf-8")
    with (
        log,
        subprocess.Popen(
            command(stage, number),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                "KUBECONFIG": str(stage.cluster.kubeconfig),
                "HOME": str(stage.folder),
                "PATH": "",
            },
            cwd=stage.folder,
            text=True,
            errors="replace",
        ) as process,
    ):
        clock = IdleClock([*stage.pids, process.pid])
        try:
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                stream.feed(line)
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            clock.stop()
    return clock, code


def _outcomes(stage: _Stage, stream: Stream) -> tuple[list[Outcome], list[Explanation]]:
    outcomes, explanations, now = [], [], time.time()
    for test in stage.chosen:
        prefix = f"{_FUNCTION}/{test.name}"
        run = stream.tests.get(prefix)
        if run is None:
            # Nothing to explain: the setup failed, or the binary died before it.
            words = tuple(_last_words(stream))
            outcomes.append(Outcome(test, "failed", 0.0, ("the suite never came to it",), words))
            continue
        messages: tuple[str, ...] = tuple(run.output[-1:]) if run.outcome == "skipped" else ()
        text: tuple[str, ...] = ()
        if run.outcome not in ("passed", "skipped"):
            found, moment = explain(stage.options.suite, test, stream.tests, stage.recorder, now)
            found.trace = _trace(stage, stream, prefix, moment)[:TRACE_LINES_MAX]
            explanations.append(found)
            messages, text = tuple(found.messages), tuple(found.lines())
        outcome = run.outcome if run.outcome in ("passed", "skipped") else "failed"
        outcomes.append(Outcome(test, outcome, run.seconds, messages, text))
    return outcomes, explanations


def _trace(stage: _Stage, stream: Stream, prefix: str, moment: float) -> list[str]:
    """What our engine says of the last request before a test failed; nothing of other gateways."""
    options = stage.options
    if options.api is not None or options.target is not None:
        return []
    leaves = failing_leaves(stream.tests, prefix)
    lines = [line for leaf in leaves[:1] for line in leaf.before_error or leaf.output]
    objects = stage.recorder.everything_at(moment)
    version, usable = options.suite.version, options.usable_address
    return engine_trace(lines, objects, version, options.controller, usable)


def _last_words(stream: Stream) -> list[str]:
    """What the suite as a whole complained about: its setup's errors, else its last lines."""
    whole = stream.tests.get(_FUNCTION)
    if whole and whole.errors:
        return [line for text in whole.errors for line in clean(text).split("\n")]
    lines = [line for test in stream.tests.values() for line in test.output]
    lines += stream.outside
    return [clean(line) for line in panic_of(lines) or lines[-20:]]


def _keep_report(stage: _Stage, number: int) -> None:
    """The report of the last pass is the one that is kept."""
    options, source = stage.options, _report_file(stage, number)
    if options.report is None or not source.exists():
        return
    selection = ""
    if len(stage.chosen) < len(stage.every):
        selection = f"Only {len(stage.chosen)} of {len(stage.every)} tests were run."
    kind = "of Gateproof" if options.api is None else "given"
    lines = report.heading(options.suite, selection, kind)
    try:
        report.write_report(source, options.report, lines)
    except OSError as problem:
        raise GateproofError(f"the report cannot be written: {problem}") from None
