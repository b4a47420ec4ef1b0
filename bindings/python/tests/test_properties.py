"""Properties of whole exchanges: the trace tells all that a chain does, no byte is lost."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gateproof as gp
from gateproof.scripts import UpstreamRequest

SERVER = "127.0.0.1:9"

# Each does something that the others can see: the path, or a header that another one takes away.
STEPS: dict[str, dict[str, Any]] = {
    "add": {"addPrefix": {"prefix": "/p"}},
    "strip": {"stripPrefix": {"prefixes": ["/p", "/q"]}},
    "regex": {"replacePathRegex": {"regex": "^/(.*)/x$", "replacement": "/y/$1"}},
    "stripregex": {"stripPrefixRegex": {"regex": ["^/[a-z]"]}},
    "replace": {"replacePath": {"path": "/new"}},
    "set": {"headers": {"customRequestHeaders": {"X-A": "1", "X-B": "", "X-C": "3"}}},
    "unset": {"headers": {"customRequestHeaders": {"X-A": "", "X-B": "2", "X-Replaced-Path": ""}}},
}
WATCHED = ("X-A", "X-B", "X-C", "X-Forwarded-Prefix", "X-Replaced-Path")


def configuration(
    names: list[str], steps: dict[str, dict[str, Any]], dead: int = 0
) -> dict[str, Any]:
    """One router over a chain; `dead` servers that nobody put there refuse connections."""
    servers = [SERVER, *(f"127.0.0.2:{port}" for port in range(1, dead + 1))]
    http: dict[str, Any] = {
        "routers": {"r": {"rule": "PathPrefix(`/`)", "service": "s", "middlewares": names}},
        "services": {"s": {"loadBalancer": {"servers": [{"url": f"http://{s}"} for s in servers]}}},
    }
    if names:
        http["middlewares"] = {name: steps[name] for name in dict.fromkeys(names)}
    return {"http": http}


def replayed(got: gp.Result, path: str, lines: list[tuple[str, str]]) -> tuple[str, list[str]]:
    """What the trace makes of a request, change by change; each must start from the one before."""
    have = list(lines)
    for step in got.trace:
        if not step.stage.startswith("middleware"):
            continue
        if step.action == "path":
            before, _, after = step.detail.partition(" -> ")
            assert before == path, step
            path = after
        elif step.action == "request header":
            name, _, value = step.detail[2:].partition(": ")
            if step.detail.startswith("-"):
                have.remove((name, value))
            else:
                have.append((name, value))
    return path, sorted(f"{name}: {value}" for name, value in have)


@pytest.mark.parametrize("arm", ["direct", "wire"])
def test_a_chain_does_what_its_trace_says_in_any_order(arm: str) -> None:
    @settings(max_examples=120, deadline=None)
    @given(
        st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6, unique=True),
        st.sampled_from(["/", "/p", "/p/q/x", "/q/a/x", "/abc/x", "/p//q/./x"]),
        st.lists(st.sampled_from([("X-A", "0"), ("X-B", "0"), ("X-B", "9")]), unique=True),
    )
    def check(names: list[str], path: str, lines: list[tuple[str, str]]) -> None:
        seen = {}
        for order in (names, names[::-1], sorted(names)):
            config = configuration(order, STEPS)
            with gp.World(config=config, arm=arm) as world:
                world.upstream(SERVER, body="x")
                got = world.send("GET", f"http://x.test{path}", headers=lines)
            if got.status != 200:  # a middleware refused the path it would have made
                assert got.status == 400
                assert got.upstream == ()
                continue
            stages = [step.stage for step in got.trace if step.stage.startswith("middleware")]
            asked = [f"middleware {name}@file" for name in order]
            assert list(dict.fromkeys(stages)) == [one for one in asked if one in stages]
            (arrived,) = got.upstream
            clean = next(
                (s.detail.partition(" -> ")[2] for s in got.trace if s.stage.startswith("entry")),
                path,
            )
            wanted, wanted_lines = replayed(got, clean, lines)
            # A path that a middleware emptied is sent as "/".
            assert arrived.target == (wanted or "/")
            watched = sorted(
                f"{name}: {value}" for name, value in arrived.headers.items() if name in WATCHED
            )
            assert watched == wanted_lines
            # Orders that tell the same story end alike.
            story = tuple((step.action, step.detail) for step in got.trace if step.stage in asked)
            assert seen.setdefault(story, (arrived.target, watched)) == (arrived.target, watched)

    check()


SEGMENTS = ["/", "/", ".", "..", "a", "%2e", "%2F", "%61", "%25", "%7e", "%C3%A9", ";", "%3b", "+"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(SEGMENTS), max_size=12))
def test_a_forwarded_path_is_forwarded_as_it_is(parts: list[str]) -> None:
    with gp.World(config=configuration([], {}), arm="wire") as world:
        world.upstream(SERVER, body="x")
        once = world.send("GET", "http://x.test/" + "".join(parts)).upstream[0].target
        assert world.send("GET", "http://x.test" + once).upstream[0].target == once


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["/a", "/a/b", "/p/a"]), st.integers(2, 4))
def test_replacing_a_path_again_changes_nothing(path: str, times: int) -> None:
    steps = {f"m{i}": {"replacePath": {"path": path}} for i in range(times)}
    targets = []
    for names in (["m0"], sorted(steps)):
        with gp.World(config=configuration(names, steps)) as world:
            world.upstream(SERVER, body="x")
            targets.append(world.get("http://x.test/some/where").upstream[0].target)
    assert targets == [path, path]


PIPES: dict[str, dict[str, Any]] = {
    "buffering": {"buffering": {"memRequestBodyBytes": 64, "memResponseBodyBytes": 64}},
    "compress": {"compress": {"minResponseBodyBytes": 10}},
    "retry": {"retry": {"attempts": 4, "status": ["503"], "retryNonIdempotentMethod": True}},
}


def chunked(body: bytes, cuts: list[int]) -> bytes:
    """The body as RFC 9112 chunks, cut at the given sizes, the rest as one."""
    out, at = b"", 0
    for size in cuts:
        piece = body[at : at + size]
        if piece:
            out += b"%x\r\n%s\r\n" % (len(piece), piece)
        at += len(piece)
    if body[at:]:
        out += b"%x\r\n%s\r\n" % (len(body) - at, body[at:])
    return out + b"0\r\n\r\n"


@settings(max_examples=150, deadline=None)
@given(
    order=st.permutations(sorted(PIPES)).flatmap(
        lambda names: st.integers(0, len(names)).map(lambda n: list(names)[:n])
    ),
    body=st.binary(max_size=300).flatmap(lambda b: st.integers(0, 200).map(lambda n: b * n)),
    cuts=st.lists(st.integers(1, 4000), max_size=20),
    segment=st.integers(1, 3000),
    failures=st.integers(0, 3),
    failure=st.sampled_from(["503", "refuse", "close"]),
    answer_chunked=st.booleans(),
    accepts=st.booleans(),
)
def test_no_byte_and_no_answer_is_lost(
    order: list[str],
    body: bytes,
    cuts: list[int],
    segment: int,
    failures: int,
    failure: str,
    answer_chunked: bool,
    accepts: bool,
) -> None:
    def echo(request: UpstreamRequest) -> gp.Response:
        return gp.Response(
            body=request.body, headers={"Content-Type": "text/plain"}, chunked=answer_chunked
        )

    if "retry" not in order:
        failures = 0
    head = "POST /a HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n"
    head += "Accept-Encoding: gzip\r\n\r\n" if accepts else "\r\n"
    raw = head.encode() + chunked(body, cuts)
    dead = failures if failure == "refuse" else 0
    with gp.World(config=configuration(order, PIPES, dead), arm="wire") as world:
        world.link(segment_bytes=segment)
        failed = gp.Response(status=503) if failure == "503" else gp.Response(action="close")
        world.upstream(SERVER, echo, fail_first=failures - dead, failure=failed)
        out = world._core.send(
            "POST",
            "/a",
            "x.test",
            [],
            b"",
            entry_point="web",
            tls=False,
            peer="127.0.0.1:50000",
            arm="wire",
            detail="trace",
            raw=raw,
        )
    if failures and failure == "close":
        # A request that was sent is not sent again when its connection breaks, as in Traefik.
        assert out.status == 502
        assert [bytes(one.body) for one in out.upstream] == [body]
        return
    assert out.status == 200
    coding = dict(out.headers).get("Content-Encoding")
    assert coding in ((None, "gzip") if accepts else (None,))
    assert (gzip.decompress(out.body) if coding else bytes(out.body)) == body
    # One request for each answer, each with every byte of the body.
    answers = failures + 1 if failure == "503" else 1
    assert [bytes(one.body) for one in out.upstream] == [body] * answers


@settings(max_examples=60, deadline=None)
@given(
    average=st.integers(1, 50),
    burst=st.integers(1, 10),
    gaps=st.lists(st.integers(0, 5000), min_size=1, max_size=40),
    strict=st.booleans(),
)
def test_no_window_has_more_than_the_law(
    average: int, burst: int, gaps: list[int], strict: bool
) -> None:
    """Traefik forgets a bucket that idles for two seconds, so its law holds where nobody idles."""
    if not strict:
        gaps = [gap % 1000 for gap in gaps]
    limit = {"m": {"rateLimit": {"average": average, "period": "10s", "burst": burst}}}
    static = {"entryPoints": {"web": {"address": ":80"}}, "gateproof": {"strict": strict}}
    with gp.World(config=configuration(["m"], limit), static=static) as world:
        world.upstream(SERVER, body="x")
        served = []
        for gap in gaps:
            world.advance(gap / 1000)
            got = world.get("http://x.test/")
            if got.status == 200:
                served.append(world.now.total_seconds())
            else:
                assert got.status == 429
                assert got.upstream == ()
    for i, first in enumerate(served):
        for n, last in enumerate(served[i:], start=1):
            assert n <= burst + average * (last - first) / 10 + 1e-4  # the clock shows microseconds
