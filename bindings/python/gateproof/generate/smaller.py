"""Every way to make a setup a little smaller; whether it still disagrees is not asked here."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from gateproof.generate.pairs import Data, Setup, rank, trimmed
from gateproof.generate.tree import inner_paths, without

_PLAIN_RULE = "PathPrefix(`/`)"
_PLAIN_URL = "http://a.test/"
_CALL = re.compile(r"!?[A-Za-z]+\((?:`[^`]*`[, ]*)*\)")
# A composite service, and where it names what it is made of.
_CHILDREN = ("service", "fallback", "services")


def _with(setup: Setup, kind: str, name: str, value: Any) -> Setup:
    http = {**setup.http, kind: {**setup.http[kind], name: value}}
    return dataclasses.replace(setup, http=http)


def _requests(setup: Setup) -> Iterator[Setup]:
    if len(setup.requests) > 1:
        for one in setup.requests:
            yield dataclasses.replace(setup, requests=(one,))
        for number in range(len(setup.requests)):
            rest = (*setup.requests[:number], *setup.requests[number + 1 :])
            yield dataclasses.replace(setup, requests=rest)
    for number, sent in enumerate(setup.requests):
        for smaller in _request(sent):
            requests = (*setup.requests[:number], smaller, *setup.requests[number + 1 :])
            yield dataclasses.replace(setup, requests=requests)


def _request(sent: Data) -> Iterator[Data]:
    for key in ("headers", "body", "chunks", "client_ip", "method"):
        if sent.get(key, "GET") != "GET":
            yield {k: v for k, v in sent.items() if k != key}
    for number in range(len(sent.get("headers", ()))):
        headers = [*sent["headers"][:number], *sent["headers"][number + 1 :]]
        if headers:
            yield {**sent, "headers": headers}
    for url in _urls(sent["url"]):
        if url != sent["url"]:
            yield {**sent, "url": url}


def _urls(url: str) -> Iterator[str]:
    yield _PLAIN_URL
    parts = urlsplit(url)
    tail = url.removeprefix(f"http://{parts.netloc}")
    path, mark, query = tail.partition("?")
    yield f"http://a.test{tail}"
    if mark:
        yield f"http://{parts.netloc}{path}"
        yield f"http://{parts.netloc}/?{query}"
        for part in query.split("&")[:4]:
            yield f"http://{parts.netloc}{path}?{part}"
    segments = path.split("/")[1:]
    for number in range(len(segments)):
        rest = "/".join([*segments[:number], *segments[number + 1 :]])
        yield f"http://{parts.netloc}/{rest}{mark}{query}"


def _routers(setup: Setup) -> Iterator[Setup]:
    routers = setup.http["routers"]
    for name, router in routers.items():
        if len(routers) > 1:
            rest = {k: v for k, v in routers.items() if k != name}
            yield dataclasses.replace(setup, http={**setup.http, "routers": rest})
        for key in ("middlewares", "priority", "parentRefs", "tls"):
            if key in router:
                yield _with(setup, "routers", name, without(router, (key,)))
        for number in range(len(router.get("middlewares", ()))):
            if len(router["middlewares"]) > 1:
                yield _with(setup, "routers", name, without(router, ("middlewares", number)))
        if router["rule"] != _PLAIN_RULE:
            plain = {k: v for k, v in router.items() if k != "ruleSyntax"}
            yield _with(setup, "routers", name, {**plain, "rule": _PLAIN_RULE})
            for call in dict.fromkeys(_CALL.findall(router["rule"])):
                if call != router["rule"]:
                    yield _with(setup, "routers", name, {**router, "rule": call})
        for child in _children(setup, router.get("service", "")):
            yield _with(setup, "routers", name, {**router, "service": child})


def _children(setup: Setup, name: str) -> Iterator[str]:
    service = setup.http["services"].get(name.removesuffix("@file"), {})
    for options in service.values():
        for key in _CHILDREN if isinstance(options, dict) else ():
            of = options.get(key, ())
            for one in [of] if isinstance(of, str) else of:
                child = one.get("name") if isinstance(one, dict) else one
                # What was made small before may have lost its name.
                if child:
                    yield child


def _objects(setup: Setup) -> Iterator[Setup]:
    for kind in ("middlewares", "services"):
        objects = setup.http.get(kind, {})
        for name in objects:
            rest = {k: v for k, v in objects.items() if k != name}
            http = {k: v for k, v in {**setup.http, kind: rest}.items() if v}
            smaller = dataclasses.replace(setup, http=http)
            yield _forgotten(smaller, name) if kind == "middlewares" else smaller
        for path in inner_paths(objects):
            if len(path) > 2 or path[1:] == ("middlewares",):
                yield dataclasses.replace(setup, http={**setup.http, kind: without(objects, path)})


def _forgotten(setup: Setup, name: str) -> Setup:
    """Without references to a middleware that is no more."""

    def cleaned(node: Any) -> Any:
        if isinstance(node, list):
            return [cleaned(one) for one in node if one not in (name, f"{name}@file")]
        if isinstance(node, dict):
            return {key: cleaned(one) for key, one in node.items()}
        return node

    http = cleaned(setup.http)
    for one in (*http["routers"].values(), *http["services"].values()):
        if not one.get("middlewares", True):
            del one["middlewares"]
    return dataclasses.replace(setup, http=http)


def _upstreams(setup: Setup) -> Iterator[Setup]:
    for name, script in setup.upstreams.items():
        for path in inner_paths(script):
            # Half a header line is none.
            if path[0] in ("refuse", "close") or len(path) > 2:
                continue
            upstreams = {**setup.upstreams, name: without(script, path)}
            yield dataclasses.replace(setup, upstreams=upstreams)


def _sound(setup: Setup) -> bool:
    """No two routers of one rank, no object left empty, no service or parent lost, no server that
    is unlike the others of its service: which one is asked first is chance."""
    named = setup.http["routers"]
    routers = list(named.values())
    parents = {ref.removesuffix("@file") for one in routers for ref in one.get("parentRefs", ())}
    if not parents <= set(named):
        return False
    if len({rank(one) for one in routers}) < len(routers) or "services" not in setup.http:
        return False
    for kind in ("middlewares", "services"):
        for one in setup.http.get(kind, {}).values():
            if not one or any(not options for options in one.values()):
                return False
            servers = one.get("loadBalancer", {}).get("servers", ()) if kind == "services" else ()
            if len(servers) > 1 and not all(server.get("url") for server in servers):
                return False
    return True


def smaller(setup: Setup) -> list[Setup]:
    """Setups that each lack one part of this one, the smallest first."""
    found = [*_requests(setup), *_routers(setup), *_objects(setup), *_upstreams(setup)]
    if setup.entry != "plain":
        found.append(dataclasses.replace(setup, entry="plain"))
    sound = [trimmed(one) for one in found if _sound(one)]
    return sorted(sound, key=lambda one: one.size)
