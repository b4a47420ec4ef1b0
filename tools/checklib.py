"""What the checks share: a finding, the command line, files, and C++ without its noise."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPP = (".cpp", ".h")
FINE, FINDINGS, USAGE = 0, 1, 2


@dataclass(frozen=True, order=True)
class Finding:
    """Something wrong at a place; `rule` is the short name that allow lists use."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} [{self.rule}]"


class UsageError(Exception):
    """The check cannot run: a wrong argument, or something that must exist does not."""


def parser(description: str | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=description, epilog="exit codes: 0 fine, 1 findings, 2 usage"
    )
    made.add_argument("--root", type=Path, default=ROOT, help="the source tree (this one)")
    made.add_argument("--json", action="store_true", help="print findings as JSON")
    return made


def run(
    made: argparse.ArgumentParser,
    check: Callable[[argparse.Namespace], Iterable[Finding]],
    argv: list[str] | None,
) -> int:
    """Parses, checks, prints, and returns the exit code. The whole main() of a check."""
    args = made.parse_args(argv)
    if not args.root.is_dir():
        print(f"{made.prog}: no folder {args.root}", file=sys.stderr)
        return USAGE
    args.root = args.root.resolve()
    try:
        found = sorted(set(check(args)))
    except UsageError as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return USAGE
    if args.json:
        print(json.dumps({"check": made.prog, "findings": [asdict(f) for f in found]}, indent=2))
    else:
        for finding in found:
            print(finding)
        plural = "" if len(found) == 1 else "s"
        print(f"{made.prog}: {len(found)} finding{plural}" if found else f"{made.prog}: fine")
    return FINDINGS if found else FINE


def files(root: Path, folders: Iterable[str], suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Files below the folders, sorted; the suffix `""` stands for names without one."""
    skipped = {"__pycache__", "build", ".venv", "corpus", ".hypothesis"}
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root).parts
            if path.is_file() and path.suffix in suffixes and not skipped & set(inside):
                yield path


def relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def is_test(path: Path) -> bool:
    """Test code, which may do some things that the engine may not."""
    return path.stem.endswith("_test") or path.stem.startswith("test_") or "testing" in path.parts


def table(path: Path, columns: int) -> Iterator[tuple[int, list[str]]]:
    """Rows of an allow list: columns apart by blanks, the last one free text; `#` comments."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            row = line.split(None, columns - 1)
            yield number, row + [""] * (columns - len(row))


def strip_cpp(text: str) -> str:
    """The text with comments, strings and characters blanked; lines and columns stay."""
    out: list[str] = []
    at, end = 0, len(text)
    while at < end:
        stop, keep = _noise(text, at)
        if stop == at:
            out.append(text[at])
            at += 1
            continue
        piece = text[at:stop]
        blank = "".join(c if c == "\n" else " " for c in piece)
        out.append(piece[0] + blank[1:-1] + piece[-1] if keep and len(piece) > 1 else blank)
        at = stop
    return "".join(out)


def _noise(text: str, at: int) -> tuple[int, bool]:
    """Where the comment or literal at `at` ends (`at` if none is), and whether quotes stay."""
    two = text[at : at + 2]
    if two == "//":
        stop = text.find("\n", at)
        return (len(text) if stop < 0 else stop), False
    if two == "/*":
        stop = text.find("*/", at + 2)
        return (len(text) if stop < 0 else stop + 2), False
    before = text[at - 1] if at else " "
    word = before.isalnum() or before == "_"
    if two == 'R"' and (not word or before in "uUL8"):
        opening = text.find("(", at)
        closing = ")" + text[at + 2 : opening] + '"'
        stop = text.find(closing, opening)
        return (len(text) if stop < 0 else stop + len(closing)), False
    if text[at] == '"' or (text[at] == "'" and not word):
        return _quoted(text, at), True
    return at, False


def _quoted(text: str, at: int) -> int:
    quote, stop = text[at], at + 1
    while stop < len(text) and text[stop] not in (quote, "\n"):
        stop += 2 if text[stop] == "\\" else 1
    return min(stop + 1, len(text))
