"""The clients of reload_under_load.py, each over plain connections and over TLS. All are honest:
a connection that says that it ends is not used again, and whatever else goes wrong is a failure."""

import asyncio
import itertools
import random
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import h2.exceptions

from h2_connection import Connection, RefusedError
from wire import CutShortError, MalformedError, Streams, connect, read_answer, read_head
from wire import request_head as head_of
from ws_frames import BINARY, CLOSE, CLOSE_NORMAL, KEY, accept_of, frame, read_frame

ANSWER_SECONDS_MAX = 10.0
STREAMS = 8  # at once on each HTTP/2 connection
BODY_BYTES = 20_000
# After so long a draining server may close a connection (docs/daemon.md): 50 ms, or 1 s when it
# restarts. Counted from when the request before was sent, since this program may have been slow to
# see its answer.
END_REST_SECONDS, RESTART_REST_SECONDS = 0.045, 0.95
TROUBLE = (OSError, EOFError, ValueError, TimeoutError, CutShortError, MalformedError)
WS_PAUSE_SECONDS = 0.02  # between two frames


class OverError(Exception):
    """Nobody listens any more, as it must be at the end."""


@dataclass
class Load:
    """What all clients share. `life_seconds` bounds a WebSocket's life; None: to the end."""

    port: int
    secure_port: int
    life_seconds: float | None = None
    requests: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)
    slowest: float = 0.0
    ending: bool = False  # a connection that is refused now is no failure
    closed: int = 0  # connections that ended under a request
    late: int = 0  # of these, no failures: this program was slow to use the connection again
    repeated: int = 0  # requests that a server of HTTP/2 has told that it did not look at
    goaways: int = 0
    changes: int = 0  # of the configuration so far
    restarts: int = 0
    changes_survived: list[int] = field(default_factory=list)  # by each WebSocket
    restarts_survived: int = 0  # WebSockets that went on while another process served already
    numbers: itertools.count = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.tls: dict[str, ssl.SSLContext] = {}
        for protocol in ("http/1.1", "h2"):
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
            made.set_alpn_protocols([protocol])
            self.tls[protocol] = made

    async def connect(self, protocol: str, secure: bool) -> Streams:
        """Raises OverError when the end has come; tries again where a failure is noted."""
        while True:
            try:
                if secure:
                    return await connect(self.secure_port, self.tls[protocol])
                return await connect(self.port)
            except OSError as error:
                if self.ending:
                    raise OverError from None
                self.failures.append(f"connect {protocol}: {type(error).__name__}: {error}")
                await asyncio.sleep(0.01)

    def ask(self) -> tuple[str, bytes]:
        """A path and a body: some answers take a while, some requests have a body."""
        number = next(self.numbers)
        path = "/slow" if number % 40 == 7 else "/x"
        return path, random.randbytes(BODY_BYTES) if number % 10 == 3 else b""

    def judge(self, kind: str, path: str, sent: bytes, status: int, got: bytes) -> None:
        """The backend sends the request's path, a line feed and the request's body."""
        self.requests[kind] += 1
        target, _, body = got.partition(b"\n")
        if status != 200 or body != sent or not target.endswith(path.encode()):
            self.failures.append(f"{kind}: {status} {got[:80]!r} for {path}")
        else:
            self.versions.add(target.decode().split("/")[1])

    def note(self, kind: str, error: Exception, rested: float = 0.0) -> None:
        """A failure, unless the connection had not been used for so long that it may be closed."""
        self.closed += 1
        unanswered = isinstance(error, CutShortError) and not error.begun
        if unanswered and rested > (END_REST_SECONDS if self.ending else RESTART_REST_SECONDS):
            self.late += 1
            return
        self.failures.append(f"{kind}: {type(error).__name__}: {error}")

    @asynccontextmanager
    async def timed(self) -> AsyncIterator[None]:
        began = time.perf_counter()
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            yield
        self.slowest = max(self.slowest, time.perf_counter() - began)


async def h1_client(load: Load, secure: bool) -> None:
    kind = "https" if secure else "http/1.1"
    while True:
        reader, writer = await load.connect("http/1.1", secure)
        rested, sent = 0.0, 0.0
        try:
            closes = False
            while not closes:
                path, body = load.ask()
                now = time.perf_counter()
                rested, sent = now - sent if sent else 0.0, now
                async with load.timed():
                    writer.write(head_of("POST" if body else "GET", path, body) + body)
                    head, got = await read_answer(reader)
                closes = head.closes
                load.judge(kind, path, body, head.status, got)
        except TROUBLE as error:
            load.note(kind, error, rested)
        finally:
            writer.close()


