"""The node agent: the process that runs the suite's echo pods."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from gateproof.gateway_suite.process import Child

# Where its logs are served, and what its Node says is its address.
ADDRESS = "127.0.0.1:0"


class NodeAgent:
    """A running agent; it is ready when this returns."""

    def __init__(self, binary: Path, kubeconfig: Path, folder: Path) -> None:
        command = [str(binary), "-kubeconfig", str(kubeconfig), "-address", ADDRESS]
        self._child = Child(command, folder / "node.log")
        try:
            self._child.wait_for(lambda text: "ready" in text, "the node agent")
        except BaseException:
            self._child.close()
            raise

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.pid

    def complaints(self) -> str:
        """The end of what it printed."""
        return self._child.tail()

    def close(self) -> None:
        """Ends it; its pods' ports are free then."""
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
