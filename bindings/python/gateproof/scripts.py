"""Scripted upstreams: what they are asked, what they answer."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateproof import _core
from gateproof.durations import Seconds, nanoseconds
from gateproof.headers import Headers, HeadersLike, lines_of

ACTIONS = ("answer", "refuse", "close", "silent")


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """A request as an upstream received it."""

    host: str
    method: str
    target: str
    headers: Headers
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What an upstream answers. `action` is `answer`, `refuse` (no connection), `close`
    (connection accepted, closed without an answer) or `silent` (the request is read and never
    answered); `delay` comes before the answer."""

    status: int = 200
    headers: HeadersLike = field(default_factory=dict)
    body: bytes | str = b""
    reason: str = ""
    delay: Seconds = 0.0
    chunked: bool = False
    trailers: HeadersLike = field(default_factory=dict)
    action: str = "answer"

    def to_core(self) -> _core.HostAnswer:
        """The same for the engine."""
        if self.action not in ACTIONS:
            raise ValueError(f"action is one of {', '.join(ACTIONS)}, not {self.action!r}")
        return _core.HostAnswer(
            status=self.status,
            reason=self.reason,
            headers=lines_of(self.headers),
            body=self.body.encode() if isinstance(self.body, str) else self.body,
            chunked=self.chunked,
            trailers=lines_of(self.trailers),
            delay_ns=nanoseconds(self.delay),
            action=self.action,
        )


Answer = Response | str | bytes | int | Mapping[str, Any] | list[Any] | None
Script = Callable[[UpstreamRequest], Answer]


def response_of(answer: Answer) -> Response:
    """What a callable returned: a Response, a text or bytes (200), a status, or data for JSON.

    None is an empty 200.
    """
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response()
    if isinstance(answer, int):
        return Response(status=answer)
    if isinstance(answer, str):
        return Response(body=answer, headers={"Content-Type": "text/plain; charset=utf-8"})
    if isinstance(answer, bytes):
        return Response(body=answer, headers={"Content-Type": "application/octet-stream"})
    if isinstance(answer, (Mapping, list)):
        return Response(body=json.dumps(answer), headers={"Content-Type": "application/json"})
    raise TypeError(f"an upstream answers a Response, text, bytes, a status or data: {answer!r}")


def request_from_core(seen: _core.HostRequest) -> UpstreamRequest:
    """The engine's record of a request as a value."""
    return UpstreamRequest(
        seen.host, seen.method, seen.target, Headers(seen.headers), bytes(seen.body)
    )


class Play:
    """A script over whole requests: the first `fail_first` get the failure, then the answer."""

    def __init__(self, script: Script | Response, fail_first: int, failure: Response) -> None:
        self._script = script
        self._failure = failure
        self._fail_first = fail_first
        self._count = itertools.count()

    def __call__(self, request: UpstreamRequest) -> Response:
        if next(self._count) < self._fail_first:
            return self._failure
        if isinstance(self._script, Response):
            return self._script
        return response_of(self._script(request))

    def to_core(self) -> Any:
        """A fixed answer if that is all, else a callable for the engine."""
        if isinstance(self._script, Response) and not self._fail_first:
            return self._script.to_core()
        return lambda seen: self(request_from_core(seen)).to_core()
