"""What the suite's tests check, as far as it is data; read by `conformance/gateway-api/cases`.

A test is a list of steps in order. Steps that wait for a status or make a request can be checked
without sockets; what follows the first step that changes something is left out, for it is about
other objects than the manifests'.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Calls that change objects, or wait for something that is no status.
_CHANGES = re.compile(
    r"\.(Patch|Update|Create|Delete)$|Applier\.|^kubernetes\.(DeleteHTTPRoute|GetConfigMapData)$"
    r"|RetryOnConflict$|^retry\.|^time\.Sleep$"
)
# Calls that speak with sockets in ways which are no single HTTP exchange.
_SOCKETS = re.compile(
    r"^(tls|grpc|tcp|udp|weight|websocket)\.|AwaitConvergence$|ExpectMirroredRequest$"
    r"|^http\.(CompareRoundTrip|MakeRequest)$|CaptureRoundTrip$"
)
_REQUESTS = {
    "http.MakeRequestAndExpectEventuallyConsistentResponse": "response",
    "http.MakeRequestAndExpectFailure": "failure",
}
_REFERENCE, _RESOURCE = "kubernetes.NewGatewayRef", "kubernetes.NewResourceRef"


@dataclass(frozen=True)
class Name:
    """A namespaced name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class GatewayRef:
    """A Gateway and those of its listeners that a test is about; none means all."""

    name: Name
    listeners: tuple[str, ...]
    kind: str = "Gateway"  # or ListenerSet


@dataclass(frozen=True)
class StatusStep:
    """A wait for a status: the suite's function and its arguments behind the first three."""

    call: str
    args: tuple[Any, ...]
    line: int
    inside: tuple[str, ...]


@dataclass(frozen=True)
class RequestStep:
    """A request to a Gateway and what is to come of it."""

    kind: str  # response, failure
    gateway: GatewayRef
    expected: dict[str, Any]
    line: int
    inside: tuple[str, ...]


Step = StatusStep | RequestStep


@dataclass
class FastCase:
    """The part of a test that can be checked."""

    name: str
    steps: list[Step] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)  # why, and how many steps

    def leave(self, why: str) -> None:
        """Counts a step that is not checked."""
        self.left_out[why] = self.left_out.get(why, 0) + 1


def is_data(value: Any) -> bool:
    """Nothing in it is only known when it runs."""
    if isinstance(value, dict):
        if "$unknown" in value or "$call" in value:
            return False
        return all(is_data(one) for one in value.values())
    return all(is_data(one) for one in value) if isinstance(value, list) else True


def name_of(value: Any) -> Name | None:
    """A NamespacedName."""
    if not is_data(value) or not isinstance(value, dict) or "Name" not in value:
        return None
    return Name(value.get("Namespace", ""), value["Name"])


def gateway_of(value: Any) -> GatewayRef | None:
    """The Gateway of a reference, or of an address that the suite has waited for."""
    if not isinstance(value, dict) or "$call" not in value:
        return None
    arguments, kind = value["args"], "Gateway"
    if value["$call"] == _RESOURCE and is_data(arguments[0]):
        kind, arguments = arguments[0]["Kind"], arguments[1:]
    elif value["$call"] != _REFERENCE:
        found = [gateway_of(one) for one in arguments]
        return next((one for one in found if one is not None), None)
    name, listeners = name_of(arguments[0]), arguments[1:]
    if name is None or not all(isinstance(one, str) for one in listeners):
        return None
    return GatewayRef(name, tuple(listeners), kind)


def _request(raw: dict[str, Any], inside: tuple[str, ...]) -> RequestStep | None:
    gateway, expected = gateway_of(raw["args"][3]), raw["args"][4]
    if gateway is None or not is_data(expected) or not isinstance(expected, dict):
        return None
    return RequestStep(_REQUESTS[raw["call"]], gateway, expected, raw["line"], inside)


def _status(raw: dict[str, Any], inside: tuple[str, ...]) -> StatusStep | None:
    arguments = raw["args"][3:]
    if arguments and isinstance(arguments[0], dict) and "ControllerName" in str(arguments[0]):
        arguments = arguments[1:]
    values: list[Any] = []
    for one in arguments:
        value = (
            name_of(one)
            if isinstance(one, dict) and "NamespacedName" in str(one.get("$type"))
            else one
        )
        reference = gateway_of(one) if value is one else None
        if value is None or (reference is None and value is one and not is_data(one)):
            return None
        values.append(reference or value)
    return StatusStep(raw["call"].removeprefix("kubernetes."), tuple(values), raw["line"], inside)


def read_case(raw: dict[str, Any], known: frozenset[str]) -> FastCase:
    """One test; `known` are the status functions that can be checked."""
    case = FastCase(raw["name"])
    for number, step in enumerate(raw["steps"]):
        call, inside = step["call"], tuple(step.get("in", ()))
        if _CHANGES.search(call):
            case.left_out["follows a change"] = sum(
                one["call"] in _REQUESTS or "Must" in one["call"] for one in raw["steps"][number:]
            )
            break
        status = call.removeprefix("kubernetes.")
        if _SOCKETS.search(call):
            case.leave("needs a socket")
        elif call not in _REQUESTS and status not in known:
            if call.startswith("kubernetes.") and "Must" in call:
                case.leave(f"no check of {status}")
        elif step.get("when"):
            case.leave("depends on a condition")
        else:
            made = _request(step, inside) if call in _REQUESTS else _status(step, inside)
            if made is None:
                case.leave("is known only when it runs")
            else:
                case.steps.append(made)
    return case


def read_cases(
    path: Path, known: frozenset[str]
) -> tuple[dict[str, FastCase], list[dict[str, Any]]]:
    """Every test of the file by name, and the objects that the suite makes by code."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return {one["name"]: read_case(one, known) for one in found["tests"]}, found["objects"]
