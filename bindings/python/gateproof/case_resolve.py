"""Placeholders in cases: `${web}`, `${port:web}`, `${sticky:a}`, `${crt:a}`, `${dir}` and others.

Substitution walks dataclasses, mappings and sequences alike, so a placeholder may stand in any
text of a case.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import socket
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import yaml

from gateproof.case_model import Case, CaseError, Place, ResolvedCase
from gateproof.tls_cases import pem

T = TypeVar("T")

# `$${x}` is the escape; `${1}` belongs to Go's regular expressions and stays as it is.
_PLACEHOLDER = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_.:-]*)\}")
_PREFIXES = ("port", "host", "sticky")
_PEM = ("crt", "key")


def sticky_value(url: str) -> str:
    """Traefik's cookie value for a server URL: 16 hex digits of its SHA-256."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def host_name(addresses: Mapping[str, str]) -> str:
    """The proxy's host name: what the arm says, else this machine's."""
    return addresses.get("hostname") or socket.gethostname()


def lookup(name: str, addresses: Mapping[str, str]) -> str | None:
    """The text for placeholder `name`, or None if nothing is known under it."""
    if name == "hostname":
        return host_name(addresses)
    prefix, colon, rest = name.partition(":")
    if colon and prefix in _PEM:
        return pem(prefix, rest)
    if colon and prefix in _PREFIXES and rest in addresses:
        host, _, port = addresses[rest].rpartition(":")
        if prefix == "sticky":
            return sticky_value(f"http://{addresses[rest]}")
        return port if prefix == "port" else host
    return addresses.get(name)


def fill_text(text: str, addresses: Mapping[str, str], place: Place) -> str:
    """Replaces the placeholders of one text; raises CaseError for an unknown name."""

    def one(found: re.Match[str]) -> str:
        if found.group(1):
            return found.group(0)[1:]
        value = lookup(found.group(2), addresses)
        if value is None:
            raise CaseError(f"{place}: unknown placeholder {found.group(0)}")
        return value

    return _PLACEHOLDER.sub(one, text)


def fill_pem(value: Any) -> Any:
    """A copy of plain YAML values with certificates and keys in the place of their names."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda m: _pem_of(m) or m.group(0), value)
    if isinstance(value, Mapping):
        return {key: fill_pem(item) for key, item in value.items()}
    return [fill_pem(item) for item in value] if isinstance(value, list) else value


def _pem_of(found: re.Match[str]) -> str | None:
    prefix, _, name = found.group(2).partition(":")
    return None if found.group(1) or prefix not in _PEM else pem(prefix, name)


def fill(value: T, addresses: Mapping[str, str], place: Place) -> T:
    """A copy of `value` with placeholders filled in every text and byte string inside it."""
    return _fill(value, addresses, place)  # type: ignore[no-any-return]


def _fill(value: Any, addresses: Mapping[str, str], place: Place) -> Any:
    if isinstance(value, str):
        return fill_text(value, addresses, place)
    if isinstance(value, bytes):
        return fill_text(value.decode("latin-1"), addresses, place).encode("latin-1")
    if isinstance(value, Mapping):
        return {
            _fill(key, addresses, place): _fill(item, addresses, place)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(_fill(item, addresses, place) for item in value)
    if isinstance(value, Place):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            item.name: _fill(getattr(value, item.name), addresses, place)
            for item in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **changed)
    return value


def resolve_case(case: Case, addresses: Mapping[str, str]) -> ResolvedCase:
    """See `Case.resolve`."""
    dynamic = None if case.dynamic is None else fill(dict(case.dynamic), addresses, case.place)
    files = fill(dict(case.files), addresses, case.place)
    if dynamic is not None:
        files["dynamic.yaml"] = yaml.safe_dump(dynamic, sort_keys=False, allow_unicode=True)
    return ResolvedCase(
        static=fill(dict(case.static), addresses, case.place),
        files=dict(sorted(files.items())),
        dynamic=dynamic,
        steps=tuple(fill(step, addresses, step.place) for step in case.steps),
        routers=fill(dict(case.routers), addresses, case.place),
    )


def check_placeholders(case: Case) -> Iterator[str]:
    """Yields one message for each unknown placeholder of a case, without any real address."""
    names = [*case.entry_points, *case.upstreams]
    if "dir" in names or "hostname" in names:
        yield f"{case.place}: dir and hostname are no names for entry points and upstreams"
    doubles = {name for name in names if names.count(name) > 1}
    for name in sorted(doubles):
        yield f"{case.place}: {name!r} names both an entry point and an upstream"
    fake = dict.fromkeys([*names, "dir"], "127.0.0.1:1")
    try:
        resolve_case(case, fake)
    except CaseError as problem:
        yield str(problem)
