"""The suite's waits for a status, as checks of objects that are as they will stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from gateproof.gateway_suite.fast_steps import GatewayRef, Name, StatusStep
from gateproof.gateway_suite.kube import Object

GROUP = "gateway.networking.k8s.io"
_ACCEPTED = {"Type": "Accepted", "Status": "True", "Reason": "Accepted"}
_LISTENER_GOOD = [
    {"Type": "ResolvedRefs", "Status": "True", "Reason": ""},
    {"Type": "Accepted", "Status": "True", "Reason": ""},
    {"Type": "Programmed", "Status": "True", "Reason": ""},
]


class Objects(Protocol):
    """Where objects are looked up."""

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """An object with its status; None if there is none."""


Check = Callable[[Objects, tuple[Any, ...]], Iterable[str]]


def _condition(
    found: list[Object], wanted: dict[str, Any], generation: int, where: str
) -> list[str]:
    kind, status, reason = wanted["Type"], wanted.get("Status"), wanted.get("Reason")
    for one in found:
        if one["type"] != kind:
            continue
        if one.get("observedGeneration") not in (None, generation):
            return [
                f"{where}: {kind} is of generation {one['observedGeneration']}, not {generation}"
            ]
        if (status and one["status"] != status) or (reason and one.get("reason") != reason):
            return [
                f"{where}: {kind} is {one['status']}/{one.get('reason')}, expected "
                f"{status}/{reason or 'any'} ({one.get('message', '')})"
            ]
        return []
    return [f"{where}: there is no condition {kind}"]


def _get(objects: Objects, kind: str, name: Name) -> tuple[Object, dict[str, Any], int] | None:
    body = objects.find(kind, name.namespace, name.name)
    if body is None:
        return None
    return body, body.get("status") or {}, body.get("metadata", {}).get("generation", 0)


def _missing(kind: str, name: Name) -> list[str]:
    return [f"{kind} {name} does not exist"]


def _of(kind: str) -> Check:
    """XMustHaveCondition(name, condition) for a kind with conditions of its own."""

    def check(objects: Objects, args: tuple[Any, ...]) -> list[str]:
        found = _get(objects, kind, args[0])
        if found is None:
            return _missing(kind, args[0])
        return _condition(found[1].get("conditions") or [], args[1], found[2], f"{kind} {args[0]}")

    return check


def _parents(kind: str, part: str, ref: str) -> Check:
    """XMustHaveCondition(name, gateway, condition) for a kind with a status for each parent."""

    def check(objects: Objects, args: tuple[Any, ...]) -> list[str]:
        name, gateway, wanted = args[:3]
        found = _get(objects, kind, name)
        if found is None:
            return _missing(kind, name)
        mine = [
            one
            for one in found[1].get(part) or []
            if one[ref]["name"] == gateway.name
            and one[ref].get("namespace", name.namespace) == gateway.namespace
        ]
        if not mine:
            return [f"{kind} {name} has no status for Gateway {gateway}"]
        problems = [
            _condition(one.get("conditions") or [], wanted, found[2], f"{kind} {name} to {gateway}")
            for one in mine
        ]
        return [] if not all(problems) else problems[0]

    return check


def _fixed(check: Check, wanted: dict[str, Any]) -> Check:
    return lambda objects, args: check(objects, (*args, wanted))


def _latest(kind: str) -> Check:
    def check(objects: Objects, args: tuple[Any, ...]) -> list[str]:
        found = _get(objects, kind, args[0])
        if found is None:
            return _missing(kind, args[0])
        conditions = found[1].get("conditions") or []
        if not conditions:
            return [f"{kind} {args[0]} has no conditions"]
        return [
            problem
            for one in conditions
            for problem in _condition(
                conditions, {"Type": one["type"]}, found[2], f"{kind} {args[0]}"
            )
        ]

    return check


def _kinds(listener: dict[str, Any], group: str, kind: str) -> set[tuple[str, str]]:
    found = listener.get("SupportedKinds" if kind == "Kind" else "supportedKinds") or []
    return {(one.get(group) or GROUP, one[kind]) for one in found}


def _listeners(kind: str) -> Check:
    """The listeners of a status are exactly the expected ones."""

    def check(objects: Objects, args: tuple[Any, ...]) -> list[str]:
        name, expected = args[0], args[1]
        found = _get(objects, kind, name)
        if found is None:
            return _missing(kind, name)
        actual = {one["name"]: one for one in found[1].get("listeners") or []}
        wanted = {one["Name"]: one for one in expected}
        if set(actual) != set(wanted):
            return [f"{kind} {name} has listeners {sorted(actual)}, expected {sorted(wanted)}"]
        out: list[str] = []
        for title, one in wanted.items():
            where, seen = f"{kind} {name} listener {title}", actual[title]
            routes = one.get("AttachedRoutes") or 0
            if seen.get("attachedRoutes", 0) != routes:
                out.append(
                    f"{where}: {seen.get('attachedRoutes')} attached routes, expected {routes}"
                )
            have, want = _kinds(seen, "group", "kind"), _kinds(one, "Group", "Kind")
            if (not want and have) or not want <= have:
                out.append(f"{where}: supports {sorted(have)}, expected {sorted(want)}")
            for condition in one.get("Conditions") or []:
                out += _condition(seen.get("conditions") or [], condition, found[2], where)
        return out

    return check


def _some_listeners(kind: str) -> Check:
    """XListenersMustHaveConditions(name, conditions, listeners...): no listener named means all."""

    def check(objects: Objects, args: tuple[Any, ...]) -> list[str]:
        name, conditions = args[0], args[1]
        found = _get(objects, kind, name)
        if found is None:
            return _missing(kind, name)
        listeners = found[1].get("listeners") or []
        names = [one for one in args[2:] if one] or [one["name"] for one in listeners]
        out: list[str] = [] if listeners else [f"{kind} {name} has no listeners in its status"]
        for title in names:
            seen: Object = next((one for one in listeners if one["name"] == title), {})
            for condition in conditions:
                where = f"{kind} {name} listener {title}"
                out += _condition(seen.get("conditions") or [], condition, found[2], where)
        return out

    return check


def _one_listener(objects: Objects, args: tuple[Any, ...]) -> Iterable[str]:
    return _some_listeners("Gateway")(objects, (args[0], args[2], args[1]))


def _accepted(kind: str | None) -> Check:
    """GatewayAndXRoutesMustBeAccepted(gateway, routes...): address, all listeners, the routes."""

    def check(objects: Objects, args: tuple[Any, ...]) -> list[str]:
        parent: GatewayRef = args[0]
        routes = [one for one in args[1:] if isinstance(one, Name)]
        typed = [one for one in args[1:] if isinstance(one, dict)]
        what = kind or (typed[0]["$type"].rpartition(".")[2] if typed else "HTTPRoute")
        found = _get(objects, parent.kind, parent.name)
        if found is None:
            return _missing(parent.kind, parent.name)
        out: list[str] = []
        if parent.kind == "Gateway" and not found[1].get("addresses"):
            out.append(f"Gateway {parent.name} has no address")
        out += _some_listeners(parent.kind)(objects, (parent.name, _LISTENER_GOOD))
        for route in routes:
            out += _parent_of(objects, what, route, parent.kind, parent.name, [_ACCEPTED])
        return out

    return check


def _parent_of(
    objects: Objects, kind: str, route: Name, parent_kind: str, parent: Name, wanted: list[Any]
) -> list[str]:
    """A status for the parent with these conditions. As in the suite, sections play no part, and
    group and kind have to be written out."""
    found = _get(objects, kind, route)
    if found is None:
        return _missing(kind, route)
    where = f"{kind} {route} to {parent_kind} {parent}"
    problems = []
    for one in found[1].get("parents") or []:
        ref = one["parentRef"]
        space = ref.get("namespace", route.namespace)
        if (ref.get("group"), ref.get("kind"), ref["name"]) != (GROUP, parent_kind, parent.name):
            continue
        if space != parent.namespace:
            continue
        conditions = one.get("conditions") or []
        mine = [text for each in wanted for text in _condition(conditions, each, found[2], where)]
        if not mine:
            return []
        problems += mine
    return problems or [f"{where}: no status"]


def _exact_parents(kind: str) -> Check:
    """XMustHaveParents(name, parents, namespaceRequired)."""

    def check(objects: Objects, args: tuple[Any, ...]) -> list[str]:
        name, expected = args[0], args[1]
        out: list[str] = []
        for one in expected:
            ref = one["ParentRef"]
            parent = Name(ref.get("Namespace") or name.namespace, ref["Name"])
            parent_kind, wanted = ref.get("Kind") or "Gateway", one.get("Conditions") or []
            out += _parent_of(objects, kind, name, parent_kind, parent, wanted)
        return out

    return check


def _no_accepted(kind: str) -> Check:
    def check(objects: Objects, args: tuple[Any, ...]) -> list[str]:
        found = _get(objects, kind, args[0])
        if found is None:
            return _missing(kind, args[0])
        return [
            f"{kind} {args[0]} is accepted by {one['parentRef']['name']}, expected by none"
            for one in found[1].get("parents") or []
            for condition in one.get("conditions") or []
            if (condition["type"], condition["status"]) == ("Accepted", "True")
        ]

    return check


def _zero_routes(objects: Objects, args: tuple[Any, ...]) -> list[str]:
    found = _get(objects, "Gateway", args[0])
    if found is None:
        return _missing("Gateway", args[0])
    listeners = found[1].get("listeners") or []
    if not listeners or (len(listeners) == 1 and not listeners[0].get("attachedRoutes")):
        return []
    counts = {one["name"]: one.get("attachedRoutes") for one in listeners}
    return [f"Gateway {args[0]} has attached routes {counts}, expected none"]


def _listener_sets(objects: Objects, args: tuple[Any, ...]) -> list[str]:
    found = _get(objects, "Gateway", args[0])
    if found is None:
        return _missing("Gateway", args[0])
    have = found[1].get("attachedListenerSets") or 0
    if have == args[1]:
        return []
    return [f"Gateway {args[0]} has {have} attached ListenerSets, expected {args[1]}"]


_RESOLVED = {"Type": "ResolvedRefs", "Status": "True", "Reason": "ResolvedRefs"}
_POLICY = _parents("BackendTLSPolicy", "ancestors", "ancestorRef")
_ROUTE_KINDS = ("HTTPRoute", "TLSRoute", "TCPRoute", "UDPRoute")

CHECKS: dict[str, Check] = {
    "GatewayMustHaveCondition": _of("Gateway"),
    "ListenerSetMustHaveCondition": _of("ListenerSet"),
    "GatewayMustHaveLatestConditions": _latest("Gateway"),
    "GatewayClassMustHaveLatestConditions": _latest("GatewayClass"),
    "GatewayStatusMustHaveListeners": _listeners("Gateway"),
    "ListenerSetStatusMustHaveListeners": _listeners("ListenerSet"),
    "GatewayListenersMustHaveConditions": _some_listeners("Gateway"),
    "GatewayListenerMustHaveConditions": _one_listener,
    "ListenerSetListenersMustHaveConditions": _some_listeners("ListenerSet"),
    "GatewayMustHaveZeroRoutes": _zero_routes,
    "GatewayMustHaveAttachedListeners": _listener_sets,
    "GatewayAndRoutesMustBeAccepted": _accepted(None),
    "RoutesAndParentMustBeAccepted": _accepted(None),
    "GatewayAndHTTPRoutesMustBeAccepted": _accepted("HTTPRoute"),
    "GatewayAndTLSRoutesMustBeAccepted": _accepted("TLSRoute"),
    "GatewayAndTCPRoutesMustBeAccepted": _accepted("TCPRoute"),
    "GatewayAndUDPRoutesMustBeAccepted": _accepted("UDPRoute"),
    "BackendTLSPolicyMustHaveCondition": _POLICY,
    "BackendTLSPolicyMustHaveAcceptedConditionTrue": _fixed(_POLICY, _ACCEPTED),
}
for _kind in _ROUTE_KINDS:
    _route = _parents(_kind, "parents", "parentRef")
    CHECKS[f"{_kind}MustHaveCondition"] = _route
    CHECKS[f"{_kind}MustHaveResolvedRefsConditionsTrue"] = _fixed(_route, _RESOLVED)
    CHECKS[f"{_kind}MustHaveNoAcceptedParents"] = _no_accepted(_kind)
    CHECKS[f"{_kind}MustHaveParents"] = _exact_parents(_kind)


def check_status(objects: Objects, step: StatusStep) -> list[str]:
    """What is wrong; empty if all is as the test expects."""
    return list(CHECKS[step.call](objects, step.args))
