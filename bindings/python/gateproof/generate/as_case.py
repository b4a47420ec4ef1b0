"""Setups as parity cases: to run, and as text for a file under `conformance/traefik`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from gateproof.case_arm import Observation, RouterState
from gateproof.case_model import (
    ALL_ARMS,
    Case,
    Place,
    RequestSpec,
    Step,
    UpstreamScript,
    UpstreamSpec,
)
from gateproof.generate.grammar import Grammar
from gateproof.generate.pairs import Data, Setup

_PLACE = Place("generated", 1, 1)
_LINE_MAX = 10_000


def _pairs(lines: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in lines)


def request_spec(sent: Data) -> RequestSpec:
    """A request as arms take it."""
    fields = dict(sent)
    if "headers" in fields:
        fields["headers"] = _pairs(fields["headers"])
    if "body" in fields:
        fields["body"] = fields["body"].encode()
    if "chunks" in fields:
        fields["chunks"] = tuple(one.encode() for one in fields["chunks"])
    return RequestSpec(**fields)


def script(answer: Data) -> UpstreamScript:
    """A scripted answer as upstreams take it."""
    fields = dict(answer)
    for name in ("headers", "trailers"):
        if name in fields:
            fields[name] = _pairs(fields[name])
    if "body" in fields:
        fields["body"] = fields["body"].encode()
    return UpstreamScript(**fields)


def upstream_spec(answer: Data) -> UpstreamSpec:
    """A scripted server."""
    if answer.get("refuse"):
        return UpstreamSpec(refuse=True)
    return UpstreamSpec(answers=(script(answer),))


def static_of(grammar: Grammar, entry: str) -> Data:
    """The static configuration of a setup on its own."""
    return {"entryPoints": {"web": {"address": "${web}", **grammar.entries[entry].options}}}


def as_case(setup: Setup, grammar: Grammar) -> Case:
    """The setup as a case without expectations; its configuration is written as JSON."""
    return Case(
        name=setup.prefix,
        clause="generated",
        place=_PLACE,
        static=static_of(grammar, setup.entry),
        # JSON is YAML, and it is written and read much faster.
        files={"dynamic.yaml": json.dumps({"http": setup.http}, ensure_ascii=False)},
        dynamic=None,
        upstreams={name: upstream_spec(one) for name, one in setup.upstreams.items()},
        arms=ALL_ARMS,
        steps=tuple(Step(_PLACE, send=request_spec(sent)) for sent in setup.requests),
    )


class _Flow(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes texts which YAML 1.1 and 1.2 read differently in quotes, as the base class does."""


_Dumper.add_representer(
    _Flow,
    lambda dumper, data: dumper.represent_mapping(
        "tag:yaml.org,2002:map", dict(data), flow_style=True
    ),
)


def _expected(seen: Observation) -> Data:
    if seen.error is not None:
        return {"error": seen.error}
    out: Data = {"status": seen.status}
    if not seen.upstream:
        out["upstream"] = None
    elif len(seen.upstream) == 1 and not seen.upstream[0].name.startswith("many"):
        one = seen.upstream[0]
        out["upstream"] = {"name": one.name, "method": one.method, "target": one.target}
    return out


def case_text(
    setup: Setup,
    grammar: Grammar,
    name: str,
    judged: Sequence[Observation] = (),
    states: Mapping[str, RouterState] | None = None,
) -> str:
    """The setup as text for a case file; what the judge did is what is expected."""
    short = setup.renamed("x")
    case: Data = {"name": name, "clause": "generated"}
    if grammar.entries[setup.entry].options:
        case["static"] = _Flow(static_of(grammar, setup.entry))
    case["dynamic"] = {
        "http": {kind: {k: _Flow(v) for k, v in of.items()} for kind, of in short.http.items()}
    }
    case["upstreams"] = _Flow(short.upstreams)
    steps = []
    for number, sent in enumerate(short.requests):
        step: Data = {"send": sent}
        if number < len(judged):
            step["expect"] = _expected(judged[number])
        steps.append(_Flow(step))
    case["requests"] = steps
    if states:
        case["routers"] = _Flow(
            {
                key.replace(setup.prefix, "x", 1): {"status": state.status}
                for key, state in states.items()
            }
        )
    # A placeholder is what `${name}` is in a case; `$1` and `${1}` are left alone by its reader.
    return yaml.dump([case], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LINE_MAX)
