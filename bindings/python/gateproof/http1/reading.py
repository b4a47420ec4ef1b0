"""A second, strict reader of HTTP/1.1 messages (RFC 9112), written apart from the engine's.

It accepts only what every reader has to accept in the same way, so that two servers cannot
disagree about anything it lets through; an empty line before a request (two behind a POST) and a
minor version above 1 are such things (sections 2.2 and 2.3). What it refuses is told as a
`problem`, never mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Fields = list[tuple[bytes, bytes]]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(%s) ([!-~\x80-\xff]+) HTTP/1\.([0-9])" % _TOKEN)
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: ([\t -~\x80-\xff]*))?")
_FIELD = re.compile(rb"(%s):[ \t]*((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*"
                    % _TOKEN)  # fmt: skip
# RFC 9112 section 7.1.1: names, and values that are tokens or quoted strings.
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_EXTENSION = rb"[ \t]*;[ \t]*%s(?:[ \t]*=[ \t]*(?:%s|%s))?" % (_TOKEN, _TOKEN, _QUOTED)
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})((?:%s)*)" % _EXTENSION)
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z\-._~%!$&'()*+,;=]*)(?::[0-9]*)?")


class Refused(Exception):
    """The bytes are no message that all readers understand alike; the text says why."""


class Unfinished(Exception):
    """The bytes so far may become a message."""


@dataclass
class Message:
    """One message: its first line, field lines, and the body as its framing tells."""

    start: bytes
    fields: Fields
    body: bytes = b""
    trailers: Fields = field(default_factory=list)
    complete: bool = True
    ends_connection: bool = False

    @property
    def status(self) -> int:
        """Of an answer: its code."""
        return int(self.start[9:12])

    @property
    def method(self) -> str:
        """Of a request: its method."""
        return self.start.split(b" ", 1)[0].decode("latin-1")

    def values(self, name: str) -> list[bytes]:
        """The values of a field, one for each line."""
        wanted = name.lower().encode()
        return [value for key, value in self.fields if key.lower() == wanted]

    def members(self, name: str) -> list[bytes]:
        """The members of a comma-separated field, in lower case."""
        parts = b",".join(self.values(name)).split(b",")
        return [one.strip(b" \t").lower() for one in parts if one.strip(b" \t")]


@dataclass
class Reading:
    """What one direction of a connection held: whole messages, then what is left."""

    messages: list[Message]
    rest: bytes = b""
    problem: str = ""

    @property
    def clean(self) -> bool:
        """Nothing was refused and no message was begun without an end."""
        return not self.problem and not self.rest


def _head(data: bytes) -> tuple[bytes, Fields, bytes]:
    """First line, fields and what follows. Raises Refused or Unfinished."""
    end = data.find(b"\r\n\r\n")
    looked_at = data if end < 0 else data[: end + 4]
    for n, byte in enumerate(looked_at):
        if byte == 10 and (n == 0 or looked_at[n - 1] != 13):
            raise Refused("a line feed without carriage return")
        if byte == 13 and n + 1 < len(looked_at) and looked_at[n + 1] != 10:
            raise Refused("a carriage return without line feed")
    if end < 0:
        raise Unfinished
    first, *lines = data[:end].split(b"\r\n")
    return first, _fields(lines), data[end + 4 :]


def _fields(lines: Sequence[bytes]) -> Fields:
    found: Fields = []
    for line in lines:
        matched = _FIELD.fullmatch(line)
        if not matched:
            raise Refused(f"no field line: {line[:60]!r}")
        found.append((matched[1], matched[2]))
    return found


def _length(message: Message) -> int | None:
    values = message.values("content-length")
    if not values:
        return None
    if len(values) > 1 or not re.fullmatch(rb"[0-9]{1,19}", values[0]):
        raise Refused(f"Content-Length {values!r}")
    return int(values[0])


def _is_chunked(message: Message, version: bytes) -> bool:
    codings = message.values("transfer-encoding")
    if not codings:
        return False
    if version == b"0":
        raise Refused("Transfer-Encoding in HTTP/1.0")
    if len(codings) > 1 or codings[0].lower() != b"chunked":
        raise Refused(f"Transfer-Encoding {codings!r}")
    if message.values("content-length"):
        raise Refused("Transfer-Encoding beside Content-Length")
    return True


def _chunked(message: Message, data: bytes) -> bytes:
    """Reads a chunked body into the message; gives what follows it."""
    while True:
        line, found, rest = data.partition(b"\r\n")
        if b"\n" in line or b"\r" in line[: -1 if not found else None]:
            raise Refused("a bare line end in a chunk line")
        if not found:
            raise Unfinished
        matched = _CHUNK_LINE.fullmatch(line)
        if not matched:
            raise Refused(f"no chunk line: {line[:60]!r}")
        size = int(matched[1], 16)
        if size == 0:
            break
        message.body += rest[:size]
        if len(rest) > size and not b"\r\n".startswith(rest[size : size + 2]):
            raise Refused("a chunk is longer than its size")
        if len(rest) < size + 2:
            raise Unfinished
        data = rest[size + 2 :]
    if rest.startswith(b"\r\n"):
        return rest[2:]
    _, message.trailers, after = _head(b"\r\n" + rest)
    for name, _ in message.trailers:
        if name.lower() in (b"content-length", b"transfer-encoding", b"host"):
            raise Refused(f"{name!r} among the trailers")
    return after


def _sized(message: Message, data: bytes, size: int) -> bytes:
    message.body = data[:size]
    if len(data) < size:
        raise Unfinished
    return data[size:]


def read_request(data: bytes) -> tuple[Message, bytes]:
    """The first request and what follows. Raises Refused or Unfinished."""
    message, rest = request_head(data)
    return message, request_body(message, rest)


def request_head(data: bytes) -> tuple[Message, bytes]:
    """The head of the first request and what follows it. Raises Refused or Unfinished."""
    first, fields, rest = _head(data)
    matched = _REQUEST_LINE.fullmatch(first)
    if not matched:
        raise Refused(f"no request line: {first[:60]!r}")
    message = Message(first, fields)
    hosts = message.values("host")
    if len(hosts) > 1 or (not hosts and matched[3] != b"0"):
        raise Refused(f"{len(hosts)} Host lines")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise Refused(f"Host {hosts[0]!r}")
    _is_chunked(message, matched[3])
    _length(message)
    return message, rest


def request_body(message: Message, rest: bytes) -> bytes:
    """Reads the body of a request; gives what follows. Raises Refused or Unfinished."""
    message.body = b""
    if message.values("transfer-encoding"):
        return _chunked(message, rest)
    return _sized(message, rest, _length(message) or 0)


def read_requests(data: bytes) -> Reading:
    """All requests of a connection."""
    reading = Reading([], data)
    while reading.rest:
        data = reading.rest.removeprefix(b"\r\n")
        if reading.messages and reading.messages[-1].method == "POST":
            data = data.removeprefix(b"\r\n")
        try:
            message, reading.rest = read_request(data)
        except Unfinished:
            break
        except Refused as why:
            reading.problem = str(why)
            break
        reading.messages.append(message)
    return reading


def _read_answer(data: bytes, method: str, ended: bool) -> tuple[Message, bytes]:
    first, fields, rest = _head(data)
    matched = _STATUS_LINE.fullmatch(first)
    if not matched:
        raise Refused(f"no status line: {first[:60]!r}")
    message = Message(first, fields)
    message.ends_connection = b"close" in message.members("connection")
    status = message.status
    chunked = _is_chunked(message, matched[1])
    length = _length(message)
    tunnel = status == 101 or (method == "CONNECT" and 200 <= status < 300)
    if tunnel:
        message.body = rest
        return message, b""
    if status < 200 or status in (204, 304) or method == "HEAD":
        return message, rest
    try:
        if chunked:
            return message, _chunked(message, rest)
        if length is not None:
            return message, _sized(message, rest, length)
    except Unfinished:
        message.complete = False
        return message, b""
    message.body, message.ends_connection, message.complete = rest, True, ended
    return message, b""


def read_answers(data: bytes, methods: Sequence[str], ended: bool) -> Reading:
    """All answers on a connection, interim ones too, to requests with these methods.

    An answer whose body is cut short is in the list, not `complete`; `ended`: the server closed.
    """
    reading = Reading([], data)
    asked: Iterator[str] = iter(methods)
    method = next(asked, "GET")
    while reading.rest:
        try:
            message, reading.rest = _read_answer(reading.rest, method, ended)
        except Unfinished:
            break
        except Refused as why:
            reading.problem = str(why)
            break
        reading.messages.append(message)
        if message.status >= 200 or message.status == 101:
            method = next(asked, "GET")
    return reading
