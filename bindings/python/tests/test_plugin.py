"""The pytest plugin, used by an inner pytest."""

from __future__ import annotations

import pytest
from support import SHOP, WEB
from test_cli import CASE

pytest_plugins = ["pytester"]

TESTS = f"""
SHOP = {SHOP!r}
WEB = {WEB!r}

def test_fine(world):
    w = world(config=SHOP, static=WEB)
    w.upstream("shop.internal:80", body="x")
    assert w.get("http://shop.test/api").status == 200
    assert w.seed == SEED

def test_broken(world):
    w = world(config=SHOP, static=WEB)
    assert w.get("http://shop.test/api/y").status == 200
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_fixture_and_reports(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.makepyfile(TESTS.replace("SEED", "7"))
    result = pytester.runpytest_subprocess("--gp-seed", "7", *workers)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([
        "*World(seed=7*",
        "seed 7, digest *",
        "GET http://shop.test/api/y",
        "*/api/y -> /y*",
        "again: pytest *test_broken* --gp-seed 7",
    ])  # fmt: skip


def test_cases_are_collected(pytester: pytest.Pytester) -> None:
    (pytester.path / "good.gp.yaml").write_text(CASE.replace("STATUS", "200"))
    (pytester.path / "bad.gp.yml").write_text(CASE.replace("STATUS", "404"))
    (pytester.path / "other.yaml").write_text("not: [a case")
    result = pytester.runpytest_subprocess("--gp-arm", "direct", "--gp-arm", "wire")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines([
        "*case one on the arm direct*",
        "*status: expected 404, observed 200*",
        "GET http://x.test/x",
        "again: gateproof test *bad.gp.yml -k one --arm direct --seed 1",
    ])  # fmt: skip


def test_a_broken_case_file_is_an_error(pytester: pytest.Pytester) -> None:
    (pytester.path / "wrong.gp.yaml").write_text("- {nope: 1}")
    result = pytester.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*wrong.gp.yaml:1:*"])
