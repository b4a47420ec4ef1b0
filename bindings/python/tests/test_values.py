"""Headers, durations, rules, errors, configurations."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from support import SHOP, WEB

import gateproof as gp
from gateproof.durations import nanoseconds


def test_headers() -> None:
    lines = gp.Headers({"Set-Cookie": ["a=1", "b=2"], "Vary": "Accept"})
    assert lines["set-COOKIE"] == "a=1"
    assert lines.getall("set-cookie") == ["a=1", "b=2"]
    assert "vary" in lines
    assert lines.get("nope") is None
    assert lines.get("nope", "x") == "x"
    assert lines == gp.Headers([("vary", "Accept"), ("set-cookie", "a=1"), ("set-cookie", "b=2")])
    assert len(lines) == 3
    assert pickle.loads(pickle.dumps(lines)) == lines
    with pytest.raises(KeyError):
        _ = lines["nope"]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0, 0), (1.5, 1_500_000_000), ("250ms", 250_000_000), ("1m30s", 90_000_000_000),
        ("2h", 7_200_000_000_000), (timedelta(microseconds=3), 3000), ("1.5s", 1_500_000_000),
    ],
)  # fmt: skip
def test_durations(value: float | str | timedelta, wanted: int) -> None:
    assert nanoseconds(value) == wanted


@pytest.mark.parametrize("value", ["", "5", "5 bananas", "s", -1, "ms5"])
def test_bad_durations(value: str | int) -> None:
    with pytest.raises(ValueError):
        nanoseconds(value)


def test_rules() -> None:
    read = gp.parse_rule("Host(`a.test`) && !(Path(`/x`) || Path(`/y`))")
    assert read.hosts == ("a.test",)
    assert read.priority == len("Host(`a.test`) && !(Path(`/x`) || Path(`/y`))")
    assert gp.parse_rule(read.text).tree["kind"] == "all"


def test_rule_errors_point_into_the_rule() -> None:
    with pytest.raises(gp.RuleSyntaxError) as caught:
        gp.parse_rule("Host(`a.test`) && Pathprefix2(`/x`)")
    error = caught.value
    assert error.rule[error.offset :].startswith("Pathprefix2")
    assert "^" in str(error)
    assert isinstance(error, gp.ConfigError)
    assert isinstance(error, ValueError)
    assert pickle.loads(pickle.dumps(error)).offset == error.offset


def test_load_and_findings(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text("http:\n  routers:\n    r:\n      rule: Pathprefix2(`/`)\n      service: s\n")
    config = gp.load(path)
    assert config.files == ((str(path), "dynamic"),)
    found = [one for one in config.check() if one.severity == "error"]
    assert any(one.line == 4 and one.file == str(path) and one.remedy for one in found)
    assert str(path) in config.render()
    assert gp.check(path) == config.check()


def test_load_errors(tmp_path: Path) -> None:
    with pytest.raises(gp.ConfigError) as caught:
        gp.load(tmp_path / "nothing.yaml")
    assert caught.value.problems
    assert "nothing.yaml" in str(caught.value)
    with pytest.raises(gp.ConfigError):
        gp.load()
    broken = tmp_path / "broken.yaml"
    broken.write_text("http: [x")
    with pytest.raises(gp.ConfigError) as caught:
        gp.load(broken)
    (problem, *_) = caught.value.problems
    assert problem.line == 1
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("http: {routers: {r: {rule: 'Path(`/`)', serwice: x}}}")
    gp.load(wrong)
    with pytest.raises(gp.ConfigError):
        gp.load(wrong, strict=True)


def test_texts_lie_over_files(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text("http: {routers: {old: {rule: 'Path(`/`)', service: noop@internal}}}")
    over = {str(path): path.read_text().replace("old", "new")}
    with gp.World(config=gp.load(path, texts=over)) as world:
        assert "new@file" in world.routers
    with gp.World(config=path) as world:
        assert "old@file" in world.routers


def test_static_is_chosen() -> None:
    with pytest.raises(gp.ConfigError, match="static configuration"):
        gp.World(config=gp.load(texts={"dynamic.yaml": "http: {}"}), static=7)
    with gp.World(config=SHOP, static=WEB) as world:
        assert world.config.statics == ("static.yaml",)


def test_import_is_cheap() -> None:
    script = (
        "import sys, gateproof, gateproof.pytest_plugin\n"
        "print([m for m in sys.modules if m.startswith('gateproof') or m in ('rich', 'yaml')])"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['gateproof', 'gateproof.pytest_plugin']"


def test_names_are_all_there() -> None:
    for name in gp.__all__:
        assert getattr(gp, name) is not None
    assert dir(gp) == sorted(gp.__all__)
    with pytest.raises(AttributeError):
        _ = gp.banana
