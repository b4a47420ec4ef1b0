"""TLS in parity cases: certificates by name, clients and servers of the socket arms.

The certificates lie in `data/certificates`; what a handshake came to is told in few words that mean
the same in every arm.
"""

from __future__ import annotations

import re
import ssl
import tempfile
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from gateproof.case_model import TlsServer, TlsSpec

_FOLDER = Path(__file__).parent / "data" / "certificates"
_GO_VERSIONS = {
    "1.0": "VersionTLS10", "1.1": "VersionTLS11", "1.2": "VersionTLS12", "1.3": "VersionTLS13",
}  # fmt: skip
_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3,
}  # fmt: skip
# Python tells alerts that it knows as SSLV3_ALERT_BAD_CERTIFICATE, others in OpenSSL's words.
_ALERT = re.compile(r"(?:sslv3|tlsv1|tlsv13)[ _](?:alert[ _])?([a-z_ ]+[a-z])")


def pem(kind: str, name: str) -> str | None:
    """The text of `NAME.crt` or `NAME.key`; None if there is none."""
    path = _FOLDER / f"{name}.{kind}"
    return path.read_text(encoding="ascii") if path.is_file() else None


@cache
def _known() -> dict[bytes, str]:
    return {
        ssl.PEM_cert_to_DER_cert(path.read_text(encoding="ascii")): path.stem
        for path in sorted(_FOLDER.glob("*.crt"))
    }


def certificate_name(der: bytes) -> str:
    """The name under which a certificate is known here, `default` for Traefik's own, else `?`."""
    return _known().get(der, "default" if b"TRAEFIK DEFAULT CERT" in der else "?")


def _limit(context: ssl.SSLContext, least: str | None, most: str | None) -> None:
    # Old versions are offered on purpose: that they are refused is what is looked at.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[least or "1.0"]
        if most:
            context.maximum_version = _VERSIONS[most]
    context.set_ciphers("ALL:@SECLEVEL=0")


def client_socket(sock: Any, spec: TlsSpec, host: str) -> ssl.SSLSocket:
    """TLS on a connected socket, without verification. Raises ssl.SSLError and OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _limit(context, spec.min, spec.max)
    if spec.alpn:
        context.set_alpn_protocols(list(spec.alpn))
    if spec.certificate:
        _load(context, spec.certificate)
    name = host if spec.sni is None else spec.sni
    return context.wrap_socket(sock, server_hostname=name or None)


def server_context(spec: TlsServer) -> ssl.SSLContext:
    """What an upstream that speaks TLS is made with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _limit(context, spec.min, spec.max)
    context.set_alpn_protocols([*(["h2"] if spec.http2 else []), "http/1.1"])
    _load(context, spec.certificate)
    if spec.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=pem("crt", spec.client_ca))
    return context


def _load(context: ssl.SSLContext, name: str) -> None:
    # Python reads chains from files only; both texts may stand in one.
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as both:
        both.write((pem("crt", name) or "") + (pem("key", name) or ""))
        both.flush()
        context.load_cert_chain(both.name)


def seen(sock: ssl.SSLSocket) -> dict[str, str]:
    """What a client sees of a session: version, alpn, and the name of the server's certificate."""
    return {
        "version": {"TLSv1": "1.0"}.get(version := sock.version() or "", version[4:]),
        "alpn": sock.selected_alpn_protocol() or "",
        "certificate": certificate_name(sock.getpeercert(True) or b""),
    }


def alert(problem: OSError) -> dict[str, str]:
    """The alert that ended a handshake, in the RFC's word; `closed` if it just ended."""
    found = _ALERT.search(str(problem).lower())
    return {"alert": found[1].replace(" ", "_") if found else "closed"}


def world_client(spec: TlsSpec, host: str) -> dict[str, object]:
    """The same client for the virtual world."""
    found: dict[str, object] = {"server_name": host if spec.sni is None else spec.sni}
    if spec.min:
        found["min_version"] = _GO_VERSIONS[spec.min]
    if spec.max:
        found["max_version"] = _GO_VERSIONS[spec.max]
    if spec.alpn:
        found["alpn"] = list(spec.alpn)
    if spec.certificate:
        found["certificate"] = pem("crt", spec.certificate) or ""
        found["key"] = pem("key", spec.certificate) or ""
    return found


def world_server(spec: TlsServer) -> dict[str, str]:
    """The same server for the virtual world."""
    found = {
        "certificate": pem("crt", spec.certificate) or "",
        "key": pem("key", spec.certificate) or "",
        "client_authority": (pem("crt", spec.client_ca) or "") if spec.client_ca else "",
        # The library's defaults would refuse what Python's server takes.
        "min_version": _GO_VERSIONS[spec.min or "1.0"],
    }
    if spec.max:
        found["max_version"] = _GO_VERSIONS[spec.max]
    return found


def world_seen(tls: Mapping[str, Any] | None, failure: str) -> dict[str, str]:
    """What the virtual world's client saw, told as `seen` and `alert` do."""
    if tls is not None and not failure.startswith("remote error: tls: "):
        name = certificate_name(tls["certificate"])
        return {"version": tls["version"], "alpn": tls["alpn"], "certificate": name}
    _, told, words = failure.partition("remote error: tls: ")
    return {"alert": words.lower().replace(" ", "_") if told else "closed"}
