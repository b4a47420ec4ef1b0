"""Clients that behave over HTTP/2, with prior knowledge or TLS: many streams on each connection."""

import asyncio
import random
import time

import h2.exceptions

from clients import ANSWER_SECONDS_MAX, TROUBLE, Load
from h2_connection import Connection, RefusedError
from signs import Ask
from wire import Head

REQUESTS_MAX = 300  # of a connection


async def request(connection: Connection, ask: Ask) -> tuple[Head, bytes]:
    asked = connection.request(connection.pseudo(ask.method, "soak.test", ask.path), ask.body)
    stream, body = await asyncio.wait_for(asked, ANSWER_SECONDS_MAX)
    return Head(["HTTP/2", str(stream.status)], stream.fields), body


async def h2_client(load: Load, name: str, streams: int, secure: bool = False) -> None:
    """A connection with `streams` requests at any time; then the next one."""
    draw = load.draw(name)
    kind = "http/2 over TLS" if secure else "http/2 stream"
    while not load.stopping:
        try:
            connection = Connection(*await load.connect(secure, "h2"), REQUESTS_MAX)
        except OSError as error:
            if load.ending:
                return
            load.ledger.fail(kind, f"{type(error).__name__}: {error}")
            await load.pause(draw)
            continue
        several = (one_after_another(load, draw, connection, kind) for _ in range(streams))
        await asyncio.gather(*several)
        await connection.close()


async def one_after_another(
    load: Load, draw: random.Random, connection: Connection, kind: str
) -> None:
    while not (load.stopping or connection.leaving):
        ask = load.ask(draw)
        began = time.perf_counter()
        try:
            head, body = await request(connection, ask)
        except RefusedError:
            return  # nothing was lost: the next connection asks for something else
        except (*TROUBLE, h2.exceptions.ProtocolError) as error:
            load.ledger.fail(kind, f"{ask.path}: {type(error).__name__}: {error}")
            return
        load.judge(kind, ask, head, body, time.perf_counter() - began)
        await load.pause(draw)
