"""Backends that misbehave, one kind each, and what a client may see of them.

`EXPLAINED` gives for each kind the outcomes that its fault explains. "whole" is the right answer,
"cut" an answer that visibly ends too early, a number a status that the proxy made. Anything else,
above all a wrong answer that looks whole, is a failure.
"""

import asyncio
import contextlib
import random
import socket
from collections.abc import Awaitable, Callable

from signs import SEEN_FIELD, SIGN_FIELD, VERSION_FIELD, body_of, read_path, sign
from wire import (
    CutShortError,
    Head,
    MalformedError,
    Streams,
    close_hard,
    no_delay,
    read_body,
    read_head,
)

SILENCE_SECONDS_MAX = 30.0
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def next_request(streams: Streams) -> tuple[Head, bytes]:
    head = await read_head(streams[0])
    return head, await read_body(streams[0], head, until_close=False)


def right_head(head: Head, body: bytes, length: int | str | None = None) -> bytes:
    """The head of the right answer to a request; `length` replaces the true one."""
    method, path = head.words[0], head.words[1]
    asked = read_path(path)
    size = asked.size if asked else 0
    fields = [
        f"{SIGN_FIELD}: {sign(method, path, body)}",
        f"{SEEN_FIELD}: {head.fields.get(VERSION_FIELD, '-')}",
        f"Content-Length: {size if length is None else length}",
    ]
    return ("HTTP/1.1 200 OK\r\n" + "\r\n".join(fields) + "\r\n\r\n").encode()


def right_body(head: Head) -> bytes:
    asked = read_path(head.words[1])
    return body_of(head.words[1], asked.size) if asked else b""


def right(head: Head, body: bytes) -> bytes:
    return right_head(head, body) + right_body(head)


async def silent(streams: Streams) -> None:
    await next_request(streams)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(streams[0].read(), SILENCE_SECONDS_MAX)


async def before(streams: Streams) -> None:
    await read_head(streams[0])
    close_hard(streams[1])


async def inside(streams: Streams) -> None:
    head, body = await next_request(streams)
    streams[1].write(right_head(head, body) + right_body(head)[:-1][: 1 << 15])
    await streams[1].drain()
    await asyncio.sleep(0.01)
    close_hard(streams[1])


async def reuse(streams: Streams) -> None:
    """Answers once, says that it stays, and closes at the next request."""
    head, body = await next_request(streams)
    streams[1].write(right(head, body))
    await read_head(streams[0])


async def rest(streams: Streams) -> None:
    """Closes connections that rest for a moment, often just when the next request is on its way."""
    patience = SILENCE_SECONDS_MAX  # a new connection has time
    while True:
        head, body = await asyncio.wait_for(next_request(streams), patience)
        streams[1].write(right(head, body))
        patience = 0.03


async def half(streams: Streams) -> None:
    head, body = await next_request(streams)
    streams[1].write(right(head, body))
    streams[1].write_eof()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(streams[0].read(), 2)


async def bytewise(streams: Streams) -> None:
    no_delay(streams[1])
    while True:
        head, body = await next_request(streams)
        answer = right(head, body)
        for at in range(min(len(answer), 400)):
            streams[1].write(answer[at : at + 1])
            await asyncio.sleep(0)
        streams[1].write(answer[400:])


async def early(streams: Streams) -> None:
    """Answers on the head alone (its sign is that of no body), then reads what comes."""
    head = await read_head(streams[0])
    streams[1].write(right(head, b""))
    await streams[1].drain()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(read_body(streams[0], head, until_close=False), 2)


async def short(streams: Streams) -> None:
    head, body = await next_request(streams)
    streams[1].write(right_head(head, body) + right_body(head)[:-1])


async def long(streams: Streams) -> None:
    """More bytes than it said, which look like another answer."""
    head, body = await next_request(streams)
    other = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"
    streams[1].write(right(head, body) + other)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(streams[0].read(), 2)


