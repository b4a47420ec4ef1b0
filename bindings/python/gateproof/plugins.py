"""Middlewares written in Python: the counterpart of Traefik's plugins.

    class Stamp(gp.Plugin):
        def __init__(self, config, name):
            self.text = config.get("text", "hello")

        def on_request(self, request):
            if request.headers.get("X-Key") is None:
                return gp.Response(status=403, body="no key")
            request.headers["X-Stamp"] = self.text

    gp.World(config=..., plugins={"stamp": Stamp})

for a middleware `{plugin: {stamp: {text: hi}}}`.

The contract is in docs/python.md.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateproof import _core
from gateproof.errors import PluginError
from gateproof.scripts import Answer, response_of

_log = logging.getLogger("gateproof.plugins")


def _bytes(text: str) -> bytes:
    """Header text as bytes: one byte for one character, as it was read."""
    return text.encode("latin-1")


class PluginHeaders(MutableMapping[str, str]):
    """The fields of a message, to read and to write; names in any case.

    Reading gives the first line of a name; `getall` gives all. Setting leaves one line. ValueError
    for what is no name or value of a field, and for `Host`, `Content-Length` and
    `Transfer-Encoding`, which are no fields here: the engine writes them.
    """

    def __init__(self, core: _core.PluginExchange, response: bool) -> None:
        self._core = core
        self._response = response

    def __getitem__(self, name: str) -> str:
        lines = self.getall(name)
        if not lines:
            raise KeyError(name)
        return lines[0]

    def __setitem__(self, name: str, value: str) -> None:
        self._core.set_header(self._response, _bytes(name), _bytes(value))

    def __delitem__(self, name: str) -> None:
        if not self._core.remove_header(self._response, _bytes(name)):
            raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.getall(name))

    def __iter__(self) -> Iterator[str]:
        return iter({name.lower(): name for name, _ in self.lines()}.values())

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.lines()})

    def getall(self, name: str) -> list[str]:
        """The values of all lines of a name, in order."""
        return list(self._core.header_values(self._response, _bytes(name)))

    def add(self, name: str, value: str) -> None:
        """One more line."""
        self._core.add_header(self._response, _bytes(name), _bytes(value))

    def lines(self) -> list[tuple[str, str]]:
        """All lines in order, names as they are spelled."""
        return list(self._core.header_lines(self._response))


class _Message:
    def __init__(self, core: _core.PluginExchange, response: bool) -> None:
        self._core = core
        self._response = response
        self.headers = PluginHeaders(core, response)

    @property
    def body(self) -> bytes:
        """The whole body. RuntimeError if the plugin did not ask for it."""
        got = self._core.body(self._response)
        if got is None:
            kind = "response" if self._response else "request"
            raise RuntimeError(f"the body is not in memory: set {kind}_body_max, in bytes")
        return bytes(got)

    @body.setter
    def body(self, value: bytes | str) -> None:
        self._core.set_body(self._response, value.encode() if isinstance(value, str) else value)


class PluginRequest(_Message):
    """A request on its way in. What is set here is what the next middleware and the server get.

    `state` is the plugin's own, from `on_request` to `on_response` of one exchange. In
    `on_response` the request is as it went to the server. ValueError for what no request can carry.
    """

    def __init__(self, core: _core.PluginExchange) -> None:
        super().__init__(core, False)
        self.state: dict[str, Any] = {}

    @property
    def method(self) -> str:
        """GET, POST ..."""
        return self._core.method

    @method.setter
    def method(self, value: str) -> None:
        self._core.method = _bytes(value)

    @property
    def host(self) -> str:
        """As the client sent it, with a port if it had one."""
        return self._core.host

    @host.setter
    def host(self, value: str) -> None:
        self._core.host = _bytes(value)

    @property
    def target(self) -> str:
        """Escaped path and query, as in a request line: `/a%20b?x=1`."""
        return self._core.target

    @target.setter
    def target(self, value: str) -> None:
        self._core.target = _bytes(value)

    @property
    def url(self) -> str:
        """Scheme, host and target. Setting it changes host and target, never the scheme."""
        return f"{self._core.scheme}://{self.host}{self.target}"

    @url.setter
    def url(self, value: str) -> None:
        parts = urlsplit(value)
        if parts.scheme != self._core.scheme or not parts.netloc or parts.fragment:
            raise ValueError(f"not a URL of a request with {self._core.scheme}: {value!r}")
        self.host = parts.netloc
        self.target = value.partition("://")[2].removeprefix(parts.netloc) or "/"

    @property
    def client_ip(self) -> str:
        """The address of the TCP peer."""
        return self._core.client_ip

    @property
    def entry_point(self) -> str:
        """The entry point's name."""
        return self._core.entry_point

    @property
    def router(self) -> str:
        """The router's qualified name, `app@file`."""
        return self._core.router

    @property
    def now(self) -> float:
        """Seconds on the world's monotonic clock: virtual where time is virtual."""
        return self._core.now_ns / 1e9

    def note(self, text: str) -> None:
        """One line for whoever asks why: it stands in explanations."""
        self._core.note(text)


