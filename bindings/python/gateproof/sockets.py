"""A world on real loopback sockets: the engine's server, and upstreams on free ports."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

from gateproof import _core
from gateproof.case_arm import UpstreamSeen
from gateproof.case_model import RequestSpec, UpstreamScript, UpstreamSpec
from gateproof.durations import nanoseconds
from gateproof.headers import Headers, lines_of
from gateproof.rawhttp import Client
from gateproof.result import Result
from gateproof.scripts import Play, Response, UpstreamRequest
from gateproof.upstreams import Recorder, Upstream

_LOOPBACK = "127.0.0.1:0"


def _seen(seen: UpstreamSeen) -> UpstreamRequest:
    return UpstreamRequest(seen.name, seen.method, seen.target, Headers(seen.headers), seen.body)


def _script(answer: Response) -> UpstreamScript:
    return UpstreamScript(
        status=answer.status,
        reason=answer.reason or None,
        headers=tuple(lines_of(answer.headers)),
        body=answer.body.encode() if isinstance(answer.body, str) else answer.body,
        delay=nanoseconds(answer.delay) / 1e9,
        chunked=answer.chunked,
        trailers=tuple(lines_of(answer.trailers)),
        close=answer.action in ("close", "refuse"),
        silent=answer.action == "silent",
    )


class Sockets:
    """The engine on sockets, with scripted upstreams behind it."""

    def __init__(
        self, core: _core.ConfigSet, assembly: int, names: list[str], plugins: dict[str, Any]
    ) -> None:
        self._server = _core.Server(core, assembly, 1, dict.fromkeys(names, _LOOPBACK), plugins)
        self.addresses: dict[str, str] = dict(self._server.addresses)
        self._recorder = Recorder()
        self._upstreams: list[Upstream] = []

    def add_upstream(self, host: str, port: int, name: str, play: Play, refuse: bool) -> None:
        """Plays the server `host:port` of the configuration."""
        server = Upstream(
            name,
            UpstreamSpec(refuse=refuse),
            self._recorder,
            lambda seen: _script(play(_seen(seen))),
        )
        self._upstreams.append(server)
        self._server.add_detour(host, port, server.address)

    def send(self, request: RequestSpec) -> Result:
        """One exchange over a connection of its own."""
        self._recorder.take()
        client = Client(self.addresses)
        begin = monotonic()
        with contextlib.closing(client):
            got = client.send(request)
        took = timedelta(seconds=monotonic() - begin)
        seen = tuple(_seen(one) for one in self._recorder.take())
        made: dict[str, Any] = {
            "entry_point": request.entry_point,
            "reason": got.reason, "headers": Headers(got.headers),
            "body": got.body, "trailers": Headers(got.trailers), "upstream": seen,
            "router": None, "rule": None, "rule_place": "", "priority": 0, "service": None,
            "server": None, "user": None, "attempts": len(seen), "failure": got.error,
            "stopped_by": None, "trace": (), "candidates": (), "elapsed": took,
            "connection_kept": bool(got.stays_open),
        }  # fmt: skip
        return Result((got.status, None), request.method, request.url, False, made)

    def update(self, files: Mapping[str, str]) -> list[_core.Finding]:
        """See `World.update`."""
        return list(self._server.update(dict(files)))

    def remove_matcher(self, name: str) -> None:
        """See `World.remove_matcher`."""
        self._server.remove_matcher(name)

    def close(self) -> None:
        """Ends the server and the upstreams."""
        self._server.stop()
        for upstream in self._upstreams:
            upstream.close()


def request_spec(
    method: str,
    url: str,
    headers: list[tuple[str, str]],
    body: bytes,
    entry_point: str,
    client_ip: str,
) -> RequestSpec:
    """The request as the raw client takes it."""
    return RequestSpec(
        method=method, url=url, headers=tuple(headers), body=body,
        entry_point=entry_point, client_ip=client_ip,
    )  # fmt: skip
