"""WebSocket (RFC 6455) for load scripts: frames, and a server that echoes."""

import asyncio
import base64
import contextlib
import hashlib

from wire import Head

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "c29hay1zb2FrLXNvYWshIQ=="
CLOSE_NORMAL = b"\x03\xe8"
BINARY, CLOSE = 2, 8


def accept_of(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def frame(opcode: int, payload: bytes, mask: bytes = b"") -> bytes:
    """A whole WebSocket frame (RFC 6455 section 5.2); clients send it with a mask of four bytes."""
    flag = 0x80 if mask else 0
    if len(payload) < 126:
        length = bytes([flag | len(payload)])
    else:
        length = bytes([flag | 126]) + len(payload).to_bytes(2, "big")
    if mask:
        payload = masked(payload, mask)
    return bytes([0x80 | opcode]) + length + mask + payload


def masked(payload: bytes, mask: bytes) -> bytes:
    key = int.from_bytes((mask * (len(payload) // 4 + 1))[: len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(len(payload), "big")


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == 126:
        length = int.from_bytes(await reader.readexactly(2), "big")
    mask = await reader.readexactly(4) if second & 0x80 else b""
    payload = await reader.readexactly(length)
    return first & 0x0F, masked(payload, mask) if mask else payload


async def serve(head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends each frame's payload back unmasked, until a close frame or the end."""
    accept = accept_of(head.fields.get("sec-websocket-key", ""))
    start = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    writer.write(f"{start}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            opcode, payload = await read_frame(reader)
            writer.write(frame(opcode, payload))
            await writer.drain()
            if opcode == CLOSE:
                return
