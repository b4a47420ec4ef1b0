"""A Kubernetes cluster in the process: an API server and simulated controllers.

    with gp.Cluster("routes.yaml") as cluster:
        subprocess.run(["kubectl", "--kubeconfig", cluster.kubeconfig, "get", "httproutes", "-A"])
        cluster.get("deployments.apps", "web", namespace="shop")

Any client works that works with Kubernetes: it is told where by a kubeconfig.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateproof import _core
from gateproof.cluster_keys import Keys, make_keys
from gateproof.errors import StartError
from gateproof.findings import Finding, from_core

MANIFESTS = ("*.yaml", "*.yml", "*.json")
DEFAULT_BUNDLE = "v1.7.0"  # of the Gateway API


@dataclass(frozen=True)
class Applied:
    """What became of one object of a manifest."""

    outcome: str  # created, configured, unchanged or failed
    resource: str
    namespace: str
    name: str
    message: str
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        what = f"{self.resource or 'object'}/{self.name}"
        if self.namespace:
            what = f"{self.namespace}: {what}"
        text = f"{self.file}:{self.line}:{self.column}: {what} {self.outcome}"
        return f"{text}: {self.message}" if self.message else text


def manifest_files(path: str | Path) -> list[Path]:
    """A file, or the manifests of a directory and those below it, without Kustomize's own."""
    found = Path(path)
    if not found.exists():
        raise StartError(f"{path}: no such file or directory")
    if not found.is_dir():
        return [found]
    files = (file for pattern in MANIFESTS for file in found.rglob(pattern))
    return sorted(file for file in files if file.stem != "kustomization")


def gateway_api_crds(version: str) -> Path:
    """The CRDs of the Gateway API in this version, from Go's module cache."""
    cache = os.environ.get("GOMODCACHE")
    if not cache:
        go_path = os.environ.get("GOPATH", str(Path.home() / "go")).split(os.pathsep)[0]
        cache = str(Path(go_path) / "pkg" / "mod")
    folder = Path(cache) / f"sigs.k8s.io/gateway-api@{version}" / "config" / "crd" / "experimental"
    if not folder.is_dir():
        raise StartError(
            f"{folder}: no such directory; run `go mod download "
            f"sigs.k8s.io/gateway-api@{version}`, or name files with the CRDs"
        )
    return folder


class Cluster:
    """An API server on a loopback address, and everything that an empty cluster has.

    `manifests` are files and directories, applied at the start. With `tls` clients prove
    themselves with the bearer token or the client certificate of the kubeconfig. With
    `bundle_version` the CRDs of the Gateway API carry that version; where no manifest defines
    them they are taken from Go's module cache. With `gateways` the engine is their controller: it
    writes the status of Gateways and routes, and serves them on loopback addresses.
    """

    def __init__(
        self,
        *manifests: str | Path,
        listen: str = "127.0.0.1:0",
        tls: bool = False,
        kubeconfig: str | Path | None = None,
        bundle_version: str | None = None,
        gateways: bool = False,
    ) -> None:
        self.token = secrets.token_urlsafe(24) if tls else ""
        self._keys: Keys | None = make_keys(listen.rpartition(":")[0]) if tls else None
        self._core = (
            _core.Cluster(
                listen,
                certificate=self._keys.certificate,
                key=self._keys.key,
                authority=self._keys.authority,
                token=self.token,
            )
            if self._keys
            else _core.Cluster(listen)
        )
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kubeconfig = Path(kubeconfig) if kubeconfig else None
        self.bundle_version = bundle_version
        self.applied: list[Applied] = []
        files = [file for one in manifests for file in manifest_files(one)]
        if bundle_version and not any(self._defines_gateways(file) for file in files):
            files = [*manifest_files(gateway_api_crds(bundle_version)), *files]
        self.applied += self.apply(*files)
        if gateways:
            self._core.serve_gateways(bundle_version=bundle_version or DEFAULT_BUNDLE)
        self._core.start()

    @staticmethod
    def _defines_gateways(file: Path) -> bool:
        text = file.read_text()
        return "CustomResourceDefinition" in text and "gateways.gateway.networking.k8s.io" in text

    @property
    def address(self) -> str:
        """Where it listens, as ip:port."""
        return self._core.address

    @property
    def url(self) -> str:
        """The API server's URL."""
        return f"{'https' if self._keys else 'http'}://{self.address}"

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig file for this cluster; written when it is first asked for."""
        if self._kubeconfig is None:
            self._folder = tempfile.TemporaryDirectory(prefix="gateproof-cluster-")
            self._kubeconfig = Path(self._folder.name) / "kubeconfig"
        text = self.kubeconfig_text()
        path = self._kubeconfig
        if not path.exists() or path.read_text() != text:
            path.touch(mode=0o600)
            path.write_text(text)
        return path

    def kubeconfig_text(self) -> str:
        """The kubeconfig as JSON, which is YAML."""
        server: dict[str, Any] = {"server": self.url}
        user: dict[str, Any] = {}
        if self._keys:
            server["certificate-authority-data"] = _base64(self._keys.authority)
            user["client-certificate-data"] = _base64(self._keys.client_certificate)
            user["client-key-data"] = _base64(self._keys.client_key)
        context = {"cluster": "gateproof", "user": "gateproof", "namespace": "default"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "gateproof", "cluster": server}],
            "users": [{"name": "gateproof", "user": user}],
            "contexts": [{"name": "gateproof", "context": context}],
            "current-context": "gateproof",
        }
        return json.dumps(config, indent=2) + "\n"

    def apply(self, *manifests: str | Path) -> list[Applied]:
        """Applies files (Paths) and texts as one set; a bad object keeps no other out."""
        texts = [
            (one.read_text(), str(one)) if isinstance(one, Path) else (one, "") for one in manifests
        ]
        return [Applied(**row) for row in self._core.apply(texts, self.bundle_version or "")]

    def get(self, resource: str, name: str, namespace: str = "default") -> dict[str, Any] | None:
        """An object by its resource, "pods" or "httproutes.gateway.networking.k8s.io"."""
        text = self._core.get(resource, namespace, name)
        return None if text is None else dict(json.loads(text))

    def list(self, resource: str, namespace: str = "") -> list[dict[str, Any]]:
        """The objects of a resource, of one namespace or of all."""
        return [json.loads(text) for text in self._core.list(resource, namespace)]

    @property
    def connections(self) -> int:
        """How many connections of clients are open."""
        return int(self._core.connections)

    @property
    def gateway_addresses(self) -> dict[str, str]:
        """With `gateways`: where each of their entry points listens."""
        return dict(self._core.gateway_addresses)

    def gateway_findings(self) -> tuple[Finding, ...]:
        """What is wrong with Gateways, their routes and what these name; each is given once."""
        return from_core(self._core.gateway_findings())

    def gateway_failures(self) -> dict[str, str]:
        """Entry points of Gateways that cannot be listened on, with the reason."""
        return dict(self._core.gateway_failures())

    def stop(self) -> None:
        """Ends the server; watches end with it."""
        self._core.stop()
        if self._folder:
            self._folder.cleanup()
            self._folder = self._kubeconfig = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.stop()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
