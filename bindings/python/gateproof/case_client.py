"""The client of one case on real sockets: requests, connections of bytes, cookies, Digest."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from http.cookies import CookieError, SimpleCookie

from gateproof.case_arm import Observation, without_probes
from gateproof.case_digest import DigestClient
from gateproof.case_model import RequestSpec
from gateproof.rawhttp import Client, request_target
from gateproof.rawtcp import StreamClient
from gateproof.upstreams import UpstreamSet


class CookieJar:
    """Cookies of one case by name, attributes play no part; and its Digest challenges."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._digest = DigestClient()

    def apply(self, request: RequestSpec) -> RequestSpec:
        """The request with what it asks for: a Cookie line from the jar, Digest credentials."""
        if request.digest is not None:
            line = self._digest.authorization(
                request.digest, request.method, request_target(request)
            )
            headers = (*request.headers, ("Authorization", line))
            request = dataclasses.replace(request, headers=headers)
        if not request.jar or not self._values:
            return request
        line = "; ".join(f"{name}={value}" for name, value in self._values.items())
        return dataclasses.replace(request, headers=(*request.headers, ("Cookie", line)))

    def store(self, observation: Observation) -> None:
        """Remembers every Set-Cookie and every Digest challenge of an answer."""
        for name, value in observation.headers:
            if name.lower() == "www-authenticate":
                self._digest.store(value)
            if name.lower() == "set-cookie":
                with contextlib.suppress(CookieError):
                    for key, morsel in SimpleCookie(value).items():
                        self._values[key] = morsel.value


class CaseClient:
    """Sends a case's requests to entry points and tells what its servers saw of them.

    `addresses` maps entry points to `host:port`; connections that share a label stay open until
    `close`.
    """

    def __init__(self, addresses: dict[str, str], servers: UpstreamSet) -> None:
        self._addresses = addresses
        self._servers = servers
        self._client = Client(addresses)
        self._streams = StreamClient()
        self._jar = CookieJar()

    def send(self, request: RequestSpec) -> Observation:
        """See `ArmSession.send`."""
        self._servers.take()
        if request.stream is not None:
            at = self._addresses[request.entry_point]
            got = self._streams.send(at, request.stream, request.client_ip, request.tls)
        else:
            got = self._client.send(self._jar.apply(request))
        self._jar.store(got)
        if request.settle:
            time.sleep(request.settle)
        seen = self._servers.take()
        return dataclasses.replace(got, upstream=seen if request.settle else without_probes(seen))

    def close(self) -> None:
        """Closes the connections that were kept."""
        self._client.close()
        self._streams.close()
