"""case_coverage finds rows without a case, clauses of no row, and clauses with too many cases."""

import pytest
from conftest import Tree

ROWS = """# rows
- {row: "1.1 Arity", says: "a count"}
- {row: "1.2 Host", says: "a \\"host\\""}
- {row: "1.2 Host, port", says: "its port"}
- {row: "9.3", says: "a surprise"}
- {row: "5.1 sniStrict", says: "an alert", justified: "TLS"}
"""
CASES = """- name: a
  clause: "1.1 Arity, of Host; 9.3"
- name: b
  clause: "1.2 Host; Host, port"
"""


@pytest.fixture
def good(tree: Tree) -> Tree:
    tree.put("conformance/traefik/catalogue.yaml", ROWS)
    tree.put("conformance/traefik/1-x.yaml", CASES)
    return tree


def found(tree: Tree) -> list[str]:
    return [finding["rule"] for finding in tree.findings("case_coverage")]


def test_every_row_has_a_case_or_a_reason(good: Tree) -> None:
    assert found(good) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("1-x.yaml", "; 9.3", "", "case"),
        ("1-x.yaml", "Host; Host, port", "Host", "case"),
        ("1-x.yaml", "Host; Host, port", "Host; Host, port; Port", "clause"),
        ("1-x.yaml", "9.3", "9.3; 5.1 sniStrict", "justified"),
        ("1-x.yaml", "- name: b", '- {x: 1}\n  clause: "9.3"\n' * 3 + "- name: b", "many"),
        ("catalogue.yaml", "# rows", '- {row: "1.1 Arity", says: "again"}', "twice"),
        ("catalogue.yaml", "# rows", "- row: 1.1", "line"),
    ],
)
def test_what_is_wrong_is_told(good: Tree, file: str, old: str, new: str, rule: str) -> None:
    path = good.root / "conformance/traefik" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert found(good) == [rule]


def test_a_tree_without_the_catalogue_is_wrong_usage(tree: Tree) -> None:
    assert tree.run("case_coverage").returncode == 2
