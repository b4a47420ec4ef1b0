"""The grammar-based fuzzer of HTTP/1.1: the engine against the strict reader, and its own parts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support import Careless

from gateproof.http1.engine_arms import WireArm
from gateproof.http1.garden import (
    ENGINE,
    Finding,
    Garden,
    View,
    case_of,
    engine_problem,
    grow,
    keep,
    shorter,
)
from gateproof.http1.grammar import LAST, Grammar

FOUND = sorted((Path(__file__).parents[3] / "conformance" / "garden").glob("*.yaml"))
GET = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_engine_reads_as_the_strict_reader(seed: int) -> None:
    garden = Garden({ENGINE: WireArm()})
    findings, done = grow(garden, seed, 500)
    garden.close()
    assert done == 500
    assert findings == []


def test_the_grammar_draws_what_is_taken_and_what_is_not() -> None:
    grammar, arm = Grammar(4), WireArm()
    taken = 0
    for _ in range(200):
        outcome = arm.run(case_of(b"".join(grammar.draw()) + LAST))
        taken += len(outcome.requests) > 0
    assert 20 < taken < 180
    assert [Grammar(4).draw() for _ in range(5)] == [Grammar(4).draw() for _ in range(5)]


@pytest.mark.skipif(not FOUND, reason="no findings are stored")
@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_the_engine_stands_aside_of_what_was_found(path: Path) -> None:
    record = yaml.safe_load(path.read_text(encoding="utf-8"))
    data = record["send"].encode("latin-1")
    outcome = WireArm().run(case_of(data))
    assert not engine_problem(data, View.of(outcome, outcome.raw))


def test_finds_who_relays_what_is_no_http_and_makes_it_small() -> None:
    blind = Careless("blind", lambda data: data)
    mends = Careless("mends", lambda data: data.replace(b"A : b\r\n", b""))
    garden = Garden({"blind": blind, "mends": mends})
    data = b"GET / HTTP/1.1\r\nHost: a.test\r\nX-Long-Name: value\r\nA : b\r\n\r\n" + LAST
    (finding,) = garden.look(data)
    small = garden.shrink(finding)
    garden.close()
    assert (finding.kind, finding.next_hop) == ("relays", {"mends": "GET+0, GET+0"})
    assert small.signature == finding.signature
    assert len(small.data) < len(finding.data) - 20
    deaf = Careless("deaf", lambda _: b"")
    garden = Garden({"blind": blind, "deaf": deaf})
    assert list(garden.look(data)) == []  # nobody behind it reads a request there


def test_finds_who_reads_other_requests_than_his_neighbour() -> None:
    whole = Careless("whole", lambda data: data)
    half = Careless("half", lambda data: data.replace(b"POST", b"PUT"))
    early = Careless("early", lambda data: data[: -len(LAST)])
    body = b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\na"
    garden = Garden({"whole": whole, "early": early})
    assert list(garden.look(body + LAST)) == []  # closing early is no other reading
    garden = Garden({"whole": whole, "half": half})
    (finding,) = garden.look(body + LAST)
    assert finding.kind == "splits"
    assert finding.views == {"whole": "POST+1, GET+0", "half": "PUT+1, GET+0"}


def test_tells_where_the_engine_is_wrong() -> None:
    assert engine_problem(GET, View((), True)) == ""
    assert engine_problem(GET, View((("GET", b""),), True)) == ""
    assert "none to the strict reader" in engine_problem(GET, View((("GET", b""),) * 2, True))
    assert "none to the strict reader" in engine_problem(GET, View((("GET", b"x"),), True))
    assert "no HTTP" in engine_problem(GET, View((), False))


def test_keeps_each_finding_once(tmp_path: Path) -> None:
    finding = Finding("splits", b"\xff\r\n" + GET, {"a": "GET+0", "b": "GET+1"}, seed=3)
    assert keep(tmp_path, finding, {"a": "1.2.3"})
    assert not keep(tmp_path, finding, {"a": "1.2.3"})
    (path,) = tmp_path.iterdir()
    record = yaml.safe_load(path.read_text())
    assert record["send"].encode("latin-1") == finding.data
    assert record["versions"] == {"a": "1.2.3"}


def test_shorter_leaves_what_is_needed() -> None:
    assert shorter(b"aaaXbbbYccc", lambda part: b"X" in part and b"Y" in part) == b"XY"
