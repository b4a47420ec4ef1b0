"""Clients that behave over HTTP/2 with prior knowledge: many streams at once on each connection."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from clients import ANSWER_SECONDS_MAX, TROUBLE, Load
from signs import Ask
from wire import CutShortError, Head

FRAME_HEAD_BYTES = 9
REQUESTS_MAX = 300  # of a connection


class RefusedError(Exception):
    """The server has not acted on the request (RFC 9113 section 8.7): it may be sent again."""


@dataclass
class Stream:
    head: Head = field(default_factory=lambda: Head(["HTTP/2", "0"]))
    pieces: list[bytes] = field(default_factory=list)
    done: asyncio.Future = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    room: asyncio.Event = field(default_factory=asyncio.Event)

    def cut(self) -> CutShortError:
        return CutShortError(begun=self.head.words[1] != "0")

    def end(self, error: Exception | None = None) -> None:
        self.room.set()
        if self.done.done():
            return
        if error is None:
            self.done.set_result((self.head, b"".join(self.pieces)))
        else:
            self.done.set_exception(error)
            self.done.exception()  # somebody may have stopped waiting


class Connection:
    """One connection; `request` may be called by many tasks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.streams: dict[int, Stream] = {}
        self.leaving = False  # no new streams: GOAWAY, or enough requests
        self.made = 0
        self.h2.initiate_connection()
        self.flush()
        self.task = asyncio.create_task(self.receive())

    def flush(self) -> None:
        if data := self.h2.data_to_send():
            self.writer.write(data)

    async def receive(self) -> None:
        error: Exception | None = None
        try:
            while True:
                start = await self.reader.readexactly(FRAME_HEAD_BYTES)
                frame = start + await self.reader.readexactly(int.from_bytes(start[:3], "big"))
                for event in self.h2.receive_data(frame):
                    self.take(event)
                self.flush()
        except (OSError, asyncio.IncompleteReadError):
            pass
        except h2.exceptions.ProtocolError as caught:
            error = caught
        self.leaving = True
        for stream in self.streams.values():
            stream.end(error or stream.cut())

    def take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ConnectionTerminated):
            # h2 takes a GOAWAY for the end of everything; it is not (RFC 9113 section 6.8).
            self.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN
            self.leaving = True
            for number, stream in self.streams.items():
                if number > (event.last_stream_id or 0):
                    stream.end(RefusedError())
            return
        if isinstance(event, h2.events.WindowUpdated) and not event.stream_id:
            for stream in self.streams.values():
                stream.room.set()
        stream = self.streams.get(getattr(event, "stream_id", None) or 0)
        if stream is None:
            return
        if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
            for name, value in event.headers or []:
                if name == ":status":
                    stream.head.words[1] = value
                else:
                    stream.head.fields[name] = value
        elif isinstance(event, h2.events.DataReceived):
            stream.pieces.append(event.data or b"")
            self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        elif isinstance(event, h2.events.WindowUpdated):
            stream.room.set()
        elif isinstance(event, h2.events.StreamEnded):
            stream.end()
        elif isinstance(event, h2.events.StreamReset):
            refused = event.error_code == 7
            stream.end(RefusedError() if refused else stream.cut())

    async def request(self, ask: Ask) -> tuple[Head, bytes]:
        if self.leaving:
            raise RefusedError
        number = self.h2.get_next_available_stream_id()
        stream = self.streams[number] = Stream()
        self.made += 1
        self.leaving |= self.made >= REQUESTS_MAX
        fields = [
            (":method", ask.method),
            (":scheme", "http"),
            (":authority", "soak.test"),
            (":path", ask.path),
        ]
        try:
            self.h2.send_headers(number, fields, end_stream=not ask.body)
            self.flush()
            if ask.body:
                await self.send_body(number, stream, ask.body)
            return await asyncio.wait_for(stream.done, ANSWER_SECONDS_MAX)
        finally:
            self.streams.pop(number, None)

    async def send_body(self, number: int, stream: Stream, body: bytes) -> None:
        while body and not stream.done.done():
            room = self.h2.local_flow_control_window(number)
            size = min(room, self.h2.max_outbound_frame_size, len(body))
            if size <= 0:
                stream.room.clear()
                await asyncio.wait_for(stream.room.wait(), ANSWER_SECONDS_MAX)
                continue
            self.h2.send_data(number, body[:size], end_stream=size == len(body))
            body = body[size:]
            self.flush()

    async def close(self) -> None:
        with contextlib.suppress(h2.exceptions.ProtocolError, OSError):
            self.h2.close_connection()
            self.flush()
        self.writer.close()
        self.task.cancel()


async def h2_client(load: Load, name: str, streams: int, secure: bool = False) -> None:
    """A connection with `streams` requests at any time; then the next one."""
    draw = load.draw(name)
    kind = "http/2 over TLS" if secure else "http/2 stream"
    while not load.stopping:
        try:
            connection = Connection(*await load.connect(secure, "h2"))
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
            head, body = await connection.request(ask)
        except RefusedError:
            return  # nothing was lost: the next connection asks for something else
        except (*TROUBLE, h2.exceptions.ProtocolError) as error:
            load.ledger.fail(kind, f"{ask.path}: {type(error).__name__}: {error}")
            return
        load.judge(kind, ask, head, body, time.perf_counter() - began)
        await load.pause(draw)
