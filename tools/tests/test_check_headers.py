import json

from conftest import Tree


def test_a_header_that_leans_on_others(tree: Tree) -> None:
    tree.put("engine/a/good.h", "#pragma once\n#include <string>\nstd::string f();\n")
    tree.put("engine/a/bad.h", "#pragma once\nstd::string g();\n")
    tree.put("engine/a/user.h", '#pragma once\n#include "engine/a/bad.h"\n')
    found = tree.rules("check_headers")
    assert found == [("engine/a/bad.h", 2, "header"), ("engine/a/user.h", 1, "header")]


def test_only_what_changed_is_compiled_again(tree: Tree) -> None:
    tree.put("engine/a/leaf.h", "#pragma once\nint f();\n")
    tree.put("engine/a/user.h", '#pragma once\n#include "engine/a/leaf.h"\n')
    assert tree.rules("check_headers") == []
    # A compiler that can only tell its version stands in: whatever is compiled, fails.
    fake = tree.put("fake", '#!/bin/sh\n[ "$1" = -dumpfullversion ] && g++ "$@"\n')
    fake.chmod(0o755)
    cache = tree.root / "build" / "checks" / "headers.json"
    keys = json.loads(cache.read_text())
    assert len(keys) == 2
    assert len(tree.rules("check_headers", "--compiler", str(fake))) == 2
    tree.put("engine/a/leaf.h", "#pragma once\nint g();\n")
    assert tree.rules("check_headers") == []
    assert not set(keys) & set(json.loads(cache.read_text()))


def test_no_compiler_is_a_usage_error(tree: Tree) -> None:
    assert tree.run("check_headers", "--compiler", "no-such-compiler").returncode == 2
