import io
import json
import sys
from pathlib import Path

import pytest

import steps


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    return tmp_path / "logs"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_all_run_and_the_last_line_sums(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    junit = tmp_path / "j.xml"
    text = "<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>"
    run = steps.Steps()
    run.run("one", python("print('hello')"), cwd=tmp_path)
    run.run(
        "two", python("print('why'); raise SystemExit(3)"), python("print('never')"), cwd=tmp_path
    )
    run.run(
        "three", python(f"open({str(junit)!r}, 'w').write({text!r})"), junit=junit, cwd=tmp_path
    )
    assert run.finish() == 1
    out = capsys.readouterr().out
    assert "| why" in out
    assert "never\n" not in out.replace("print('never')", "")
    assert out.rstrip().split("\n")[-1] == "1 passed, 2 failed"


def test_results_of_an_earlier_run_do_not_count(tmp_path: Path) -> None:
    junit = tmp_path / "j.xml"
    junit.write_text("<testsuite><testcase name='a'/></testsuite>")
    step = steps.Steps().run("one", python("raise SystemExit(1)"), junit=junit, cwd=tmp_path)
    assert (step.passed, step.failed) == (0, 1)


def test_a_failing_test_fails_its_step(tmp_path: Path) -> None:
    """A runner that says 0 although its report has a failure is not believed."""
    junit = tmp_path / "j.xml"
    text = "<testsuite><testcase><failure/></testcase></testsuite>"
    code = f"open({str(junit)!r}, 'w').write({text!r})"
    step = steps.Steps().run("one", python(code), junit=junit, cwd=tmp_path)
    assert step.status == "failed"


def test_no_report_is_a_failure(tmp_path: Path) -> None:
    step = steps.Steps().run("one", python("pass"), junit=tmp_path / "no.xml", cwd=tmp_path)
    assert step.status == "failed"


def test_a_missing_program_is_a_failure(tmp_path: Path) -> None:
    assert steps.Steps().run("one", ["/no/such/program"], cwd=tmp_path).status == "failed"


def test_a_step_that_hangs_is_ended(tmp_path: Path) -> None:
    code = "import time; time.sleep(60)"
    step = steps.Steps().run("one", python(code), cwd=tmp_path, seconds_max=1)
    assert step.status == "failed"
    assert step.seconds < 30


def test_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = steps.Steps(as_json=True)
    run.run("one", python("pass"), cwd=tmp_path)
    assert run.finish() == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["steps"][0]["status"] == "passed"
    assert captured.err.rstrip().endswith("0 passed, 0 failed")


def test_googletest_inside_ctest_counts_its_own(tmp_path: Path) -> None:
    output = (
        "[==========] 7 tests ran.\n[  PASSED  ] 5 tests.\n[  SKIPPED ] 1 test, listed below:\n"
    )
    output += "[  FAILED  ] 1 test, listed below:\n[  FAILED  ] A.b\n"
    text = f"""<testsuite>
      <testcase name="unit.a" status="fail"><failure/><system-out>{output}</system-out></testcase>
      <testcase name="check.b" status="run"/>
      <testcase name="c" status="notrun"><skipped/></testcase>
    </testsuite>"""
    path = tmp_path / "j.xml"
    path.write_text(text)
    assert steps.read_junit(path) == (6, 1, 2)


def test_a_terminal_sees_the_time_pass(tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    run = steps.Steps()
    run.out = Terminal()
    run.run("long one", python("import time; time.sleep(2.4)"), cwd=tmp_path)
    assert "long one" in run.out.getvalue().split("\r")[1]
