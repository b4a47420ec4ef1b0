"""bench/sockets: reports of load tools are read as they are, figures are made as it says, and what
goes wrong is never a figure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOCKETS = ROOT / "bench" / "sockets"
sys.path[:0] = [str(SOCKETS), str(SOCKETS.parent)]

import contenders
import machine
from figures import Spread, meets, number, ratios, spread, table
from loads import Load, LoadFailedError, microseconds, read_h2load, read_wrk
from measuring import Failures, Found
from report import as_data, as_text, missed
from rows import ROWS, Sample

WRK = """Running 1s test @ http://127.0.0.1:8000/small
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.52ms  410.20us   8.91ms   85.12%
  Latency Distribution
     50%    1.43ms
     75%    1.66ms
     90%    1.95ms
     99%    2.47ms
  42123 requests in 1.10s, 10.20MB read
Requests/sec:  38293.64
"""
H2LOAD = """finished in 1.00s, 30120.00 req/s, 3.12MB/s
Application protocol: h2
requests: 30120 total, 30184 started, 30120 done, 30120 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 30120 2xx, 0 3xx, 0 4xx, 0 5xx
"""
STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 51.21    0.021030          10      2034        17 recvfrom
 48.01    0.019714           9      2000           sendto
  0.78    0.000320           4        78           epoll_wait
------ ----------- ----------- --------- --------- ----------------
100.00    0.041064           9      4112        17 total
"""


def test_reports_of_wrk() -> None:
    got = read_wrk(WRK)
    assert got == Load(42123, 1.1, 2470.0)
    assert got.rate == pytest.approx(38293.6, abs=0.1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        WRK.replace("42123 requests", "0 requests"),
        WRK + "  Non-2xx or 3xx responses: 3\n",
        WRK + "  Socket errors: connect 0, read 2, write 0, timeout 0\n",
    ],
)
def test_what_wrk_did_not_get_is_no_figure(text: str) -> None:
    with pytest.raises(LoadFailedError):
        read_wrk(text)


def test_reports_of_h2load() -> None:
    assert read_h2load(H2LOAD, "h2") == Load(30120, 1.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("30120 2xx", "0 2xx"),
        ("0 5xx", "1 5xx"),
        ("0 timeout", "2 timeout"),
        ("protocol: h2", "protocol: http/1.1"),
        ("finished", "began"),
    ],
)
def test_what_h2load_did_not_get_is_no_figure(old: str, new: str) -> None:
    with pytest.raises(LoadFailedError):
        read_h2load(H2LOAD.replace(old, new), "h2")


def test_times() -> None:
    assert [microseconds(t) for t in ("317.00us", "1.21ms", "2s", "1m")] == [317, 1210, 2e6, 60e6]
    with pytest.raises(LoadFailedError):
        microseconds("soon")


def test_calls_under_strace() -> None:
    assert machine.count_calls(STRACE) == {"recvfrom": 2034, "sendto": 2000, "epoll_wait": 78}
    assert machine.count_calls("") == {}


def test_how_busy_a_core_was() -> None:
    text = "cpu  9 9 9 9 9 9 9 9\ncpu0 1 2 3 400 50 6 7 8 0 0\ncpu1 100 0 0 0 0 0 0 0 0 0\n"
    ticks = machine.busy_seconds(1, text) / 100
    assert machine.busy_seconds(0, text) == pytest.approx(27 * ticks)
    assert machine.busy_seconds(7, text) == 0


def test_this_process_has_worked_and_has_memory() -> None:
    mine = subprocess.Popen(["sleep", "5"])
    try:
        assert machine.tree(mine.pid) == [mine.pid]
        assert machine.cpu_seconds(mine.pid) < 5
        assert machine.resident_kb(mine.pid) > 0
    finally:
        machine.stop(mine)
    assert mine.returncode is not None


def test_figures() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(1.0, 2.0, 3.0)
    with pytest.raises(ValueError):
        spread([])
    assert ratios({0: 2.0, 1: 3.0, 2: 9.0}, {0: 4.0, 1: 6.0}) == [0.5, 0.5]
    assert [number(n) for n in (0.2134, 4.711, 38.21, 1520.4)] == ["0.213", "4.71", "38.2", "1520"]
    assert meets(0.2, 0.2, False)
    assert not meets(0.21, 0.2, False)
    assert meets(0.95, 0.95, True)
    assert not meets(0.94, 0.95, True)
    assert table(["a", "bb"], [["ccc", "d"]]) == "| a   | bb |\n| --- | -- |\n| ccc | d  |"


def found_with(ours: list[float], theirs: list[float]) -> Found:
    found = Found()
    for turn, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        found.add("h1", "gateproof", turn, one)
        found.add("h1", "traefik", turn, other)
    return found


