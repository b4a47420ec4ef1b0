"""check_advisories finds classes without a case that is named after them, and names of no class."""

import pytest
from conftest import Tree

ROWS = """# classes
- {id: A1, says: "time tells"}
- {id: H2, says: "no end"}
- {id: K1, says: "leaves"}
"""


@pytest.fixture
def good(tree: Tree) -> Tree:
    tree.put("conformance/advisories.yaml", ROWS)
    tree.put("conformance/http1/x.yaml", "cases:\n- {name: A1-unknown-user, send: x}\n")
    tree.put("engine/http/h2_test.cpp", "TEST_F(Frames,\n       H2_NoEnd) {}\nTEST(A, B) {}\n")
    tree.put("bindings/python/tests/test_x.py", "def test_k1_leaves() -> None: ...\n")
    return tree


def found(tree: Tree) -> list[str]:
    return [f"{f['file']}:{f['line']} {f['rule']}" for f in tree.findings("check_advisories")]


def test_each_class_has_a_case(good: Tree) -> None:
    assert found(good) == []
    listed = good.run("check_advisories", "--list").stdout
    assert "H2: no end\n    engine/http/h2_test.cpp H2_NoEnd\n" in listed


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("conformance/http1/x.yaml", "cases:\n- {name: unknown-user-A1-, send: x}\n", 2),
        ("engine/http/h2_test.cpp", "TEST(Frames, H2CIsRefused) {}\n// H2_NoEnd\n", 3),
        ("bindings/python/tests/test_x.py", "def helper_k1_leaves() -> None: ...\n", 4),
    ],
)
def test_a_class_without_a_case(good: Tree, file: str, text: str, line: int) -> None:
    good.put(file, text)
    assert found(good) == [f"conformance/advisories.yaml:{line} no case"]


def test_a_name_of_no_class_and_a_line_that_is_none(good: Tree) -> None:
    good.put("engine/x_test.cpp", "\nTEST(Frames, H9_More) {}\n")
    good.put("conformance/advisories.yaml", ROWS + '- {id: A1, says: "again"}\n')
    assert found(good) == ["conformance/advisories.yaml:5 line", "engine/x_test.cpp:2 unknown"]


def test_without_the_list_it_cannot_run(tree: Tree) -> None:
    assert tree.run("check_advisories").returncode == 2