class H2Client:
    """The connection in use, and those before it until their streams have ended."""

    def __init__(self, load: Load, secure: bool) -> None:
        self.load, self.secure = load, secure
        self.kind = "http/2 over TLS" if secure else "http/2"
        self.connection: Connection | None = None
        self.dialing = asyncio.Lock()

    async def current(self) -> Connection:
        async with self.dialing:
            if self.connection is None or self.connection.leaving:
                if self.connection is not None and not self.connection.streams:
                    await self.leave(self.connection)
                self.connection = Connection(*await self.load.connect("h2", self.secure))
            return self.connection

    async def leave(self, connection: Connection) -> None:
        self.load.goaways += connection.goaways > 0
        connection.goaways = 0
        await connection.close()

    async def requests(self) -> None:
        while True:
            path, body = self.load.ask()
            again = True
            while again:
                connection = await self.current()
                again = await self.one(connection, path, body)
                if connection.leaving and not connection.streams:
                    await self.leave(connection)

    async def one(self, connection: Connection, path: str, body: bytes) -> bool:
        """True: it was not looked at, and is to be sent again."""
        fields = connection.pseudo("POST" if body else "GET", "a.test", path)
        try:
            async with self.load.timed():
                stream, got = await connection.request(fields, body)
        except RefusedError:
            self.load.repeated += 1
            return True
        except (*TROUBLE, h2.exceptions.ProtocolError) as error:
            self.load.note(self.kind, error)
            connection.leaving = True
            return False
        self.load.judge(self.kind, path, body, stream.status, got)
        return False


async def h2_client(load: Load, secure: bool) -> None:
    client = H2Client(load, secure)
    ended = await asyncio.gather(
        *(client.requests() for _ in range(STREAMS)), return_exceptions=True
    )
    for error in ended:
        if not isinstance(error, OverError):
            raise error


Send = Callable[[bytes], Awaitable[None]]


async def ws_client(load: Load, over_h2: bool) -> None:
    """One WebSocket after the other: a frame echoed every 20 ms, then close frames."""
    kind = "websocket over HTTP/2" if over_h2 else "websocket"
    while not load.ending:
        try:
            await (ws_over_h2 if over_h2 else ws_over_h1)(load, kind)
        except RefusedError:
            load.repeated += 1
        except (*TROUBLE, h2.exceptions.ProtocolError) as error:
            load.note(kind, error)


async def ws_over_h1(load: Load, kind: str) -> None:
    reader, writer = await load.connect("http/1.1", False)
    try:
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        writer.write(head_of("GET", "/ws", extra=f"{upgrade}Sec-WebSocket-Key: {KEY}\r\n"))
        async with load.timed():
            head = await read_head(reader)
        if head.status != 101 or head.fields.get("sec-websocket-accept") != accept_of(KEY):
            raise MalformedError(f"no upgrade: {' '.join(head.words)}")

        async def send(data: bytes) -> None:
            writer.write(data)

        await converse(load, kind, reader, send)
    finally:
        writer.close()


async def ws_over_h2(load: Load, kind: str) -> None:
    connection = Connection(*await load.connect("h2", True))
    try:
        async with load.timed():
            stream = await connection.websocket("a.test", "/ws")
        if stream.status != 200:
            raise MalformedError(f"no websocket: {stream.status}")
        await converse(load, kind, stream.body, lambda data: connection.send(stream, data))
        connection.give_up(stream)
    finally:
        await connection.close()


async def converse(load: Load, kind: str, reader: asyncio.StreamReader, send: Send) -> None:
    """Frames until the life ends or all does, then the closing handshake."""
    born, changes, restarts = time.monotonic(), load.changes, load.restarts
    life = None if load.life_seconds is None else load.life_seconds * random.uniform(0.2, 1.0)
    outlived = False
    while not load.ending and (life is None or time.monotonic() < born + life):
        payload = random.randbytes(random.choice((0, 1, 125, 126, 5000)))
        async with load.timed():
            await send(frame(BINARY, payload, random.randbytes(4)))
            if await read_frame(reader) != (BINARY, payload):
                raise MalformedError("a frame came back changed")
        load.requests[kind] += 1
        outlived = outlived or load.restarts > restarts
        await asyncio.sleep(WS_PAUSE_SECONDS)
    async with load.timed():
        await send(frame(CLOSE, CLOSE_NORMAL, random.randbytes(4)))
        if await read_frame(reader) != (CLOSE, CLOSE_NORMAL) or await reader.read():
            raise MalformedError("the close frame was not answered, or bytes followed it")
    load.restarts_survived += outlived
    load.changes_survived.append(load.changes - changes)


async def until_over(client: Awaitable[None]) -> None:
    with suppress(OverError):
        await client


CLIENTS = {"h1": h1_client, "h2": h2_client, "ws": ws_client}


def start(load: Load, protocols: list[str], connections: int) -> list[asyncio.Task]:
    """So many connections, shared by the protocols and their plain and secure forms."""
    forms = list(itertools.product(protocols, (False, True)))
    return [
        asyncio.create_task(until_over(CLIENTS[protocol](load, secure)))
        for protocol, secure in itertools.islice(itertools.cycle(forms), connections)
    ]
