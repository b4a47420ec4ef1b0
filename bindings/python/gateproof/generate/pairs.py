"""Draws pairs: a configuration with its upstreams, and requests for it, all as plain data."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gateproof.generate.grammar import Choices, Grammar

Data = dict[str, Any]

UPSTREAMS = ("one", "two", "many1", "many2", "page", "auth", "gone", "cut")
"""Names of the servers that a configuration may use; `many1` and `many2` answer alike."""
PRIORITY_MAX = 2**63 - 1 - 1000
"""Traefik's limit (1.6); the judge's own routers have just as much, no drawn one has."""
_ROUTERS_MAX = 4
_MIDDLEWARES_MAX = 5
_SERVICES_MAX = 3
_GUESSES = re.compile(r'"contentType"|"Content-Type": ""')
_REFERENCE = re.compile(r"@(middleware|service)")


@dataclass(frozen=True)
class Setup:
    """A configuration and requests for it.

    `prefix` begins the name of every object, so that many setups fit into one file. `entry` is the
    kind of the entry point. `http` is the dynamic configuration, `upstreams` are scripts and
    `requests` are what `send` says, both as a case file has them.
    """

    prefix: str
    entry: str
    http: Data
    upstreams: dict[str, Data]
    requests: tuple[Data, ...]

    def renamed(self, prefix: str) -> Setup:
        """The same with other names of objects."""
        text = json.dumps(self.http).replace(self.prefix, prefix)
        return replace(self, prefix=prefix, http=json.loads(text))

    @property
    def size(self) -> int:
        """How long it is, written down."""
        return len(json.dumps([self.http, self.upstreams, self.requests]))


class SeededChoices:
    """Choices of one seed: the same seed gives the same setup."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def below(self, count: int) -> int:
        """See `Choices.below`."""
        return self._random.randrange(count)


class _Draw:
    def __init__(self, grammar: Grammar, choices: Choices, prefix: str) -> None:
        self._grammar = grammar
        self._choices = choices
        self._prefix = prefix
        self._names: dict[str, list[str]] = {"middleware": [], "service": []}

    def chance(self, one_in: int) -> bool:
        return self._choices.below(one_in) == 0

    def value(self, name: str) -> Any:
        return self._grammar.draw(name, self._choices)

    def referred(self, node: Any) -> Any:
        """`node` with a drawn name in the place of each reference; names are of earlier objects."""
        if isinstance(node, str):
            found = _REFERENCE.fullmatch(node)
            return self._reference(found[1]) if found else node
        if isinstance(node, list):
            return [self.referred(one) for one in node]
        if isinstance(node, dict):
            return {key: self.referred(one) for key, one in node.items()}
        return node

    def _reference(self, kind: str) -> str:
        names = self._names[kind]
        if not names or self.chance(40):
            return f"{self._prefix}missing"
        name = names[self._choices.below(len(names))]
        return f"{name}@file" if self.chance(8) else name

    def objects(self, kind: str, count: int) -> Data:
        out: Data = {}
        for number in range(count):
            name = f"{self._prefix}{kind[0]}{number}"
            out[name] = self.referred(self.object_of(kind))
            self._names[kind].append(name)
        return out

    def object_of(self, kind: str) -> Data:
        while True:
            drawn: Data = self.value(kind)
            # The first one has no other to refer to.
            alone = f"@{kind}" not in json.dumps(drawn)
            if _filled(drawn) and (self._names[kind] or kind != "service" or alone):
                return drawn

    def rule(self, first: bool) -> Data:
        if first and not self.chance(4):
            return {"rule": self.value("broad-rule")}
        if self.chance(4):
            return {"rule": self.value("v2-rule"), "ruleSyntax": "v2"}
        return {"rule": self.value("odd-rule" if self.chance(12) else "rule")}

    def in_front(self, services: Data, middlewares: Data) -> None:
        """Puts middlewares in front of some services: such as name no service, for no circles."""
        plain = [name for name, one in middlewares.items() if not {"errors", "chain"} & set(one)]
        for service in services.values() if plain else ():
            if self.chance(8):
                count = 1 + self._choices.below(2)
                service["middlewares"] = [
                    plain[self._choices.below(len(plain))] for _ in range(count)
                ]

    def routers(self) -> Data:
        out: Data = {}
        taken = {PRIORITY_MAX}
        for number in range(1 + self._choices.below(_ROUTERS_MAX)):
            router = self.rule(number == 0)
            if self.chance(3):
                router["priority"] = self.value("priority")
            # Which of two equal ones wins is chance in Traefik (1.6).
            while rank(router) in taken:
                router["priority"] = rank(router) - 1 or -1
            taken.add(rank(router))
            chain = [self._reference("middleware") for _ in range(self._choices.below(4))]
            if chain and self._names["middleware"]:
                router["middlewares"] = chain
            if number and self.chance(15):
                router["tls"] = {}
            out[f"{self._prefix}r{number}"] = {**router, "service": self._reference("service")}
        if self.chance(6):
            self.layer(out)
        return out

    def layer(self, routers: Data) -> None:
        """Puts some routers under the first one (1.7), which mostly loses its service by that."""
        parent, *others = routers
        children = [name for name in others if not self.chance(3)]
        for name in children:
            routers[name]["parentRefs"] = [parent if self.chance(4) else f"{parent}@file"]
            # A child with tls and without entry points is forgotten by Traefik, and disabled here.
            routers[name].pop("tls", None)
        if children and not self.chance(8):
            del routers[parent]["service"]

    def request(self) -> Data:
        host, path = self.value("request-host"), self.value("target-path")
        out: Data = {"method": self.value("request-method")}
        out["url"] = f"http://{host}{path}{self.value('query')}"
        count = self._choices.below(4)
        headers = [self.value("request-header") for _ in range(count)]
        if headers:
            out["headers"] = headers
        if out["method"] in ("POST", "PUT", "PATCH", "LOCK") or self.chance(20):
            out["body"] = self.value("body")
            if self.chance(4):
                out["chunks"] = [out.pop("body") or "x"]
        if (client := self.value("client")) != "127.0.0.1":
            out["client_ip"] = client
        return out


