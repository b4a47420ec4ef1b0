"""A strict reader of what a client sends over HTTP/2 (RFC 9113 section 8), written apart from the
engine's: it tells every request that a proxy may send on, and none that it may not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateproof.http2.frames import PAD_LIE, RST_STREAM, Data, Field, Frame, Head

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_METHOD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Section 8.2.1, and RFC 9110 section 5.5: no control characters but the tab, no blank at an end.
_VALUE = re.compile(rb"(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?")
_PATH = re.compile(rb"/[!-~\x80-\xff]*")
_SCHEME = re.compile(rb"https?")  # a proxy for others, section 8.3.1 allows; no server here is
_AUTHORITY = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z\-._~%!$&'()*+,;=]*)(?::[0-9]*)?")
# Section 8.2.2.
_OF_CONNECTION = {
    b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"
}  # fmt: skip
_PSEUDO = {b":method", b":scheme", b":authority", b":path"}


@dataclass(frozen=True)
class Request:
    """One request as a server behind may see it."""

    method: str
    target: bytes
    host: bytes
    body: bytes


@dataclass
class _Stream:
    head: dict[bytes, bytes]
    length: int | None
    body: bytes = b""
    ended: bool = False
    seen: list[Request] = field(default_factory=list)

    def request(self, body: bytes) -> Request:
        host = self.head.get(b":authority") or self.head.get(b"host", b"")
        method = self.head[b":method"].decode("latin-1")
        return Request(method, self.head[b":path"], host, body)


def field_problem(fields: Sequence[Field]) -> str:
    """Why no message may have these fields beside its pseudo-header fields; "" if it may."""
    for name, value in fields:
        if not _NAME.fullmatch(name):
            return f"the name {name!r}"
        if not _VALUE.fullmatch(value):
            return f"the value {value!r}"
        if name in _OF_CONNECTION:
            return f"{name!r}, which is of a connection"
        if name == b"te" and value.lower() != b"trailers":
            return f"te {value!r}"
    return ""


def head_problem(fields: Sequence[Field]) -> str:
    """Why these fields are no request's head; "" if they are."""
    count = next((n for n, (name, _) in enumerate(fields) if name[:1] != b":"), len(fields))
    pseudo, others = fields[:count], fields[count:]
    if why := field_problem(others):
        return why
    head = dict(pseudo)
    if len(head) < len(pseudo):
        return "a pseudo-header field twice"
    if unknown := set(head) - _PSEUDO:
        return f"the pseudo-header fields {sorted(unknown)!r}"
    if b":method" not in head or b":scheme" not in head or b":path" not in head:
        return "a pseudo-header field is missing"
    if not _METHOD.fullmatch(head[b":method"]) or head[b":method"] == b"CONNECT":
        return f"the method {head[b':method']!r}"
    if not _SCHEME.fullmatch(head[b":scheme"]):
        return f"the scheme {head[b':scheme']!r}"
    if not _PATH.fullmatch(head[b":path"]) and (head[b":method"], head[b":path"]) != (
        b"OPTIONS",
        b"*",
    ):
        return f"the path {head[b':path']!r}"
    return _host_problem(head, others) or _length_problem(others)


def _host_problem(head: dict[bytes, bytes], others: Sequence[Field]) -> str:
    hosts = [value for name, value in others if name == b"host"]
    if len(hosts) > 1:
        return "several Host fields"
    authority = head.get(b":authority")
    for value in (authority, *hosts):
        if value is not None and not _AUTHORITY.fullmatch(value):
            return f"the authority {value!r}"
    if authority is not None and hosts and hosts[0].lower() != authority.lower():
        return "a Host that is not the authority"
    return ""


def _length_problem(others: Sequence[Field]) -> str:
    lengths = [value for name, value in others if name == b"content-length"]
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]{1,19}", one) for one in lengths):
        return f"Content-Length {lengths!r}"
    return ""


def read(frames: Sequence[Frame]) -> list[Request]:
    """Every request that may be sent on, in the order of their heads.

    A body that is longer than its Content-Length says is refused when that is seen, which may be
    after a proxy that holds nothing back has sent the length on: that request may be seen, too.
    """
    streams: dict[int, _Stream | None] = {}
    for one in frames:
        if isinstance(one, Head):
            _read_head(one, streams)
        elif isinstance(one, Data):
            stream = streams.get(one.stream)
            if stream is not None and not stream.ended and (one.pad or 0) < PAD_LIE:
                _take(stream, one.data, one.end)
        elif one.kind == RST_STREAM and one.stream in streams:
            _end(streams, one.stream)
    return [request for stream in streams.values() if stream is not None for request in stream.seen]


def _end(streams: dict[int, _Stream | None], number: int) -> None:
    stream = streams[number]
    if stream is not None:
        stream.ended = True


def _read_head(one: Head, streams: dict[int, _Stream | None]) -> None:
    if one.stream in streams:  # trailers, or what is no message's part any more
        stream = streams[one.stream]
        if stream is None or stream.ended:
            return
        trailers = one.end and not field_problem(one.fields)
        if trailers:
            _take(stream, b"", True)
        stream.ended = True
        return
    if one.stream % 2 == 0 or one.stream < max(streams, default=0) or (one.pad or 0) >= PAD_LIE:
        return
    if head_problem(one.fields):
        streams[one.stream] = None
        return
    head = dict(one.fields)
    length = int(head[b"content-length"]) if b"content-length" in head else None
    streams[one.stream] = stream = _Stream(head, length)
    if one.end:
        _take(stream, b"", True)
    elif length == 0:
        _take(stream, b"", False)


def _take(stream: _Stream, data: bytes, end: bool) -> None:
    stream.body += data
    stream.ended = end
    if stream.length is None:
        if end:
            stream.seen.append(stream.request(stream.body))
    elif len(stream.body) >= stream.length and not stream.seen:
        stream.seen.append(stream.request(stream.body[: stream.length]))
