"""The API server that a run talks to, and what has to be in it before the suite starts."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml

from gateproof.errors import GateproofError
from gateproof.gateway_suite.kube import Kube, Object, write_kubeconfig
from gateproof.gateway_suite.versions import Suite

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CLASSES = "/apis/gateway.networking.k8s.io/v1/gatewayclasses"
CONTROLLER = "gateproof.dev/gateway-controller"
VERSION_ANNOTATION = "gateway.networking.k8s.io/bundle-version"
_ESTABLISH_SECONDS = 10.0


class Cluster(Protocol):
    """An API server, perhaps with a gateway behind it."""

    @property
    def kubeconfig(self) -> Path:
        """How others reach it."""

    @property
    def kube(self) -> Kube:
        """A client."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that compute for it."""

    def close(self) -> None:
        """Ends what was started for it."""


class Attached:
    """A server that somebody else runs; nothing of it ends with us."""

    def __init__(self, url: str, folder: Path) -> None:
        self._kubeconfig = folder / "kubeconfig"
        if Path(url).is_file():
            self._kubeconfig = Path(url).resolve()
            self._kube = Kube.from_kubeconfig(self._kubeconfig)
        else:
            self._kube = Kube(url)
            write_kubeconfig(self._kubeconfig, url)
        try:
            self._kube.get("/version")
        except OSError as problem:
            raise GateproofError(f"no API server at {url}: {problem}") from None

    @property
    def kubeconfig(self) -> Path:
        """See `Cluster`."""
        return self._kubeconfig

    @property
    def kube(self) -> Kube:
        """See `Cluster`."""
        return self._kube

    @property
    def pids(self) -> tuple[int, ...]:
        """See `Cluster`."""
        return ()

    def close(self) -> None:
        """See `Cluster`."""


class Own:
    """A cluster in this process, with the engine as its gateway unless another is to be tested."""

    def __init__(self, folder: Path, gateway: Gateway | None) -> None:
        from gateproof import _core

        self._core = _core.Cluster()
        if gateway:
            self._core.serve_gateways(gateway.controller, gateway.version, {gateway.usable})
        self._core.start()
        url = f"http://{self._core.address}"
        self._kube = Kube(url)
        self._kubeconfig = folder / "kubeconfig"
        write_kubeconfig(self._kubeconfig, url)

    @property
    def kubeconfig(self) -> Path:
        """See `Cluster`."""
        return self._kubeconfig

    @property
    def kube(self) -> Kube:
        """See `Cluster`."""
        return self._kube

    @property
    def pids(self) -> tuple[int, ...]:
        """See `Cluster`."""
        return (os.getpid(),)

    def close(self) -> None:
        """See `Cluster`."""
        self._core.stop()


@dataclass(frozen=True)
class Gateway:
    """What the engine has to know of the Gateways that it is to serve."""

    version: str
    controller: str
    usable: str


def open_cluster(api: str | None, folder: Path, gateway: Gateway | None) -> Cluster:
    """The server at a URL or of a kubeconfig, or one of our own; `gateway` says whether the engine
    serves what is in it. This is the only place that knows how ours is started."""
    return Attached(api, folder) if api is not None else Own(folder, gateway)


def crds(suite: Suite) -> list[Object]:
    """The CRDs of the suite's version, experimental channel; raises if they are of another."""
    folder = suite.api_sources / "config" / "crd" / "experimental"
    found: list[Object] = []
    for path in sorted(folder.glob("*.yaml")):
        with path.open(encoding="utf-8") as stream:
            documents = [one for one in yaml.load_all(stream, Loader=_Loader) if one]
        found += [one for one in documents if one.get("kind") == "CustomResourceDefinition"]
    for one in found:
        version = one["metadata"].get("annotations", {}).get(VERSION_ANNOTATION)
        if version != suite.version:
            raise GateproofError(
                f"{one['metadata']['name']} is of version {version}, the suite of {suite.version}"
            )
    if not found:
        raise GateproofError(f"there are no CRDs in {folder}")
    return found


# The CRDs are 2 MB of YAML: libyaml reads them in a fraction of the time.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def install_crds(kube: Kube, suite: Suite) -> None:
    """Applies the CRDs and waits until their group is served."""
    for one in crds(suite):
        kube.apply(CRDS, one)
    end = time.monotonic() + _ESTABLISH_SECONDS
    while kube.find(CLASSES) is None:
        if time.monotonic() > end:
            raise GateproofError("the API server does not serve the CRDs that it has taken")
        time.sleep(0.05)


def class_object(name: str, controller: str) -> Object:
    """A GatewayClass."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": name},
        "spec": {"controllerName": controller},
    }


def gateway_class(kube: Kube, name: str, controller: str, wait: float) -> list[str]:
    """Makes the GatewayClass unless it is there; the features of its status once it is accepted."""
    path = f"{CLASSES}/{name}"
    if kube.find(path) is None:
        kube.call("POST", CLASSES, class_object(name, controller))
    end = time.monotonic() + wait
    while True:
        status = kube.get(path).get("status") or {}
        good = [
            one
            for one in status.get("conditions") or []
            if one["type"] == "Accepted" and one["status"] == "True"
        ]
        features = sorted(one["name"] for one in status.get("supportedFeatures") or [])
        if good and features:
            return features
        if time.monotonic() > end:
            raise GateproofError(
                f"GatewayClass {name} of {controller} is not accepted with supportedFeatures after "
                f"{wait:g} s: its status is {status or 'empty'}"
            )
        time.sleep(0.1)
