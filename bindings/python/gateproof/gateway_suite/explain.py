"""Why a test failed: what the suite says, the request it made, the objects, the engine's trace."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml

from gateproof.gateway_suite.catalogue import SuiteTest
from gateproof.gateway_suite.kube import Object
from gateproof.gateway_suite.recorder import Key, Recorder, State
from gateproof.gateway_suite.stream import TestRun
from gateproof.gateway_suite.versions import Suite

# What is printed of one failure.
MESSAGES_MAX, MESSAGE_LINES_MAX, TRACE_LINES_MAX = 3, 12, 20
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)): ")
_PLACE = re.compile(r"^\s*[\w-]+\.go:\d+: ")
_REQUEST = re.compile(
    r"Making \S+ request to host|Request.*(failed|expectation)|expectation failed|[Nn]ot ready yet"
)
_KINDS = {"Gateway", "GatewayClass", "ListenerSet", "BackendTLSPolicy", "ReferenceGrant"}


@dataclass
class Explanation:
    """One failed test."""

    test: SuiteTest
    failing: list[str]
    messages: list[str]
    request: list[str]
    objects: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "test": self.test.name,
            "description": self.test.description,
            "source": f"{self.test.source.name}:{self.test.line}",
            "features": list(self.test.features),
            "failing": self.failing,
            "messages": self.messages,
            "request": self.request,
            "objects": self.objects,
            "trace": self.trace,
        }

    def lines(self) -> list[str]:
        """For people."""
        out = [
            f"FAILED {self.test.name}: {self.test.description}",
            f"  {self.test.source.name}:{self.test.line}, needs {', '.join(self.test.features)}",
        ]
        out += [f"  in: {name}" for name in self.failing]
        out += [f"  suite: {line}" for text in self.messages for line in text.split("\n")]
        out += [f"  request: {line}" for line in self.request]
        out += [f"  object: {line}" for line in self.objects]
        out += [f"  engine: {line}" for line in self.trace]
        return out


def moment_of(lines: list[str]) -> float | None:
    """The last time that lines of the suite's log have."""
    for line in reversed(lines):
        if found := _STAMP.search(line):
            text = re.sub(r"(\.\d{6})\d+", r"\1", found[1]).replace("Z", "+00:00")
            return datetime.fromisoformat(text).timestamp()
    return None


def clean(text: str) -> str:
    """A message without Go's file, time stamp and the stack that testify adds."""
    lines = [_STAMP.sub("", _PLACE.sub("", line)).strip() for line in text.split("\n")]
    kept: list[str] = []
    inside = False
    for line in lines:
        if line.startswith("Error Trace:"):
            inside = True
        elif re.match(r"(Error|Test|Messages):", line):
            inside = False
        if line and not inside and not line.startswith("Test:") and line not in kept[-1:]:
            kept.append(line)
    return "\n".join(kept[:MESSAGE_LINES_MAX])


def panic_of(lines: list[str]) -> list[str]:
    """A panic, also that of a run which takes too long, and what was said before it, without the
    pages of goroutines behind it; nothing if there was none."""
    at = next((n for n, line in enumerate(lines) if line.startswith("panic:")), None)
    if at is None:
        return []
    ends = (n for n, line in enumerate(lines) if n > at and line.startswith("goroutine"))
    return [line for line in lines[max(at - 5, 0) : next(ends, at + 20)] if line.strip()]


def failing_leaves(runs: dict[str, TestRun], name: str) -> list[TestRun]:
    """The failed tests under a name that have no failed test under themselves."""
    failed = [
        one
        for one in runs.values()
        if one.outcome != "passed"
        and one.outcome != "skipped"
        and (one.name + "/").startswith(name + "/")
    ]
    return [
        one for one in failed if not any(other.name.startswith(one.name + "/") for other in failed)
    ]


