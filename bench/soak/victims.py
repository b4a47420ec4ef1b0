"""Well-formed requests to backends that misbehave: their fault must explain each outcome."""

import asyncio
import random
from contextlib import suppress

from h2.exceptions import ProtocolError

from bad_backends import EXPLAINED
from clients import Load
from h2_clients import REQUESTS_MAX, request
from h2_connection import Connection, RefusedError
from signs import Ask, wrong
from wire import CutShortError, Head, MalformedError, Streams, connect, read_answer, request_head

PATIENCE = 40.0  # the proxy waits 1 s for heads of such backends
SIZES = (2, 100, 4096, 50_000)
BROKEN = (CutShortError, MalformedError, OSError, TimeoutError, ProtocolError)


def ask_for(load: Load, draw: random.Random) -> tuple[str, Ask]:
    kind = draw.choice(list(EXPLAINED))
    body = draw.randbytes(draw.choice(SIZES)) if draw.random() < 0.3 else b""
    method = "POST" if body else "GET"
    ask = Ask(f"fault/{kind}", load.number(), draw.choice(SIZES), body=body, method=method)
    return kind, ask


def told(ask: Ask, head: Head, body: bytes) -> str:
    if head.status != 200:
        return str(head.status)
    problem = wrong(ask, head.status, head.fields, body)
    return f"WRONG ({problem})" if problem else "whole"


def broken(error: Exception) -> str:
    if isinstance(error, CutShortError):
        return "cut" if error.begun else "closed without an answer"
    if isinstance(error, MalformedError):
        return "cut" if "literal" in str(error) else f"malformed ({error})"
    return "no answer in time" if isinstance(error, TimeoutError) else f"{type(error).__name__}"


def note(load: Load, protocol: str, kind: str, ask: Ask, what: str) -> None:
    explained = EXPLAINED[kind][1 if ask.body else 0]
    load.ledger.outcome(f"{protocol} to backend {kind}", what, explained)


async def h1_victim(load: Load, name: str) -> None:
    draw = load.draw(name)
    streams: Streams | None = None
    while not load.stopping:
        kind, ask = ask_for(load, draw)
        goes_on = False
        try:
            streams = streams or await connect(load.ports.web)
            streams[1].write(request_head(ask.method, ask.path, ask.body) + ask.body)
            head, body = await asyncio.wait_for(read_answer(streams[0]), PATIENCE)
            goes_on = not head.closes
            note(load, "http/1.1", kind, ask, told(ask, head, body))
        except BROKEN as error:
            note(load, "http/1.1", kind, ask, broken(error))
        if not goes_on and streams is not None:
            streams[1].close()
            streams = None
        await load.pause(draw)
    if streams is not None:
        streams[1].close()


async def h2_victim(load: Load, name: str) -> None:
    draw = load.draw(name)
    connection: Connection | None = None
    while not load.stopping:
        try:
            if connection is None or connection.leaving:
                if connection is not None:
                    await connection.close()
                streams = await connect(load.ports.web)
                connection = Connection(*streams, REQUESTS_MAX)
        except OSError as error:
            load.ledger.fail("http/2 victim", f"no connection: {error}")
            break
        await asyncio.gather(*(h2_one(load, draw, connection) for _ in range(3)))
        await load.pause(draw)
    if connection is not None:
        with suppress(OSError):
            await connection.close()


async def h2_one(load: Load, draw: random.Random, connection: Connection) -> None:
    kind, ask = ask_for(load, draw)
    try:
        head, body = await asyncio.wait_for(request(connection, ask), PATIENCE)
        note(load, "http/2", kind, ask, told(ask, head, body))
    except RefusedError:
        pass
    except BROKEN as error:
        note(load, "http/2", kind, ask, broken(error))
