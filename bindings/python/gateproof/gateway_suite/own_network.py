"""A network namespace of one's own: every loopback address and every port is free in it, those
below 1024 too, for whoever may make one (root, or anybody where user namespaces are allowed)."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

_NEWNET, _NEWUSER = 0x40000000, 0x10000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1


def enter() -> str:
    """Moves this process, and whatever it starts from now on, into a new namespace with a loopback
    device. Returns why it could not; then nothing has changed. To be called before any thread."""
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEWNET if uid == 0 else _NEWNET | _NEWUSER):
        return f"no network namespace of our own: {os.strerror(ctypes.get_errno())}"
    try:
        if uid != 0:
            _become_root(uid, gid)
        _loopback_up()
    except OSError as problem:  # a namespace without a loopback device is of no use to anybody
        raise RuntimeError(f"the new network namespace has no loopback: {problem}") from None
    return ""


def _become_root(uid: int, gid: int) -> None:
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"0 {uid} 1")
    (own / "gid_map").write_text(f"0 {gid} 1")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        asked = struct.pack("16sH14s", b"lo", 0, b"")
        (flags,) = struct.unpack("16xH14x", fcntl.ioctl(handle, _GET_FLAGS, asked))
        fcntl.ioctl(handle, _SET_FLAGS, struct.pack("16sH14s", b"lo", flags | _UP, b""))