class PluginResponse(_Message):
    """An answer on its way out. What is set here is what outer middlewares and the client get."""

    def __init__(self, core: _core.PluginExchange) -> None:
        super().__init__(core, True)

    @property
    def status(self) -> int:
        """200 to 999."""
        return self._core.status

    @status.setter
    def status(self, value: int) -> None:
        self._core.status = value


class Plugin:
    """What a plugin is: subclass this, or write a class with the same names.

    A class of this kind is its own factory: `__init__(self, config, name)` gets the options and the
    middleware's qualified name, once for each router; an exception there disables the router, and
    its text is the reason. An instance serves requests on several threads if the world has several
    event loops.
    """

    #: Bytes of the request's body that are read before `on_request` (at most 64 MiB; more: the
    #: client gets 413). None: the body goes by unread.
    request_body_max: int | None = None
    #: Bytes of the response's body that are read before `on_response` (at most 64 MiB; more: 500).
    response_body_max: int | None = None

    def on_request(self, request: PluginRequest) -> Answer | None:  # noqa: ARG002
        """Before the rest of the chain. None: go on; an answer (what an upstream's script may
        return): the rest is not asked. Must not wait; an exception is answered with 500."""
        return None

    def on_response(
        self,
        request: PluginRequest,  # noqa: ARG002
        response: PluginResponse,  # noqa: ARG002
    ) -> Answer | None:
        """After the rest of the chain has answered. An answer replaces the response."""
        return None


Factory = Callable[[dict[str, Any], str], object]


class _Call:
    """One exchange's way through one plugin; the engine calls these two."""

    __slots__ = ("_adapted", "_core", "_request")

    def __init__(self, adapted: Adapted, core: _core.PluginExchange) -> None:
        self._adapted = adapted
        self._core = core
        self._request = PluginRequest(core)

    def on_request(self) -> _core.HostAnswer | None:
        ask = self._adapted.ask
        return None if ask is None else self._adapted.guard(ask, self._request)

    def on_response(self) -> _core.HostAnswer | None:
        edit = self._adapted.edit
        if edit is None:
            return None
        return self._adapted.guard(edit, self._request, PluginResponse(self._core))


class Adapted:
    """A built plugin as the engine takes it."""

    def __init__(self, plugin: object, name: str) -> None:
        self.name = name
        self.ask: Callable[..., Answer | None] | None = getattr(plugin, "on_request", None)
        self.edit: Callable[..., Answer | None] | None = getattr(plugin, "on_response", None)
        if self.ask is None and self.edit is None:
            kind = type(plugin).__name__
            raise PluginError(f"{kind} has neither on_request nor on_response")
        # The base class's own method does nothing, so there is no need to call it.
        self.responds = self.edit is not None and (
            getattr(self.edit, "__func__", None) is not Plugin.on_response
        )
        self.request_body_max = self._limit(plugin, "request_body_max")
        self.response_body_max = self._limit(plugin, "response_body_max")

    @staticmethod
    def _limit(plugin: object, name: str) -> int | None:
        value = getattr(plugin, name, None)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise PluginError(f"{name} is a number of bytes or None, not {value!r}")
        return value

    def begin(self, core: _core.PluginExchange) -> _Call:
        """An exchange enters."""
        return _Call(self, core)

    def guard(
        self, method: Callable[..., Answer | None], *arguments: Any
    ) -> _core.HostAnswer | None:
        """Calls a method; what it returns as the engine's answer, what it raises to the log."""
        try:
            answer = method(*arguments)
            if answer is None:
                return None
            response = response_of(answer)
            if response.action != "answer" or response.delay:
                raise ValueError("a plugin's answer has no action and no delay")
            return response.to_core()
        except Exception:
            _log.exception("plugin in middleware %s", self.name)
            raise


def adapt(plugins: Mapping[str, Factory] | None) -> dict[str, Callable[..., Adapted]]:
    """Factories as the engine takes them. TypeError if one cannot be called."""

    def adapted(factory: Factory) -> Callable[..., Adapted]:
        return lambda config, name: Adapted(factory(config, name), name)

    for name, factory in (plugins or {}).items():
        if not callable(factory):
            raise TypeError(f"plugin {name}: a factory is called with (config, name): {factory!r}")
    return {name: adapted(factory) for name, factory in (plugins or {}).items()}


def load_plugins(given: Sequence[str] | None) -> dict[str, Factory]:
    """`NAME=MODULE:FACTORY` of a command line, imported; modules of the working directory, too.

    Raises PluginError.
    """
    out: dict[str, Factory] = {}
    here = str(Path.cwd())
    if given and here not in sys.path:
        sys.path.insert(0, here)
    for one in given or []:
        name, _, path = one.partition("=")
        module, _, attribute = path.partition(":")
        if not (name and module and attribute):
            raise PluginError(f"not NAME=MODULE:FACTORY: {one}")
        try:
            out[name] = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as problem:
            raise PluginError(f"plugin {name}: {problem}") from None
        if not callable(out[name]):
            raise PluginError(f"plugin {name}: {path} cannot be called")
    return out
