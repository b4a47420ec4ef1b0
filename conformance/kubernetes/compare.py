"""Records what a real Traefik makes of the Kubernetes objects in cases/, or checks the records.

  .venv/bin/python conformance/kubernetes/compare.py record [CASE...]
  .venv/bin/python conformance/kubernetes/compare.py check [CASE...]

`record` writes cases/CASE/expected.json; `check` ends with 1 if the binary answers otherwise than
recorded. The engine's translation is compared with the records by
engine/kubernetes/recorded_test.cpp, without the binary.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings/python"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import records
import yaml
from fake_api import read_manifests
from real import PROVIDER_NAMES, Answer, ask

CASES = Path(__file__).resolve().parent / "cases"
API = "gateproof-api"
ROUTER = ("rule", "service", "middlewares", "priority", "ruleSyntax", "tls", "parentRefs")
SERVICE = (
    "loadBalancer",
    "weighted",
    "mirroring",
    "failover",
    "highestRandomWeight",
    "middlewares",
)
QUIET = {"status", "error", "usedBy", "using", "observability", "serverStatus"}
STREAMS = ("tcpRouters", "tcpServices", "tcpMiddlewares", "udpRouters", "udpServices")
# Of the log only what is about objects is kept.
BORING = ("SafeNaming is not", "Unable to ")


def _router(given: dict[str, Any]) -> dict[str, Any]:
    kept = {key: given[key] for key in ROUTER if key in given}
    kept["entryPoints"] = [x for x in given.get("entryPoints", []) if x != API]
    return kept


def _streams(raw: dict[str, Any]) -> dict[str, Any]:
    """Objects of TCP and UDP by kind; kinds without any are left out."""
    kept = {}
    for kind in STREAMS:
        found = {n: o for n, o in raw.get(kind, {}).items() if _ours(n)}
        if found and kind.endswith("Routers"):
            kept[kind] = {n: _router(o) for n, o in found.items()}
        elif found:
            kept[kind] = {
                n: {k: v for k, v in o.items() if k not in QUIET} for n, o in found.items()
            }
    return kept


def _ours(name: str) -> bool:
    return name.rpartition("@")[2] in {"kubernetescrd", "kubernetes"}


def _log(answer: Answer) -> list[str]:
    """Provider messages, each once: level, object, error (or the message if it has none)."""
    lines = []
    for line in answer.log:
        if line.get("providerName") not in PROVIDER_NAMES.values():
            continue
        if line.get("level") not in {"error", "warn"}:
            continue
        if str(line.get("message", "")).startswith(BORING):
            continue
        where = "/".join(str(line[k]) for k in ("namespace", "ingress", "gateway") if k in line)
        named = line.get("middlewareName") or line.get("serviceName") or ""
        lines.append(f"{line['level']} {where} {named} | {line.get('error') or line['message']}")
    return sorted(set(lines))


def _conditions(given: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{c['type']}={c['status']} {c['reason']}" for c in given)


def _status(status: dict[str, Any]) -> dict[str, Any]:
    """The conditions of a Gateway's listeners or of a route's parents."""
    kept: dict[str, Any] = {}
    for listener in status.get("listeners", []):
        kept.setdefault("listeners", {})[listener["name"]] = {
            "attached": listener["attachedRoutes"],
            "conditions": _conditions(listener["conditions"]),
        }
    for parent in status.get("parents", []):
        ref = parent["parentRef"]
        name = "/".join(str(ref[k]) for k in ("namespace", "name", "sectionName") if k in ref)
        kept.setdefault("parents", {})[name] = _conditions(parent["conditions"])
    return kept


def reduced(answer: Answer) -> dict[str, Any]:
    """The part of an answer that a translation decides."""
    raw = answer.raw
    return {
        "routers": {n: _router(r) for n, r in raw.get("routers", {}).items() if _ours(n)},
        "middlewares": {
            n: sorted(set(m) - QUIET) for n, m in raw.get("middlewares", {}).items() if _ours(n)
        },
        "users": {
            n: m[t]["users"]
            for n, m in raw.get("middlewares", {}).items()
            for t in ("basicAuth", "digestAuth")
            if _ours(n) and t in m
        },
        "services": {
            n: {k: s[k] for k in SERVICE if k in s}
            for n, s in raw.get("services", {}).items()
            if _ours(n)
        },
        "streams": _streams(raw),
        "statuses": {
            "/".join(x for x in key if x): _status(status)
            for key, status in sorted(answer.statuses.items())
            if key[0] != "GatewayClass" and status
        },
        "log": _log(answer),
    }


def _answer(binary: Path, case: Path) -> Any:
    static = yaml.safe_load((case / "static.yml").read_text())
    objects = read_manifests(sorted(case.glob("*.yaml")))
    return reduced(ask(binary, objects, static))


if __name__ == "__main__":
    sys.exit(records.main(__doc__, CASES, _answer))
