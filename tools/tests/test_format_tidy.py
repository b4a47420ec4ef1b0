import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import TOOLS, Tree

needs_clang = pytest.mark.skipif(
    not shutil.which("clang-tidy-16"), reason="no clang-tidy-16: tools/setup installs it"
)


def test_format_reports_and_mends(tree: Tree) -> None:
    shutil.copy(TOOLS.parent / ".clang-format", tree.root)
    bad = tree.put("engine/a/a.cpp", "int   f( ) {return 1;}\n")
    assert tree.rules("format") == [("engine/a/a.cpp", 1, "format")]
    assert tree.rules("format", "--fix") == []
    assert bad.read_text() == "int f() { return 1; }\n"
    assert tree.rules("format", str(bad)) == []


def database(tree: Tree, path: Path) -> None:
    entry = {"directory": str(tree.root), "file": str(path), "command": f"g++ -std=c++20 -c {path}"}
    tree.put("build/dev/compile_commands.json", json.dumps([entry]))


@needs_clang
def test_tidy_finds_use_after_move(tree: Tree) -> None:
    shutil.copy(TOOLS.parent / ".clang-tidy", tree.root)
    body = "#include <string>\n#include <utility>\nvoid take(std::string);\n"
    body += "auto f(std::string s) {\n  take(std::move(s));\n  return s.size();\n}\n"
    path = tree.put("engine/a/a.cpp", body)
    database(tree, path)
    found = tree.rules("tidy", str(path))
    assert ("engine/a/a.cpp", 6, "bugprone-use-after-move") in found


@needs_clang
def test_tidy_takes_what_changed(tree: Tree) -> None:
    shutil.copy(TOOLS.parent / ".clang-tidy", tree.root)
    git = ["git", "-C", str(tree.root), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    tree.put("engine/a/old.cpp", "int f(double x) { return x; }\n")
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    assert tree.rules("tidy") == []
    path = tree.put("engine/a/new.cpp", "int g(double x) {\n  int y = x;\n  return y;\n}\n")
    database(tree, path)
    assert {file for file, _, _ in tree.rules("tidy")} == {"engine/a/new.cpp"}


def test_tidy_without_a_build(tree: Tree) -> None:
    path = tree.put("engine/a/a.cpp", "int x;\n")
    assert tree.run("tidy", str(path)).returncode == 2
