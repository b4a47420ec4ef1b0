"""check_registry finds each kind of disagreement; new_middleware's four edits satisfy it."""

import shutil
import subprocess

import pytest
from conftest import TOOLS, Tree

HERE = TOOLS.parent
REGISTRY = """#include "engine/middleware/middleware.h"
namespace gateproof::middleware {

MiddlewareSpec alpha();
MiddlewareSpec beta_two();

std::vector<MiddlewareSpec> table() {
  return {
      alpha(),
      beta_two(),
  };
}
}
"""
SOURCE = """const auto s = config::Schema<Options>().field("size", &Options::size, "integer");
MiddlewareSpec NAME() { return {{"TYPE", &schema(), make_options<Options>}, build}; }
"""
README = "| type | options |\n| --- | --- |\n| `alpha` | `size` 1 |\n| `betaTwo` | `size` 2 |\n"


@pytest.fixture
def good(tree: Tree) -> Tree:
    tree.put("engine/middleware/registry.cpp", REGISTRY)
    for name, type_name in (("alpha", "alpha"), ("beta_two", "betaTwo")):
        text = SOURCE.replace("NAME", name).replace("TYPE", type_name)
        tree.put(f"engine/middleware/{name}.cpp", text)
        tree.put(f"engine/middleware/{name}_test.cpp", "")
    tree.put("engine/middleware/README.md", README)
    tree.put("conformance/traefik/3.2-a.yaml", "- {alpha: {size: 1}}\n- {betaTwo: {size: 1}}\n")
    return tree


def kinds(tree: Tree) -> list[str]:
    return [finding["rule"] for finding in tree.findings("check_registry")]


def test_agreement(good: Tree) -> None:
    assert kinds(good) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("engine/middleware/registry.cpp", "MiddlewareSpec alpha();\n", "", "declaration"),
        ("engine/middleware/registry.cpp", "      alpha(),\n", "", "line"),
        ("engine/middleware/registry.cpp", "alpha()", "alfa()", "source"),
        ("engine/middleware/README.md", "`alpha`", "`alphabet`", "row"),
        ("engine/middleware/README.md", "`size` 1", "", "option"),
        ("conformance/traefik/3.2-a.yaml", "betaTwo", "other", "case"),
        ("engine/middleware/alpha.cpp", '"alpha"', '"zeta"', "order"),
    ],
)
def test_a_planted_disagreement(good: Tree, file: str, old: str, new: str, rule: str) -> None:
    path = good.root / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert rule in kinds(good)


def test_a_missing_test_and_a_wrong_name(good: Tree) -> None:
    folder = good.root / "engine" / "middleware"
    (folder / "alpha_test.cpp").unlink()
    assert kinds(good) == ["test"]
    (folder / "alpha.cpp").rename(folder / "first.cpp")
    assert sorted(kinds(good)) == ["name", "test"]


def test_no_registry(tree: Tree) -> None:
    assert tree.run("check_registry").returncode == 2


def test_the_four_edits(good: Tree) -> None:
    done = good.run("new_middleware", "alphaTwo")
    assert done.returncode == 0, done.stderr
    assert kinds(good) == ["case"]
    good.put("conformance/traefik/3.2-b.yaml", "- {alphaTwo: {value: x}}\n")
    assert kinds(good) == []
    registry = (good.root / "engine/middleware/registry.cpp").read_text()
    assert registry.index("alpha_two(),") < registry.index("beta_two(),")


@pytest.mark.parametrize("name", ["alpha", "beta_two", "betaTwo", "9lives", "no-name", ""])
def test_a_refused_name_writes_nothing(good: Tree, name: str) -> None:
    before = sorted(p.name for p in (good.root / "engine/middleware").iterdir())
    done = good.run("new_middleware", name)
    assert done.returncode == 2
    assert done.stderr.startswith("new_middleware: ")
    assert sorted(p.name for p in (good.root / "engine/middleware").iterdir()) == before


def test_what_it_writes_compiles_and_is_formatted(tree: Tree) -> None:
    """On a copy of this tree's engine."""
    ignore = shutil.ignore_patterns("*_test.cpp")
    shutil.copytree(HERE / "engine", tree.root / "engine", dirs_exist_ok=True, ignore=ignore)
    shutil.copy(HERE / ".clang-format", tree.root)
    assert tree.run("new_middleware", "example_filter").returncode == 0
    made = [f"engine/middleware/example_filter{end}.cpp" for end in ("", "_test")]
    flags = ["-std=c++20", "-fsyntax-only", "-Wall", "-include", str(HERE / "cmake" / "pch.h")]
    for name in made:
        command = ["g++", *flags, f"-I{tree.root}", str(tree.root / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert tree.rules("format", *(str(tree.root / name) for name in made)) == []
