"""Runs sets of Kubernetes objects on gateproofd and real Traefik, or offline, and compares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from gateproof.case_arm import ArmStartError, ArmUnsupported, Observation, RouterState
from gateproof.case_compare import Difference, KnownDifference, compare_fields, fields_of, normalise
from gateproof.case_model import CaseError, Place, Step, UpstreamSpec
from gateproof.generate.compare import Verdict
from gateproof.generate.grammar import Grammar
from gateproof.generate.judge import Judged
from gateproof.generate.kube_sets import KubeSet, services, surroundings
from gateproof.generate.kube_smaller import smaller_sets
from gateproof.generate.kube_streams import (
    STREAM_FAMILIES,
    asked_offline,
    base_routes,
    placed,
    stream_entry_points,
    stream_request,
    stream_services,
    stream_surroundings,
    written_request,
)
from gateproof.kubernetes.arms import Cells, OfflineArm, ProxyArm
from gateproof.kubernetes.case_files import ARMS, KubernetesCase
from gateproof.kubernetes.manifests import ServiceSpec, whole
from gateproof.kubernetes.proxies import Traefik

_ENTRY_POINTS: dict[str, Any] = {"web": {}, "other": {}, "websecure": {"http": {"tls": {}}}}
_COMMON = (
    {"kind": "Node", "name": "n",
     "status": {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]}},
    {"kind": "IngressClass", "name": "traefik",
     "spec": {"controller": "traefik.io/ingress-controller"}},
    {"kind": "IngressClass", "name": "nginx", "spec": {"controller": "k8s.io/ingress-nginx"}},
    {"kind": "IngressClass", "name": "other", "spec": {"controller": "example.com/other"}},
    {"kind": "GatewayClass", "name": "traefik",
     "spec": {"controllerName": "traefik.io/gateway-controller"}},
    {"kind": "GatewayClass", "name": "foreign", "spec": {"controllerName": "example.com/other"}},
)  # fmt: skip
# Which of alike servers is asked is chance, and so is what names it.
_ALIKE = re.compile(r"\b(many|pods-)[1-3]\b")
# The digits that end a name of a Gateway's router are a hash of another text here.
_HASH = re.compile(r"-[0-9a-f]{20}\b")
_CLOCK = KnownDifference("*", "headers.X-Retry-In", "the remaining time depends on the clock")
_MANIFEST_NS = "${ns}"
KUBERNETES_ARMS = ("offline", "daemon")


def set_title(one: KubeSet) -> str:
    """A name for reports and for globs of known differences: its family and kinds of objects."""
    kinds = {o["kind"] for o in one.objects}
    types = {
        key
        for o in one.objects
        for key in o.get("spec", {})
        if o["kind"] in ("Middleware", "TraefikService")
    }
    return f"generated {one.family} {' '.join(sorted(kinds | types))}"


def _static(grammar: Grammar, one: KubeSet) -> dict[str, Any]:
    streams = one.family in STREAM_FAMILIES
    points = _ENTRY_POINTS | (stream_entry_points() if streams else {})
    options = grammar.entries[one.cluster.rpartition("-")[2]].options
    return {"entryPoints": points, "providers": dict(options)}


def _used(one: KubeSet) -> tuple[list[ServiceSpec], list[dict[str, Any]]]:
    """Services and other objects of those that every set has, as far as this one names them."""
    streams = one.family in STREAM_FAMILIES
    base = base_routes() if one.family == "routes" else []
    text = json.dumps([base, one.objects, one.requests])

    def named(name: str) -> bool:
        forms = (f'"{name}"', f"${{{name}}}", f"${{{name}:", f'/{name}"')
        return any(form in text for form in forms)

    # A cluster would give them addresses, offline they have what is written; nobody listens there.
    written = {"clusterIP": "127.0.0.1"}
    known = [
        replace(s, more=written) for s in (*services(), *(stream_services() if streams else ()))
    ]
    objects = [*surroundings(), *(stream_surroundings() if streams else ())]
    found = [s for s in known if named(s.name)]
    others = [o for o in objects if o["kind"] == "Namespace" or named(o["name"])]
    needed = {"out": "many1", "tcp-out": "bytes", "tcp-node": "bytes"}
    for server in {needed[o["name"]] for o in others if o["name"] in needed}:
        if all(s.name != server for s in found):
            found.append(next(s for s in known if s.name == server))
    if '"mutual"' in text and not named("root"):
        others.append(next(o for o in objects if o["name"] == "root"))
    return found, [*others, *base]


def set_case(one: KubeSet, grammar: Grammar) -> KubernetesCase:
    """The set as a case without expectations."""
    place = Place("generated", 1, 1)
    specs, others = _used(one)
    upstreams: dict[str, UpstreamSpec] = {k: v for s in specs for k, v in s.servers().items()}
    return KubernetesCase(
        name=one.prefix,
        clause="generated",
        place=place,
        static=_static(grammar, one),
        files={},
        dynamic=None,
        upstreams=upstreams,
        arms=ARMS,
        steps=tuple(Step(place, send=stream_request(sent, one.prefix)) for sent in one.requests),
        services=tuple(specs),
        objects=tuple(whole(o, _MANIFEST_NS) for o in (*others, *placed(one.objects, one.prefix))),
        common=tuple(whole(o, "default") for o in _COMMON),
    )


def _heard(got: Observation) -> Observation:
    """Without connections that brought nothing: when a server is told of them is chance."""
    kept = [one for one in got.upstream if one.method != "TCP" or one.body]
    return replace(got, upstream=kept)


def _ask(arm: ProxyArm | OfflineArm, case: KubernetesCase) -> Judged:
    session = arm.open(case)
    try:
        out = Judged(addresses=dict(session.addresses))
        for step in case.resolve(session.addresses).steps:
            assert step.send is not None
            out.observations.append(_heard(session.send(step.send)))
        if isinstance(arm, OfflineArm):
            out.routers = _own_states(session.routers(), case.name)
    finally:
        session.close()
    return out


def _own_states(states: Mapping[str, RouterState], namespace: str) -> dict[str, RouterState]:
    mine = re.compile(rf"(^|[-:]){re.escape(namespace)}(-|$)")
    return {
        _HASH.sub("-#", name) if "@kubernetesgateway" in name else name: state
        for name, state in states.items()
        if mine.search(name.partition("@")[0])
    }


def _api_states(raw: bytes) -> dict[str, RouterState]:
    data = json.loads(raw)
    out = {}
    for prefix, key in (("", "routers"), ("tcp:", "tcpRouters"), ("udp:", "udpRouters")):
        for name, row in (data.get(key) or {}).items():
            errors = tuple(row.get("error") or ())
            out[prefix + name] = RouterState(row.get("status", "enabled"), errors)
    return out


def _fields(got: Observation, addresses: Mapping[str, str]) -> dict[str, str]:
    fields = fields_of(got, addresses)
    for name, text in fields.items():
        # The bytes of a handshake are chance, and the version that an alert names says nothing.
        if name.endswith("body") and text.startswith(("\x16\x03", "\x15\x03")):
            fields[name] = "(handshake)" if text.startswith("\x16") else f"(alert {text[-1:]!r})"
    return {name: _ALIKE.sub(r"\1", text) for name, text in fields.items()}


class KubeComparison:
    """Judges sets on `daemon` or `offline` with the real binary, many in one cluster."""

    def __init__(self, grammar: Grammar, arm: str, known: Sequence[KnownDifference] = ()) -> None:
        self._grammar = grammar
        self._arm = arm
        self._known = [*known, _CLOCK]

    def run(
        self, sets: Sequence[KubeSet], tick: Callable[[int], None] = lambda _: None
    ) -> list[Verdict[KubeSet]]:
        """A verdict for each set, in the same order."""
        if self._arm == "offline":
            sets = [
                replace(one, requests=tuple(r for r in one.requests if asked_offline(r)))
                for one in sets
            ]
        out: dict[int, Verdict[KubeSet]] = {}
        for cluster in dict.fromkeys(one.cluster for one in sets):
            batch = {i: one for i, one in enumerate(sets) if one.cluster == cluster}
            out |= dict(zip(batch, self._batch(list(batch.values())), strict=True))
            tick(len(batch))
        return [out[i] for i in range(len(sets))]

    def _batch(self, sets: Sequence[KubeSet]) -> Iterator[Verdict[KubeSet]]:
        cases = [set_case(one, self._grammar) for one in sets]
        cells = Cells(cases, drawn=True)
        judge = ProxyArm("traefik", cells)
        mine = ProxyArm("daemon", cells) if self._arm == "daemon" else OfflineArm()
        try:
            states: dict[str, RouterState] | None = None
            for one, case in zip(sets, cases, strict=True):
                try:
                    judged = _ask(judge, case)
                    if states is None:
                        states = self._states(judge)
                    judged.routers = _own_states(states, case.name)
                    got = _ask(mine, case)
                except (ArmUnsupported, ArmStartError, CaseError) as reason:
                    yield Verdict(one, Judged(), Judged(), skipped=str(reason)[:300])
                    continue
                yield Verdict(one, judged, got, self._differences(one, got, judged))
        finally:
            judge.close()
            mine.close()
            cells.close()

    @staticmethod
    def _states(judge: ProxyArm) -> dict[str, RouterState]:
        (proxy,) = judge.proxies()
        assert isinstance(proxy, Traefik)
        return _api_states(proxy.raw_data() or b"{}")

    def _differences(self, one: KubeSet, mine: Judged, judged: Judged) -> list[Difference]:
        name = set_title(one)
        found: list[Difference] = []
        if self._arm == "offline":
            sides = _state_fields(mine), _state_fields(judged)
            found += compare_fields(*sides, name, 0, self._known)
        both = zip(mine.observations, judged.observations, strict=True)
        for number, (got, wanted) in enumerate(both, 1):
            fields = _fields(got, mine.addresses), _fields(wanted, judged.addresses)
            found += compare_fields(*fields, name, number, self._known)
        return found

    def title(self, one: KubeSet) -> str:
        """See `set_title`."""
        return set_title(one)

    def smaller(self, one: KubeSet) -> list[KubeSet]:
        """Sets that each lack a part of this one."""
        return smaller_sets(one)

    def text(self, verdict: Verdict[KubeSet], name: str) -> str:
        """The set as text for a case file."""
        return set_text(verdict.setup, self._grammar, name, verdict.judged.observations)


def _state_fields(of: Judged) -> dict[str, str]:
    namespace = of.addresses.get("ns", "")
    out = {}
    for name, state in of.routers.items():
        # A router that is disabled is told with reasons of its own words.
        out[f"routers.{name.replace(namespace, 'ns')}"] = normalise(state.status, of.addresses)
    return out


class _Flow(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Flow,
    lambda dumper, data: dumper.represent_mapping(
        "tag:yaml.org,2002:map", dict(data), flow_style=True
    ),
)


def _server_text(spec: UpstreamSpec) -> dict[str, Any]:
    if spec.stream is not None:
        if spec.stream.udp:
            return {"udp": {}}
        said = (spec.stream.reply or b"").decode()
        return {"tcp": {"greeting": "", "reply": said, "close_after": 1}}
    if spec.tls is not None:
        return {"tls": {"certificate": spec.tls.certificate}}
    script = spec.answers[0]
    server: dict[str, Any] = {"http2": True} if spec.http2 else {}
    if script.status != 200:
        server["status"] = script.status
    if script.headers:
        server["headers"] = [list(line) for line in script.headers]
    return server


def _service_text(one: ServiceSpec) -> dict[str, Any]:
    server = _server_text(one.server)
    out: dict[str, Any] = {"server": server} if server else {}
    if one.namespace != _MANIFEST_NS:
        out["namespace"] = one.namespace
    for key, value, usual in (
        ("ports", dict(one.ports), {"http": 80}), ("pods", one.pods, 1),
        ("annotations", dict(one.annotations), {}), ("spec", dict(one.more), {}),
        ("appProtocol", one.app_protocol, ""),
    ):  # fmt: skip
        if value != usual:
            out[key] = value
    return out


def set_text(one: KubeSet, grammar: Grammar, name: str, judged: Sequence[Observation] = ()) -> str:
    """The set as a case file of its own: what the judge answered is what is expected."""
    specs, others = _used(one)
    steps = []
    for number, sent in enumerate(one.requests):
        step: dict[str, Any] = {"send": written_request(sent, name)}
        if number < len(judged):
            got = judged[number]
            step["expect"] = {"error": got.error} if got.error else {"status": got.status}
        steps.append(_Flow(step))
    case = {
        "name": name,
        "clause": "generated",
        "services": _Flow({s.name: _service_text(s) for s in specs}),
        "objects": [_Flow(o) for o in (*others, *placed(one.objects, name))],
        "requests": steps,
    }
    file = {
        "static": _Flow(_static(grammar, one)),
        "objects": [_Flow(o) for o in _COMMON],
        "cases": [case],
    }
    return yaml.dump(file, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
