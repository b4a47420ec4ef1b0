"""bench/soak judges as it says: what is planted in numbers and answers makes the check fail.

The planted faults of whole runs (a backend that forges, a connection that nobody closes) are
e2e.soak_finds_* in engine/daemon/CMakeLists.txt.
"""

import asyncio
import json
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).resolve().parent.parent.parent / "bench" / "soak"
sys.path[:0] = [str(SOAK), str(SOAK.parent)]

import checks
from bad_backends import EXPLAINED, KINDS
from certificates import Certificates
from ledger import Ledger, percentile
from proxy import Usage
from signs import Ask, wrong
from versions import BROKEN_MARK, Versions
from wire import CutShortError, parse_head, read_answer

ASK = Ask("good", "n1", size=10, body=b"sent", method="POST")
FIELDS = {"x-soak-sign": ASK.right_sign(), "x-soak-version": "3", "x-soak-seen": "3"}


def held(at: float = 0.0, descriptors: int = 30, threads: int = 3, rss_kb: int = 20_000) -> Usage:
    return Usage(at, descriptors, descriptors - 10, threads, rss_kb)


def test_the_right_answer_is_right() -> None:
    assert wrong(ASK, 200, FIELDS, ASK.right_body()) is None


@pytest.mark.parametrize(
    ("status", "fields", "body", "why"),
    [
        (502, {}, ASK.right_body(), "status 502"),
        (200, {"x-soak-sign": ASK.right_sign()[::-1]}, ASK.right_body(), "another request"),
        (200, {}, ASK.right_body()[:-1], "a wrong body of 9 bytes"),
        (200, {}, b"x" * 10, "a wrong body"),
        (200, {"x-soak-version": "4"}, ASK.right_body(), "torn"),
    ],
)
def test_a_wrong_answer_is_told(status: int, fields: dict, body: bytes, why: str) -> None:
    problem = wrong(ASK, status, {**FIELDS, **fields}, body)
    assert problem is not None
    assert why in problem


def test_requests_with_other_bodies_have_other_signs() -> None:
    other = Ask("good", "n1", size=10, body=b"sEnt", method="POST")
    assert other.right_sign() != ASK.right_sign()
    assert Ask("good", "n2", size=10).right_body() != Ask("good", "n1", size=10).right_body()


@pytest.mark.parametrize(
    ("end", "failing"),
    [
        (held(), set()),
        (held(descriptors=31), {"descriptors", "connections"}),
        (held(threads=4), {"threads"}),
        (held(descriptors=29), set()),
    ],
)
def test_what_stays_open_is_found(end: Usage, failing: set[str]) -> None:
    assert {c.name for c in checks.back(held(), end) if not c.passed} == failing


