"""Free ports on loopback addresses for things that are started by address."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Container

# Below Linux's ephemeral range, so that no outgoing connection takes a port that was handed out.
_FIRST, _LAST = 20000, 31999
_BLOCK = 100  # ports that belong to one process at a time
_lock = threading.Lock()
_claims: dict[int, list[tuple[int, socket.socket]]] = {}  # by process: first ports, claims
_turn = 0


def free_port(host: str = "127.0.0.1", but: Container[int] = ()) -> int:
    """A TCP port on a loopback address that nobody listens on, and none of `but`; not handed out
    again for a while.

    Processes that ask at the same time get ports of different blocks: between the answer and
    the moment when somebody listens there, nobody else is told the same port.
    Raises OSError if the whole range is in use.
    """
    global _turn
    with _lock:
        for _ in range((_LAST - _FIRST) // _BLOCK):
            blocks = _claims.setdefault(os.getpid(), [])
            for _ in range(len(blocks) * _BLOCK):
                _turn = (_turn + 1) % (len(blocks) * _BLOCK)
                port = blocks[_turn // _BLOCK][0] + _turn % _BLOCK
                if port not in but and _is_free(port, host):
                    return port
            blocks.append(_claim())
    raise OSError(f"no free port on {host}")


def _is_free(port: int, host: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _claim() -> tuple[int, socket.socket]:
    """A block of ports for this process; the socket is the claim, and ends with the process."""
    blocks = (_LAST + 1 - _FIRST) // _BLOCK
    for i in range(blocks):
        block = (os.getpid() + i) % blocks
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0gateproof-ports-{block}")
        except OSError:
            claim.close()
            continue
        return _FIRST + block * _BLOCK, claim
    raise OSError("no free port on 127.0.0.1: every block is claimed by another process")


def free_address() -> str:
    """`127.0.0.1:port` with a free port."""
    return f"127.0.0.1:{free_port()}"