def test_ratios_are_within_a_round() -> None:
    # Medians alone would say 0.5; two of three rounds say less than the target.
    found = found_with([10.0, 20.0, 5.0], [60.0, 110.0, 10.0])
    told = as_data(found)["rows"]["h1"]
    assert told["contenders"]["gateproof"]["of_traefik"]["median"] == pytest.approx(20 / 110)
    assert told["contenders"]["gateproof"]["values"] == [10.0, 20.0, 5.0]
    assert told["met"] is True
    assert missed(found) == []


def test_a_missed_target_is_told() -> None:
    found = found_with([30.0], [100.0])
    assert missed(found) == ["h1"]
    assert "target 0.2 of Traefik's: missed" in as_text(found)
    assert "0.300 (0.300 to 0.300)" in as_text(found)


def test_without_a_judge_there_is_no_verdict() -> None:
    found = Found()
    found.add("h1", "gateproof", 0, 10.0)
    found.add("chain", "gateproof", 0, 0.97)
    data = as_data(found)["rows"]
    assert (data["h1"]["met"], data["chain"]["met"]) == (None, True)
    assert missed(found) == []


def test_what_went_wrong_and_what_was_left_out_is_told() -> None:
    found = Found(problems=["h1, nginx: wrk: Socket errors"], skipped=["relay: not built"])
    found.took("h1", Sample(1.0, 1.0, None, 0.25))
    found.add("h1", "nginx", 0, 1.0)
    text = as_text(found)
    assert "FAILED h1, nginx: wrk: Socket errors" in text
    assert "not measured: relay: not built" in text
    assert "others took up to 25 % of the proxies' core" in text


def test_failures_are_noted_and_others_pass() -> None:
    problems: list[str] = []
    with Failures("h1, nginx", problems):
        raise LoadFailedError("no answer")
    assert problems == ["h1, nginx: no answer"]
    with pytest.raises(KeyError), Failures("h1", problems):
        raise KeyError("a fault of ours")


def test_a_latency_that_is_not_told_is_no_figure() -> None:
    with pytest.raises(LoadFailedError):
        ROWS["p99"].figure(Sample(1.0, 1.0, None, 0.0))


def test_every_contender_has_a_configuration(tmp_path: Path) -> None:
    for name, contender in contenders.CONTENDERS.items():
        folder = tmp_path / name
        folder.mkdir()
        site = contenders.Site(folder, 8001, 8002, 8003)
        assert contender.command("program", site)[0] == "program"
        told = "".join(path.read_text() for path in folder.iterdir())
        assert name == "relay" or "8001" in told
        assert name == "relay" or "8003" in told


def test_the_chain_is_of_ten_and_so_many_routes_are_made(tmp_path: Path) -> None:
    contenders.traefik("traefik", contenders.Site(tmp_path, 1, 2, 3))
    http = json.loads((tmp_path / "dynamic.yml").read_text())["http"]
    assert len(http["routers"]["chain"]["middlewares"]) == 10
    assert set(http["routers"]["chain"]["middlewares"]) == set(http["middlewares"])
    many = contenders.Site(tmp_path, 1, 2, 3, routes=50)
    contenders.traefik("traefik", many)
    http = json.loads((tmp_path / "dynamic.yml").read_text())["http"]
    assert len(http["routers"]) == 50
    contenders.nginx("nginx", many)
    assert (tmp_path / "nginx.conf").read_text().count("server_name h") == 50
    contenders.haproxy("haproxy", many)
    assert len((tmp_path / "routes.map").read_text().splitlines()) == 50


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SOCKETS), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("wrong", [["--only", "speed"], ["--rounds", "0"], ["--peer", "apache"]])
def test_usage(wrong: list[str]) -> None:
    assert bench(*wrong).returncode == 2


def test_no_program_is_no_failure(tmp_path: Path) -> None:
    done = bench("--daemon", str(tmp_path / "none"), "--peer", "gateproof")
    assert done.returncode == 77
    assert "gateproof: not installed or not built" in done.stderr


@pytest.mark.skipif(contenders.find("gateproof") is None, reason="gateproofd is not built")
def test_a_short_run() -> None:
    rows = ["--only", "h1", "--only", "p99", "--only", "start", "--only", "memory"]
    done = bench("--rounds", "1", "--seconds", "1", "--json", "--peer", "gateproof", *rows)
    if done.returncode == 77:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert list(told["rows"]) == ["h1", "p99", "start", "memory"]
    for row in told["rows"].values():
        (value,) = row["contenders"]["gateproof"]["values"]
        assert value > 0
