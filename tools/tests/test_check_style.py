from conftest import Tree

BODY = "  x += 1;\n"


def function(lines: int, header: str = "int f(int x)") -> str:
    return f"{header} {{\n{BODY * (lines - 2)}}}\n"


def test_a_good_tree_is_fine(tree: Tree) -> None:
    tree.put("engine/a/a.cpp", "namespace n {\n\n" + function(70) + "\n}  // namespace n\n")
    tree.put("tools/t", "#!/usr/bin/env bash\ntrue\n")
    assert tree.rules("check_style") == []


def test_long_functions(tree: Tree) -> None:
    inside = "namespace n {\nclass C : public B {\n" + function(71) + "};\n}\n"
    tree.put("engine/a/a.cpp", inside)
    tree.put("engine/a/b.cpp", function(71, "C::C(int x) : a_{1}, b_(x)"))
    tree.put("engine/a/c.cpp", "auto f = [](int x) {\n" + BODY * 80 + "};\n")
    tree.put("engine/a/d.cpp", "template <class T>\n  requires std::is_void_v<T>\n" + function(71))
    lines = tree.rules("check_style")
    assert lines == [
        ("engine/a/a.cpp", 3, "function"),
        ("engine/a/b.cpp", 1, "function"),
        ("engine/a/c.cpp", 1, "function"),
        ("engine/a/d.cpp", 3, "function"),
    ]


def test_tables_types_and_tests_are_no_functions(tree: Tree) -> None:
    rows = '    {"name", 1},\n' * 90
    tree.put("engine/a/a.cpp", f"constexpr Row kTable[] = {{\n{rows}}};\n")
    tree.put("engine/a/b.cpp", "struct S {\n" + "  int a{1};\n" * 90 + "};\n")
    tree.put("engine/a/c_test.cpp", function(90, "TEST(A, B)"))
    assert tree.rules("check_style") == []


def test_long_python_functions(tree: Tree) -> None:
    tree.put("bindings/python/gateproof/a.py", "def f():\n" + "    x = 1\n" * 70)
    assert tree.rules("check_style") == [("bindings/python/gateproof/a.py", 1, "function")]


def test_long_files_want_an_entry_with_a_reason(tree: Tree) -> None:
    tree.put("engine/a/a.cpp", "int x;\n" * 601)
    assert tree.rules("check_style") == [("engine/a/a.cpp", 601, "file")]
    tree.put("tools/long_files.txt", "engine/a/a.cpp one table\n")
    assert tree.rules("check_style") == []
    tree.put("tools/long_files.txt", "engine/a/a.cpp\nengine/a/gone.cpp once\n")
    assert [rule for _, _, rule in tree.rules("check_style")] == ["list", "list"]


def test_marks_blanks_and_shell(tree: Tree) -> None:
    tree.put("engine/a/a.cpp", "int x;  // TO" + "DO later\n")
    tree.put("docs/a.md", "blank \n")
    tree.put("tools/t", "#!/usr/bin/env bash\n" + "true\n" * 40)
    assert tree.rules("check_style") == [
        ("docs/a.md", 1, "blank"),
        ("engine/a/a.cpp", 1, "mark"),
        ("tools/t", 41, "shell"),
    ]
