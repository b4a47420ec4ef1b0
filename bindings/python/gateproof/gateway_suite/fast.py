"""`gateproof conformance --fast`: the part of the suite that is data, in seconds.

Each test's manifests are applied, the statuses that it waits for are compared once (they are
written before a write is answered), its requests are made once, and its objects are deleted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from gateproof.gateway_suite.catalogue import SuiteTest
from gateproof.gateway_suite.fast_http import Asked, Exchange, asked_of, compare
from gateproof.gateway_suite.fast_status import CHECKS, check_status
from gateproof.gateway_suite.fast_steps import FastCase, RequestStep, Step, read_cases
from gateproof.gateway_suite.kube import Object
from gateproof.gateway_suite.versions import Suite

KNOWN = frozenset(CHECKS)
# What of one test's problems is kept; one wrong object fails many of its steps.
PROBLEMS_MAX = 20
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ADDRESSES = {"PLACEHOLDER_USABLE_ADDRS": "usable", "PLACEHOLDER_UNUSABLE_ADDRS": "unusable"}


class Arm(Protocol):
    """A cluster with a gateway. Once `apply` and `delete` return, statuses and traffic follow."""

    def apply(self, objects: Sequence[Object]) -> None:
        """Creates objects, or replaces them."""

    def delete(self, objects: Sequence[Object]) -> None:
        """Deletes objects."""

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """An object with its status; None if there is none."""

    def exchange(self, address: str, port: int, asked: Asked) -> Exchange:
        """Makes one request without TLS."""

    def why(self) -> list[str]:
        """What the gateway has to say of the last exchange."""


@dataclass(frozen=True)
class Values:
    """What manifests leave open."""

    gateway_class: str
    controller: str
    usable: str
    unusable: str


@dataclass
class FastOutcome:
    """One test."""

    test: SuiteTest
    checked: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class FastResult:
    """All tests, and what preparing cost."""

    outcomes: list[FastOutcome]
    prepare_seconds: float
    seconds: float

    @property
    def failed(self) -> list[FastOutcome]:
        """Tests with a problem."""
        return [one for one in self.outcomes if one.problems]

    @property
    def good(self) -> bool:
        """Nothing was wrong, and something was checked."""
        return not self.failed and any(one.checked for one in self.outcomes)

    def left_out(self) -> dict[str, int]:
        """Steps that were not checked, by the reason."""
        total: dict[str, int] = {}
        for one in self.outcomes:
            for why, count in one.left_out.items():
                total[why] = total.get(why, 0) + count
        return dict(sorted(total.items(), key=lambda pair: -pair[1]))

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "good": self.good,
            "seconds": round(self.seconds, 3),
            "prepare_seconds": round(self.prepare_seconds, 3),
            "left_out": self.left_out(),
            "tests": [
                {
                    "name": one.test.name,
                    "checked": one.checked,
                    "left_out": one.left_out,
                    "problems": one.problems,
                }
                for one in self.outcomes
            ],
        }


def prepared(documents: Iterable[Any], values: Values) -> list[Object]:
    """Objects as the suite's client would send them: class, controller and addresses filled in."""
    out: list[Object] = []
    for body in documents:
        if not body:
            continue
        if body["kind"] == "GatewayClass":
            body["spec"]["controllerName"] = values.controller
        spec = body.get("spec") or {}
        if body["kind"] == "Gateway":
            spec["gatewayClassName"] = values.gateway_class
            if spec.get("addresses"):
                spec["addresses"] = _addresses(spec["addresses"], values)
        out.append(body)
    return out


def _addresses(found: list[Any], values: Values) -> list[Any]:
    """The suite's order: special types, then the unusable address, then the usable one."""
    named = {_ADDRESSES.get(one.get("value", "")) for one in found} - {None}
    if not named and not any(one.get("type") == "test/fake-invalid-type" for one in found):
        return found
    out = [one for one in found if one.get("type") == "test/fake-invalid-type"]
    for what in ("unusable", "usable"):
        if what in named:
            out.append({"type": "IPAddress", "value": getattr(values, what)})
    return out


