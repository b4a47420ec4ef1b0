"""On a small Python module: the stub maker does not mind that it is not a built one."""

from conftest import Tree

MODULE = ("--module", "gpfake.core")


def planted(tree: Tree) -> tuple[str, ...]:
    tree.put("bindings/python/gpfake/__init__.py", "")
    tree.put("bindings/python/gpfake/core.py", "def ask(url: str) -> int:\n    return 1\n")
    return (*MODULE, "--stub", str(tree.root / "core.pyi"))


def test_update_then_compare(tree: Tree) -> None:
    arguments = planted(tree)
    assert tree.findings("check_stubs", *arguments) != []
    assert tree.run("check_stubs", "--update", *arguments).returncode == 0
    assert "def ask(url: str) -> int" in (tree.root / "core.pyi").read_text()
    assert tree.findings("check_stubs", *arguments) == []


def test_a_changed_module_is_caught(tree: Tree) -> None:
    arguments = planted(tree)
    tree.run("check_stubs", "--update", *arguments)
    tree.put("bindings/python/gpfake/core.py", "def ask(url: str) -> str:\n    return url\n")
    found = tree.findings("check_stubs", *arguments)
    assert [finding["rule"] for finding in found] == ["stub"]
    assert "-> str" in found[0]["message"]


def test_a_module_that_is_not_built(tree: Tree) -> None:
    done = tree.run("check_stubs", "--module", "gpfake.absent")
    assert done.returncode == 2
    assert "is it built?" in done.stderr
