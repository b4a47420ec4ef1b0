"""Requests of parity cases over HTTP/2: what is sent, and what came back, without sockets."""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

from gateproof.case_arm import Observation
from gateproof.case_model import RequestSpec
from gateproof.http2 import frames as h2
from gateproof.http2.side import Side, encoded, lower, texts


def _target(request: RequestSpec) -> str:
    # rawhttp needs this module for its connections.
    from gateproof.rawhttp import request_target

    return request_target(request)


def head_fields(request: RequestSpec) -> list[tuple[str, str]]:
    """The fields of a request's head: `fields` as they are, else pseudo-header fields and the
    headers in lower case, with Content-Length and Trailer where HTTP/1.1 would have them.

    A Host among the headers, or `host_line` false, leaves `:authority` out.
    """
    if request.fields is not None:
        return list(request.fields)
    parts = urlsplit(request.url)
    names = {name.lower() for name, _ in request.headers}
    found = [(":method", request.method), (":scheme", parts.scheme)]
    if request.host_line and "host" not in names:
        found.append((":authority", parts.netloc))
    found.append((":path", _target(request)))
    found += lower(request.headers)
    if request.body and not request.chunks and "content-length" not in names:
        found.append(("content-length", str(len(request.body))))
    if request.trailers and "trailer" not in names:
        found.append(("trailer", ", ".join(name for name, _ in request.trailers)))
    return found


def request_parts(request: RequestSpec, stream: int) -> list[h2.Head | h2.Data]:
    """The frames of a request; CONNECT leaves its stream open behind the head."""
    told = head_fields(request)
    fields = encoded(told)
    bodies = list(request.chunks) or ([request.body] if request.body else [])
    tunnel = (":method", "CONNECT") in told and not bodies
    parts: list[h2.Head | h2.Data] = [
        h2.Head(stream, fields, not bodies and not request.trailers and not tunnel)
    ]
    for number, body in enumerate(bodies, 1):
        parts.append(h2.Data(stream, body, number == len(bodies) and not request.trailers))
    if request.trailers:
        parts.append(h2.Head(stream, encoded(lower(request.trailers))))
    return parts


class ClientSide(Side):
    """A client with one request at a time; `ended` once its answer is whole, or there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._out += h2.PREFACE + self.opening()
        self._stream = -1
        self._last = 2**31 - 1
        self._error = ""
        self.ended = False
        self._answer = Observation()

    def ask(self, request: RequestSpec) -> None:
        """Begins a request."""
        self._stream += 2
        self.ended = self._stream > self._last
        self._answer = Observation()
        if self.ended:
            self._answer = Observation(error=self._error)
        else:
            self.queue(self._stream, request_parts(request, self._stream))

    def expect(self, stream: int) -> None:
        """The answer of a stream whose request was sent by somebody else."""
        self._stream = stream

    def feed(self, data: bytes) -> None:
        """See `Side.feed`."""
        super().feed(data)
        if self.failed and not self.ended:
            self._end_by("closed")

    def answer(self, error: str = "closed") -> Observation:
        """What became of the request; `error` if its answer is not whole."""
        return self._answer if self.ended else Observation(error=error)

    def on_head(self, stream: int, fields: list[h2.Field], end: bool) -> None:
        """An interim answer, the answer's head, or its trailers."""
        if stream != self._stream or self.ended:
            return
        told = texts(fields)
        status = next((value for name, value in told if name == ":status"), None)
        plain = [(name, value) for name, value in told if not name.startswith(":")]
        got = self._answer
        if status is None:
            self._answer = dataclasses.replace(got, trailers=plain)
        elif status.startswith("1"):
            self._answer = dataclasses.replace(got, interim=(*got.interim, int(status)))
        else:
            self._answer = dataclasses.replace(got, status=int(status), headers=plain)
        self.ended = end

    def on_data(self, stream: int, data: bytes, end: bool) -> None:
        """A piece of the answer's body."""
        if stream == self._stream and not self.ended:
            self._answer = dataclasses.replace(self._answer, body=self._answer.body + data)
            self.ended = end

    def on_reset(self, stream: int, code: str) -> None:
        """Behind a whole answer it tells only that the rest of the request is not wanted."""
        if stream == self._stream and not self.ended:
            self._end_by(f"RST_STREAM {code}")

    def on_goaway(self, last: int, code: str) -> None:
        """With an error, or below this stream, there is no answer any more."""
        self._last, self._error = last, f"GOAWAY {code}"
        if not self.ended and (code != "NO_ERROR" or last < self._stream):
            self._end_by(self._error)

    def _end_by(self, error: str) -> None:
        self._answer = Observation(error=error)
        self.ended = True
