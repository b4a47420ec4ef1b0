"""Running a tool on a small tree made for the test."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOOLS))


class Tree:
    """A source tree in a temporary folder, and the tools run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["/usr/bin/python3", str(TOOLS / tool), "--root", str(self.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def findings(self, tool: str, *arguments: str) -> list[dict[str, Any]]:
        """The tool's findings; its exit code must say the same."""
        done = self.run(tool, "--json", *arguments)
        assert done.returncode in (0, 1), done.stderr
        found = json.loads(done.stdout)["findings"]
        assert bool(found) == (done.returncode == 1)
        return list(found)

    def rules(self, tool: str, *arguments: str) -> list[tuple[str, int, str]]:
        return [(f["file"], f["line"], f["rule"]) for f in self.findings(tool, *arguments)]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "engine").mkdir()
    return Tree(tmp_path)


@pytest.fixture
def tool() -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(TOOLS / name), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run
