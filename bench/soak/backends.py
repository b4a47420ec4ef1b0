"""Backends that behave: HTTP/1.1 with WebSocket and event streams, TCP and UDP; all of them echo.

They are judges too: a request that arrives changed, that was completed though its client broke
off, or that the configuration it began with would have sent elsewhere is a failure.
"""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

import ws_frames
from certificates import Certificates
from ledger import Ledger
from signs import END_FIELD, SEEN_FIELD, SIGN_FIELD, VERSION_FIELD, body_of, digest, read_path, sign
from wire import HEAD_BYTES_MAX, CutShortError, Head, MalformedError, read_body, read_head

EVENT_PAUSE = 0.02
EVENT_PIECES = 5
BACKLOG = 1024


@dataclass
class Backend:
    """One server. `belongs(version)` says whether that configuration sends requests to it."""

    ledger: Ledger
    belongs: Callable[[int], bool]
    forges: bool = False  # a planted fault of the soak itself: every tenth answer is signed wrongly
    answered: int = 0
    tasks: set[asyncio.Task] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(task := asyncio.current_task())
        try:
            while head := await read_head(reader):
                if "upgrade" in head.fields:
                    await ws_frames.serve(head, reader, writer)
                    return
                body = await read_body(reader, head, until_close=False)
                await self.answer(head, body, writer)
        except (CutShortError, ConnectionError):
            pass
        except MalformedError as error:
            self.ledger.fail("backend", f"what arrived is no HTTP: {error}")
        finally:
            self.tasks.discard(task)
            writer.close()

    def check(self, head: Head, body: bytes) -> None:
        asked = read_path(head.words[1])
        if asked is not None and asked.body_digest != (digest(body) if body else "-"):
            self.ledger.fail("backend", f"{head.words[1]} arrived with another body than was sent")
        version = head.fields.get(VERSION_FIELD, "")
        if version and not (version.isdigit() and self.belongs(int(version))):
            self.ledger.fail(
                "backend", f"a request of configuration {version} came to no server of it"
            )

    async def answer(self, head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
        method, path = head.words[0], head.words[1]
        self.check(head, body)
        asked = read_path(path)
        if asked is None:  # a health check, or what a misbehaving client made up
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        if asked.delay_ms:
            await asyncio.sleep(asked.delay_ms / 1000)
        self.answered += 1
        signed = sign(method, path, body)
        if self.forges and self.answered % 10 == 0:
            signed = signed[::-1]
        seen = head.fields.get(VERSION_FIELD, "-")
        start = f"HTTP/1.1 200 OK\r\n{SIGN_FIELD}: {signed}\r\n{SEEN_FIELD}: {seen}\r\n"
        content = body_of(path, asked.size)
        if asked.mode == "length":
            writer.write(f"{start}Content-Length: {len(content)}\r\n\r\n".encode())
            writer.write(b"" if method == "HEAD" else content)
            await writer.drain()
            return
        await self.stream(start, path, content, asked.mode == "events", writer)

    async def stream(
        self, start: str, path: str, content: bytes, slowly: bool, writer: asyncio.StreamWriter
    ) -> None:
        kind = "text/event-stream" if slowly else "application/octet-stream"
        framing = f"Content-Type: {kind}\r\nTrailer: {END_FIELD}\r\nTransfer-Encoding: chunked\r\n"
        writer.write(f"{start}{framing}\r\n".encode())
        step = max(1, -(-len(content) // EVENT_PIECES))
        for at in range(0, len(content), step):
            piece = content[at : at + step]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            if slowly:
                await asyncio.sleep(EVENT_PAUSE)
        writer.write(f"0\r\n{END_FIELD}: {digest(path.encode())}\r\n\r\n".encode())
        await writer.drain()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """TCP: every byte back; the end of one direction is the end of the other."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


class UdpEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        self.transport.sendto(b"echo " + data, addr)


@dataclass
class Backends:
    """All that behave; `ports` of the HTTP servers, in their order."""

    servers: list[Backend] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    tcp: int = 0
    udp: int = 0
    sealed: int = 0  # the first of them, over TLS

    async def start(
        self,
        ledger: Ledger,
        count: int,
        belongs: Callable[[int, int], bool],
        certificates: Certificates,
        forge: bool,
    ) -> None:
        for i in range(count):
            one = Backend(ledger, lambda version, i=i: belongs(i, version), forges=forge and i == 0)
            self.servers.append(one)
            self.ports.append(await listen(one.serve))
        always = Backend(ledger, lambda _: True)
        self.sealed = await listen(always.serve, certificates.server())
        self.tcp = await listen(echo)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(UdpEcho, local_addr=("127.0.0.1", 0))
        self.udp = transport.get_extra_info("sockname")[1]

    def describe(self) -> str:
        return json.dumps([s.answered for s in self.servers])


async def listen(serve: Callable, tls: ssl.SSLContext | None = None) -> int:
    """Starts a server on a free port of the loopback; gives the port."""
    server = await asyncio.start_server(
        serve, "127.0.0.1", 0, limit=HEAD_BYTES_MAX, backlog=BACKLOG, ssl=tls
    )
    KEPT.append(server)
    return server.sockets[0].getsockname()[1]


KEPT: list[asyncio.Server] = []  # servers live as long as the process
