"""The node agent: the process that runs the suite's echo pods."""

from __future__ import annotations

from pathlib import Path

from gateproof.gateway_suite.process import Child

# Where its logs are served, and what its Node says is its address.
ADDRESS = "127.0.0.1:0"


class NodeAgent(Child):
    """A running agent; it is ready when this returns. Closed, it leaves its pods' ports free."""

    def __init__(self, binary: Path, kubeconfig: Path, folder: Path) -> None:
        command = [str(binary), "-kubeconfig", str(kubeconfig), "-address", ADDRESS]
        super().__init__(command, folder / "node.log")
        try:
            self.wait_for(lambda text: "ready" in text, "the node agent")
        except BaseException:
            self.close()
            raise
