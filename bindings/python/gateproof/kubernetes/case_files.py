"""Reads case files whose configuration is a cluster's: `conformance/kubernetes/answers`.

A file is one cluster: `static`, `objects` of the cluster as a whole, and `cases`. Each case has a
namespace and a host of its own, so that one start of a proxy serves them all. The rest is as in
`conformance/traefik/README.md`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateproof.case_loader import read_step, read_upstream
from gateproof.case_model import Case, CaseError, UpstreamSpec
from gateproof.case_resolve import fill
from gateproof.kubernetes.manifests import Object, ServiceSpec, whole
from gateproof.yaml_cursor import Cursor, open_yaml

ARMS = ("offline", "daemon", "traefik")
"""In-process translation of manifests in virtual time; gateproofd and Traefik on an API server."""

_FILE_KEYS = frozenset("static objects arms cases".split())
_CASE_KEYS = frozenset("name clause arms services objects requests".split())
_SERVICE_KEYS = frozenset("server ports pods annotations spec namespace appProtocol".split())
_PORT = re.compile(r"\$\{port:([^}]+)\}")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?")


@dataclass(frozen=True)
class KubernetesCase(Case):
    """A case whose configuration are manifests; `static` and `common` are its file's.

    Its namespace is its name, `${ns}` in texts, and its host NAME.test, `${host}`.
    """

    services: tuple[ServiceSpec, ...] = ()
    objects: tuple[Mapping[str, Any], ...] = ()
    common: tuple[Mapping[str, Any], ...] = ()

    @property
    def words(self) -> dict[str, str]:
        """What placeholders stand for beside addresses."""
        return {"ns": self.name, "host": f"{self.name}.test"}

    @property
    def hosts(self) -> dict[str, str]:
        """The loopback address of each server."""
        return {k: v for service in self.services for k, v in service.hosts().items()}

    def manifests(self, addresses: Mapping[str, str]) -> list[Object]:
        """Every object of the case, those of the whole cluster left out."""
        known = {**addresses, **self.words}
        made = [one for service in self.services for one in service.objects(addresses)]
        return [fill(_ports(one, known), known, self.place) for one in (*made, *self.objects)]

    def common_manifests(self, addresses: Mapping[str, str]) -> list[Object]:
        """The objects of the whole cluster."""
        return [fill(_ports(one, addresses), addresses, self.place) for one in self.common]


def _ports(value: Any, addresses: Mapping[str, str]) -> Any:
    """A copy in which texts that are nothing but `${port:x}` are numbers."""
    if isinstance(value, Mapping):
        return {key: _ports(item, addresses) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_ports(item, addresses) for item in value]
    found = _PORT.fullmatch(value) if isinstance(value, str) else None
    known = addresses.get(found[1]) if found else None
    return int(known.rpartition(":")[2]) if known else value


def is_kubernetes(path: Path) -> bool:
    """Whether a file, or the files of a directory, are cases of this kind."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    return any(file.name != _KNOWN and open_yaml(file).is_mapping for file in files)


_KNOWN = "known_differences.yaml"


def load_kubernetes_cases(path: Path) -> list[KubernetesCase]:
    """The cases of a file, or of all files of a directory. Raises CaseError."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    cases = [case for file in files if file.name != _KNOWN for case in _file(file)]
    names: dict[str, KubernetesCase] = {}
    for case in cases:
        if case.name in names:
            raise CaseError(f"{case.place}: {case.name!r} is also at {names[case.name].place}")
        names[case.name] = case
    return cases


def _file(path: Path) -> list[KubernetesCase]:
    parts = open_yaml(path, path.name).items(_FILE_KEYS)
    static = parts["static"].plain() if "static" in parts else {}
    static.setdefault("entryPoints", {"web": {}})
    common = tuple(_objects(parts.get("objects"), "default"))
    arms = _arms(parts.get("arms"), ARMS)
    elements = parts["cases"].elements() if "cases" in parts else ()
    return [_case(element, static, common, arms) for element in elements]


def _objects(cursor: Cursor | None, namespace: str) -> list[Object]:
    found = []
    for element in cursor.elements() if cursor else ():
        try:
            found.append(whole(element.plain(), namespace))
        except ValueError as problem:
            element.fail(str(problem))
    return found


def _service(name: str, cursor: Cursor) -> ServiceSpec:
    parts = cursor.items(_SERVICE_KEYS)
    found: dict[str, Any] = {"name": name, "namespace": "${ns}"}
    if "namespace" in parts:
        found["namespace"] = parts["namespace"].text()
    if "server" in parts:
        found["server"] = read_upstream(parts["server"])
    if "ports" in parts:
        found["ports"] = {key: value.integer() for key, value in parts["ports"].items().items()}
    if "pods" in parts:
        found["pods"] = parts["pods"].integer()
    if "annotations" in parts:
        found["annotations"] = {k: v.text() for k, v in parts["annotations"].items().items()}
    if "spec" in parts:
        found["more"] = parts["spec"].plain()
    if "appProtocol" in parts:
        found["app_protocol"] = parts["appProtocol"].text()
    return ServiceSpec(**found)


def _arms(cursor: Cursor | None, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    if cursor is None:
        return otherwise
    arms = tuple(element.text() for element in cursor.elements())
    for arm in arms:
        if arm not in ARMS:
            cursor.fail(f"unknown arm {arm!r}; known are {', '.join(ARMS)}")
    return arms


def _case(
    cursor: Cursor, static: Mapping[str, Any], common: tuple[Object, ...], arms: tuple[str, ...]
) -> KubernetesCase:
    parts = cursor.items(_CASE_KEYS)
    for key in ("name", "clause", "requests"):
        if key not in parts:
            cursor.fail(f"a case needs {key!r}")
    name = parts["name"].text()
    if not _NAME.fullmatch(name):
        parts["name"].fail("a case's name is its namespace's: lower case, digits and dashes")
    steps = tuple(read_step(element) for element in parts["requests"].elements())
    if any(step.change is not None for step in steps):
        parts["requests"].fail("the objects of a case do not change")
    services = tuple(
        _service(key, value)
        for key, value in (parts["services"].items() if "services" in parts else {}).items()
    )
    upstreams: dict[str, UpstreamSpec] = {}
    for service in services:
        upstreams |= service.servers()
    case = KubernetesCase(
        name=name,
        clause=parts["clause"].text(),
        place=cursor.place,
        static=static,
        files={},
        dynamic=None,
        upstreams=upstreams,
        arms=_arms(parts.get("arms"), arms),
        steps=steps,
        services=services,
        objects=tuple(_objects(parts.get("objects"), "${ns}")),
        common=common,
    )
    _check_placeholders(case)
    return case


def _check_placeholders(case: KubernetesCase) -> None:
    names = [*case.entry_points, *case.upstreams]
    addresses = dict.fromkeys(names, "127.0.0.1:1")
    case.manifests(addresses)
    case.common_manifests(dict.fromkeys(case.entry_points, "127.0.0.1:1"))
    dataclasses.replace(case, files={}).resolve({**addresses, **case.words})
