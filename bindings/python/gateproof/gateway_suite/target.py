"""A gateway of somebody else: a command that takes its configuration from our API server."""

from __future__ import annotations

import shlex
from pathlib import Path

from gateproof.errors import GateproofError
from gateproof.gateway_suite.process import Child


class Target(Child):
    """A running command. `{kubeconfig}` in it stands for the file, which is also in $KUBECONFIG,
    and `{api}` for the server's URL."""

    def __init__(self, command: str, kubeconfig: Path, url: str, folder: Path) -> None:
        try:
            words = shlex.split(command)
        except ValueError as problem:
            raise GateproofError(f"--target {command!r}: {problem}") from None
        if not words:
            raise GateproofError("--target needs a command")
        values = {"{kubeconfig}": str(kubeconfig), "{api}": url}
        for name, value in values.items():
            words = [word.replace(name, value) for word in words]
        super().__init__(words, folder / "target.log", {"KUBECONFIG": str(kubeconfig)})
