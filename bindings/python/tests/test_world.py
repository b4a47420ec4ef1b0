"""Worlds: requests, upstreams, time, state, on every arm."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support import SHOP, WEB

import gateproof as gp

ARMS = ("direct", "wire", "socket")


@pytest.fixture(params=ARMS)
def arm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_exchange_on_every_arm(arm: str) -> None:
    with gp.World(config=SHOP, static=WEB, arm=arm) as world:
        world.upstream("shop.internal:80", body="hello", headers={"Content-Type": "text/plain"})
        got = world.get("http://shop.test/api/users?a=1", headers={"Accept": "text/plain"})
    assert (got.status, got.text, got.headers["x-mark"]) == (200, "hello", "yes")
    (seen,) = got.upstream
    assert (seen.method, seen.target) == ("GET", "/users?a=1")
    assert seen.headers["X-Forwarded-Prefix"] == "/api"
    assert seen.headers["Accept"] == "text/plain"


def test_arms_answer_alike() -> None:
    answers = []
    for arm in ARMS:
        with gp.World(config=SHOP, static=WEB, arm=arm) as world:
            world.upstream("shop.internal:80", json={"n": 1}, status=201)
            got = world.post("http://shop.test/api/x", json={"q": 2})
            lines = {name: value for name, value in got.headers if name != "Date"}
            answers.append((got.status, got.reason, lines, got.json(), got.upstream[0].body))
    assert answers[0] == answers[1] == answers[2]


def test_callable_upstream(arm: str) -> None:
    def play(request: gp.UpstreamRequest) -> gp.Response | str:
        if request.target == "/late":
            return gp.Response(status=503, headers={"Retry-After": "1"}, body="later")
        return f"{request.method} {request.target}"

    with gp.World(config=SHOP, static=WEB, arm=arm) as world:
        world.upstream("shop.internal", play)
        assert world.get("http://shop.test/api/x").text == "GET /x"
        late = world.get("http://shop.test/late")
        assert (late.status, late.headers["retry-after"], late.text) == (503, "1", "later")


def test_failures_of_upstreams(arm: str) -> None:
    with gp.World(config=SHOP, static=WEB, arm=arm) as world:
        assert world.upstream("shop.internal:80", body="up", fail_first=1) is None
        assert world.get("http://shop.test/x").status == 502
        assert world.get("http://shop.test/x").text == "up"
    with gp.World(config=SHOP, static=WEB, arm=arm) as world:
        world.upstream("shop.internal:80", refuse=True)
        assert world.get("http://shop.test/x").status == 502


def test_error_of_a_callable_is_raised() -> None:
    def broken(_request: gp.UpstreamRequest) -> str:
        raise LookupError("mine")

    with gp.World(config=SHOP, static=WEB) as world:
        world.upstream("shop.internal:80", broken)
        with pytest.raises(LookupError, match="mine"):
            world.get("http://shop.test/x")
        with pytest.raises(LookupError):
            world.get("http://shop.test/x")


def test_ask_decides_and_asks_nobody() -> None:
    asked = []
    with gp.World(config=SHOP, static=WEB) as world:
        world.upstream("shop.internal:80", lambda request: asked.append(request))
        got = world.ask("GET", "http://shop.test/api/users")
    assert not asked
    assert (got.router, got.service) == ("shop@file", "shop@file")
    assert (got.server, got.status) == ("http://shop.internal:80", 0)
    text = got.explain()
    assert "/api/users -> /users" in text
    assert "it was not asked" in text
    beaten = next(one for one in got.candidates if one.router == "rest@file")
    assert beaten.kind == "beaten"
    assert "1" in beaten.why
    failed = next(one for one in got.candidates if one.router == "admin@file")
    assert (failed.kind, failed.matches) == ("no match", False)
    assert failed.place.startswith("dynamic.yaml:")


def test_ask_looks_behind_what_answers() -> None:
    with gp.World(config=SHOP, static=WEB) as world:
        got = world.ask("GET", "http://shop.test/admin")
    assert got.status == 401
    assert got.stopped_by == "middleware login@file"
    assert got.server == "http://shop.internal:80"
    assert "401" in got.explain()


def test_ask_without_a_router() -> None:
    with gp.World(config=SHOP, static=WEB) as world:
        got = world.ask("GET", "http://other.test/")
    assert (got.status, got.router) == (404, None)
    assert {one.router for one in got.candidates} == {"shop@file", "admin@file", "rest@file"}
    assert "does not match host other.test" in got.explain()


def test_entry_points_are_chosen_by_url() -> None:
    with gp.World(config=SHOP, static=WEB) as world:
        assert world.ask("GET", "http://shop.test/").entry_point == "web"
        assert world.ask("GET", "https://shop.test/").entry_point == "websecure"
        assert world.ask("GET", "http://shop.test:443/").entry_point == "websecure"
        assert world.ask("GET", "http://shop.test:81/").entry_point == "web"
        assert world.ask("GET", "http://shop.test/", entry_point="websecure").entry_point == (
            "websecure"
        )
        with pytest.raises(ValueError, match="there are: web, websecure"):
            world.ask("GET", "http://shop.test/", entry_point="nope")
        with pytest.raises(ValueError, match="absolute URL"):
            world.ask("GET", "/only/a/path")
        with pytest.raises(ValueError, match="client address"):
            world.ask("GET", "http://shop.test/", client_ip="banana")


def test_results_are_values() -> None:
    with gp.World(config=SHOP, static=WEB) as world:
        world.upstream("shop.internal:80", body="x")
        one, other = world.get("http://shop.test/a"), world.get("http://shop.test/b")
        again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert one != other
    assert again.explain() == one.explain()
    assert repr(one).startswith("Result(GET http://shop.test/a: status=200")
    assert isinstance(one.elapsed, timedelta)
    assert one.as_dict()["body"] == "x"
    with pytest.raises(AttributeError):
        _ = one.banana


def test_time_is_virtual() -> None:
    with gp.World(config=SHOP, static=WEB) as world:
        world.upstream("shop.internal:80", delay="3s", body="x")
        assert world.get("http://shop.test/a").elapsed == timedelta(seconds=3)
        before = world.now
        world.advance("1m30s")
        world.advance(timedelta(seconds=1))
        assert world.now - before == timedelta(seconds=91)
    with gp.World(config=SHOP, static=WEB, arm="socket") as real, pytest.raises(gp.SimulationError):
        real.advance(1)


def test_seeds_and_digests() -> None:
    digests = []
    for seed in (1, 1, 2):
        with gp.World(config=SHOP, static=WEB, seed=seed) as world:
            world.upstream("shop.internal:80", body="x")
            world.get("http://shop.test/a")
            digests.append(world.digest)
    assert digests[0] == digests[1] != digests[2]


def test_states_and_update() -> None:
    with gp.World(config=SHOP, static=WEB) as world:
        assert world.routers["shop@file"].status == "enabled"
        assert world.services["shop@file"].used_by
        assert set(world.middlewares) >= {"strip@file", "mark@file"}
        assert world.entry_points["web"].port == 80
        assert world.update({"a.yaml": "http: [broken"})
        assert "shop@file" in world.routers
        rule = "http: {routers: {new: {rule: 'Path(`/`)', service: noop@internal}}}"
        assert not world.update({"a.yaml": rule})
        assert "shop@file" not in world.routers
        assert "new@file" in world.routers


def test_trace_can_be_left_out() -> None:
    with gp.World(config=SHOP, static=WEB, trace=False) as world:
        world.upstream("shop.internal:80", body="x")
        got = world.get("http://shop.test/api")
    assert got.trace == ()
    assert "World(trace=True)" in got.explain()


@pytest.mark.parametrize("gone", ["PathPrefix", "Host"])
def test_one_evaluator(gone: str) -> None:
    """A matcher taken out of the table changes every arm, and asking, alike."""
    told = {}
    for arm in ARMS:
        with gp.World(config=SHOP, static=WEB, arm=arm) as world:
            world.upstream("shop.internal:80", body="x")
            url = "http://shop.test/api/users"
            before = world.send("GET", url)
            world.remove_matcher(gone)
            after = world.send("GET", url)
            asked = world.ask("GET", url)
            told[arm] = (
                before.upstream[0].target,
                after.status,
                [seen.target for seen in after.upstream],
                asked.router,
            )
    assert told["direct"] == told["wire"] == told["socket"]
    expected = {
        # Without PathPrefix the router is broken, and the next one takes the request as it is.
        "PathPrefix": ("/users", 200, ["/api/users"], "rest@file"),
        "Host": ("/users", 404, [], None),
    }
    assert told["direct"] == expected[gone]


def test_events_are_bounded() -> None:
    def tried(events_max: int) -> int:
        with gp.World(config=SHOP, static=WEB, arm="wire", events_max=events_max) as world:
            world.upstream("shop.internal:80", body="x", delay="1s")
            return world.get("http://shop.test/api").status

    enough = next(n for n in range(1, 1000) if not _exceeds(tried, n))
    assert tried(enough) == 200
    assert tried(0) == 200
    with pytest.raises(gp.BudgetExceeded) as caught:
        tried(enough - 1)
    assert isinstance(caught.value, gp.SimulationError)
    assert caught.value.tasks


@pytest.mark.parametrize("arm", ["direct", "wire"])
def test_a_silent_upstream_is_a_deadlock(arm: str) -> None:
    with gp.World(config=SHOP, static=WEB, arm=arm) as world:
        world.upstream("shop.internal:80", gp.Response(action="silent"))
        with pytest.raises(gp.DeadlockError) as caught:
            world.get("http://shop.test/api")
        assert isinstance(caught.value, gp.SimulationError)
        assert caught.value.tasks
        # The world lives on, and what can end an exchange ends it.
        assert world.get("http://other.test/").status == 404
    assert gp.Response(action="silent").to_core()
    with pytest.raises(ValueError, match="answer, refuse, close, silent"):
        gp.Response(action="banana").to_core()


def test_a_silent_upstream_meets_the_time_limit(arm: str) -> None:
    config = copy.deepcopy(SHOP)
    config["http"]["serversTransports"] = {
        "patient": {"forwardingTimeouts": {"responseHeaderTimeout": "100ms"}}
    }
    config["http"]["services"]["shop"]["loadBalancer"]["serversTransport"] = "patient"
    with gp.World(config=config, static=WEB, arm=arm) as world:
        world.upstream("shop.internal:80", gp.Response(action="silent"))
        assert world.get("http://shop.test/api").status == 504


@pytest.mark.parametrize("arm", ["direct", "wire", "socket"])
def test_https(arm: str) -> None:
    config: dict[str, Any] = copy.deepcopy(SHOP)
    config["http"]["routers"]["secure"] = {
        "rule": "Host(`secure.test`)", "service": "shop", "tls": {"options": "old"},
    }  # fmt: skip
    config["http"]["routers"]["other"] = {
        "rule": "Host(`other.test`)", "service": "shop", "tls": {},
    }  # fmt: skip
    config["tls"] = {"options": {"old": {"maxVersion": "VersionTLS12"}}}
    with gp.World(config=config, static=WEB, arm=arm) as world:
        world.upstream("shop.internal:80", body="x")
        got = world.get("https://secure.test/", entry_point="web")
        assert (got.status, got.body) == (200, b"x")
        assert got.upstream[0].headers["X-Forwarded-Proto"] == "https"
        # A name of the handshake that has other options: only where there is a handshake.
        crossed = world.get(
            "https://other.test/", headers={"Host": "secure.test"}, entry_point="web"
        )
        assert crossed.status == (200 if arm == "direct" else 421)


@pytest.mark.parametrize("arm", ["direct", "wire"])
def test_client_certificates(arm: str) -> None:
    pem = (Path(__file__).parents[3] / "fuzz/corpus/certificate/chain.pem").read_text()
    config: dict[str, Any] = copy.deepcopy(SHOP)
    config["http"]["routers"]["mtls"] = {
        "rule": "Host(`mtls.test`)", "service": "shop", "middlewares": ["tell"], "tls": {},
    }  # fmt: skip
    config["http"]["middlewares"]["tell"] = {
        "passTLSClientCert": {"pem": True, "info": {"issuer": {"commonName": True}}}
    }
    with gp.World(config=config, static=WEB, arm=arm) as world:
        world.upstream("shop.internal:80", body="x")
        told = world.get("https://mtls.test/", client_cert=pem).upstream[0].headers
        info = "Issuer%3D%22CN%3DRoot+CA%22"
        assert told["X-Forwarded-Tls-Client-Cert-Info"] == f"{info}%2C{info}"
        assert told["X-Forwarded-Tls-Client-Cert"].count(",") == 1
        told = world.get("https://mtls.test/").upstream[0].headers
        assert "X-Forwarded-Tls-Client-Cert" not in told
        asked = world.ask("GET", "https://mtls.test/", client_cert=pem.encode())
        assert "2 client certificates" in asked.explain()
        with pytest.raises(ValueError, match="needs an https URL"):
            world.get("http://mtls.test/", client_cert=pem)
        with pytest.raises(ValueError, match="no certificate in the PEM text"):
            world.get("https://mtls.test/", client_cert="banana")


def _exceeds(tried: Callable[[int], int], events_max: int) -> bool:
    try:
        tried(events_max)
    except gp.BudgetExceeded:
        return True
    return False


def test_health_checks_run_in_virtual_time() -> None:
    server = "http://app.internal:80"
    config = {
        "http": {
            "routers": {"r": {"rule": "PathPrefix(`/`)", "service": "s"}},
            "services": {
                "s": {
                    "loadBalancer": {
                        "healthCheck": {"path": "/h", "interval": "10s"},
                        "servers": [{"url": server}],
                    }
                }
            },
        }
    }
    with gp.World(config=config, static=WEB) as world:
        world.upstream("app.internal:80", status=500)
        assert world.services["s@file"].servers == {server: "UP"}
        assert world.get("http://x.test/").status == 500
        world.advance("11s")
        assert world.services["s@file"].servers == {server: "DOWN"}
        assert world.get("http://x.test/").status == 503
