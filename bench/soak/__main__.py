"""Soak and fault run: gateproofd under clients and servers that behave, and others that do not.

A phase with clients that behave alone, then one in which clients and backends misbehave in every
way that is known, the configuration changes twice a second (each tenth file is broken), and every
answer is still verified by content. Whatever its planted fault does not explain is a failure. At
the end descriptors, connections, threads and memory must be what they were, and the process must
end gracefully under load.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_DAEMON = ROOT / "build" / "release" / "bin" / "gateproofd"
PLANTS = ("forge", "leak")


def arguments() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="bench/soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit codes: 0 every check passed, 1 one did not, 2 usage",
    )
    made.add_argument("--daemon", type=Path, default=DEFAULT_DAEMON)
    made.add_argument("--seconds", type=float, default=60.0, help="under load (60)")
    made.add_argument("--seed", type=int, default=1, help="of every choice that is made (1)")
    made.add_argument(
        "--scale", type=float, default=0.2, help="share of the plan's mix of clients (0.2)"
    )
    made.add_argument("--workers", type=int, default=2, help="event loops of gateproofd (2)")
    made.add_argument("--restarts", type=int, default=0, help="by SIGUSR2 on the way (0)")
    made.add_argument("--interval", type=float, default=0.5, help="seconds between reloads (0.5)")
    made.add_argument(
        "--rss-slope", type=float, default=1.0, metavar="MB", help="a minute; -1 judges none (1)"
    )
    made.add_argument(
        "--p99-floor", type=float, default=100.0, metavar="MS",
        help="a p99 below it passes whatever it was alone (100)",
    )  # fmt: skip
    made.add_argument("--keep", type=Path, help="copy the proxy's log and last file there")
    made.add_argument(
        "--plant", choices=PLANTS, action="append", default=[],
        help="a fault that the run must find: a backend that forges, a connection that stays open",
    )  # fmt: skip
    made.add_argument("--json", action="store_true", help="the report as JSON on standard output")
    return made


class Progress:
    """A bar on a terminal, a line for each tenth elsewhere; always on standard error."""

    def __init__(self) -> None:
        self.tenth = -1
        self.bar = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as Bar

            self.bar = Bar(console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("soak", total=1.0)
            self.bar.start()

    def __call__(self, phase: str, share: float) -> None:
        if self.bar is not None:
            self.bar.update(self.task, completed=share, description=phase)
        elif int(share * 10) > self.tenth:
            self.tenth = int(share * 10)
            print(f"  {phase}: {self.tenth * 10} %", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


def main() -> int:
    args = arguments().parse_args()
    if not os.access(args.daemon, os.X_OK):
        print(
            f"no gateproofd at {args.daemon}: build it, or name it with --daemon", file=sys.stderr
        )
        return 2
    if args.seconds < 5 or args.scale <= 0 or args.interval <= 0 or args.workers < 1:
        print(
            "at least 5 seconds, a scale and an interval above 0, and one worker", file=sys.stderr
        )
        return 2
    try:
        from run import Options, Soak
    except ImportError as error:
        print(f"{error}: run it with .venv/bin/python (tools/setup makes it)", file=sys.stderr)
        return 2
    out = sys.stderr if args.json else sys.stdout
    print(f"seed {args.seed}", file=out, flush=True)
    options = Options(
        args.daemon.resolve(), args.seconds, args.seed, args.scale, args.workers, args.restarts,
        args.interval, args.rss_slope, args.p99_floor, tuple(args.plant),
    )  # fmt: skip
    progress = Progress()
    with tempfile.TemporaryDirectory() as name:
        soak = Soak(options, Path(name), progress)
        try:
            asyncio.run(soak.run())
        finally:
            progress.close()
            if args.keep is not None:
                args.keep.mkdir(parents=True, exist_ok=True)
                for file in Path(name).glob("*.*"):
                    shutil.copy(file, args.keep)
    return report(soak, args.json, out)


def report(soak, as_json: bool, out) -> int:
    told = soak.as_dict()
    for check in soak.checks:
        print(check.line(), file=out)
    for failure in told["failures"]:
        print(f"     {failure}", file=out)
    if as_json:
        print(json.dumps(told, indent=2))
    return 0 if told["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
