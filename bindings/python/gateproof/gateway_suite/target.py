"""A gateway of somebody else: a command that takes its configuration from our API server."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import TracebackType
from typing import Self

from gateproof.errors import GateproofError
from gateproof.gateway_suite.process import Child


class Target:
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
        self._child = Child(words, folder / "target.log", {"KUBECONFIG": str(kubeconfig)})

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.pid

    def complaints(self) -> str:
        """The end of what it printed."""
        return self._child.tail()

    def close(self) -> None:
        """Ends it."""
        self._child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
