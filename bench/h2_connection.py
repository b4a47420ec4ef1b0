"""A client's HTTP/2 connection for load scripts: many streams at once, over TLS or not.

A GOAWAY is read as RFC 9113 section 6.8 says: streams above its number were not looked at and may
be sent again (`RefusedError`), the others are still answered. A stream that ends otherwise before
its answer is whole is `CutShortError`.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from wire import CutShortError

FRAME_HEAD_BYTES = 9
BODY_BYTES_MAX = 1 << 30  # a StreamReader's limit; windows are opened as bytes come
Fields = Iterable[tuple[str, str]]


class RefusedError(Exception):
    """The server has not acted on the request (RFC 9113 section 8.7): it may be sent again."""


@dataclass
class Stream:
    """`fields` holds the head's, then the trailers' too; `body` ends with the stream."""

    number: int
    status: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    body: asyncio.StreamReader = field(
        default_factory=lambda: asyncio.StreamReader(limit=BODY_BYTES_MAX)
    )
    head: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def end(self, error: Exception | None = None) -> None:
        if self.over:
            return
        self.over = True
        if error is None:
            self.body.feed_eof()
        else:
            self.body.set_exception(error)
        self.head.set()
        self.room.set()

    def cut(self) -> CutShortError:
        return CutShortError(begun=self.status != 0)

    async def wait_head(self) -> None:
        await self.head.wait()
        if (error := self.body.exception()) is not None:
            raise error


class Connection:
    """One connection; many tasks may have streams on it, `streams_max` in all. `leaving`: it takes
    no new ones."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, streams_max: int = 1 << 30
    ) -> None:
        self.reader, self.writer = reader, writer
        self.scheme = "https" if writer.get_extra_info("ssl_object") else "http"
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.streams: dict[int, Stream] = {}
        self.streams_left = streams_max
        self.leaving = False
        self.goaways = 0
        self.settled = asyncio.Event()  # the server's SETTINGS have come
        self.h2.initiate_connection()
        self.flush()
        self.task = asyncio.create_task(self.receive())

    def flush(self) -> None:
        data = self.h2.data_to_send()
        if data and not self.writer.is_closing():
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
        self.writer.close()
        self.settled.set()
        for stream in self.streams.values():
            stream.end(error or stream.cut())

    def take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ConnectionTerminated):
            # h2 takes a GOAWAY for the end of everything; it is not.
            self.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN
            self.leaving = True
            self.goaways += 1
            for number, stream in self.streams.items():
                if number > (event.last_stream_id or 0):
                    stream.end(RefusedError())
            return
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.settled.set()
        if isinstance(event, h2.events.WindowUpdated) and not event.stream_id:
            for stream in self.streams.values():
                stream.room.set()
        stream = self.streams.get(getattr(event, "stream_id", None) or 0)
        if stream is not None:
            self.take_of_stream(stream, event)
        elif isinstance(event, h2.events.DataReceived):  # of a stream that was given up
            self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)

    def take_of_stream(self, stream: Stream, event: h2.events.Event) -> None:
        if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
            for name, value in event.headers or []:
                if name == ":status":
                    stream.status = int(value)
                else:
                    stream.fields[name] = value
            stream.head.set()
        elif isinstance(event, h2.events.DataReceived):
            if event.data and not stream.over:
                stream.body.feed_data(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length or 0, stream.number)
        elif isinstance(event, h2.events.WindowUpdated):
            stream.room.set()
        elif isinstance(event, h2.events.StreamEnded):
            stream.end()
        elif isinstance(event, h2.events.StreamReset):
            refused = event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM
            stream.end(RefusedError() if refused else stream.cut())

    def open(self, fields: Fields, end: bool) -> Stream:
        """Sends a request's head. Raises RefusedError when no stream can be opened any more."""
        if self.leaving:
            raise RefusedError
        self.streams_left -= 1
        self.leaving = self.streams_left == 0
        number = self.h2.get_next_available_stream_id()
        stream = self.streams[number] = Stream(number)
        self.h2.send_headers(number, list(fields), end_stream=end)
        self.flush()
        return stream

    async def send(self, stream: Stream, data: bytes, end: bool = False) -> None:
        """Body bytes, as windows allow; gives up silently when the stream is over."""
        while data and not stream.over:
            room = self.h2.local_flow_control_window(stream.number)
            size = min(room, self.h2.max_outbound_frame_size, len(data))
            if size <= 0:
                stream.room.clear()
                await stream.room.wait()
                continue
            self.h2.send_data(stream.number, data[:size], end_stream=end and size == len(data))
            data = data[size:]
            self.flush()

    async def request(self, fields: Fields, body: bytes = b"") -> tuple[Stream, bytes]:
        """One request and its whole answer."""
        stream = self.open(fields, end=not body)
        try:
            await self.send(stream, body, end=True)
            await stream.wait_head()
            return stream, await stream.body.read()
        finally:
            self.streams.pop(stream.number, None)

    def pseudo(self, method: str, host: str, path: str) -> list[tuple[str, str]]:
        return [
            (":method", method),
            (":scheme", self.scheme),
            (":authority", host),
            (":path", path),
        ]

    async def websocket(self, host: str, path: str) -> Stream:
        """RFC 8441: what both sides send from then on is DATA. Raises CutShortError or
        RefusedError; a status other than 200 is the caller's to judge."""
        await self.settled.wait()
        fields = self.pseudo("CONNECT", host, path)
        fields += [(":protocol", "websocket"), ("sec-websocket-version", "13")]
        stream = self.open(fields, end=False)
        await stream.wait_head()
        return stream

    def give_up(self, stream: Stream) -> None:
        """Resets the stream if it is not over."""
        with contextlib.suppress(h2.exceptions.ProtocolError):
            if not stream.over:
                self.h2.reset_stream(stream.number, h2.errors.ErrorCodes.CANCEL)
                self.flush()
        self.streams.pop(stream.number, None)

    async def close(self) -> None:
        with contextlib.suppress(h2.exceptions.ProtocolError, OSError):
            self.h2.close_connection()
            self.flush()
        self.writer.close()
        self.task.cancel()
