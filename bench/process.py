"""gateproofd as its service manager sees it: ports, who says that it serves, when it has ended."""

import asyncio
import socket
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Manager:
    """A service manager's ears (sd_notify(3)); `path` is for NOTIFY_SOCKET."""

    def __init__(self, folder: Path, seconds_max: float) -> None:
        self.path = folder / "notify"
        self.seconds_max = seconds_max
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)

    async def told(self, key: str) -> str:
        """The next value that the program tells under that name."""
        loop = asyncio.get_running_loop()
        while True:
            told = await asyncio.wait_for(loop.sock_recv(self.socket, 4096), self.seconds_max)
            for line in told.decode().splitlines():
                name, _, value = line.partition("=")
                if name == key:
                    return value


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def ended(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return not alive(pid)
