"""Installs, builds, and shows the main job on the guide's configuration.

Findings of `gateproof check`, an `ask` with its losers explained, one that nobody takes, and the
parity cases on every arm and against real Traefik.
"""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from steps import ROOT, VENV, Steps, common_arguments, compile_database

GUIDE = "scenarios/guide"
FILE = [f"{GUIDE}/added/traefik-file.yml", f"{GUIDE}/dynamic/my-app.yml"]
CLUSTER = [
    f"{GUIDE}/static/kubernetes.yml", f"{GUIDE}/kubernetes", f"{GUIDE}/added/services.yaml",
]  # fmt: skip
URL = "https://app.example.com/api/users"
CASES = ["conformance/traefik", "--against", "traefik"]
CASES += ["--arm", "direct", "--arm", "wire", "--arm", "socket"]

# title, arguments of the gateproof command, exit codes that are as they should be
SHOWN: list[tuple[str, list[str], set[int]]] = [
    ("What is wrong in the guide's files", ["check", GUIDE], {1}),
    ("What happens to a request, and why", ["ask", *FILE, "GET", URL], {0}),
    ("One that no router takes", ["ask", *FILE, "GET", "https://shop.example.com/"], {0, 1}),
    ("The cluster's files: the IngressRoute loses", ["ask", *CLUSTER, "GET", URL], {0}),
    ("Parity cases, each arm and real Traefik", ["test", *CASES], {0}),
]


def show(steps: Steps, title: str, arguments: list[str], fine: set[int]) -> bool:
    """Runs one command in front of the reader; True when it ended as it should."""
    steps.say(f"\n== {title}\n$ gateproof {shlex.join(arguments)}")
    begin = time.monotonic()
    try:
        out = sys.stderr if steps.as_json else None
        done = subprocess.run([str(VENV / "gateproof"), *arguments], check=False, stdout=out)
    except OSError as error:
        steps.say(str(error))
        return False
    seconds = time.monotonic() - begin
    if seconds > 2:
        steps.say(f"({seconds:.1f} s)")
    if done.returncode not in fine:
        steps.say(f"gateproof ended with {done.returncode}, expected {sorted(fine)}")
    return done.returncode in fine


def main(argv: list[str] | None = None) -> int:
    args = common_arguments("tools/demo", __doc__).parse_args(argv)
    os.chdir(ROOT)
    steps = Steps(as_json=args.json)
    configure, make = ["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release"]
    for name, commands in (("setup", [["tools/setup"]]), ("build release", [configure, make])):
        if steps.run(name, *commands).status != "passed":
            return 1
    compile_database()
    failed = [title for title, arguments, fine in SHOWN if not show(steps, title, arguments, fine)]
    for title in failed:
        steps.say(f"not as it should be: {title}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
