"""TCP connections and UDP datagrams from Python, and what `ask` says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_cli import data, run

import gateproof as gp
from gateproof.rawtcp import client_hello, in_records

STATIC = {"entryPoints": {"web": {"address": ":443"}, "dns": {"address": ":53/udp"}}}
ROUTES = """\
tcp:
  routers:
    db: {rule: "HostSNI(`db.test`)", service: db, tls: {passthrough: true}, middlewares: [office]}
    any: {rule: "HostSNI(`*`)", service: nobody, tls: {passthrough: true}}
    bad: {rule: "HostSNI(`x`)", service: db}
  middlewares: {office: {ipAllowList: {sourceRange: [127.0.0.0/8]}}}
  services:
    db: {loadBalancer: {servers: [{address: "db.internal:5432"}]}}
    nobody: {loadBalancer: {servers: []}}
udp:
  routers: {names: {service: names}}
  services: {names: {loadBalancer: {servers: [{address: "names.internal:53"}]}}}
"""


@pytest.fixture
def routes(tmp_path: Path) -> Path:
    path = tmp_path / "routes.yaml"
    path.write_text(ROUTES)
    return path


def test_a_connection_is_tunnelled(routes: Path) -> None:
    with gp.World(config=routes, static=STATIC) as world:
        world.tcp_upstream("db.internal:5432", name="db", greeting="hello:")
        hello = client_hello("DB.test")
        got = world.connect(hello, entry_point="web")
        assert got.received == b"hello:" + hello
        assert (got.taker, got.router, got.service) == ("tcp", "db@file", "db@file")
        assert got.server == "db.internal:5432"
        assert not got.closed
        assert got.upstream == (("db", hello),)
        assert any("one of 1" in step for step in got.steps)
        assert world.connect(in_records(hello, 7), entry_point="web").router == "db@file"


def test_a_refused_connection_says_why(routes: Path) -> None:
    with gp.World(config=routes, static=STATIC) as world:
        got = world.connect(client_hello("db.test"), entry_point="web", client_ip="10.0.0.1")
        assert got.closed
        assert got.failure == "refused by middleware office@file"
        assert world.connect(client_hello("z.test"), entry_point="web").failure == (
            "no available server"
        )


def test_datagrams(routes: Path) -> None:
    with gp.World(config=routes, static=STATIC) as world:
        world.udp_upstream("names.internal:53", reply="answer")
        assert world.datagram(b"question") == [b"answer"]


def test_states(routes: Path) -> None:
    with gp.World(config=routes, static=STATIC) as world:
        assert world.tcp_routers["bad@file"].status == "disabled"
        assert world.tcp_routers["any@file"].priority == -1
        assert world.tcp_services["db@file"].used_by == ("bad@file", "db@file")
        assert world.tcp_services["db@file"].servers == {"db.internal:5432": "UP"}
        assert world.tcp_middlewares["office@file"].status == "enabled"
        assert world.udp_routers["names@file"].entry_points == ("dns",)
        assert world.udp_services["names@file"].status == "enabled"


def test_virtual_time_only(routes: Path) -> None:
    world = gp.World(config=routes, static=STATIC, arm="socket")
    with world, pytest.raises(gp.SimulationError):
        world.connect(b"")


@pytest.mark.parametrize(
    ("url", "options", "router", "says"),
    [
        ("tls://db.test", [], "db@file", "db.internal:5432"),
        ("tls://db.test", ["--client-ip", "10.0.0.1"], "db@file", "refused by middleware office"),
        ("tls://z.test", [], "any@file", "no available server"),
        ("postgres://db.test", [], "db@file", "PostgreSQL"),
        ("tcp://:443", [], None, "HTTP"),
        ("tls://db.test", ["--alpn", "acme-tls/1"], None, "ACME"),
    ],
)
def test_ask(routes: Path, url: str, options: list[str], router: str | None, says: str) -> None:
    done = run("ask", routes, url, *options)
    assert says in done.stdout, done.stdout + done.stderr
    got = data(run("ask", routes, url, *options, "--json"))
    assert got["router"] == router
    others = {one["router"] for one in got["candidates"]}
    assert others | {router} >= {"db@file", "any@file", "bad@file"}


def test_ask_tells_the_matcher_that_failed(routes: Path) -> None:
    done = run("ask", routes, "tls://z.test")
    assert "db@file: HostSNI(`db.test`) does not match server name z.test" in done.stdout
    assert f"{routes}:3:" in done.stdout


def test_ask_udp(routes: Path, tmp_path: Path) -> None:
    static = tmp_path / "static.yaml"
    static.write_text(
        "entryPoints: {dns: {address: ':53/udp'}}\nproviders: {file: {filename: routes.yaml}}\n"
    )
    done = run("ask", static, routes, "udp://:53")
    assert done.returncode == 0
    assert "names.internal:53" in done.stdout
    assert run("ask", routes, "udp://:53").returncode != 0  # no UDP entry point