async def lengths(streams: Streams) -> None:
    head, body = await next_request(streams)
    answer = right_head(head, body, "5\r\nContent-Length: 6") + b"abcdef"
    streams[1].write(answer)


async def chunks(streams: Streams) -> None:
    head, body = await next_request(streams)
    start = right_head(head, body, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    streams[1].write(start + b"3\r\nabc\r\nzz\r\nabc")


async def garbage(streams: Streams) -> None:
    head, _ = await next_request(streams)
    streams[1].write(random.Random(head.words[1]).randbytes(200) + b"\r\n\r\n")


async def endless(streams: Streams) -> None:
    """A head that never ends."""
    await next_request(streams)
    with contextlib.suppress(ConnectionError):
        streams[1].write(b"HTTP/1.1 200 OK\r\n")
        for i in range(4000):
            streams[1].write(b"x-filler-%d: %s\r\n" % (i, b"y" * 1000))
            await streams[1].drain()


async def storm(streams: Streams) -> None:
    """One to a hundred interim answers before the final one; past a limit the proxy may give up."""
    head, body = await next_request(streams)
    count = random.Random(head.words[1]).choice((1, 3, 100))
    streams[1].write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * count)
    streams[1].write(right(head, body))
    await streams[1].drain()


class Flapping:
    """Works, but its health check is answered well and badly in turns."""

    def __init__(self) -> None:
        self.checks = 0

    async def __call__(self, streams: Streams) -> None:
        while True:
            head, body = await next_request(streams)
            if read_path(head.words[1]) is not None:
                streams[1].write(right(head, body))
                continue
            self.checks += 1
            status = b"200 OK" if self.checks // 3 % 2 else b"503 Service Unavailable"
            streams[1].write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status)


KINDS: dict[str, Callable[[Streams], Awaitable[None]]] = {
    "silent": silent, "before": before, "inside": inside, "reuse": reuse, "rest": rest,
    "half": half, "bytewise": bytewise, "early": early, "short": short, "long": long,
    "lengths": lengths, "chunks": chunks, "garbage": garbage, "endless": endless,
    "storm": storm, "flapping": Flapping(),
}  # fmt: skip

# For requests that may be sent again, and for those with a body, which may not.
EXPLAINED: dict[str, tuple[set[str], set[str]]] = {
    "refuse": ({"502"}, {"502"}),
    "silent": ({"504"}, {"504"}),
    "before": ({"502"}, {"502"}),
    "inside": ({"cut", "502"}, {"cut", "502"}),
    "reuse": ({"whole"}, {"whole", "502"}),
    "rest": ({"whole"}, {"whole", "502"}),
    "half": ({"whole"}, {"whole", "502"}),
    "bytewise": ({"whole"}, {"whole"}),
    "early": ({"whole"}, {"whole", "502"}),
    "short": ({"cut"}, {"cut"}),
    "long": ({"whole"}, {"whole"}),
    "lengths": ({"502"}, {"502"}),
    "chunks": ({"cut"}, {"cut"}),
    "garbage": ({"502"}, {"502"}),
    "endless": ({"502"}, {"502"}),
    "storm": ({"whole", "502"}, {"whole", "502"}),
    "flapping": ({"whole", "503"}, {"whole", "503"}),
    "mixed": ({"whole", "502"}, {"whole", "502"}),  # three tries may all meet the two bad ones
}


def guarded(kind: Callable[[Streams], Awaitable[None]]) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, CutShortError, MalformedError):
            await kind((reader, writer))
        writer.close()

    return serve


async def cut_flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """TCP: one of a reset, an end of one direction, silence."""
    with contextlib.suppress(OSError, TimeoutError):
        data = await reader.read(1000)
        way = sum(data) % 3
        if way == 0:
            close_hard(writer)
        elif way == 1:
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 2)
        else:
            await asyncio.sleep(2)
    writer.close()


def refusing_port() -> int:
    """A port that is taken but nobody listens on; the socket is kept for good."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    REFUSING.append(sock)
    return sock.getsockname()[1]


REFUSING: list[socket.socket] = []