def manifest_keys(suite: Suite, test: SuiteTest) -> list[Key]:
    """The objects of the Gateway API that a test's manifests make, and the Gateways they name."""
    keys: dict[Key, None] = {}
    for manifest in test.manifests:
        path = suite.sources / manifest
        for body in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if not body:
                continue
            kind, metadata = body.get("kind", ""), body.get("metadata", {})
            space = metadata.get("namespace", "")
            if kind in _KINDS or kind.endswith("Route"):
                keys[(kind, space, metadata.get("name", ""))] = None
            for ref in (body.get("spec") or {}).get("parentRefs") or []:
                parent = (
                    ref.get("kind", "Gateway"),
                    ref.get("namespace", space),
                    ref.get("name", ""),
                )
                keys[parent] = None
    return list(keys)


def _conditions(found: list[Object], generation: int) -> str:
    words = []
    for one in found:
        stale = one.get("observedGeneration") not in (None, generation)
        mark = f" (of generation {one.get('observedGeneration')})" if stale else ""
        words.append(f"{one['type']}={one['status']}/{one.get('reason', '')}{mark}")
    return " ".join(words) or "no conditions"


def describe(key: Key, state: State | None) -> list[str]:
    """An object's status, a line for each of its parts."""
    name = f"{key[0]} {key[1]}/{key[2]}" if key[1] else f"{key[0]} {key[2]}"
    if state is None:
        return [f"{name}: was never seen"]
    body, status = state.body, state.body.get("status") or {}
    generation = body.get("metadata", {}).get("generation", 0)
    head = f"{name} generation {generation}"
    out = []
    if status.get("conditions"):
        out.append(f"{head}: {_conditions(status['conditions'], generation)}")
    if status.get("addresses"):
        out.append(f"{name} at {', '.join(one.get('value', '') for one in status['addresses'])}")
    for one in status.get("listeners") or []:
        text = _conditions(one.get("conditions") or [], generation)
        out.append(f"{name} listener {one.get('name')}: {one.get('attachedRoutes')} routes, {text}")
    for part, ref in (("parents", "parentRef"), ("ancestors", "ancestorRef")):
        for one in status.get(part) or []:
            to = one.get(ref) or {}
            where = "/".join(
                str(to[word]) for word in ("name", "sectionName", "port") if word in to
            )
            out.append(f"{head} to {where}: {_conditions(one.get('conditions') or [], generation)}")
    return out or [f"{head}: no status"]


def explain(
    suite: Suite, test: SuiteTest, runs: dict[str, TestRun], recorder: Recorder, fallback: float
) -> tuple[Explanation, float]:
    """All but the engine's trace of a failed test, and the moment at which it failed."""
    prefix = f"TestConformance/{test.name}"
    leaves = failing_leaves(runs, prefix) or [runs[prefix]]
    lines = [line for leaf in leaves for line in leaf.output]
    # What is logged behind an error is the test's cleaning up.
    leading = [line for leaf in leaves[:1] for line in leaf.before_error] or lines
    moment = moment_of(leading) or moment_of(runs[prefix].output) or fallback
    messages = [clean(text) for leaf in leaves for text in leaf.errors]
    if any(line.startswith("panic:") for line in lines):
        messages.append(clean("\n".join(panic_of(lines))))
    elif not messages and not runs[prefix].outcome:
        messages.append("it did not come to an end")
    if not messages:
        messages = [clean("\n".join(lines[-MESSAGE_LINES_MAX:]))]
    request = [clean(line) for line in lines if _REQUEST.search(line)]
    found = Explanation(
        test=test,
        failing=[
            leaf.name.removeprefix(prefix).lstrip("/") for leaf in leaves if leaf.name != prefix
        ],
        messages=[text for text in dict.fromkeys(messages) if text][:MESSAGES_MAX],
        request=list(dict.fromkeys(request))[-2:],
    )
    for key in manifest_keys(suite, test):
        found.objects += describe(key, recorder.at(key, moment))
    return found, moment
