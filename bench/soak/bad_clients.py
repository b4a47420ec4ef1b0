"""Clients that misbehave; each tells what it saw, and which of that its own fault explains.

Those that stall go to the entry point `tight`, whose limits (2 s for a request, 4 s for an answer)
they must run into: "held" is a connection that was still open long after.
"""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from certificates import client
from clients import Load
from h2_clients import request
from h2_connection import Connection, RefusedError
from signs import Ask, wrong
from wire import (
    CutShortError,
    Head,
    MalformedError,
    Streams,
    close_hard,
    connect,
    no_delay,
    read_answer,
    request_head,
)

TIGHT_READ_SECONDS = 2
TIGHT_WRITE_SECONDS = 4
LATE_SECONDS = 10.0  # on top, before a connection counts as held: the machine may be busy
ANSWER_SECONDS_MAX = 40.0
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GONE = (OSError, EOFError, CutShortError)


def judged(ask: Ask, head: Head, body: bytes) -> str:
    problem = wrong(ask, head.status, head.fields, body)
    return "whole" if problem is None else f"WRONG ({problem})"


async def answer_or_end(streams: Streams, ask: Ask, seconds: float = ANSWER_SECONDS_MAX) -> str:
    try:
        head, body = await asyncio.wait_for(read_answer(streams[0], ask.method), seconds)
    except GONE:
        return "closed"
    except TimeoutError:
        return "held"
    return judged(ask, head, body) if head.status == 200 else str(head.status)


async def until_closed(streams: Streams, limit: float) -> str:
    """Reads to the end; the first line of an answer, "closed", or "held"."""
    try:
        got = await asyncio.wait_for(streams[0].read(), limit + LATE_SECONDS)
    except ConnectionError:
        return "closed"
    except TimeoutError:
        return "held"
    return got[9:12].decode("latin-1") if got.startswith(b"HTTP/1.") else "closed"


async def slow_head(load: Load, draw: random.Random, streams: Streams) -> str:
    """Within the limit in the end, so it must be served."""
    ask = load.ask(draw, "good")
    raw = request_head("GET", Ask("good", ask.number).path)
    for at in range(0, len(raw), 10):
        streams[1].write(raw[at : at + 10])
        await asyncio.sleep(0.02)
    return await answer_or_end(streams, Ask("good", ask.number))


async def stalled_head(load: Load, draw: random.Random, streams: Streams) -> str:
    raw = request_head("GET", "/good/never")
    streams[1].write(raw[: draw.randrange(1, len(raw) - 2)])
    return await until_closed(streams, TIGHT_READ_SECONDS)


async def slow_body(load: Load, draw: random.Random, streams: Streams) -> str:
    ask = Ask("good", load.number(), body=draw.randbytes(40), method="POST")
    streams[1].write(request_head("POST", ask.path, ask.body))
    for at in range(len(ask.body)):
        streams[1].write(ask.body[at : at + 1])
        await asyncio.sleep(0.02)
    return await answer_or_end(streams, ask)


async def stalled_body(load: Load, draw: random.Random, streams: Streams) -> str:
    ask = Ask("good", load.number(), body=draw.randbytes(1000), method="POST")
    streams[1].write(request_head("POST", ask.path, ask.body) + ask.body[:500])
    return await until_closed(streams, TIGHT_READ_SECONDS)


async def never_reads(load: Load, draw: random.Random, streams: Streams) -> str:
    """Asks for megabytes and takes none: the proxy may hold no more of it than its buffers."""
    streams[0]._limit = 1  # type: ignore[attr-defined]  # asyncio stops reading behind this
    streams[1].write(request_head("GET", Ask("good", load.number(), size=16 << 20).path))
    await asyncio.sleep(draw.uniform(0.5, TIGHT_WRITE_SECONDS + 2))
    close_hard(streams[1])
    return "gone"


async def half_closes(load: Load, draw: random.Random, streams: Streams) -> str:
    """As in Go, the end of what a client sends may be taken for the end of the client."""
    ask = Ask("good", load.number(), size=1000)
    streams[1].write(request_head("GET", ask.path))
    if draw.random() < 0.5:
        await asyncio.sleep(0.005)
    streams[1].write_eof()
    return await answer_or_end(streams, ask)


async def resets_in_body(load: Load, draw: random.Random, streams: Streams) -> str:
    """The backend would notice if the rest was made up."""
    ask = Ask("good", load.number(), body=draw.randbytes(60_000), method="POST")
    streams[1].write(request_head("POST", ask.path, ask.body) + ask.body[:30_000])
    await asyncio.sleep(draw.choice((0, 0.01, 0.05)))
    close_hard(streams[1])
    return "gone"


async def ends_in_body(load: Load, draw: random.Random, streams: Streams) -> str:
    ask = Ask("good", load.number(), body=draw.randbytes(3000), method="POST")
    chunk = b"%x\r\n%s\r\n" % (1000, ask.body[:1000])
    head = request_head("PUT", ask.path, extra="Transfer-Encoding: chunked\r\n")
    streams[1].write(head + chunk)
    streams[1].write_eof()
    return await until_closed(streams, ANSWER_SECONDS_MAX)


