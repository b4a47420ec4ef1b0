"""A small client of an API server: what the suite's driver asks for, in JSON."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

from gateproof.errors import GateproofError

Object = dict[str, Any]
REQUEST_SECONDS = 30.0
MERGE_PATCH = "application/merge-patch+json"


class KubeError(GateproofError):
    """The API server refused; `code` is the status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message

    def __str__(self) -> str:
        return f"the API server answered {self.code}: {self.message}"


class Kube:
    """One API server: `Kube("http://127.0.0.1:6443")`, or `Kube.from_kubeconfig(path)`.

    Connections are made per call, so that one object serves several threads.
    """

    def __init__(
        self, url: str, *, context: ssl.SSLContext | None = None, token: str | None = None
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise GateproofError(f"{url!r} is no URL of an API server; write http://HOST:PORT")
        self.url = url.rstrip("/")
        self._parts = parts
        self._context = context
        self._token = token

    @classmethod
    def from_kubeconfig(cls, path: Path) -> Self:
        """The server of the current context, with its CA and the user's certificate or token."""
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
            contexts = {one["name"]: one["context"] for one in data.get("contexts") or []}
            clusters = {one["name"]: one["cluster"] for one in data.get("clusters") or []}
            users = {one["name"]: one.get("user") or {} for one in data.get("users") or []}
            chosen = contexts[data["current-context"]]
            cluster, user = clusters[chosen["cluster"]], users.get(chosen.get("user"), {})
            server = cluster["server"]
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as problem:
            raise GateproofError(f"{path} is no usable kubeconfig: {problem!r}") from None
        context = _tls(path.parent, cluster, user) if server.startswith("https") else None
        return cls(server, context=context, token=user.get("token"))

    def _connect(self, timeout: float | None) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _headers(self, content_type: str | None) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "gateproof"}
        if content_type:
            headers["Content-Type"] = content_type
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, content_type: str = ""
    ) -> Object:
        """The object that the server answers with; raises KubeError, or OSError if it is gone."""
        text = json.dumps(body) if body is not None else None
        kind = content_type or ("application/json" if text else None)
        link = self._connect(REQUEST_SECONDS)
        try:
            link.request(method, path, body=text, headers=self._headers(kind))
            answer = link.getresponse()
            raw = answer.read()
        except http.client.HTTPException as problem:
            raise OSError(f"{self.url}: {problem!r}") from None
        finally:
            link.close()
        if answer.status >= 300:
            raise KubeError(answer.status, _message(raw, f"{method} {path}"))
        try:
            found = json.loads(raw) if raw.strip() else {}
        except ValueError:
            found = {"text": raw.decode(errors="replace")}
        return found if isinstance(found, dict) else {"value": found}

    def get(self, path: str) -> Object:
        """GET."""
        return self.call("GET", path)

    def find(self, path: str) -> Object | None:
        """GET; None if there is no such object."""
        try:
            return self.call("GET", path)
        except KubeError as problem:
            if problem.code == 404:
                return None
            raise

    def apply(self, collection: str, body: Object) -> Object:
        """Creates the object, or replaces the one that is there."""
        try:
            return self.call("POST", collection, body)
        except KubeError as problem:
            if problem.code != 409:
                raise
        path = f"{collection}/{body['metadata']['name']}"
        there = self.get(path)
        version = there.get("metadata", {}).get("resourceVersion")
        metadata = {**body["metadata"], "resourceVersion": version}
        return self.call("PUT", path, {**body, "metadata": metadata})

    def delete(self, path: str) -> None:
        """DELETE; an object that is not there is fine."""
        try:
            self.call("DELETE", path)
        except KubeError as problem:
            if problem.code != 404:
                raise

    def watch(
        self, path: str, version: str, opened: list[http.client.HTTPConnection]
    ) -> Iterator[Object]:
        """Events of a collection. The connection is put into `opened`: closing its socket from
        another thread ends the iteration."""
        link = self._connect(None)
        opened.append(link)
        try:
            link.request(
                "GET", f"{path}?watch=true&resourceVersion={version}", headers=self._headers(None)
            )
            answer = link.getresponse()
            if answer.status != 200:
                raise KubeError(answer.status, _message(answer.read(), path))
            for line in answer:
                if line.strip():
                    yield json.loads(line)
        except (http.client.HTTPException, ValueError) as problem:
            raise OSError(f"{self.url}: {problem!r}") from None
        finally:
            link.close()
            opened.remove(link)

    def collections(self, version: str) -> dict[str, tuple[str, bool]]:
        """Path of each collection of an API version by kind, and whether it has namespaces."""
        base = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        return {
            one["kind"]: (f"{base}/{one['name']}", bool(one.get("namespaced")))
            for one in self.get(base).get("resources", [])
            if "/" not in one["name"]
        }


def _message(raw: bytes, what: str) -> str:
    try:
        return str(json.loads(raw)["message"])
    except (ValueError, KeyError, TypeError):
        return f"{what}: {raw[:500].decode(errors='replace').strip()}"


def _material(folder: Path, entry: Mapping[str, Any], name: str) -> str | None:
    """PEM text that a kubeconfig holds itself or in a file."""
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data).decode()
    return (folder / entry[name]).read_text(encoding="utf-8") if entry.get(name) else None


def _tls(folder: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=_material(folder, cluster, "certificate-authority"))
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    cert, key = (_material(folder, user, f"client-{name}") for name in ("certificate", "key"))
    if cert and key:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as both:
            both.write(cert + "\n" + key)
            both.flush()
            context.load_cert_chain(both.name)
    return context


def write_kubeconfig(path: Path, url: str) -> None:
    """A kubeconfig for a server that asks for no credentials."""
    data = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "gateproof", "cluster": {"server": url}}],
        "users": [{"name": "gateproof", "user": {}}],
        "contexts": [
            {"name": "gateproof", "context": {"cluster": "gateproof", "user": "gateproof"}}
        ],
        "current-context": "gateproof",
    }
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
