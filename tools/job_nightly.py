"""What is too long for every change: everything tools/test runs, and then more of it.

Minutes of fuzzing on each target, the thread sanitizer on net and bindings' engine, clang-tidy on
every source, large generated comparisons, HTTP/1.1 beside all peers, the official Gateway API
suite in both versions, the soak and fault run, and the benchmarks (printed, never judged).
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from steps import LOGS, ROOT, VENV, Steps, common_arguments, ctest, wheel_command

HOUR = 3600
LARGE = {"RC_PARAMS": "max_success=20000", "GATEPROOF_LARGE": "1"}


def preset(steps: Steps, name: str) -> bool:
    configure, make = ["cmake", "--preset", name], ["cmake", "--build", "--preset", name]
    return steps.run(f"build {name}", configure, make, seconds_max=HOUR).status == "passed"


def fuzz(steps: Steps, seconds: int) -> None:
    """Each target for a while, over its corpus; a crash is kept in build/fuzz/artifacts."""
    if not preset(steps, "fuzz"):
        return
    artifacts = ROOT / "build" / "fuzz" / "artifacts"
    artifacts.mkdir(exist_ok=True)
    targets = sorted((ROOT / "build" / "fuzz" / "bin").glob("fuzz_*"))
    if not targets:
        steps.skip("fuzz", "no target in build/fuzz/bin")
    for target in targets:
        name = target.name.removeprefix("fuzz_")
        grown = ROOT / "build" / "fuzz" / "corpus" / name
        grown.mkdir(parents=True, exist_ok=True)
        command = [str(target), str(grown)]
        seeds = ROOT / "fuzz" / "corpus" / name
        command += [str(seeds)] if seeds.is_dir() else []
        dictionary = ROOT / "fuzz" / "dict" / f"{name}.dict"
        command += [f"-dict={dictionary}"] if dictionary.is_file() else []
        limits = ["-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={artifacts}/"]
        # libFuzzer's usual schedule takes two thirds of the time for its own books where a target
        # reaches thousands of branches.
        limits.append("-entropic=0")
        steps.run(
            f"fuzz {name}",
            [*command, f"-max_total_time={seconds}", *limits],
            seconds_max=seconds + 300,
        )


def threads(steps: Steps) -> None:
    if preset(steps, "tsan"):
        junit = LOGS / "unit-tsan.xml"
        steps.run(
            "unit tsan", ctest("tsan", junit, "-L", "unit|soak"), junit=junit, seconds_max=HOUR
        )
        reload_under_load(steps, "tsan")  # a data race ends gateproofd with another code than 0


def large(steps: Steps) -> None:
    if preset(steps, "release"):
        junit = LOGS / "unit-large.xml"
        command = ctest("release", junit, "-L", "unit", "--timeout", "7200")
        steps.run("unit large", command, junit=junit, environment=LARGE, seconds_max=3 * HOUR)


def generated(steps: Steps, pairs: int) -> None:
    """Random configurations and requests against the real Traefik; a seed of its own each night."""
    kept = LOGS / "generated"
    command = [str(VENV / "gateproof"), "compare", "--pairs", str(pairs), "--keep", str(kept)]
    seed = int(time.strftime("%Y%m%d"))
    steps.run(f"generated pairs, seed {seed}", [*command, "--seed", str(seed)], seconds_max=HOUR)


def wire(steps: Steps, seconds: int) -> None:
    """Cases of bytes beside all peers, cases of HTTP/1.1 over HTTP/2, and a garden of a seed of its
    own each night."""
    command, peers = str(VENV / "gateproof"), "traefik,envoy,nginx,caddy,haproxy"
    steps.run("http1 beside peers", [command, "http1", "--against", peers], seconds_max=HOUR)
    http2 = [command, "test", "conformance/traefik", "--http2", "--against", "traefik"]
    steps.run("cases over HTTP/2", http2, seconds_max=HOUR)
    seed, kept = time.strftime("%Y%m%d"), str(LOGS / "garden")
    grow = [command, "garden", "--against", peers, "--rounds", "1000000", "--keep", kept]
    for name, more in (("garden", []), ("garden of HTTP/2", ["--http2"])):
        steps.run(
            f"{name}, seed {seed}",
            [*grow, "--seed", seed, "--seconds", str(seconds / 2), *more],
            seconds_max=seconds + HOUR,
        )


def gateway_api(steps: Steps) -> None:
    """The official suite, each version whole, then ten times the tests that count shares."""
    command = [str(VENV / "gateproof"), "conformance"]
    for version in ("v1.7.0", "v1.6.3"):
        report = ["--report", str(LOGS / f"gateway-api-{version}.yaml")]
        steps.run(
            f"gateway api {version}", [*command, "--suite", version, *report], seconds_max=HOUR
        )
    shares = ["--run", "*Weight*", "--run", "*Mirror*", "--repeat", "10"]
    steps.run("gateway api shares", [*command, *shares], seconds_max=HOUR)


def tidy(steps: Steps) -> None:
    steps.run(
        "tidy",
        ["cmake", "--preset", "dev"],
        ["tools/tidy", "--all", "--build", "build/dev"],
        seconds_max=HOUR,
    )


def reload_under_load(steps: Steps, build: str = "release") -> None:
    """100 changes of the file, then ten restarts, over HTTP/1.1, HTTP/2 and WebSocket: no request
    may fail. HTTP/1.1 once more for itself, where requests follow each other fastest."""
    daemon = ROOT / "build" / build / "bin" / "gateproofd"
    command = [str(VENV / "python"), "bench/reload_under_load.py", "--daemon", str(daemon)]
    for workers in ("1", "2"):
        for name, more in (
            ("reload", []),
            ("restart", ["--restarts", "10"]),
            ("restart h1", ["--restarts", "10", "--protocol", "h1"]),
        ):
            steps.run(
                f"{name} {build} {workers}",
                [*command, "--seconds", "30", "--workers", workers, *more],
            )


def soak(steps: Steps) -> None:
    """Clients, backends and configurations misbehave for 20 minutes, then through ten restarts."""
    command = [str(VENV / "python"), "bench/soak", "--seed", time.strftime("%Y%m%d")]
    for name, seconds, more in (("soak", 1200, []), ("soak restarts", 180, ["--restarts", "10"])):
        steps.run(name, [*command, "--seconds", str(seconds), *more], seconds_max=seconds + 300)


def wheel(steps: Steps) -> None:
    """As a user makes it: compiled with the wheel's own settings (tools/test takes its release)."""
    steps.run("wheel", wheel_command(ROOT / "build" / "package" / "nightly"), seconds_max=HOUR)


