"""Clients that behave: HTTP/1.1, WebSocket, TCP, UDP. Whatever goes wrong for them is a failure."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

from certificates import client, shown
from ledger import Ledger
from signs import END_FIELD, Ask, digest, wrong
from wire import (
    CutShortError,
    Head,
    MalformedError,
    Streams,
    connect,
    read_answer,
    read_head,
    request_head,
)
from ws_frames import CLOSE, CLOSE_NORMAL, KEY, accept_of, frame, read_frame

SIZES = (0, 1, 100, 100, 100, 1000, 4096, 20_000, 100_000)
ANSWER_SECONDS_MAX = 60.0
# A draining proxy may close a connection that rested for 50 ms, or 1 s when it restarts
# (docs/daemon.md): a request that is on its way then is not answered. Counted from when the request
# before was sent, since this program may have been slow to see its answer.
END_REST_SECONDS, RESTART_REST_SECONDS = 0.045, 0.95
TROUBLE = (OSError, EOFError, ValueError, TimeoutError, CutShortError, MalformedError)


@dataclass
class Ports:
    """Where the entry points listen. Those called tight have short limits for whole requests."""

    web: int
    secure: int
    tight: int
    tighttls: int
    flows: int
    cut: int
    datagrams: int


@dataclass
class Load:
    """What all clients share. `think` is the mean pause between two requests, in seconds."""

    ports: Ports
    ledger: Ledger
    seed: int
    think: float = 0.05
    areas: tuple[str, ...] = ("good", "chain", "whole", "sealed")
    stopping: bool = False
    ending: bool = (
        False  # the proxy has been told to end: connections that are refused are no failure
    )
    restarts: int = 0  # that have begun
    numbers: Callable[[], int] = field(default_factory=lambda: itertools.count().__next__)
    versions: set[str] = field(default_factory=set)  # that answers came from
    certificates: Counter[str] = field(default_factory=Counter)  # digests that were shown

    def draw(self, name: str) -> random.Random:
        return random.Random(f"{self.seed}/{name}")

    def may_rest(self, seconds: float) -> bool:
        """Whether a connection that rested so long may be closed under its next request."""
        if seconds == 0:  # its first
            return False
        if self.ending:
            return seconds > END_REST_SECONDS
        return self.restarts > 0 and seconds > RESTART_REST_SECONDS

    def number(self) -> str:
        return f"{self.ledger.phase[0]}{self.numbers()}"

    async def connect(self, secure: bool, protocol: str) -> Streams:
        if not secure:
            return await connect(self.ports.web)
        streams = await connect(self.ports.secure, client(protocol))
        self.certificates[shown(streams)] += 1
        return streams

    async def pause(self, draw: random.Random) -> None:
        await asyncio.sleep(draw.expovariate(1 / self.think) if self.think else 0)

    def ask(self, draw: random.Random, area: str | None = None) -> Ask:
        body = draw.randbytes(draw.choice(SIZES)) if draw.random() < 0.2 else b""
        return Ask(
            area or draw.choice(self.areas),
            self.number(),
            size=draw.choice(SIZES),
            delay_ms=draw.choice((700, 20, 20)) if draw.random() < 0.03 else 0,
            mode="length" if draw.random() < 0.7 else "chunked",
            body=body,
            method="POST" if body else "GET",
        )

    def judge(self, kind: str, ask: Ask, head: Head, body: bytes, seconds: float) -> None:
        problem = wrong(ask, head.status, head.fields, body)
        if problem is None and ask.mode != "length":
            if head.fields.get(END_FIELD) != digest(ask.path.encode()):
                problem = "the trailer is lost or wrong"
        if problem is not None:
            self.ledger.fail(kind, f"{ask.method} {ask.path}: {problem}")
            return
        self.versions.add(head.fields.get("x-soak-version", ""))
        self.ledger.ok(kind, seconds - ask.delay_ms / 1000)


async def exchange(streams: Streams, ask: Ask, chunked: bool = False) -> tuple[Head, bytes, float]:
    reader, writer = streams
    began = time.perf_counter()
    if chunked and ask.body:
        head = request_head("PUT", ask.path, extra="Transfer-Encoding: chunked\r\n")
        half = len(ask.body) // 2 or 1
        pieces = [p for p in (ask.body[:half], ask.body[half:]) if p]
        body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
        writer.write(head + body)
    else:
        writer.write(request_head(ask.method, ask.path, ask.body) + ask.body)
    head, body = await asyncio.wait_for(read_answer(reader, ask.method), ANSWER_SECONDS_MAX)
    return head, body, time.perf_counter() - began


async def http_client(load: Load, name: str, requests_max: int, secure: bool = False) -> None:
    """Connections of up to `requests_max` requests each: 1 is the short kind."""
    kind = ("https" if secure else "http/1.1") + (" keep-alive" if requests_max > 1 else " short")
    draw = load.draw(name)
    while not load.stopping:
        streams = None
        rested, sent = 0.0, 0.0
        try:
            streams = await load.connect(secure, "http/1.1")
            for _ in range(requests_max):
                now = time.perf_counter()
                rested, sent = now - sent if sent else 0.0, now
                ask = load.ask(draw)
                chunked = bool(ask.body) and draw.random() < 0.3
                if chunked:
                    ask = Ask(**{**ask.__dict__, "method": "PUT"})
                head, body, seconds = await exchange(streams, ask, chunked)
                load.judge(kind, ask, head, body, seconds)
                if head.closes or load.stopping:
                    break
                await load.pause(draw)
        except TROUBLE as error:
            if load.ending and isinstance(error, OSError) and streams is None:
                return
            unanswered = isinstance(error, CutShortError) and not error.begun
            if not (unanswered and load.may_rest(rested)):
                load.ledger.fail(kind, f"{type(error).__name__}: {error}, rested {rested:.3f} s")
        finally:
            if streams is not None:
                streams[1].close()
        await load.pause(draw)


async def control_client(load: Load, name: str, port: int) -> None:
    """Straight to a backend: how slow the machine and this program are by themselves."""
    draw = load.draw(name)
    streams = await connect(port)
    while not load.stopping:
        ask = load.ask(draw)
        _, _, seconds = await exchange(streams, ask)
        load.ledger.latency(f"control {load.ledger.phase}", seconds - ask.delay_ms / 1000)
        await load.pause(draw)
    streams[1].close()


Talk = Callable[[Load, random.Random, Streams], Awaitable[None]]


async def again_and_again(load: Load, name: str, kind: str, port: int, talk: Talk) -> None:
    """One connection after the other, each for one talk."""
    draw = load.draw(name)
    while not load.stopping:
        writer = None
        try:
            reader, writer = await connect(port)
            await talk(load, draw, (reader, writer))
        except TROUBLE as error:
            if load.ending and isinstance(error, OSError) and writer is None:
                return
            load.ledger.fail(kind, f"{type(error).__name__}: {error}")
        finally:
            if writer is not None:
                writer.close()
        await load.pause(draw)


async def event_stream(load: Load, _: random.Random, streams: Streams) -> None:
    """A stream of events: each piece must come when it is sent, not with the last one."""
    reader, writer = streams
    ask = Ask("good", load.number(), size=1000, mode="events")
    began = time.perf_counter()
    writer.write(request_head("GET", ask.path))
    head = await asyncio.wait_for(read_head(reader), ANSWER_SECONDS_MAX)
    first = time.perf_counter() - began
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    whole = time.perf_counter() - began
    line = (await reader.readuntil(b"\r\n")).decode().strip()
    head.fields[END_FIELD] = line.partition(":")[2].strip()
    if first >= whole:
        load.ledger.fail("event stream", "the head came with the last piece")
    load.judge("event stream", ask, head, body, first)


async def flow(load: Load, draw: random.Random, streams: Streams) -> None:
    """A flow of seconds over TCP; one half is closed at the end, the rest must still come back."""
    reader, writer = streams
    end = time.monotonic() + draw.uniform(0.1, 4)
    while time.monotonic() < end and not (load.ending or load.stopping):
        block = draw.randbytes(draw.choice((1, 100, 10_000)))
        writer.write(block)
        back = await asyncio.wait_for(reader.readexactly(len(block)), ANSWER_SECONDS_MAX)
        if back != block:
            load.ledger.fail("tcp", "a block came back changed")
        load.ledger.ok("tcp")
        await load.pause(draw)
    last = draw.randbytes(50_000)
    writer.write(last)
    writer.write_eof()
    if await asyncio.wait_for(reader.read(-1), ANSWER_SECONDS_MAX) != last:
        load.ledger.fail("tcp", "what was sent before the half-close did not come back")


async def converse(load: Load, draw: random.Random, streams: Streams) -> None:
    """A WebSocket of a few seconds, each frame echoed, ended by close frames both ways."""
    reader, writer = streams
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(request_head("GET", "/good/ws", extra=f"{upgrade}Sec-WebSocket-Key: {KEY}\r\n"))
    head = await asyncio.wait_for(read_head(reader), ANSWER_SECONDS_MAX)
    if head.status != 101 or head.fields.get("sec-websocket-accept") != accept_of(KEY):
        load.ledger.fail("websocket", f"no upgrade: {' '.join(head.words)}")
        return
    end = time.monotonic() + draw.uniform(0.5, 6)
    while time.monotonic() < end and not (load.ending or load.stopping):
        payload = draw.randbytes(draw.choice((0, 1, 125, 126, 5000)))
        began = time.perf_counter()
        writer.write(frame(2, payload, draw.randbytes(4)))
        got = await asyncio.wait_for(read_frame(reader), ANSWER_SECONDS_MAX)
        if got != (2, payload):
            load.ledger.fail("websocket", "a frame came back changed")
            return
        load.ledger.ok("websocket", time.perf_counter() - began)
        await load.pause(draw)
    writer.write(frame(CLOSE, CLOSE_NORMAL, draw.randbytes(4)))
    got = await asyncio.wait_for(read_frame(reader), ANSWER_SECONDS_MAX)
    rest = await asyncio.wait_for(reader.read(), ANSWER_SECONDS_MAX)
    if got != (CLOSE, CLOSE_NORMAL) or rest:
        load.ledger.fail("websocket", "the close frame was not answered, or bytes followed it")


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple) -> None:  # noqa: ARG002
        self.got.put_nowait(data)


async def udp_client(load: Load, name: str) -> None:
    """One datagram at a time, so that nothing is lost for want of room."""
    draw = load.draw(name)
    loop = asyncio.get_running_loop()
    while not load.stopping:
        transport, flow = await loop.create_datagram_endpoint(
            Datagrams, remote_addr=("127.0.0.1", load.ports.datagrams)
        )
        for _ in range(draw.randint(1, 50)):
            if load.stopping or load.ending:
                break
            restarts = load.restarts
            payload = draw.randbytes(draw.choice((1, 100, 1200)))
            transport.sendto(payload)
            try:
                back = await asyncio.wait_for(flow.got.get(), 5)
            except TimeoutError:
                # Datagrams that wait while the process changes may be lost, as in any network.
                if load.restarts == restarts and not load.ending:
                    load.ledger.fail("udp", "a datagram was not answered within 5 s")
                break
            if back == b"echo " + payload:
                load.ledger.ok("udp")
            else:
                load.ledger.fail("udp", "a datagram came back changed")
            await load.pause(draw)
        transport.close()
        if load.ending:
            return


def everybody(load: Load, scale: float, backend: int) -> list[Coroutine[None, None, None]]:
    """The mix of the plan times `scale`, at least one of each kind."""

    def many(count: int) -> range:
        return range(max(1, round(count * scale)))

    def talks(
        name: str, kind: str, port: int, talk: Talk, count: int
    ) -> list[Coroutine[None, None, None]]:
        return [again_and_again(load, f"{name} {i}", kind, port, talk) for i in many(count)]

    return [
        *(control_client(load, f"control {i}", backend) for i in many(10)),
        *(http_client(load, f"keep {i}", 1000) for i in many(200)),
        *(http_client(load, f"short {i}", 1) for i in many(50)),
        *(http_client(load, f"secure keep {i}", 200, True) for i in many(50)),
        *(http_client(load, f"secure short {i}", 1, True) for i in many(20)),
        *talks("events", "event stream", load.ports.web, event_stream, 10),
        *talks("websocket", "websocket", load.ports.web, converse, 10),
        *talks("tcp", "tcp", load.ports.flows, flow, 10),
        *(udp_client(load, f"udp {i}") for i in many(10)),
    ]
