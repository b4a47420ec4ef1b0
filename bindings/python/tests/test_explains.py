"""Every middleware type and every balancer says what it read, decided or changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gateproof as gp
from gateproof.catalogue import middleware_types

Make = Callable[..., gp.World]
USERS = ["u:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="]
LOGIN = {"Authorization": "Basic dTpwYXNzd29yZA=="}

# type -> options, what is sent, what the server answers, what has to be said
Row = tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[str]]
ROWS: dict[str, list[Row]] = {
    "addPrefix": [({"prefix": "/p"}, {}, {}, ["/ -> /p/"])],
    "basicAuth": [
        ({"users": USERS}, {"headers": LOGIN}, {}, ["verdict user u"]),
        ({"users": USERS}, {}, {}, ["verdict no Basic credentials", "answers 401"]),
        (
            {"users": USERS},
            {"headers": {"Authorization": "Basic dTp4"}},
            {},
            ["verdict wrong password of user u"],
        ),
        (
            {"users": USERS},
            {"headers": {"Authorization": "Basic eDp4"}},
            {},
            ["verdict no such user: x"],
        ),
    ],
    "buffering": [
        ({"maxRequestBodyBytes": 9}, {"body": "abc"}, {}, ["request body 3 bytes", "answers 200"]),
        ({"maxRequestBodyBytes": 2}, {"body": "abc"}, {}, ["answers 413", "larger than 2 bytes"]),
    ],
    "chain": [({"middlewares": ["other"]}, {}, {}, ["other@file", "/ -> /q/"])],
    "circuitBreaker": [
        (
            {"expression": "NetworkErrorRatio() > 0.5"},
            {},
            {},
            ["state standby", "NetworkErrorRatio() is 0.0"],
        )
    ],
    "compress": [
        (
            {"minResponseBodyBytes": 1},
            {"headers": {"Accept-Encoding": "gzip"}},
            {"body": "x" * 50},
            ["decide gzip", "compressed with gzip"],
        ),
        (
            {},
            {"headers": {"Accept-Encoding": "gzip"}},
            {"body": "x" * 50},
            ["as it is: it is shorter than the minimum"],
        ),
        ({}, {"headers": {"Accept-Encoding": "zip"}}, {}, ["the client takes no coding"]),
    ],
    "contentType": [({}, {}, {}, ["detect an answer without Content-Type"])],
    "digestAuth": [
        (
            {"users": ["u:traefik:a2688e031edb4be6a3797f3882655c05"]},
            {},
            {},
            ["verdict no Digest credentials", "answers 401"],
        )
    ],
    "encodedCharacters": [
        ({"allowEncodedSlash": True}, {}, {}, ["no encoded character in the path"])
    ],
    "errors": [
        ({"status": ["500-599"], "service": "pages"}, {}, {"status": 503}, ["page 503: GET /"]),
        ({"status": ["500-599"], "service": "pages"}, {}, {}, ["200 is not in the list"]),
    ],
    "forwardAuth": [
        ({"address": "http://auth.test/"}, {}, {}, ["ask GET http://auth.test/", "asked 200"])
    ],
    "grpcWeb": [
        (
            {"allowOrigins": ["*"]},
            {"headers": {"Content-Type": "application/grpc-web"}, "method": "POST"},
            {},
            ["application/grpc-web -> application/grpc"],
        ),
        ({"allowOrigins": ["*"]}, {}, {}, ["no gRPC-Web request"]),
    ],
    "headers": [
        ({"customRequestHeaders": {"X-A": "b"}}, {}, {}, ["request header + X-A: b"]),
        ({"frameDeny": True}, {}, {}, ["response header + X-Frame-Options: DENY"]),
        (
            {"accessControlAllowOriginList": ["http://b.test"]},
            {"headers": {"Origin": "http://b.test"}},
            {},
            ["response header + Access-Control-Allow-Origin: http://b.test"],
        ),
    ],
    "inFlightReq": [
        ({"amount": 3}, {}, {}, ["count x.test: one more under way, at most 3"]),
        ({"amount": 0}, {}, {}, ["count x.test: as many under way as may be", "answers 429"]),
    ],
    "ipAllowList": [
        ({"sourceRange": ["127.0.0.0/8"]}, {}, {}, ["127.0.0.1 is in a listed network"]),
        (
            {"sourceRange": ["10.0.0.0/8"]},
            {},
            {},
            ["127.0.0.1 is in no listed network", "answers 403"],
        ),
    ],
    "ipWhiteList": [
        ({"sourceRange": ["127.0.0.0/8"]}, {}, {}, ["127.0.0.1 is in a listed network"])
    ],
    "passTLSClientCert": [({"pem": True}, {}, {}, ["no client certificate"])],
    "plugin": [({"p": {}}, {}, {}, ["reads request header Accept", "request header + X-P: none"])],
    "rateLimit": [
        ({"average": 1}, {}, {}, ["count 127.0.0.1: a token is there"]),
        ({"average": 1}, {"again": 1}, {}, ["no token for another", "answers 429"]),
        ({"average": 0}, {}, {}, ["no limit"]),
    ],
    "redirectRegex": [
        (
            {"regex": "^http://x.test/(.*)", "replacement": "http://y.test/$1"},
            {},
            {},
            ["answers 302", "Location: http://y.test/"],
        ),
        ({"regex": "^ftp", "replacement": "x"}, {}, {}, ["http://x.test/ does not match"]),
    ],
    "redirectScheme": [
        ({"scheme": "https"}, {}, {}, ["Location: https://x.test/"]),
        ({"scheme": "http"}, {}, {}, ["http://x.test/ is there already"]),
    ],
    "replacePath": [({"path": "/n"}, {}, {}, ["/ -> /n", "+ X-Replaced-Path: /"])],
    "replacePathRegex": [
        ({"regex": "^/a", "replacement": "/b"}, {"path": "/a/c"}, {}, ["/a/c -> /b/c"]),
        ({"regex": "^/no", "replacement": "/b"}, {"path": "/a"}, {}, ["/a does not match"]),
    ],
    "retry": [
        ({"attempts": 3}, {}, {}, ["answers 200"]),
        ({"attempts": 2}, {}, {"refuse": True}, ["connection refused", "try 2 of 2"]),
    ],
    "stripPrefix": [
        ({"prefixes": ["/a"]}, {"path": "/a/b"}, {}, ["/a/b -> /b", "+ X-Forwarded-Prefix: /a"]),
        ({"prefixes": ["/b", "/c"]}, {"path": "/a"}, {}, ["/a begins with none of /b, /c"]),
    ],
    "stripPrefixRegex": [
        ({"regex": ["/[ab]"]}, {"path": "/a/b"}, {}, ["/a/b -> /b"]),
        ({"regex": ["/[xy]"]}, {"path": "/a/b"}, {}, ["/a/b begins with no match"]),
    ],
}
TYPES = [one.type for one in middleware_types()]
# Those whose word comes only with a server's answer, which nobody gives to a question.
LATER = {"buffering", "errors", "headers", "retry"}


class Shows(gp.Plugin):
    """Reads a field and sets one."""

    def __init__(self, config: object, name: str) -> None:
        pass

    def on_request(self, request: gp.PluginRequest) -> None:
        request.headers["X-P"] = request.headers.get("Accept", "none")


def built(world: Make, kind: str, options: dict[str, Any], answer: dict[str, Any]) -> gp.World:
    servers = {name: f"http://{name}.test:80" for name in ("app", "auth", "pages")}
    one = world(
        plugins={"p": Shows},
        config={
            "http": {
                "routers": {
                    "r": {"rule": "PathPrefix(`/`)", "service": "app", "middlewares": ["m"]}
                },
                "middlewares": {"m": {kind: options}, "other": {"addPrefix": {"prefix": "/q"}}},
                "services": {
                    name: {"loadBalancer": {"servers": [{"url": url}]}}
                    for name, url in servers.items()
                },
            }
        },
    )
    assert one.routers["r@file"].status == "enabled", one.routers["r@file"].errors
    one.upstream("app.test:80", **({"body": "ok"} | answer))
    one.upstream("auth.test:80")
    one.upstream("pages.test:80", body="page")
    return one


def steps(told: str) -> str:
    """The part of an explanation between its heading and what the server is."""
    return told.partition("\nsteps\n")[2].partition("\nanswer ")[0]


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_speaks(world: Make, kind: str) -> None:
    assert kind in ROWS, f"a row for {kind}: what it says when it acts, and when it does not"
    for options, sent, answer, wanted in ROWS[kind]:
        one = built(world, kind, options, answer)
        sent = dict(sent)
        url = "http://x.test" + sent.pop("path", "/")
        method = sent.pop("method", "GET")
        for _ in range(sent.pop("again", 0)):
            one.send(method, url, **sent)
        if kind not in LATER:
            asked = steps(one.ask(method, url, headers=sent.get("headers")).explain())
            assert asked.startswith("              1. "), f"{kind} is silent when asked:\n{asked}"
        told = steps(one.send(method, url, **sent).explain())
        for words in wanted:
            assert words in told, f"{kind}: {words!r} is not in\n{told}"
        assert "nothing changed" not in told or kind in LATER | {"grpcWeb", "passTLSClientCert"}


STRATEGIES = {
    "wrr": "weighted round robin, one of 2",
    "p2c": "p2c, 0 under way against 0",
    "hrw": "highest random weight",
    "leasttime": "least time, mean",
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_balancer_says_why(world: Make, strategy: str) -> None:
    servers = [{"url": "http://one.test:80"}, {"url": "http://two.test:80"}]
    one = world(
        config={
            "http": {
                "routers": {"r": {"rule": "PathPrefix(`/`)", "service": "s"}},
                "services": {"s": {"loadBalancer": {"servers": servers, "strategy": strategy}}},
            }
        }
    )
    one.upstream("one.test:80")
    one.upstream("two.test:80")
    told = steps(one.get("http://x.test/").explain())
    assert STRATEGIES[strategy] in told, told


CHILDREN = [{"name": "one", "weight": 1}, {"name": "two", "weight": 2}]
GROUPS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "weighted": ({"services": CHILDREN}, ["two@file (weighted round robin, weight 2, deadline"]),
    "highestRandomWeight": (
        {"services": CHILDREN},
        ["two@file (highest random weight of client 127.0.0.1, score"],
    ),
    "mirroring": (
        {"service": "one", "mirrors": [{"name": "two", "percent": 100}]},
        ["one@file, then a copy to two@file"],
    ),
    "failover": (
        {"service": "one", "fallback": "two", "errors": {"status": ["500-599"]}},
        ["one@file (main, up)", "two@file (fallback: one@file answered 503)"],
    ),
}


@pytest.mark.parametrize("kind", GROUPS)
def test_every_group_says_why(world: Make, kind: str) -> None:
    options, wanted = GROUPS[kind]
    servers = {n: {"loadBalancer": {"servers": [{"url": f"http://{n}.test"}]}}
               for n in ("one", "two")}  # fmt: skip
    routers = {"r": {"rule": "PathPrefix(`/`)", "service": "s"}}
    one = world(
        config={"http": {"routers": routers, "services": {"s": {kind: options}, **servers}}}
    )
    one.upstream("one.test", status=503)
    one.upstream("two.test")
    told = steps(one.get("http://x.test/").explain())
    for words in wanted:
        assert f"service s@file: {words}" in told, told


def test_a_cookie_is_a_reason(world: Make) -> None:
    servers = [{"url": "http://one.test"}, {"url": "http://two.test"}]
    balancer = {"servers": servers, "sticky": {"cookie": {"name": "c"}}}
    routers = {"r": {"rule": "PathPrefix(`/`)", "service": "s"}}
    one = world(
        config={"http": {"routers": routers, "services": {"s": {"loadBalancer": balancer}}}}
    )
    one.upstream("one.test")
    one.upstream("two.test")
    cookie = one.get("http://x.test/").headers["Set-Cookie"].partition(";")[0]
    told = steps(one.get("http://x.test/", headers={"Cookie": cookie}).explain())
    assert "(cookie, one of 2)" in told


def test_a_question_changes_nothing(world: Make) -> None:
    one = built(world, "rateLimit", {"average": 1}, {})
    for _ in range(3):
        assert one.ask("GET", "http://x.test/").status == 0
    assert one.get("http://x.test/").status == 200
    told = one.ask("GET", "http://x.test/")
    assert told.stopped_by == "middleware m@file"
    assert told.server == "http://app.test:80"