async def leaves_at_once(load: Load, draw: random.Random, streams: Streams) -> str:
    """Gone while the backend still thinks."""
    streams[1].write(request_head("GET", Ask("good", load.number(), delay_ms=300).path))
    await asyncio.sleep(draw.choice((0, 0.05, 0.2)))
    close_hard(streams[1])
    return "gone"


async def bytewise(load: Load, draw: random.Random, streams: Streams) -> str:
    no_delay(streams[1])
    ask = Ask("good", load.number(), body=b"0123456789", method="POST")
    for byte in request_head("POST", ask.path, ask.body) + ask.body:
        streams[1].write(bytes([byte]))
        await asyncio.sleep(0)
    return await answer_or_end(streams, ask)


async def pipelines(load: Load, draw: random.Random, streams: Streams) -> str:
    """Many requests in one piece: the answers come whole and in order."""
    asks = [Ask("good", load.number(), size=draw.choice((0, 10, 3000))) for _ in range(8)]
    streams[1].write(b"".join(request_head("GET", a.path) for a in asks))
    for ask in asks:
        head, body = await asyncio.wait_for(read_answer(streams[0]), ANSWER_SECONDS_MAX)
        what = judged(ask, head, body)
        if what != "whole" or head.closes:  # a process that ends says so, and answers no more
            return what
    return "whole"


async def rubbish(load: Load, draw: random.Random, streams: Streams) -> str:
    streams[1].write(draw.randbytes(draw.choice((1, 10, 300, 5000))))
    if draw.random() < 0.5:
        streams[1].write_eof()
    return await until_closed(streams, TIGHT_READ_SECONDS)


async def smuggles(load: Load, draw: random.Random, streams: Streams) -> str:
    """Both lengths: refused, or answered and closed; nobody gets the hidden request's answer."""
    hidden = request_head("GET", Ask("good", load.number()).path)
    extra = f"Content-Length: {len(hidden) + 5}\r\nTransfer-Encoding: chunked\r\n"
    raw = request_head("PUT", "/good/smuggle", extra=extra) + b"0\r\n\r\n" + hidden
    streams[1].write(raw)
    return await until_closed(streams, TIGHT_READ_SECONDS)


