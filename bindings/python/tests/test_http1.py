"""Cases of bytes for HTTP/1.1 on the engine's arms, and the strict second reader itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateproof.http1.engine_arms import SocketArm, WireArm
from gateproof.http1.model import CaseProblem, Http1Case, load_all, load_file
from gateproof.http1.outcome import Outcome, conforms, problems
from gateproof.http1.reading import read_answers, read_requests
from gateproof.http1.suite import CaseReport, Http1Report, _alone, peer_names
from gateproof.http1.table import write_table

CASES = load_all([Path(__file__).parents[3] / "conformance" / "http1"])
_ARMS: dict[str, Callable[[], WireArm | SocketArm]] = {
    "wire": WireArm,
    "wire-strict": lambda: WireArm(True),
    "socket": SocketArm,
}


@pytest.mark.parametrize("arm", _ARMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Http1Case, arm: str) -> None:
    player = _ARMS[arm]()
    outcome = player.run(case)
    assert problems(outcome, case.allowed(player.strict)) == [], outcome.received[:300]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 250
    assert all(case.clause for case in CASES)


GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "bodies", "problem"),
    [
        (GET + b"\r\n", [b""], ""),
        (GET + b"Content-Length: 2\r\n\r\nab" + GET + b"\r\n", [b"ab", b""], ""),
        (CHUNKED + b"2;a=b\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n", [b"abc"], ""),
        (b"GET / HTTP/1.1\r\n\r\n", [], "0 Host lines"),
        (GET + b"X : y\r\n\r\n", [], "no field line"),
        (GET + b"X: a\nY: b\r\n\r\n", [], "a line feed without carriage return"),
        (GET + b"X: a\rY: b\r\n\r\n", [], "a carriage return without line feed"),
        (GET + b"X: a\r\n b\r\n\r\n", [], "no field line"),
        (GET + b"Content-Length: +2\r\n\r\nab", [], "Content-Length"),
        (GET + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", [], "beside"),
        (CHUNKED + b"0x2\r\nab\r\n0\r\n\r\n", [], "no chunk line"),
        (CHUNKED + b"2\nab\r\n0\r\n\r\n", [], "a bare line end"),
        (CHUNKED + b"2\r\nabc\r\n0\r\n\r\n", [], "longer than its size"),
        (CHUNKED + b"0\r\nHost: b\r\n\r\n", [], "among the trailers"),
    ],
)
def test_reads_requests(data: bytes, bodies: list[bytes], problem: str) -> None:
    reading = read_requests(data)
    assert [one.body for one in reading.messages] == bodies
    assert problem in reading.problem
    assert bool(problem) == bool(reading.problem)
    for cut in range(1, len(data)):
        part = read_requests(data[:cut])
        # Every beginning of it reads alike, or is not finished.
        assert len(part.messages) <= len(bodies)
        assert not part.problem or problem


def test_reads_answers_by_what_was_asked() -> None:
    data = b"HTTP/1.1 103 A\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    head = read_answers(data, ["HEAD"], False).messages
    assert [(one.status, one.complete) for one in head] == [(103, True), (200, True)]
    got = read_answers(data, ["GET"], False).messages
    assert [(one.status, one.complete) for one in got] == [(103, True), (200, False)]
    until_close = b"HTTP/1.1 200 OK\r\n\r\nabc"
    assert read_answers(until_close, ["GET"], True).messages[0].complete
    assert not read_answers(until_close, ["GET"], False).messages[0].complete


def test_a_case_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("cases:\n- {name: x, send: a, expect: {statsu: 200}}\n")
    with pytest.raises(CaseProblem, match="statsu"):
        load_file(path)
    path.write_text("cases:\n- {name: x, send: a, expect: perhaps}\n")
    with pytest.raises(CaseProblem, match="perhaps"):
        load_file(path)
    with pytest.raises(ValueError, match="squid"):
        peer_names("traefik,squid")


def _outcome(case: Http1Case, received: bytes, upstream: bytes) -> Outcome:
    return Outcome.read(case, received, False, [upstream] if upstream else [])


def test_never_on_the_lenient_side_alone() -> None:
    case = next(one for one in CASES if one.name == "length-empty")
    refused = _outcome(case, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b"")
    passed = _outcome(case, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", GET + b"\r\n")
    assert conforms(case, refused)
    assert not conforms(case, passed)
    alone = CaseReport(case, {"wire": passed}, {"nginx": refused, "envoy": refused})
    assert list(_alone(alone)) == ["wire lets through what every peer refuses"]
    in_company = CaseReport(case, {"wire": passed}, {"nginx": refused, "envoy": passed})
    assert list(_alone(in_company)) == []


def test_writes_the_table(tmp_path: Path) -> None:
    case = next(one for one in CASES if one.name == "length-empty")
    refused = _outcome(case, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b"")
    passed = _outcome(case, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", GET + b"\r\n")
    report = Http1Report(
        [CaseReport(case, {"wire": refused}, {"nginx": passed, "envoy": refused})],
        {"nginx": "1.2.3", "envoy": "4.5.6"},
    )
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n")
    write_table(page, report)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| nginx | 1 | 0 | 1 |" in text
    assert "| length-empty | RFC 9110 8.6 | 400 | **200** | 400 |" in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="lacks"):
        write_table(page, report)


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from gateproof.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=Path(__file__).parents[3],
    )


def test_the_command_tells_what_differs(tmp_path: Path) -> None:
    fine = _command("http1", "-k", "host-twice", "--arm", "wire", "--json")
    told = json.loads(fine.stdout)
    assert (fine.returncode, told["fine"], len(told["cases"])) == (0, True, 5)
    bad = tmp_path / "bad.yaml"
    bad.write_text('cases:\n- {name: x, clause: y, send: "GET /\\r\\n\\r\\n", expect: pass}\n')
    wrong = _command("http1", str(bad), "--arm", "wire")
    assert wrong.returncode == 1
    assert "FAILED x" in wrong.stdout
    assert _command("http1", "--arm", "air").returncode == 2
    assert _command("http1", "--against", "squid").returncode == 2
    missing = _command(
        "http1", "--write-table", str(tmp_path / "none.md")
    )  # before minutes of work
    assert missing.returncode == 2
    assert "none.md" in missing.stderr


def test_the_garden_command_without_peers() -> None:
    done = _command("garden", "--rounds", "30", "--against", "", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["drawn"], told["findings"]) == (0, 30, [])
