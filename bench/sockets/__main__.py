"""gateproofd beside Traefik, nginx, HAProxy and a byte relay on sockets of this machine.

Every proxy has one thread on one core; the load and the server behind them have another. Each
round visits every contender, in turned order, and a warm-up round is thrown away. A figure is the
median of the rounds with its range, a ratio is to Traefik in the same round. CPU is what the
scheduler gave the proxy's whole process tree. Claim a difference only where the whole range shows
it.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import machine  # noqa: E402
from contenders import CONTENDERS, find  # noqa: E402
from measuring import Measuring  # noqa: E402
from report import as_data, as_text, missed  # noqa: E402
from rows import ROWS, Setup  # noqa: E402

TOOLS = ("wrk", "h2load", "taskset", "setpriv")
EPILOG = """rows: {rows}
exit codes: 0 measured, 1 something was not answered (or, with --judge, a target is missed),
            2 usage, 77 a tool is missing"""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench/sockets",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG.format(rows=", ".join(ROWS)),
    )
    parser.add_argument("--only", action="append", choices=list(ROWS), metavar="ROW",
                        help="only this row (may be repeated)")  # fmt: skip
    parser.add_argument("--peer", action="append", choices=list(CONTENDERS), metavar="NAME",
                        help="only these contenders: " + ", ".join(CONTENDERS))  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load (3)")
    parser.add_argument("--routes", type=int, default=10_000, help="of the row routes (10000)")
    parser.add_argument("--daemon", type=Path, help="gateproofd (that of build/release)")
    parser.add_argument("--judge", action="store_true", help="exit code 1 for a missed target")
    parser.add_argument("--json", action="store_true", help="a report on standard output")
    return parser


def teller() -> Callable[[str], None]:
    """Progress on standard error: one line that changes on a terminal, else one for each row."""
    begin, seen = time.monotonic(), {""}
    terminal = sys.stderr.isatty()

    def tell(text: str) -> None:
        label = text if terminal else text.partition(", ")[0]
        if label in seen and not terminal:
            return
        seen.add(label)
        line = f"{time.monotonic() - begin:6.0f} s  {label}"
        print(f"\r\033[K{line}" if terminal else line, end="" if terminal else "\n",
              file=sys.stderr, flush=True)  # fmt: skip

    return tell


def main(argv: list[str] | None = None) -> int:
    parser = arguments()
    args = parser.parse_args(argv)
    if args.rounds < 1 or args.seconds < 1 or args.routes < 1:
        parser.error("rounds, seconds and routes are 1 or more")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed (tools/setup)", file=sys.stderr)
        return 77
    programs = {name: find(name, args.daemon) for name in args.peer or CONTENDERS}
    there = {name: program for name, program in programs.items() if program}
    absent = [f"{name}: not installed or not built" for name in programs if name not in there]
    if not there:
        print("skipped: " + "; ".join(absent), file=sys.stderr)
        return 77
    cores = machine.Cores.here()
    if cores.shared:
        print("only one core: the load takes part of what is measured", file=sys.stderr)
    tell = teller()
    os.sched_setaffinity(0, {cores.load})
    with tempfile.TemporaryDirectory(prefix="gp-sockets-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        setup = Setup(cores, args.seconds, folder)
        measuring = Measuring(setup, there, args.rounds, args.routes, tell)
        try:
            found = measuring.run(args.only or list(ROWS))
        except KeyboardInterrupt:
            return 130
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    found.skipped += absent
    print(json.dumps(as_data(found), indent=2) if args.json else as_text(found))
    return 1 if found.problems or (args.judge and missed(found)) else 0


if __name__ == "__main__":
    sys.exit(main())
