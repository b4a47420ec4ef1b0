"""What holds for every tool: --help, exit code 2 for wrong usage, and shell kept short."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent.parent
PROGRAMS = sorted(p.name for p in TOOLS.iterdir() if p.is_file() and not p.suffix)
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("name", PROGRAMS)
def test_help(tool: Run, name: str) -> None:
    done = tool(name, "--help")
    assert done.returncode == 0
    assert "usage:" in done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_wrong_usage(tool: Run, name: str) -> None:
    done = tool(name, "--no-such-option")
    assert done.returncode == 2
    assert done.stderr


@pytest.mark.parametrize("name", [n for n in PROGRAMS if n.startswith("check_")])
def test_no_such_root(tool: Run, name: str, tmp_path: Path) -> None:
    assert tool(name, "--root", str(tmp_path / "absent")).returncode == 2


def test_the_setup_list_names_each_package_once() -> None:
    lines = (TOOLS / "apt-packages.txt").read_text().split("\n")
    names = [line for line in lines if line and not line.startswith("#")]
    assert len(names) == len(set(names))
    assert all(line == line.strip() for line in names)


def test_setup_is_quiet_and_quick_when_nothing_is_to_do(tool: Run) -> None:
    """tools/test has run it before; two seconds is the promise, a busy machine gets ten."""
    begin = time.monotonic()
    done = tool("setup")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - begin < 10