@pytest.mark.parametrize(
    ("kb_a_minute", "limit_kb", "passed"),
    [(0, 1024, True), (1000, 1024, True), (1100, 1024, False), (1100, -1, True)],
)
def test_a_slope_of_memory(kb_a_minute: int, limit_kb: float, passed: bool) -> None:
    samples = [held(at=s, rss_kb=20_000 + kb_a_minute * s // 60) for s in range(0, 1200, 10)]
    assert checks.slope_kb_per_minute(samples) == pytest.approx(kb_a_minute, rel=0.02, abs=1)
    assert checks.memory(samples, limit_kb).passed is passed


def test_a_short_run_is_judged_by_growth() -> None:
    for grown, passed in ((checks.GROWTH_KB_MAX // 2, True), (checks.GROWTH_KB_MAX * 3, False)):
        samples = [held(at=s, rss_kb=20_000 + grown * s // 20) for s in range(20)]
        assert checks.memory(samples, 1024).passed is passed


@pytest.mark.parametrize(
    ("alone", "under", "floor_ms", "passed"),
    [
        (0.1, 0.49, 0, True),
        (0.1, 0.51, 0, False),
        (0.001, 0.05, 100, True),
        (0.001, 0.11, 100, False),
    ],
)
def test_latency_against_the_phase_alone(
    alone: float, under: float, floor_ms: float, passed: bool
) -> None:
    ledger = Ledger(latencies={"baseline": [alone] * 200, "load": [under] * 200})
    assert checks.latency(ledger, floor_ms).passed is passed


def test_a_slower_machine_is_no_slower_proxy() -> None:
    ledger = Ledger(latencies={"baseline": [0.1] * 200, "load": [0.9] * 200})
    assert not checks.latency(ledger, 0).passed
    ledger.latencies |= {"control baseline": [0.01] * 99, "control load": [0.02] * 99}
    assert checks.latency(ledger, 0).passed


def test_latency_of_nobody_is_no_success() -> None:
    assert not checks.latency(Ledger(), 100).passed
    assert percentile([], 0.99) == 0


def test_an_outcome_that_nothing_explains_is_a_failure() -> None:
    ledger = Ledger()
    ledger.outcome("http/1.1 to backend short", "cut", {"cut"})
    ledger.ok("tcp")
    assert checks.answers(ledger).passed
    ledger.outcome("http/1.1 to backend short", "whole", {"cut"})
    assert not checks.answers(ledger).passed
    assert ledger.failures == ["http/1.1 to backend short: whole; explained would be cut"]


def test_counts_of_another_process_are_added() -> None:
    there, here = Ledger(), Ledger()
    there.ok("tcp")
    there.fail("udp", "lost")
    here.ok("tcp")
    here.merge(json.loads(json.dumps(there.as_dict())))
    assert (here.done["tcp"], here.failed, here.failures) == (2, 1, ["udp: lost"])


def test_reloads_that_do_not_arrive_and_versions_of_broken_files() -> None:
    assert checks.reloads(10, 1, {"1", "2", "3", "4", "5"}).passed
    assert not checks.reloads(10, 1, {"1", "2", "3", "4"}).passed
    assert not checks.reloads(2, 1, {"1", "2", BROKEN_MARK}).passed
    assert not checks.reloads(2, 1, {"1", "2", ""}).passed


def test_a_kind_that_sat_out_is_named() -> None:
    ledger = Ledger()
    ledger.ok("tcp")
    assert checks.kinds(ledger, {"tcp"}).passed
    assert "udp" in checks.kinds(ledger, {"tcp", "udp"}).told


def test_certificates_of_nobody_or_never_swapped() -> None:
    assert checks.certificates(["a", "b"], {"a": 3, "b": 1}).passed
    assert not checks.certificates(["a", "b"], {"a": 3}).passed
    assert not checks.certificates(["a", "b"], {"a": 3, "b": 1, "c": 1}).passed


def test_every_fault_says_what_it_explains() -> None:
    assert set(KINDS) | {"refuse", "mixed"} == set(EXPLAINED)


def test_versions_differ_and_broken_ones_are_marked(tmp_path: Path) -> None:
    made = Versions(7, tmp_path / "d.yml", Certificates(tmp_path), ports=[1, 2, 3, 4])
    lists = [tuple(made.servers(v)) for v in range(40)]
    assert lists[0] == (0, 1, 2, 3)
    assert {len(one) for one in lists} == {1, 2, 3, 4}
    assert lists == [tuple(made.servers(v)) for v in range(40)]
    for _ in range(4):
        made.write_broken(10)
        text = made.file.read_text()
        assert '"10"' not in text
        assert BROKEN_MARK in text or len(text) < len(json.dumps(made.dynamic(10)))


def answer(raw: bytes) -> tuple[int, bytes]:
    async def read() -> tuple[int, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(raw)
        reader.feed_eof()
        head, body = await read_answer(reader)
        return head.status, body

    return asyncio.run(read())


def test_answers_are_read_to_their_end() -> None:
    start = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"
    assert answer(start + b"Content-Length: 3\r\n\r\nabcd") == (200, b"abc")
    chunked = start + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-end: 1\r\n\r\n"
    assert answer(chunked) == (200, b"abc")
    for cut in (start + b"Content-Length: 3\r\n\r\nab", chunked[:-2], chunked[:-20]):
        with pytest.raises(CutShortError) as caught:
            answer(cut)
        assert caught.value.begun


def test_heads_are_read_to_the_letter() -> None:
    head = parse_head(b"HTTP/1.1 200 OK\r\nA: 1\r\nConnection: Close\r\n\r\n")
    assert (head.status, head.fields["a"], head.closes) == (200, "1", True)
