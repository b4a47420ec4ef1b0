"""Asks a real Traefik what it makes of Kubernetes objects: rawdata, log and statuses."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from fake_api import FakeApi, Object

START_SECONDS = 30.0
QUIET_SECONDS = 0.6  # rawdata unchanged for this long counts as settled
PROVIDER_NAMES = {
    "kubernetesCRD": "kubernetescrd",
    "kubernetesIngress": "kubernetes",
    "kubernetesGateway": "kubernetesgateway",
}


@dataclasses.dataclass
class Answer:
    """What the binary said."""

    raw: dict[str, Any]
    log: list[dict[str, Any]]
    statuses: dict[tuple[str, str, str], Any]


def _rawdata(address: str) -> dict[str, Any] | None:
    host, _, port = address.rpartition(":")
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


def _received(log: Path) -> set[str]:
    """The providers whose configuration has arrived."""
    lines = (json.loads(x) for x in log.read_text(errors="replace").splitlines() if x[:1] == "{")
    return {
        str(x.get("providerName"))
        for x in lines
        if str(x.get("message", "")).startswith("Configuration received")
    }


def _settled(
    address: str, process: subprocess.Popen[bytes], log: Path, wanted: set[str]
) -> dict[str, Any]:
    end = time.monotonic() + START_SECONDS
    last, since = None, time.monotonic()
    while time.monotonic() < end and process.poll() is None:
        now = _rawdata(address)
        if now != last:
            last, since = now, time.monotonic()
        if not wanted <= _received(log):
            since = time.monotonic()
        if last and time.monotonic() - since > QUIET_SECONDS:
            return last
        time.sleep(0.05)
    raise RuntimeError("Traefik did not settle")


def entry_points(static: dict[str, Any], host: str) -> dict[str, Any]:
    """The static file's entry points on one loopback host, plus one for the API."""
    points = {}
    for name, point in (static.get("entryPoints") or {}).items():
        point = dict(point)
        point["address"] = host + ":" + str(point["address"]).rpartition(":")[2]
        points[name] = point
    points["gateproof-api"] = {"address": host + ":31380"}
    return points


def run_traefik(
    binary: Path,
    providers: dict[str, Any],
    wanted: set[str],
    static: dict[str, Any],
    host: str,
    files: dict[str, str] | None = None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Starts the binary with these providers; rawdata once `wanted` have spoken, and the log.

    The names in `wanted` are those of the log, "docker". `files` are dynamic files for the file
    provider, by name. RuntimeError with the end of the log when it does not settle.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = {
            **{key: static[key] for key in ("core",) if key in static},
            "entryPoints": entry_points(static, host),
            "providers": {"providersThrottleDuration": "1ms", **providers},
            "api": {"insecure": False, "dashboard": True},
            "log": {"level": "DEBUG", "format": "json"},
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        }
        api_route = {
            "http": {
                "routers": {
                    "gateproof-api": {
                        "rule": "PathPrefix(`/api`)",
                        "entryPoints": ["gateproof-api"],
                        "service": "api@internal",
                    }
                }
            }
        }
        root = Path(folder)
        dynamic = root / "dynamic"
        dynamic.mkdir()
        for name, text in {**(files or {}), "api.yml": yaml.safe_dump(api_route)}.items():
            (dynamic / name).write_text(text)
        config["providers"]["file"] = {"directory": str(dynamic)}
        (root / "traefik.yml").write_text(yaml.safe_dump(config))
        log = root / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(binary), f"--configFile={root / 'traefik.yml'}"],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=root,
                env={"PATH": os.environ.get("PATH", ""), "HOME": folder},
            )
            try:
                raw = _settled(f"{host}:31380", process, log, wanted)
            except RuntimeError as e:
                raise RuntimeError(log.read_text(errors="replace")[-2000:]) from e
            finally:
                process.terminate()
                process.wait(10)
        lines = log.read_text(errors="replace").splitlines()
        return raw, [json.loads(x) for x in lines if x[:1] == "{"]


def ask(
    binary: Path, objects: Iterable[Object], static: dict[str, Any], host: str = "127.0.9.1"
) -> Answer:
    """Starts the binary over a fake API server with the objects; returns when it has settled."""
    with FakeApi(objects, host) as api:
        providers = {}
        for name, options in (static.get("providers") or {}).items():
            if name.startswith("kubernetes"):
                providers[name] = {**(options or {}), "endpoint": api.url, "token": "x"}
        wanted = {PROVIDER_NAMES[name] for name in providers}
        raw, lines = run_traefik(binary, providers, wanted, static, host)
        return Answer(raw, lines, dict(api.store.statuses))