async def abandons(load: Load, draw: random.Random, streams: Streams) -> str:
    """The first bytes of a TLS handshake on a plain port, and silence or the end."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + draw.randbytes(100)
    streams[1].write(hello[: draw.randrange(1, len(hello))])
    if draw.random() < 0.3:
        close_hard(streams[1])
        return "gone"
    return await until_closed(streams, TIGHT_READ_SECONDS)


def client_hello(draw: random.Random) -> bytes:
    """What a TLS client sends first."""
    sealed, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = client(draw.choice(("h2", "http/1.1")))
    session = context.wrap_bio(sealed, out, server_hostname="soak.test")
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return out.read()


async def abandons_tls(load: Load, draw: random.Random, streams: Streams) -> str:
    """A handshake that stops within its first message or behind it, or is cut."""
    hello = client_hello(draw)
    streams[1].write(hello[: draw.choice((1, 5, 100, len(hello) - 1, len(hello)))])
    if draw.random() < 0.4:
        await asyncio.sleep(draw.choice((0, 0.01)))
        close_hard(streams[1])
        return "gone"
    return await until_closed(streams, TIGHT_READ_SECONDS)


async def rubbish_in_tls(load: Load, draw: random.Random, streams: Streams) -> str:
    """A whole ClientHello, then bytes that are no record, or bits turned in the hello."""
    hello = bytearray(client_hello(draw))
    for _ in range(draw.choice((0, 1, 20))):
        hello[draw.randrange(5, len(hello))] ^= 1 << draw.randrange(8)
    streams[1].write(bytes(hello) + draw.randbytes(draw.choice((0, 50, 3000))))
    return await until_closed(streams, TIGHT_READ_SECONDS)


async def silent_in_tls(load: Load, draw: random.Random, streams: Streams) -> str:
    """A finished handshake, perhaps half a request, and then nothing."""
    sealed = await connect(load.ports.tighttls, client("http/1.1"))
    if draw.random() < 0.5:
        sealed[1].write(b"GET /good/never HTT")
    what = await until_closed(sealed, TIGHT_READ_SECONDS)
    sealed[1].transport.abort()
    return what


async def resets_tls(load: Load, draw: random.Random, streams: Streams) -> str:
    """Gone without a close of TLS, in the middle of an answer."""
    sealed = await connect(load.ports.tighttls, client("http/1.1"))
    sealed[1].write(request_head("GET", Ask("good", load.number(), size=1 << 20).path))
    await asyncio.sleep(draw.choice((0, 0.01, 0.1)))
    close_hard(sealed[1])
    return "gone"


async def bytewise_tls(load: Load, draw: random.Random, streams: Streams) -> str:
    """The ClientHello in pieces of one byte; an answer shows that it was understood."""
    no_delay(streams[1])
    for byte in client_hello(draw):
        streams[1].write(bytes([byte]))
        await asyncio.sleep(0)
    got = await asyncio.wait_for(streams[0].read(1), ANSWER_SECONDS_MAX)
    close_hard(streams[1])
    return "understood" if got == b"\x16" else "refused"


async def h2_rubbish(load: Load, draw: random.Random, streams: Streams) -> str:
    """A preface, then frames that are none, then silence."""
    streams[1].write(PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    streams[1].write(draw.randbytes(draw.choice((1, 9, 100, 1000))))
    if draw.random() < 0.7:
        await asyncio.sleep(0.1)
        close_hard(streams[1])
        return "gone"
    return await until_closed(streams, TIGHT_READ_SECONDS)


async def h2_resets(load: Load, draw: random.Random, streams: Streams) -> str:
    """Streams that are reset as soon as they are open; the last one is answered."""
    connection = Connection(*streams)
    fields = [(":method", "GET"), (":scheme", "http"), (":authority", "soak.test")]
    try:
        for _ in range(draw.randint(1, 40)):
            number = connection.h2.get_next_available_stream_id()
            path = Ask("good", load.number(), delay_ms=100).path
            connection.h2.send_headers(number, [*fields, (":path", path)], end_stream=True)
            connection.h2.reset_stream(number, 8)
            connection.flush()
            await asyncio.sleep(0.001)
        ask = Ask("good", load.number(), size=500)
        head, body = await request(connection, ask)
        return judged(ask, head, body)
    except RefusedError:
        return "refused"
    finally:
        await connection.close()


async def h2_window(load: Load, draw: random.Random, streams: Streams) -> str:
    """Opens streams for megabytes and never gives room; other streams of others must not suffer."""
    connection = Connection(*streams)
    connection.task.cancel()
    fields = [(":method", "GET"), (":scheme", "http"), (":authority", "soak.test")]
    for _ in range(10):
        number = connection.h2.get_next_available_stream_id()
        path = Ask("good", load.number(), size=4 << 20).path
        connection.h2.send_headers(number, [*fields, (":path", path)], end_stream=True)
    connection.flush()
    await asyncio.sleep(draw.uniform(0.2, 3))
    close_hard(streams[1])
    return "gone"


async def bad_flow(load: Load, draw: random.Random, streams: Streams) -> str:
    """TCP to a backend that resets, ends one direction, or keeps silent."""
    streams[1].write(draw.randbytes(draw.randint(1, 500)))
    if draw.random() < 0.3:
        close_hard(streams[1])
        return "gone"
    streams[1].write_eof()
    return await until_closed(streams, 5)


@dataclass(frozen=True)
class Misdeed:
    act: Callable[[Load, random.Random, Streams], Awaitable[str]]
    explained: frozenset[str]
    entry: str = "web"


def misdeed(act: Callable, explained: str, entry: str = "web") -> Misdeed:
    return Misdeed(act, frozenset(explained.split()), entry)


REFUSED = "400 408 413 431 501 505"
MISDEEDS = [
    misdeed(slow_head, "whole"),
    misdeed(stalled_head, "closed 408", "tight"),
    misdeed(slow_body, "whole"),
    misdeed(stalled_body, "closed 400 408 499 502 504", "tight"),
    misdeed(never_reads, "gone", "tight"),
    misdeed(half_closes, "whole closed 499"),
    misdeed(resets_in_body, "gone"),
    misdeed(ends_in_body, "closed 400 499 502"),
    misdeed(leaves_at_once, "gone"),
    misdeed(bytewise, "whole"),
    misdeed(pipelines, "whole"),
    misdeed(rubbish, f"closed {REFUSED}", "tight"),
    misdeed(smuggles, "400 200", "tight"),
    misdeed(abandons, f"gone closed {REFUSED}", "tight"),
    misdeed(abandons_tls, "gone closed", "tighttls"),
    misdeed(rubbish_in_tls, "closed", "tighttls"),
    misdeed(silent_in_tls, "closed", "tighttls"),
    misdeed(resets_tls, "gone", "tighttls"),
    misdeed(bytewise_tls, "understood", "tighttls"),
    misdeed(h2_rubbish, "gone closed", "tight"),
    misdeed(h2_resets, "whole refused"),  # a restart, or too many of them
    misdeed(h2_window, "gone"),
    misdeed(bad_flow, "gone closed", "cut"),
]


async def offender(load: Load, name: str) -> None:
    """One misdeed after another, each on a connection of its own."""
    draw = load.draw(name)
    while not load.stopping:
        one = draw.choice(MISDEEDS)
        kind = "client " + one.act.__name__
        streams = None
        try:
            streams = await connect(getattr(load.ports, one.entry))
            what = await one.act(load, draw, streams)
        except (*GONE, MalformedError, TimeoutError) as error:
            what = f"{type(error).__name__}: {error}"
        finally:
            if streams is not None:
                with contextlib.suppress(OSError):
                    streams[1].close()
        load.ledger.outcome(kind, what, one.explained)
        await load.pause(draw)
