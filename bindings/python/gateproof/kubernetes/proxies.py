"""Processes that follow an API server: gateproofd, and the real Traefik as the judge."""

from __future__ import annotations

import contextlib
import copy
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gateproof.case_arm import ArmStartError
from gateproof.case_model import TlsSpec
from gateproof.tls_cases import client_socket

START_SECONDS = 30.0
# What is known unchanged for so long counts as all there is.
QUIET_SECONDS = 0.4
_POLL_SECONDS = 0.03
_API = "traefik"
PROVIDERS = {
    "kubernetesCRD": "kubernetescrd",
    "kubernetesIngress": "kubernetes",
    "kubernetesGateway": "kubernetesgateway",
    "kubernetesIngressNGINX": "kubernetesingressnginx",
}


def providers_of(static: Mapping[str, Any]) -> list[str]:
    """The Kubernetes providers of a static configuration, by the names that logs use."""
    return [PROVIDERS[name] for name in static.get("providers") or {} if name in PROVIDERS]


def with_addresses(static: Mapping[str, Any], addresses: Mapping[str, str]) -> dict[str, Any]:
    """The static configuration with the addresses of its entry points."""
    found: dict[str, Any] = copy.deepcopy(dict(static))
    points: dict[str, Any] = {}
    for name, point in found["entryPoints"].items():
        udp = "/udp" if str((point or {}).get("address", "")).endswith("/udp") else ""
        points[name] = {**(point or {}), "address": addresses[name] + udp}
    found["entryPoints"] = points
    return found


class Proxy:
    """One process that serves what an API server has; started by the constructor.

    Raises ArmStartError, with the end of its log, when it does not come up.
    """

    def __init__(
        self, binary: Path, static: Mapping[str, Any], addresses: Mapping[str, str], api_server: str
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gateproof-kubernetes-")
        root = Path(self._folder.name)
        self._log = root / "log"
        self._wanted = providers_of(static)
        config = self._config(with_addresses(static, addresses), api_server)
        (root / "traefik.yml").write_text(yaml.safe_dump(config, sort_keys=False))
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(binary), f"--configFile={root / 'traefik.yml'}"],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=root,
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(root)},
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _config(self, static: dict[str, Any], api_server: str) -> dict[str, Any]:
        providers = static.setdefault("providers", {})
        providers.setdefault("providersThrottleDuration", "1ms")
        for name in PROVIDERS:
            if name in providers:
                reached = {"endpoint": api_server, "token": "x"}
                providers[name] = {**(providers[name] or {}), **reached}
        static["log"] = {"level": "DEBUG", "format": "json"}
        static["global"] = {"checkNewVersion": False, "sendAnonymousUsage": False}
        return static

    def _state(self) -> Any:
        """What is known to be served; None as long as a provider has not spoken."""
        raise NotImplementedError

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        last, since = None, time.monotonic()
        while time.monotonic() < end and self._process.poll() is None:
            now = self._state()
            if now is None or now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > QUIET_SECONDS:
                return
            time.sleep(_POLL_SECONDS)
        raise ArmStartError(f"it does not serve what the API server has: {self.log()[-2000:]}")

    def log(self) -> str:
        """What it wrote so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Ends the process by its id; nothing here needs a graceful end."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


class Daemon(Proxy):
    """gateproofd; it tells in its log what is in force."""

    def __init__(
        self, binary: Path, static: Mapping[str, Any], addresses: Mapping[str, str], api_server: str
    ) -> None:
        super().__init__(binary, static, addresses, api_server)
        # Traefik makes its own certificate when it starts, gateproofd with the first handshake:
        # no case shall wait for the key.
        host, _, port = addresses[next(iter(static["entryPoints"]))].rpartition(":")
        with contextlib.suppress(OSError):
            client_socket(socket.create_connection((host, int(port)), 5), TlsSpec(), "").close()

    def _config(self, static: dict[str, Any], api_server: str) -> dict[str, Any]:
        config = super()._config(static, api_server)
        config["log"] = {"level": "INFO"}
        return config

    def _state(self) -> Any:
        told = self.log().count(" is in force: ")
        return told if told >= len(self._wanted) else None


class Traefik(Proxy):
    """The real binary; its API tells what is in force, its log who has spoken."""

    def __init__(
        self,
        binary: Path,
        static: Mapping[str, Any],
        addresses: Mapping[str, str],
        api_server: str,
        api: str,
    ) -> None:
        self._api = api
        super().__init__(binary, static, addresses, api_server)

    def _config(self, static: dict[str, Any], api_server: str) -> dict[str, Any]:
        config = super()._config(static, api_server)
        config.pop("gateproof", None)  # options of ours
        config["entryPoints"][_API] = {"address": self._api}
        config["api"] = {"insecure": True, "dashboard": False}
        return config

    def _spoken(self) -> set[str]:
        lines = (line for line in self.log().splitlines() if '"Configuration received' in line)
        return {str(json.loads(line).get("providerName")) for line in lines}

    def _state(self) -> Any:
        return self.raw_data() if set(self._wanted) <= self._spoken() else None

    def raw_data(self) -> bytes | None:
        """What its API shows of everything; None if it does not answer."""
        host, _, port = self._api.rpartition(":")
        link = http.client.HTTPConnection(host, int(port), timeout=5)
        with contextlib.closing(link):
            try:
                link.request("GET", "/api/rawdata")
                answer = link.getresponse()
                data = answer.read()
            except (OSError, http.client.HTTPException):
                return None
        return data if answer.status == 200 else None
