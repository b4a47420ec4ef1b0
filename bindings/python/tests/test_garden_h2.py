"""The grammar-based fuzzer of HTTP/2: the engine against the strict reader, and its own parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support import Careless

from gateproof.http1.engine_arms import WireArm
from gateproof.http1.garden import ENGINE, Garden, grow, keep
from gateproof.http1.outcome import Outcome
from gateproof.http2.client import case_of
from gateproof.http2.frames import (
    PAD_LIE,
    Data,
    Frames,
    Head,
    Raw,
    encode,
    from_record,
    opening,
    split_frames,
)
from gateproof.http2.garden import H2Finding, H2Garden, engine_problem, smaller
from gateproof.http2.grammar import LAST, MAIN, Grammar
from gateproof.http2.reading import head_problem, read

FOUND = sorted((Path(__file__).parents[3] / "conformance" / "garden" / "http2").glob("*.yaml"))
START = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":authority", b"a.test"),
    (b":path", b"/"),
)
POST: Frames = (Head(MAIN, START, False), Data(MAIN, b"abc"))
SENT = b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc"
LAST_SENT = b"GET /last HTTP/1.1\r\nHost: a.test\r\n\r\n"


def careless(name: str, relay: Callable[[bytes], bytes]) -> Careless:
    return Careless(name, relay, LAST_SENT)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_engine_reads_as_the_strict_reader(seed: int) -> None:
    garden = H2Garden({ENGINE: WireArm()})
    findings, done = grow(garden, seed, 1000)
    garden.close()
    assert done == 1000
    assert findings == []


def test_the_grammar_draws_what_is_taken_and_what_is_not() -> None:
    grammar, arm = Grammar(4), WireArm()
    taken = sum(len(arm.run(case_of(grammar.draw())).requests) > 1 for _ in range(200))
    assert 20 < taken < 180
    assert [Grammar(4).draw() for _ in range(5)] == [Grammar(4).draw() for _ in range(5)]


@pytest.mark.skipif(not FOUND, reason="no findings are stored")
@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_the_engine_stands_aside_of_what_was_found(path: Path) -> None:
    record = yaml.safe_load(path.read_text(encoding="utf-8"))
    frames = tuple(map(from_record, record["send"]))
    assert not engine_problem(frames, WireArm().run(case_of(frames)))


@pytest.mark.parametrize(
    ("extra", "fine"),
    [
        ((b"x-a", b"b"), True),
        ((b"te", b"trailers"), True),
        ((b"te", b"gzip"), False),
        ((b"X-A", b"b"), False),
        ((b"x-a", b"b\r\nx: y"), False),
        ((b"x-a", b" b"), False),
        ((b"connection", b"close"), False),
        ((b"transfer-encoding", b"chunked"), False),
        ((b"host", b"A.test"), True),
        ((b"host", b"b.test"), False),
        ((b"content-length", b"+3"), False),
        ((b":path", b"/"), False),
    ],
)
def test_the_strict_reader_of_heads(extra: tuple[bytes, bytes], fine: bool) -> None:
    assert (head_problem((*START, extra)) == "") == fine


def test_the_strict_reader_of_messages() -> None:
    (request,) = read(POST)
    assert (request.method, request.target, request.host) == ("POST", b"/", b"a.test")
    assert request.body == b"abc"
    sized = Head(MAIN, (*START, (b"content-length", b"2")), False)
    assert [one.body for one in read((sized, POST[1]))] == [b"ab"]  # may be seen before the third
    assert read((sized, Data(MAIN, b"a"))) == []
    assert read((POST[0], Data(MAIN, b"abc", pad=PAD_LIE))) == []
    assert read((POST[0], Head(MAIN, ((b":path", b"/"),)))) == []
    assert len(read((POST[0], Head(MAIN, ((b"x-a", b"b"),))))) == 1
    assert read((POST[0], Raw(3, 0, MAIN, b"\0\0\0\x08"), POST[1])) == []


def test_frames_are_written_and_recorded_as_they_are() -> None:
    head = Head(MAIN, ((b"x", b"y" * 200),), True, 3, (5, 0))
    kinds = [kind for kind, *_ in split_frames(head.encode())]
    assert kinds == [1, 9, 9]
    _, flags, stream, payload, _ = next(split_frames(head.encode()))
    assert (flags, stream, payload[0], len(payload)) == (0x1 | 0x8, MAIN, 3, 1 + 5 + 3)
    for one in (head, Data(MAIN, b"\xff", False, 9), Raw(6, 0, 0, b"8" * 8)):
        assert from_record(yaml.safe_load(yaml.safe_dump(one.record()))) == one


def test_finds_who_relays_what_is_no_http_and_makes_it_small() -> None:
    odd = replace(POST[0], fields=(*START, (b"x-long-name", b"value"), (b"x-a", b"b\nc")))
    bad = SENT[:-5] + b"A : b\r\n\r\nabc"
    blind = careless("blind", lambda data: bad if b"\nc" in data else SENT)
    behind = Garden({"mends": careless("mends", lambda data: data.replace(b"A : b\r\n", b""))})
    garden = H2Garden({"blind": blind}, behind=lambda: behind)
    (finding,) = garden.look((odd, POST[1]))
    assert isinstance(finding, H2Finding)
    small = garden.shrink(finding)
    garden.close()
    assert finding.kind == "relays"
    assert small.signature == finding.signature
    assert encode(small.frames) == small.data
    assert b"x-long-name" not in small.data
    assert b"\nc" in small.data


def test_finds_who_reads_other_requests_and_when_the_engine_is_alone() -> None:
    whole = careless("whole", lambda _: SENT)
    half = careless("half", lambda _: SENT.replace(b"POST", b"PUT"))
    deaf = careless("deaf", lambda _: b"")
    assert list(H2Garden({"whole": whole, "deaf": deaf}).look(POST)) == []
    (finding,) = H2Garden({"whole": whole, "half": half}).look(POST)
    assert finding.kind == "splits"
    (finding,) = H2Garden({ENGINE: whole, "deaf": deaf, "deaf too": deaf}).look(POST)
    assert finding.kind == "alone"
    more = (*POST, Data(MAIN, b"late"))  # it depends on time who sees the end of the stream first
    assert list(H2Garden({ENGINE: whole, "deaf": deaf, "deaf too": deaf}).look(more)) == []


def test_tells_where_the_engine_is_wrong() -> None:
    def problem(raw: bytes) -> str:
        return engine_problem(POST, Outcome.read(case_of(POST), b"", True, [raw]))

    assert problem(b"") == ""
    assert problem(SENT + LAST_SENT) == ""
    assert "no request to the strict reader" in problem(SENT + SENT)
    assert "no request to the strict reader" in problem(SENT.replace(b"a.test", b"b.test"))
    assert "made of a value" in problem(SENT.replace(b"Content", b"X-Evil: y\r\nContent"))
    assert "no HTTP" in problem(b"POST /\r\n\r\n")


def test_keeps_each_finding_once(tmp_path: Path) -> None:
    finding = H2Finding("splits", encode(POST), {"a": "POST+3", "b": "PUT+3"}, frames=POST)
    assert keep(tmp_path, finding, {"a": "1.2.3"})
    assert not keep(tmp_path, finding, {"a": "1.2.3"})
    (path,) = tmp_path.iterdir()
    record = yaml.safe_load(path.read_text())
    assert tuple(map(from_record, record["send"])) == POST


def test_smaller_leaves_what_is_needed() -> None:
    frames = (*POST, Raw(6, 0, 0, b"8" * 8), Head(3, START, True, 4, (1,)))
    left = smaller(frames, lambda part: b"abc"[1:2] in encode(part) and len(part) > 0)
    assert len(encode(left)) < len(opening())


def test_the_last_request_has_a_stream_of_its_own() -> None:
    assert LAST[0].stream > max(one.stream for _ in range(50) for one in Grammar(1).draw())
