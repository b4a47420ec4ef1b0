"""Records what a real Traefik makes of the labels and key/value pairs in cases/, or checks it.

  .venv/bin/python conformance/labels/compare.py record [CASE...]
  .venv/bin/python conformance/labels/compare.py check [CASE...]

A case is a folder with static.yml and a compose.yml (the docker provider over a fake Docker API),
a pairs.kv (the redis provider over a real redis-server), a dynamic.yml, or several of them.
Providers in silent.txt are those that never get to say anything.
`record` writes expected.json; `check` ends with 1 if the binary answers otherwise than recorded.
engine/check/labels_recorded_test.cpp compares the engine with the records, without the binary.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings/python"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kubernetes"))

import records
import yaml
from fake_docker import FakeDocker, Project
from real import run_traefik
from redis_store import RedisStore, find_redis, read_pairs

CASES = Path(__file__).resolve().parent / "cases"
HOST = "127.0.9.3"
API = "gateproof-api"
# What a provider decides of an object; the rest of rawdata repeats it or tells of health.
QUIET = {"usedBy", "using", "observability", "serverStatus"}


def _object(given: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in given.items() if key not in QUIET}
    if "entryPoints" in kept:
        kept["entryPoints"] = [x for x in kept["entryPoints"] if x != API]
    return kept


def _log(lines: list[dict[str, Any]], providers: set[str]) -> list[str]:
    """The provider's errors, each once: container or object, then the error."""
    told = set()
    for line in lines:
        about = line.get("container") or line.get("routerName") or line.get("serviceName") or ""
        if line.get("level") != "error" or line.get("entryPointName"):
            continue
        mine = line.get("providerName") in providers or line.get("container")
        defined = "defined multiple times" in str(line.get("message", ""))
        if not (mine or defined):
            continue
        if line.get("error") == "context canceled":  # of ending the process
            continue
        about = about or line.get("middlewareName") or ""
        told.add(f"{about} | {line.get('error') or line.get('message')}")
    return sorted(told)


def reduced(
    raw: dict[str, Any], lines: list[dict[str, Any]], providers: set[str], names: dict[str, str]
) -> dict[str, Any]:
    """The part of an answer that the providers decide, with stand-in names for addresses."""
    kept: dict[str, Any] = {"log": _log(lines, providers)}
    for section in (
        "routers",
        "middlewares",
        "services",
        "tcpRouters",
        "tcpMiddlewares",
        "tcpServices",
        "udpRouters",
        "udpServices",
    ):
        objects = raw.get(section) or {}
        kept[section] = {
            name: _object(one)
            for name, one in objects.items()
            if name.rpartition("@")[2] in providers and one.get("entryPoints") != [API]
        }
    text = json.dumps(kept)
    text = re.sub(r"172\.30\.\d+\.\d+", lambda m: names.get(m[0], m[0]), text)
    return dict(json.loads(text))


def ask(binary: Path, case: Path) -> dict[str, Any] | None:
    """What the binary makes of a case; None where something that it needs is missing."""
    static = yaml.safe_load((case / "static.yml").read_text())
    compose, pairs, dynamic = case / "compose.yml", case / "pairs.kv", case / "dynamic.yml"
    given = dict(static.get("providers") or {})
    providers: dict[str, Any] = {}
    names: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        if compose.exists():
            project = Project(compose)
            names = project.stand_ins
            docker = stack.enter_context(FakeDocker([project], HOST))
            for name in ("docker", "swarm"):
                if name in given:
                    providers[name] = {**(given[name] or {}), "endpoint": docker.url}
        if pairs.exists():
            if find_redis() is None:
                return None
            store = stack.enter_context(RedisStore(read_pairs(pairs)))
            providers["redis"] = {**(given.get("redis") or {}), "endpoints": [store.endpoint]}
        files = {"dynamic.yml": dynamic.read_text()} if dynamic.exists() else {}
        silent = case / "silent.txt"
        wanted = set(providers) - set(silent.read_text().split() if silent.exists() else [])
        raw, lines = run_traefik(binary, providers, wanted, static, HOST, files)
    return reduced(raw, lines, set(providers), names)


def _answer(binary: Path, case: Path) -> Any:
    said = ask(binary, case)
    return "no redis-server" if said is None else said


if __name__ == "__main__":
    sys.exit(records.main(__doc__, CASES, _answer))
