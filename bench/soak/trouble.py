"""The process with everything that misbehaves, so that it takes no time from what is measured.

Speaks lines of JSON: the ports of its backends first; then it reads the entry points' ports, makes
trouble until its input ends, and tells what it saw.
"""

import asyncio
import itertools
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))
from backends import listen
from bad_backends import KINDS, cut_flow, guarded, refusing_port
from bad_clients import offender
from clients import Load, Ports
from ledger import Ledger
from victims import h1_victim, h2_victim

LINE_BYTES_MAX = 1 << 22


async def trouble(seed: int, scale: float) -> None:
    faults = {kind: await listen(guarded(act)) for kind, act in KINDS.items()}
    faults["refuse"] = refusing_port()
    say({"faults": faults, "cut": await listen(cut_flow)})
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ports = Ports(**json.loads(await reader.readline()))
    load = Load(ports, Ledger("trouble"), seed, think=0.05)
    load.numbers = itertools.count().__next__

    def many(count: int) -> range:
        return range(max(1, round(count * scale)))

    clients = [
        *(offender(load, f"offender {i}") for i in many(60)),
        *(h1_victim(load, f"h1 victim {i}") for i in many(40)),
        *(h2_victim(load, f"h2 victim {i}") for i in many(10)),
    ]
    tasks = [asyncio.create_task(c) for c in clients]
    await reader.read()
    load.stopping = True
    for done in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(done, BaseException):
            load.ledger.fail("trouble", f"a client broke: {type(done).__name__}: {done}")
    say(load.ledger.as_dict())


def say(what: dict) -> None:
    print(json.dumps(what), flush=True)


@dataclass
class Trouble:
    """The other side: runs it, and merges what it saw."""

    faults: dict[str, int]
    cut: int
    process: asyncio.subprocess.Process

    @staticmethod
    async def start(seed: int, scale: float) -> "Trouble":
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(__file__).resolve()), str(seed), str(scale),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES_MAX,
        )  # fmt: skip
        assert process.stdout is not None
        told = json.loads(await process.stdout.readline())
        return Trouble(told["faults"], told["cut"], process)

    def begin(self, ports: Ports) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(ports)).encode() + b"\n")

    async def end(self, ledger: Ledger, seconds_max: float) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            line = await asyncio.wait_for(self.process.stdout.readline(), seconds_max)
            ledger.merge(json.loads(line))
        except (TimeoutError, ValueError) as error:
            ledger.fail("trouble", f"its process did not tell what it saw: {error}")
            self.process.kill()
        await self.process.wait()


if __name__ == "__main__":
    asyncio.run(trouble(int(sys.argv[1]), float(sys.argv[2])))
