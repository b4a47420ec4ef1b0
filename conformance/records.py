"""Records of a real Traefik's answers: a folder of cases, each with the expected.json it gave."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateproof.real_traefik import find_traefik


def main(about: str | None, cases: Path, answer: Callable[[Path, Path], Any]) -> int:
    """The command line `record|check [CASE...]` over the folders in cases.

    answer(binary, case) is what the binary says, as plain data, or a text: why it cannot be asked.
    Returns 1 if a checked case is answered otherwise than recorded (got.json lies beside it).
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("mode", choices=["record", "check"])
    parser.add_argument("cases", nargs="*")
    args = parser.parse_args()
    binary = find_traefik()
    if binary is None:
        print("skipped: no Traefik binary (GATEPROOF_TRAEFIK, .venv/bin/traefik, PATH)")
        return 0
    different = 0
    for case in sorted(p for p in cases.iterdir() if not args.cases or p.name in args.cases):
        said = answer(binary, case)
        if isinstance(said, str):
            print(f"{case.name}: skipped: {said}")
            continue
        got = json.dumps(said, indent=1, sort_keys=True) + "\n"
        recorded = case / "expected.json"
        if args.mode == "record":
            recorded.write_text(got)
            print(f"{case.name}: recorded")
        elif recorded.read_text() != got:
            different += 1
            (case / "got.json").write_text(got)
            print(f"{case.name}: differs, see {case / 'got.json'}")
        else:
            print(f"{case.name}: holds")
    return 1 if different else 0
