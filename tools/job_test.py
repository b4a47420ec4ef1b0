"""Installs, builds and runs every test: release, then sanitizers on the short arms and the soak.

Each step's output goes to build/logs; all steps run, whatever failed before. The last line is
`N passed, N failed`. This is what CI runs.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from steps import LOGS, ROOT, VENV, Steps, common_arguments, compile_database, ctest, wheel_command

SANITIZERS = {
    "ASAN_OPTIONS": "strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
PYTHON = str(VENV / "python")
PACKAGE = ROOT / "build" / "package"


def build(steps: Steps, preset: str) -> None:
    configure, make = ["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset]
    steps.run(f"build {preset}", configure, make)


def release(steps: Steps) -> None:
    build(steps, "release")
    compile_database()
    junit = LOGS / "checks.xml"
    steps.run("checks", ctest("release", junit, "-L", "check"), junit=junit)
    junit = LOGS / "unit-release.xml"
    steps.run("unit release", ctest("release", junit, "-LE", "check"), junit=junit)
    steps.run("tidy", ["tools/tidy", "--build", "build/release"])  # what changed against main


def sanitized(steps: Steps) -> None:
    build(steps, "asan")
    junit = LOGS / "unit-asan.xml"
    command = ctest("asan", junit, "-L", "unit|fuzz-replay|soak")
    steps.run("unit asan", command, junit=junit, environment=SANITIZERS)


# What has threads: work away from the event loop, and the program. tools/nightly has the rest.
THREADED = ["gateproofd", "test_env"]


def threads(steps: Steps) -> None:
    configure, make = ["cmake", "--preset", "tsan"], ["cmake", "--build", "--preset", "tsan"]
    steps.run("build tsan", configure, [*make, "--target", *THREADED])
    junit = LOGS / "soak-tsan.xml"
    command = ctest("tsan", junit, "-R", r"^(unit\.env|e2e\.soak)$")
    steps.run("soak tsan", command, junit=junit)


def python(steps: Steps) -> None:
    ruff = str(VENV / "ruff")
    steps.run("ruff", [ruff, "check"], [ruff, "format", "--check"])
    steps.run("mypy", [PYTHON, "-m", "mypy"])
    junit = LOGS / "pytest.xml"
    workers = str(os.cpu_count() or 2)
    command = [PYTHON, "-m", "pytest", "-q", "-n", workers, f"--junitxml={junit}"]
    steps.run("pytest", command, junit=junit)


def conformance(steps: Steps) -> None:
    junit = LOGS / "conformance.xml"
    command = [str(VENV / "gateproof"), "test", "conformance/traefik", "--against", "traefik"]
    for arm in ("direct", "wire", "socket"):
        command += ["--arm", arm]
    steps.run("conformance", [*command, "--junit", str(junit)], junit=junit)


# The wheel takes what the release step has built: with settings of its own everything would be
# compiled once more (tools/nightly does that).
OF_RELEASE = [
    "build-dir=build/release", "cmake.define.CMAKE_CXX_FLAGS_RELEASE=-O2",
    "cmake.define.GP_TESTS=ON", "cmake.define.GP_BENCH=ON",
]  # fmt: skip


def package(steps: Steps) -> None:
    """A wheel, installed into an environment of its own and used from outside the tree."""
    wheels, there = PACKAGE / "wheels", PACKAGE / "venv" / "bin"
    probe = (
        "import gateproof, sys; sys.exit(gateproof.__file__.startswith(sys.argv[1] + '/bindings'))"
    )
    steps.run(
        "package",
        ["rm", "-rf", str(PACKAGE)],
        wheel_command(wheels, *OF_RELEASE),
        ["/usr/bin/python3", "-m", "venv", str(PACKAGE / "venv")],
        ["sh", "-c", f"exec {there}/python -m pip --quiet install {wheels}/gateproof-*.whl"],
        ["env", "-C", "/", "-u", "PYTHONPATH", str(there / "python"), "-c", probe, str(ROOT)],
        ["env", "-C", "/", "-u", "PYTHONPATH", str(there / "gateproof"), "--version"],
    )


STEPS = {
    "release": release, "asan": sanitized, "tsan": threads, "python": python,
    "conformance": conformance, "package": package,
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    arguments = common_arguments("tools/test", __doc__)
    arguments.add_argument("--quick", action="store_true", help="leave out asan, tsan and package")
    arguments.add_argument(
        "--only", action="append", choices=list(STEPS), help="only this group (may be repeated)"
    )
    args = arguments.parse_args(argv)
    left_out = {"asan", "tsan", "package"} if args.quick else set()
    chosen = args.only or [name for name in STEPS if name not in left_out]
    os.chdir(ROOT)
    steps = Steps(as_json=args.json)
    if steps.run("setup", ["tools/setup"]).status == "passed":
        for name in chosen:
            STEPS[name](steps)
    return steps.finish()


if __name__ == "__main__":
    sys.exit(main())