def load_manifest(path: Path, values: Values) -> list[Object]:
    """The objects of one of the suite's files."""
    with path.open(encoding="utf-8") as stream:
        return prepared(yaml.load_all(stream, Loader=_YAML), values)


def listener_port(gateway: Object, names: Sequence[str]) -> tuple[int, str]:
    """Port and protocol of the listener that the suite would address: the named, else the first."""
    listeners = gateway["spec"]["listeners"]
    wanted = next((name for name in names if name), None)
    chosen = next((one for one in listeners if one["name"] == wanted), listeners[0])
    return int(chosen["port"]), str(chosen["protocol"])


class Runner:
    """Runs cases on an arm; base objects are applied when it is made."""

    def __init__(self, suite: Suite, arm: Arm, cases_path: Path, values: Values) -> None:
        started = time.monotonic()
        self._suite, self._arm, self._values = suite, arm, values
        self._cases, material = read_cases(cases_path, KNOWN)
        base = load_manifest(suite.sources / "base" / "manifests.yaml", values)
        # Namespaces have to be there before the Secrets are.
        spaces = [one for one in base if one["kind"] == "Namespace"]
        arm.apply([*spaces, *material, *(one for one in base if one["kind"] != "Namespace")])
        self.prepare_seconds = time.monotonic() - started

    def run(self, tests: Sequence[SuiteTest]) -> FastResult:
        """Each test by itself."""
        started = time.monotonic()
        outcomes = [self._one(test) for test in tests]
        return FastResult(outcomes, self.prepare_seconds, time.monotonic() - started)

    def _one(self, test: SuiteTest) -> FastOutcome:
        started = time.monotonic()
        case = self._cases.get(test.name, FastCase(test.name))
        out = FastOutcome(test, left_out=dict(case.left_out))
        if case.steps:
            objects: list[Object] = []
            for name in test.manifests:
                objects += load_manifest(self._suite.sources / name, self._values)
            self._arm.apply(objects)
            try:
                for step in case.steps:
                    self._step(step, test, out)
            finally:
                self._arm.delete(list(reversed(objects)))
        out.seconds = time.monotonic() - started
        return out

    def _step(self, step: Step, test: SuiteTest, out: FastOutcome) -> None:
        if isinstance(step, RequestStep):
            problems = self._request(step, out)
        else:
            out.checked += 1
            problems = check_status(self._arm, step)
        room = max(PROBLEMS_MAX - len(out.problems), 0)
        where = f"{test.source.name}:{step.line}"
        inside = "".join(f" [{name}]" for name in step.inside)
        out.problems += [f"{where}{inside}: {problem}" for problem in problems][:room]

    def _request(self, step: RequestStep, out: FastOutcome) -> list[str]:
        name = step.gateway.name
        gateway = self._arm.find("Gateway", name.namespace, name.name)
        if gateway is None:
            return [f"Gateway {name} does not exist"]
        addresses = (gateway.get("status") or {}).get("addresses") or []
        if not addresses:
            return [f"Gateway {name} has no address"]
        port, protocol = listener_port(gateway, step.gateway.listeners)
        if protocol != "HTTP":
            out.left_out["needs TLS"] = out.left_out.get("needs TLS", 0) + 1
            return []
        request = step.expected.get("Request") or {}
        if request.get("Protocol") not in (None, "", "HTTP"):
            out.left_out["needs HTTP/2"] = out.left_out.get("needs HTTP/2", 0) + 1
            return []
        out.checked += 1
        address = addresses[0]["value"]
        asked = asked_of(step.expected, address if port == 80 else f"{address}:{port}")
        seen = self._arm.exchange(address, port, asked)
        if step.kind == "failure":
            problems = [f"status {seen.status}, expected a failure"] if seen.status == 200 else []
        else:
            problems = compare(step.expected, asked, seen)
        if not problems:
            return []
        line = f"{asked.method} {asked.path} of {asked.host} at {address}:{port}"
        return [f"{line}: {'; '.join(problems)}", *(f"  {text}" for text in self._arm.why())]
