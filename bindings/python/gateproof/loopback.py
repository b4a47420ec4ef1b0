"""Free ports on 127.0.0.1 for things that are started by address."""

from __future__ import annotations

import os
import socket
import threading

# Below Linux's ephemeral range, so that no outgoing connection takes a port that was handed out.
_FIRST, _LAST = 20000, 31999
_lock = threading.Lock()
_next = _FIRST + (os.getpid() * 37) % (_LAST - _FIRST)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on; never handed out twice in a row.

    Raises OSError if the whole range is in use.
    """
    global _next
    with _lock:
        for _ in range(_LAST - _FIRST):
            _next = _FIRST + (_next + 1 - _FIRST) % (_LAST - _FIRST)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", _next))
                except OSError:
                    continue
                return _next
    raise OSError("no free port on 127.0.0.1")


def free_address() -> str:
    """`127.0.0.1:port` with a free port."""
    return f"127.0.0.1:{free_port()}"
