"""CNAME flattening in a world: rules see where a host's aliases end (as Traefik 3.7.15 does)."""

from __future__ import annotations

import pytest

import gateproof as gp

RULES = {
    "a": "Host(`a.test`)", "b": "Host(`b.test`)", "c": "Host(`c.test`)",
    "upper": "Host(`upper.test`)", "wild": "Host(`*.wild.test`)", "dot": "Host(`dot.test.`)",
    "rx": "HostRegexp(`^c[.]test$`)", "rxupper": "HostRegexp(`UPPER`)",
    "v2": "Host(`c.test`)", "v2rx": "HostRegexp(`{x:c}.test`)",
}  # fmt: skip
ALIASES = {"a.test": "b.test", "b.test": "c.test", "up.test": "UPPER.Test", "w.test": "x.wild.test"}


def world(**resolver: object) -> gp.World:
    routers = {
        name: {
            "rule": f"({rule}) && Path(`/{name}`)", "service": "s",
            "ruleSyntax": "v2" if name.startswith("v2") else "v3",
        }
        for name, rule in RULES.items()
    }  # fmt: skip
    services = {"s": {"loadBalancer": {"servers": [{"url": "http://s:1"}]}}}
    made = gp.World(
        config={"http": {"routers": routers, "services": services}},
        static={"entryPoints": {"web": {"address": ":80"}}, "hostResolver": resolver},
    )
    made.upstream("s:1", body="ok")
    for name, target in ALIASES.items():
        made.alias(name, target)
    return made


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("a.test", "a", 200),  # the name itself
        ("a.test", "b", 404),  # only the end of the chain
        ("a.test", "c", 200),
        ("A.Test:80", "c", 200),
        ("a.test", "rx", 200),
        ("a.test", "v2", 200),
        ("a.test", "v2rx", 404),  # v2 templates look at the name alone
        ("up.test", "upper", 200),  # names are compared in any case
        ("up.test", "rxupper", 200),  # an expression sees them as they stand
        ("w.test", "wild", 200),
        ("x.wild.test", "wild", 200),
        ("dot.test", "dot", 404),  # no tolerance of dots while flattening is on
        ("dot.test.", "dot", 200),
    ],
)
def test_hosts(host: str, path: str, status: int) -> None:
    with world(cnameFlattening=True) as w:
        assert w.get(f"http://{host}/{path}").status == status


def test_depth_off_and_trace() -> None:
    with world(cnameFlattening=True, resolvDepth=1) as w:
        result = w.get("http://a.test/b")
        assert result.status == 200
        assert "a.test is an alias (CNAME) of b.test" in result.explain()
    with world(cnameFlattening=False) as w:
        assert w.get("http://a.test/c").status == 404
        assert w.get("http://dot.test/dot").status == 200


def test_memory_in_virtual_time() -> None:
    with world(cnameFlattening=True) as w:
        assert w.get("http://a.test/c").status == 200
        w.alias("a.test", "a.test")
        assert w.get("http://a.test/c").status == 200
        w.advance(300)
        assert w.get("http://a.test/c").status == 404
