"""The suite's tests and features, read from its Go sources: names, needs, manifests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gateproof.errors import GateproofError
from gateproof.gateway_suite.versions import Suite

_CONSTANT = re.compile(r"\b(Support\w+)(?:\s+FeatureName)?\s*=\s*\"(\w+)\"")
_START = re.compile(r"^var \w+ = (?:\w+\.)?ConformanceTest\{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
_SHORT = re.compile(r"^\tShortName:\s+\"(\w+)\"", re.MULTILINE)
_TEXT = re.compile(r"^\tDescription:\s+(\"(?:[^\"\\]|\\.)*\"|`[^`]*`)", re.MULTILINE)
_FEATURES = re.compile(
    r"^\tFeatures:\s+\[\]features\.FeatureName\{(.*?)\}", re.MULTILINE | re.DOTALL
)
_MANIFESTS = re.compile(r"^\tManifests:\s+\[\]string\{(.*?)\}", re.MULTILINE | re.DOTALL)
_ROUTES = {
    "HTTPRoute": "GATEWAY-HTTP",
    "GRPCRoute": "GATEWAY-GRPC",
    "TLSRoute": "GATEWAY-TLS",
    "TCPRoute": "GATEWAY-TCP",
    "UDPRoute": "GATEWAY-UDP",
}


@dataclass(frozen=True)
class SuiteTest:
    """One test of the suite, as its source declares it."""

    name: str
    description: str
    features: tuple[str, ...]
    manifests: tuple[str, ...]
    parallel: bool
    provisional: bool
    source: Path
    line: int

    @property
    def mesh(self) -> bool:
        """It is about a mesh, not a gateway."""
        return "Mesh" in self.features

    @property
    def profiles(self) -> tuple[str, ...]:
        """The gateway profiles that count it: all of them, unless it is about a kind of route."""
        if self.mesh:
            return ()
        routes = [profile for kind, profile in _ROUTES.items() if kind in self.features]
        if not routes:
            return tuple(_ROUTES.values())
        return tuple(routes) if len(routes) == 1 else ()


def feature_names(suite: Suite) -> dict[str, str]:
    """Names of features by their Go constants."""
    found: dict[str, str] = {}
    for path in sorted((suite.api_sources / "pkg" / "features").glob("*.go")):
        found.update(_CONSTANT.findall(path.read_text(encoding="utf-8")))
    return found


def _strings(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\"([^\"]+)\"", text))


def _one(path: Path, text: str, found: re.Match[str], names: dict[str, str]) -> SuiteTest:
    body = found[1]
    short = _SHORT.search(body)
    if short is None:
        raise GateproofError(f"{path}: a test of the suite has no ShortName")
    features = _FEATURES.search(body)
    manifests = _MANIFESTS.search(body)
    description = _TEXT.search(body)
    constants = re.findall(r"features\.(Support\w+)", features[1] if features else "")
    return SuiteTest(
        name=short[1],
        description=" ".join(description[1][1:-1].split()) if description else "",
        features=tuple(names[one] for one in constants),
        manifests=_strings(manifests[1]) if manifests else (),
        parallel=re.search(r"^\tParallel:\s+true", body, re.MULTILINE) is not None,
        provisional=re.search(r"^\tProvisional:\s+true", body, re.MULTILINE) is not None,
        source=path,
        line=text.count("\n", 0, found.start()) + 1,
    )


def load_tests(suite: Suite) -> list[SuiteTest]:
    """All tests of a suite by name, those of the mesh too."""
    names = feature_names(suite)
    out: list[SuiteTest] = []
    for path in sorted((suite.sources / "tests").rglob("*.go")):
        text = path.read_text(encoding="utf-8")
        out += [_one(path, text, found, names) for found in _START.finditer(text)]
    return sorted(out, key=lambda one: one.name)


def select(
    tests: list[SuiteTest], profiles: list[str], features: list[str], names: list[str]
) -> list[SuiteTest]:
    """Tests of the gateway that belong to one of the profiles, need one of the features and have
    one of the names, each where given. Names may have `*` in them. Raises if nothing is left, or
    a name is nobody's."""
    patterns = {name: re.compile(re.escape(name).replace(r"\*", ".*")) for name in names}
    for name, pattern in patterns.items():
        if not any(pattern.fullmatch(one.name) for one in tests):
            close = [one.name for one in tests if name.lower() in one.name.lower()][:5]
            hint = f"; did you mean {', '.join(close)}?" if close else ""
            raise GateproofError(f"the suite has no test {name!r}{hint}")
    known = {feature for one in tests for feature in one.features}
    for feature in features:
        if feature not in known:
            raise GateproofError(f"no test of the suite needs a feature {feature!r}")
    out = [
        one
        for one in tests
        if not one.mesh
        and (set(profiles) >= set(_ROUTES.values()) or set(one.profiles) & set(profiles))
        and (not features or set(one.features) & set(features))
        and (not names or any(pattern.fullmatch(one.name) for pattern in patterns.values()))
    ]
    if not out:
        raise GateproofError("no test of the suite is left by --profile, --feature and --run")
    return out
