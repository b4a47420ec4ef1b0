"""HTTP/1.1 as bytes, as much of it as both ends of the soak run need."""

import asyncio
import contextlib
import socket
import ssl
import struct
from dataclasses import dataclass, field

HEAD_BYTES_MAX = 1 << 20
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class CutShortError(Exception):
    """The connection ended inside a message. `begun`: after its first byte."""

    def __init__(self, begun: bool) -> None:
        super().__init__("cut short" if begun else "closed without an answer")
        self.begun = begun


class MalformedError(Exception):
    """Bytes that are no HTTP."""


@dataclass
class Head:
    """The start line's words and the fields, names in lower case, the last of equals wins."""

    words: list[str]
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return int(self.words[1])

    @property
    def closes(self) -> bool:
        return "close" in self.fields.get("connection", "").lower()


def parse_head(raw: bytes) -> Head:
    lines = raw.decode("latin-1").split("\r\n")
    words = lines[0].split(" ", 2)
    if len(words) < 2:
        raise MalformedError(f"start line {lines[0][:60]!r}")
    head = Head(words)
    for line in filter(None, lines[1:]):
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedError(f"field line {line[:60]!r}")
        head.fields[name.lower()] = value.strip()
    return head


async def read_head(reader: asyncio.StreamReader) -> Head:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise CutShortError(begun=bool(error.partial)) from error
    except ConnectionError as error:
        raise CutShortError(begun=False) from error
    except asyncio.LimitOverrunError as error:
        raise MalformedError("a head without an end") from error
    return parse_head(raw)


async def read_chunks(reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
    """A chunked body; its trailers go into `fields`."""
    pieces: list[bytes] = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        pieces.append((await reader.readexactly(size + 2))[:-2])
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        name, _, value = line.decode("latin-1").partition(":")
        fields[name.lower()] = value.strip()
    return b"".join(pieces)


async def read_body(reader: asyncio.StreamReader, head: Head, until_close: bool) -> bytes:
    try:
        if head.fields.get("transfer-encoding", "").lower() == "chunked":
            return await read_chunks(reader, head.fields)
        if "content-length" in head.fields:
            return await reader.readexactly(int(head.fields["content-length"]))
        return await reader.read() if until_close else b""
    except ValueError as error:
        raise MalformedError(str(error)) from error
    except (EOFError, ConnectionError) as error:
        raise CutShortError(begun=True) from error


async def read_answer(reader: asyncio.StreamReader, method: str = "GET") -> tuple[Head, bytes]:
    """The final answer and its body; interim ones are read over."""
    head = await read_head(reader)
    while 100 <= head.status < 200 and head.status != 101:
        head = await read_head(reader)
    bodiless = method == "HEAD" or head.status in (101, 204, 304)
    return head, b"" if bodiless else await read_body(reader, head, until_close=True)


def request_head(method: str, path: str, body: bytes = b"", extra: str = "") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body or method == "POST" else ""
    return f"{method} {path} HTTP/1.1\r\nHost: soak.test\r\n{length}{extra}\r\n".encode()


def close_hard(writer: asyncio.StreamWriter) -> None:
    """Ends the connection with a reset (RST)."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def no_delay(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def connect(port: int, tls: ssl.SSLContext | None = None) -> Streams:
    name = "soak.test" if tls else None
    return await asyncio.open_connection(
        "127.0.0.1", port, limit=HEAD_BYTES_MAX, ssl=tls, server_hostname=name
    )
