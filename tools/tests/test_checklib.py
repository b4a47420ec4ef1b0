from checklib import strip_cpp


def test_comments_and_literals_go_and_places_stay() -> None:
    code = (
        'int a = 1\'000; // rand()\nauto s = "rand()\\"x"; /* rand(\n) */ char c = \'"\'; f("y");\n'
    )
    bare = strip_cpp(code)
    assert "rand" not in bare
    assert len(bare) == len(code)
    assert bare.count("\n") == code.count("\n")
    assert bare.index("f(") == code.index("f(")
    assert "1'000" in bare


def test_raw_strings() -> None:
    bare = strip_cpp('auto s = R"x(rand() " )" )x"; int after;')
    assert "rand" not in bare
    assert "int after;" in bare


def test_an_open_literal_ends_with_the_text() -> None:
    assert len(strip_cpp('auto s = R"(never closed')) == len('auto s = R"(never closed')
    assert len(strip_cpp("/* never closed")) == len("/* never closed")
