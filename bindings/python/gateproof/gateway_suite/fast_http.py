"""The suite's comparison of an HTTP exchange with what a test expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TIMEOUTS = {408, 504}
_REDIRECTS = {300, 301, 302, 303, 304, 307, 308}


@dataclass(frozen=True)
class Echo:
    """What the backend that answered saw; its pod is empty when no backend did."""

    path: str = ""
    host: str = ""
    method: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    namespace: str = ""
    pod: str = ""
    port: str = ""


@dataclass(frozen=True)
class Exchange:
    """An answer of the gateway."""

    status: int
    headers: tuple[tuple[str, str], ...]
    echo: Echo


@dataclass(frozen=True)
class Asked:
    """The request that a test makes."""

    method: str
    host: str
    path: str
    headers: tuple[tuple[str, str], ...]


def asked_of(expected: Mapping[str, Any], address: str) -> Asked:
    """The request of an expectation, as the suite's client sends it."""
    request = expected.get("Request") or {}
    wanted = _table(expected.get("BackendSetResponseHeaders"))
    set_ = ",".join(f"{name}:{value}" for name, value in wanted.items())
    headers = {**_table(request.get("Headers")), "X-Echo-Set-Header": set_}
    return Asked(
        request.get("Method") or "GET",
        request.get("Host") or address,
        request.get("Path") or "/",
        tuple(headers.items()),
    )


def _table(value: Any) -> dict[str, Any]:
    return {name: one for name, one in (value or {}).items() if not name.startswith("$")}


def _joined(lines: tuple[tuple[str, str], ...]) -> dict[str, str]:
    out: dict[str, str] = {}
    for name, value in lines:
        low = name.lower()
        out[low] = f"{out[low]},{value}" if low in out else value
    return out


def compare(expected: Mapping[str, Any], asked: Asked, seen: Exchange) -> list[str]:
    """What differs; empty if the exchange is as expected."""
    response = expected.get("Response") or {}
    codes = list(response.get("StatusCodes") or [])
    if response.get("StatusCode"):
        codes.append(response["StatusCode"])
    codes = codes or [200]
    if seen.status in _TIMEOUTS and _TIMEOUTS & set(codes):
        return []
    if seen.status not in codes:
        return [f"status {seen.status}, expected one of {codes}"]
    if seen.status in (200, 204):
        return [*_request(expected, asked, seen.echo), *_response(response, seen)]
    if seen.status in _REDIRECTS and expected.get("RedirectRequest"):
        return _redirect(expected["RedirectRequest"], asked, seen)
    return []


def _request(expected: Mapping[str, Any], asked: Asked, echo: Echo) -> list[str]:
    given = expected.get("ExpectedRequest")
    wanted = given if given is not None else expected.get("Request") or {}
    wanted = {**(wanted.get("Request") or {}), **wanted}
    out = []
    if wanted.get("Host") and wanted["Host"] != echo.host:
        out.append(f"the backend saw host {echo.host!r}, expected {wanted['Host']!r}")
    path = wanted.get("Path", "") if given is not None else wanted.get("Path") or "/"
    if path != echo.path:
        out.append(f"the backend saw path {echo.path!r}, expected {path!r}")
    method = wanted.get("Method") or ("GET" if given is not None else asked.method)
    if echo.method and method != echo.method:
        out.append(f"the backend saw method {echo.method}, expected {method}")
    headers = _joined(echo.headers)
    for name, value in _table(wanted.get("Headers")).items():
        if headers.get(name.lower()) != value:
            have = headers.get(name.lower())
            out.append(f"the backend saw {name}: {have!r}, expected {value!r}")
    for name in wanted.get("AbsentHeaders") or []:
        if name.lower() in headers:
            out.append(f"the backend saw {name}: {headers[name.lower()]!r}, expected none")
    if wanted.get("HTTPPort") and wanted["HTTPPort"] != echo.port:
        out.append(f"the backend's port is {echo.port}, expected {wanted['HTTPPort']}")
    if (expected.get("Namespace") or "") != echo.namespace:
        out.append(f"namespace {echo.namespace!r} answered, expected {expected.get('Namespace')!r}")
    if not echo.pod.startswith(expected.get("Backend") or ""):
        out.append(f"pod {echo.pod!r} answered, expected one of {expected.get('Backend')}")
    return out


def _response(response: Mapping[str, Any], seen: Exchange) -> list[str]:
    headers, out = _joined(seen.headers), []

    def plain(text: str) -> str:
        return text.replace(" ", "") if response.get("IgnoreWhitespace") else text

    wanted = {name: [value] for name, value in _table(response.get("Headers")).items()}
    for name, values in {**wanted, **_table(response.get("ValidHeaderValues"))}.items():
        have = headers.get(name.lower())
        if have is None:
            out.append(f"the answer has no {name}")
        elif plain(have) not in [plain(value) for value in values]:
            out.append(f"the answer has {name}: {have!r}, expected one of {values}")
    for name in response.get("AbsentHeaders") or []:
        if name.lower() in headers:
            out.append(f"the answer has {name}: {headers[name.lower()]!r}, expected none")
    return out


def _redirect(wanted: Mapping[str, Any], asked: Asked, seen: Exchange) -> list[str]:
    from urllib.parse import urlsplit

    location = _joined(seen.headers).get("location", "")
    parts = urlsplit(location)
    host = wanted.get("Host") or asked.host.rpartition(":")[0] or asked.host
    out = []
    if parts.hostname and parts.hostname != host:
        out.append(f"redirected to {location}, expected host {host}")
    for name, have in (("Scheme", parts.scheme), ("Path", parts.path)):
        if wanted.get(name) and have != wanted[name]:
            out.append(f"redirected to {location}, expected {name.lower()} {wanted[name]}")
    port = str(parts.port) if parts.port else ""
    if wanted.get("Port") and port != wanted["Port"]:
        out.append(f"redirected to {location}, expected port {wanted['Port']}")
    return out
