"""Scripted servers that speak HTTP/2 with prior knowledge, without sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gateproof.case_arm import UpstreamSeen
from gateproof.case_model import Headers, UpstreamScript
from gateproof.http2 import frames as h2
from gateproof.http2.side import Side, code_number, encoded, lower, texts

_NO_BODY = (204, 304)


def _code(name: str) -> bytes:
    return (code_number(name) or 0).to_bytes(4, "big")


@dataclass
class _Request:
    head: Headers
    body: bytes = b""
    trailers: Headers = field(default_factory=list)

    def seen(self, name: str) -> UpstreamSeen:
        """As an upstream of HTTP/1.1 would have written it down; `:authority` is its Host."""
        pseudo = {key: value for key, value in self.head if key.startswith(":")}
        lines = [(key, value) for key, value in self.head if key[:1] != ":" and key != "cookie"]
        # Section 8.2.3: in crumbs or whole is the writer's choice.
        crumbs = [value for key, value in self.head if key == "cookie"]
        if crumbs:
            lines.append(("cookie", "; ".join(crumbs)))
        if ":authority" in pseudo:
            lines.insert(0, ("host", pseudo[":authority"]))
        method, target = pseudo.get(":method", ""), pseudo.get(":path", "")
        return UpstreamSeen(name, method, target, lines, self.body, "2", self.trailers)


def script_body(script: UpstreamScript, name: str) -> bytes:
    """The body of an answer: the server's name without `body` and `size`."""
    if script.size is not None:
        return b"x" * script.size
    return name.encode() if script.body is None else script.body


def answer_parts(
    script: UpstreamScript, name: str, method: str, stream: int
) -> list[h2.Head | h2.Data]:
    """The frames of a scripted answer. Its length is told unless it comes `chunked`."""
    body = b"" if method == "HEAD" or script.status in _NO_BODY else script_body(script, name)
    headers = [(":status", str(script.status))]
    headers += lower(script.headers)
    told = {key for key, _ in headers}
    streamed = script.chunked or bool(script.trailers)
    if not streamed and script.status not in _NO_BODY and "content-length" not in told:
        headers.append(("content-length", str(len(script_body(script, name)))))
    if script.trailers and "trailer" not in told:
        headers.append(("trailer", ", ".join(key.lower() for key, _ in script.trailers)))
    parts: list[h2.Head | h2.Data] = [
        h2.Head(stream, encoded([(":status", str(code))]), False) for code in script.interim
    ]
    parts.append(h2.Head(stream, encoded(headers), not body and not script.trailers))
    if body:
        parts.append(h2.Data(stream, body, not script.trailers))
    if script.trailers:
        parts.append(h2.Head(stream, encoded(lower(script.trailers))))
    return parts


class ServerSide(Side):
    """One connection of a server. `asked` is called with each whole request and its stream."""

    def __init__(self, name: str, asked: Callable[[UpstreamSeen, int], None]) -> None:
        super().__init__()
        self._name = name
        self._asked = asked
        self._requests: dict[int, _Request] = {}
        self._preface = h2.PREFACE
        self._out += self.opening()
        self.over = False  # it has said GOAWAY: the connection is closed behind it

    def feed(self, data: bytes) -> None:
        """See `Side.feed`; a client that begins otherwise is no client of HTTP/2."""
        size = min(len(data), len(self._preface))
        if data[:size] != self._preface[:size]:
            self.failed = "no preface"
            return
        self._preface = self._preface[size:]
        super().feed(data[size:])

    def answer(self, script: UpstreamScript, seen: UpstreamSeen, stream: int) -> None:
        """Answers a request."""
        if script.reset is not None:
            self._out += h2.frame(h2.RST_STREAM, 0, stream, _code(script.reset))
        elif script.goaway is not None:
            self._end(stream, script.goaway)
        elif script.goaway_before is not None:
            self._end(max(stream - 2, 0), script.goaway_before)
        else:
            self.queue(stream, answer_parts(script, self._name, seen.method, stream))

    def _end(self, last: int, code: str) -> None:
        self._out += h2.frame(h2.GOAWAY, 0, 0, last.to_bytes(4, "big") + _code(code))
        self.over = True

    def on_head(self, stream: int, fields: list[h2.Field], end: bool) -> None:
        """A request's head, or its trailers."""
        told = texts(fields)
        if stream in self._requests:
            self._requests[stream].trailers = told
        else:
            self._requests[stream] = _Request(told)
        if end:
            self._whole(stream)

    def on_data(self, stream: int, data: bytes, end: bool) -> None:
        """A piece of a request's body."""
        if stream in self._requests:
            self._requests[stream].body += data
            if end:
                self._whole(stream)

    def on_reset(self, stream: int, code: str) -> None:  # noqa: ARG002 - whatever the reason
        """The request is forgotten."""
        self._requests.pop(stream, None)

    def _whole(self, stream: int) -> None:
        self._asked(self._requests.pop(stream).seen(self._name), stream)
