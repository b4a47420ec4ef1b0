"""Compose files and key/value dumps as configuration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gateproof as gp
from gateproof.real_traefik import find_traefik

ROOT = Path(__file__).resolve().parents[3]

COMPOSE = """
name: shop
services:
  web:
    image: nginx
    ports: ["8080:80"]
    labels:
      - traefik.http.routers.cart.rule=Host(`shop.test`) && PathPrefix(`/cart`)
      - traefik.http.routers.cart.middlewares=strip
      - traefik.http.middlewares.strip.stripprefix.prefixes=/cart
  auto:
    image: nginx
    expose: [9000]
    deploy: {replicas: 2}
"""
STATIC = """
entryPoints: {web: {address: ":80"}}
providers:
  docker: {defaultRule: "Host(`{{ normalize .Name }}.test`)"}
"""
# What the real Traefik sends for this router's name.
MARK = "d0d5db56b5cd02b7"


def test_labels_route_a_request(tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text(COMPOSE)
    with gp.World(config=str(file)) as world:
        world.upstream("web:80", body="cart")
        got = world.get("http://shop.test/cart/7")
        assert (got.status, got.router) == (200, "cart@docker")
        assert got.upstream[0].target == "/7"
        assert f"{file}:8:" in got.explain()


def test_a_default_rule_guards_against_loops() -> None:
    config = gp.load(texts={"compose.yml": COMPOSE, "traefik.yml": STATIC})
    with gp.World(config=config) as world:
        for name in ("auto-1", "auto-2"):
            world.upstream(f"{name}:9000", body=name)
        url = "http://auto-shop.test/"
        assert world.routers["auto-shop@docker"].rule == "Host(`auto-shop.test`)"
        first, second = world.get(url), world.get(url)
        assert {first.text, second.text} == {"auto-1", "auto-2"}
        assert first.upstream[0].headers["X-Traefik-Router"] == MARK
        looped = world.get(url, headers={"X-Traefik-Router": MARK})
        assert (looped.status, looped.upstream) == (400, ())


def test_providers_stand_beside_each_other() -> None:
    texts = {
        "compose.yml": COMPOSE,
        "redis.kv": "traefik/http/routers/cart/rule = Host(`shop.test`) && PathPrefix(`/cart`)\n"
        "traefik/http/routers/cart/service = web-shop@docker\n"
        "traefik/http/routers/kv/rule = Path(`/kv`)\n"
        "traefik/http/routers/kv/middlewares/0 = strip@docker\n"
        "traefik/http/routers/kv/service = web-shop@docker\n",
    }
    with gp.World(config=gp.load(texts=texts)) as world:
        # Of equal priority docker stands before redis in providers.precedence.
        assert world.ask("GET", "http://shop.test/cart").router == "cart@docker"
        kv = world.ask("GET", "http://shop.test/kv")
        assert (kv.router, kv.server) == ("kv@redis", "http://web:80")
        assert world.routers["kv@redis"].middlewares == ("strip@docker",)


def test_a_hash_whose_dollars_compose_takes() -> None:
    compose = COMPOSE + (
        "  login:\n    expose: [80]\n    labels:\n"
        "      - traefik.http.routers.l.rule=Path(`/l`)\n"
        "      - traefik.http.routers.l.middlewares=auth\n"
        "      - traefik.http.middlewares.auth.basicauth.users=u:$apr1$x$QbPRy6lWDXQ9rxkZOwlPU/\n"
    )
    found = gp.check(texts={"c.yml": compose})
    assert {"GP0008", "GP1001"} <= {one.code for one in found}
    good = gp.check(texts={"c.yml": compose.replace("$", "$$")})
    assert not {"GP0008", "GP1001"} & {one.code for one in good}
    given = gp.check(texts={"c.yml": "name: $NAME" + COMPOSE[11:]}, environment={"NAME": "x"})
    assert [one.code for one in given] == []


@pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary")
def test_the_record_is_what_the_binary_says() -> None:
    done = subprocess.run(
        [sys.executable, "conformance/labels/compare.py", "check", "swarm", "references"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