def rank(router: Data) -> int:
    """The priority that orders a router: its own, or else its rule's length in bytes (1.6)."""
    return router.get("priority") or len(router["rule"].encode())


def _filled(node: Any, depth: int = 0) -> bool:
    """No object is empty down to a middleware's options: Traefik refuses whole files with one."""
    if not isinstance(node, dict) or depth > 1:
        return True
    return bool(node) and all(_filled(one, depth + 1) for one in node.values())


def draw_setup(grammar: Grammar, choices: Choices, prefix: str, requests: int) -> Setup:
    """One configuration and `requests` requests for it."""
    draw = _Draw(grammar, choices, prefix)
    kinds = [name for name, kind in grammar.entries.items() for _ in range(kind.share)]
    entry = kinds[choices.below(len(kinds))]
    services = draw.objects("service", 1 + choices.below(_SERVICES_MAX))
    middlewares = draw.objects("middleware", choices.below(_MIDDLEWARES_MAX + 1))
    draw.in_front(services, middlewares)
    http: Data = {"routers": draw.routers()}
    http |= {"middlewares": middlewares} if middlewares else {}
    http["services"] = services
    answers = {name: draw.value("answer") for name in ("one", "two", "many1", "page", "auth")}
    if _GUESSES.search(json.dumps(middlewares)):
        # Whether an answer that ends with its connection gets a guessed type is a race of
        # Traefik's: its first bytes against the first flush.
        for one in answers.values():
            one.pop("until_close", None)
    answers["many2"] = {"body": "many1", **answers["many1"]}
    answers["many1"] = {"body": "many1", **answers["many1"]}
    answers |= {"gone": {"refuse": True}, "cut": {"close": True}}
    sent = tuple(draw.request() for _ in range(requests))
    if any("errors" in one.get("failover", {}) for one in services.values()):
        # Whether a failover by status still sees the head of an answer without a body whose length
        # is not told is a race of Traefik's: the first flush against the end of copying.
        for one in sent:
            one["method"] = "GET" if one["method"] == "HEAD" else one["method"]
    setup = Setup(prefix, entry, http, {name: answers[name] for name in UPSTREAMS}, sent)
    return trimmed(setup)


def trimmed(setup: Setup) -> Setup:
    """Without upstreams that the configuration does not name."""
    text = json.dumps(setup.http)
    used = {name: one for name, one in setup.upstreams.items() if f"${{{name}}}" in text}
    return replace(setup, upstreams=used)


def seeded_setups(grammar: Grammar, seed: int, requests: int) -> Iterator[Setup]:
    """Setups without end; the n-th one of a seed is always the same."""
    number = 0
    while True:
        choices = SeededChoices(f"{seed}/{number}")
        yield draw_setup(grammar, choices, f"g{number}x", requests)
        number += 1