def bench(steps: Steps) -> None:
    programs = sorted((ROOT / "build" / "release" / "bin").glob("bench_*"))
    if not programs:
        steps.skip("bench", "no benchmark in build/release/bin")
    for program in programs:
        out = LOGS / f"{program.name}.json"
        arguments = [f"--benchmark_out={out}", "--benchmark_out_format=json"]
        steps.run(program.name.replace("_", " "), [str(program), *arguments], seconds_max=HOUR)
    command = [str(VENV / "python"), "bench/sockets", "--rounds", "3", "--seconds", "2"]
    steps.run("bench sockets", command, seconds_max=HOUR)


def main(argv: list[str] | None = None) -> int:
    arguments = common_arguments("tools/nightly", __doc__)
    arguments.add_argument("--fuzz-seconds", type=int, default=600, help="per target (600)")
    arguments.add_argument("--pairs", type=int, default=20_000, help="generated pairs (20000)")
    arguments.add_argument("--garden-seconds", type=int, default=900, help="drawn requests (900)")
    args = arguments.parse_args(argv)
    os.chdir(ROOT)
    steps = Steps(as_json=args.json)
    steps.run("test", ["tools/test"], seconds_max=3 * HOUR)
    fuzz(steps, args.fuzz_seconds)
    generated(steps, args.pairs)
    wire(steps, args.garden_seconds)
    for part in (gateway_api, threads, large, tidy, reload_under_load, soak, wheel, bench):
        part(steps)
    return steps.finish()


if __name__ == "__main__":
    sys.exit(main())
