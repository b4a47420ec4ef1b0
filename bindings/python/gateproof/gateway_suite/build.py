"""Builds the suite's test binary and the node agent, once for each state of their lock files."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from gateproof.errors import GateproofError
from gateproof.gateway_suite import versions

# (what is built, packages compiled, packages there are); the last number is 0 until it is known.
Progress = Callable[[str, int, int], None]
_COMPILED = re.compile(r"/compile .* -p (\S+) ")
_TAIL_LINES = 30


def cache_folder() -> Path:
    """Where the binaries are kept: $GATEPROOF_CACHE, else build/gateway-api of the source tree."""
    chosen = os.environ.get("GATEPROOF_CACHE")
    if chosen:
        return Path(chosen) / "gateway-api"
    return versions.home().parents[1] / "build" / "gateway-api"


def _stamp(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(versions.go_output(files[0].parent, "env", "GOVERSION", "GOARCH").encode())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two at once wait for one another."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _run(command: list[str], folder: Path, name: str, total: int, progress: Progress) -> None:
    done = 0
    tail: list[str] = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=versions.go_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if _COMPILED.search(line):
                done += 1
                progress(name, min(done, total), total)
            tail = [*tail[1 - _TAIL_LINES :], line]
    if process.returncode:
        raise GateproofError(f"{name} does not build:\n{''.join(tail).rstrip()}")


def _build(
    name: str, binary: Path, folder: Path, go: list[str], packages: list[str], progress: Progress
) -> None:
    """Runs `go` with a scratch name for its output, which is moved when all went well."""
    progress(name, 0, 0)
    listed = versions.go_output(folder, "list", "-deps", *packages)
    fresh = binary.with_suffix(".new")
    command = [str(versions.find_go()), *go, "-x", "-o", str(fresh), packages[-1]]
    _run(command, folder, name, len(listed.splitlines()), progress)
    fresh.replace(binary)
    _only(binary)


def suite_binary(suite: versions.Suite, progress: Progress) -> Path:
    """The stock test binary of a suite: `go test -c` of its own package, nothing added."""
    folder = suite.folder
    stamp = _stamp([folder / "go.mod", folder / "go.sum"])
    cache = cache_folder()
    binary = cache / f"conformance-{suite.version}-{stamp}"
    with _locked(cache):
        if not binary.exists():
            go = ["test", "-c"]
            packages = ["-test", versions.SUITE_MODULE]
            _build(f"suite {suite.version}", binary, folder, go, packages, progress)
    return binary


def node_binary(progress: Progress) -> Path:
    """The node agent."""
    folder = versions.home() / "node"
    stamp = _stamp([folder / "go.mod", folder / "go.sum", *sorted(folder.glob("*.go"))])
    cache = cache_folder()
    binary = cache / f"gateproof-node-{stamp}"
    with _locked(cache):
        if not binary.exists():
            _build("node agent", binary, folder, ["build", "-trimpath"], ["."], progress)
    return binary


def cases_file(suite: versions.Suite, progress: Progress) -> Path:
    """What `cases` reads out of the suite's sources."""
    folder = versions.home() / "cases"
    stamp = _stamp([folder / "go.mod", *sorted(folder.glob("*.go"))])
    cache = cache_folder()
    binary, made = cache / f"cases-{stamp}", cache / f"data-{suite.version}-{stamp}"
    with _locked(cache):
        if not binary.exists():
            _build("reader of cases", binary, folder, ["build", "-trimpath"], ["."], progress)
        if not made.exists():
            command = [str(binary), str(suite.sources), str(suite.api_sources)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise GateproofError(f"the suite's sources cannot be read: {done.stderr.strip()}")
            fresh = made.with_suffix(".new")
            fresh.write_text(done.stdout, encoding="utf-8")
            fresh.replace(made)
            _only(made)
    return made


def _only(kept: Path) -> None:
    """Removes what was built of an earlier state."""
    for old in kept.parent.glob(f"{kept.name.rsplit('-', 1)[0]}-*"):
        if old != kept:
            old.unlink()


def build_all(suite: versions.Suite, progress: Progress) -> tuple[Path, Path]:
    """The suite's binary and the node agent."""
    return suite_binary(suite, progress), node_binary(progress)
