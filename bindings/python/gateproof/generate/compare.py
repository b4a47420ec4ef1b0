"""Runs setups on an arm of the engine and on the judge, and says where they disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from gateproof.arms import SocketSession, VirtualSession
from gateproof.case_arm import ArmSession, ArmStartError, ArmUnsupported, Observation, RouterState
from gateproof.case_compare import Difference, KnownDifference, compare_fields, fields_of, normalise
from gateproof.case_model import Case
from gateproof.case_resolve import sticky_value
from gateproof.generate.as_case import as_case, case_text
from gateproof.generate.grammar import Grammar
from gateproof.generate.judge import Judge, Judged
from gateproof.generate.pairs import Setup
from gateproof.generate.smaller import smaller

_ALIKE = ("many1", "many2")
# Traefik shuffles a service's children and servers, and tells the first one that fails.
_OF_ANY = ('building HTTP service "', "error building proxy for server URL ")
_ABSENT = RouterState("absent")
_NO_CONNECTION = KnownDifference(
    "*", "headers.Connection", "the direct arm has no connection that could be closed"
)
Fields = dict[str, str]


class Drawn(Protocol):
    """What is drawn and judged: a configuration, or a set of objects, with its requests."""

    @property
    def prefix(self) -> str:
        """What begins its names."""

    @property
    def requests(self) -> tuple[Any, ...]:
        """What is asked."""

    def renamed(self, prefix: str) -> Any:
        """The same under other names."""


D = TypeVar("D", bound=Drawn)


@dataclass
class Verdict(Generic[D]):
    """One setup, what both sides did, and in what they differ; `skipped` is why it was not run."""

    setup: D
    judged: Judged
    mine: Judged
    differences: list[Difference] = field(default_factory=list)
    skipped: str | None = None

    @property
    def unexplained(self) -> list[Difference]:
        """Differences that nobody has explained."""
        return [one for one in self.differences if not one.explained]


def title(setup: Setup) -> str:
    """A name for reports and for globs of known differences: the kinds of its objects."""
    kinds = {kind for one in setup.http.get("middlewares", {}).values() for kind in one}
    kinds |= {kind for one in setup.http.get("services", {}).values() for kind in one}
    return "generated " + " ".join(sorted(kinds - {"loadBalancer", "middlewares"}))


def _open(case: Case, arm: str, seed: int) -> ArmSession:
    return SocketSession(case, 1) if arm == "socket" else VirtualSession(case, arm, seed)


def run_engine(setup: Setup, grammar: Grammar, arm: str, seed: int = 1) -> Judged:
    """What the engine does with a setup. Raises ArmUnsupported, ArmStartError."""
    case = as_case(setup, grammar)
    session = _open(case, arm, seed)
    try:
        out = Judged(addresses=dict(session.addresses))
        for step in case.resolve(session.addresses).steps:
            assert step.send is not None
            out.observations.append(session.send(step.send))
        out.routers = {
            name: state
            for name, state in session.routers().items()
            if name.startswith(setup.prefix)
        }
    finally:
        session.close()
    # A file that is refused as a whole leaves no router at all.
    out.refused = not out.routers
    return out


def _stickiness(setup: Setup, addresses: Mapping[str, str]) -> dict[str, str]:
    """Cookie values of servers, which follow from their addresses, to what they stand for."""
    out = {}
    for service in setup.http.get("services", {}).values():
        for server in service.get("loadBalancer", {}).get("servers", ()):
            url = server.get("url", "")
            filled = url
            for name, address in addresses.items():
                filled = filled.replace(f"${{{name}}}", address)
            out[sticky_value(filled)] = f"(sticky {url})"
    return out


def _fields(setup: Setup, got: Observation, of: Judged) -> dict[str, str]:
    values = _stickiness(setup, of.addresses)
    out = {}
    for name, text in fields_of(got, of.addresses).items():
        for value, meaning in values.items():
            text = text.replace(value, meaning)
        # Which of two equal servers is asked is chance (4.2).
        for one in _ALIKE:
            text = text.replace(one, "many")
        out[name] = text
    return out


def _state_fields(setup: Setup, mine: Judged, judged: Judged) -> tuple[Fields, Fields]:
    """States of routers, and a reason of Traefik's that the engine does not give.

    Traefik tells one reason for a router, the engine all; of a rule Traefik tells also the steps
    that led to the error.
    """
    left: Fields = {}
    right: Fields = {}
    for name in sorted({*mine.routers, *judged.routers}):
        short = name.removeprefix(setup.prefix)
        ours, theirs = mine.routers.get(name, _ABSENT), judged.routers.get(name, _ABSENT)
        left[f"routers.{short}"], right[f"routers.{short}"] = ours.status, theirs.status
        rule = setup.http["routers"].get(name.removesuffix("@file"), {}).get("rule", "")
        lead = f"error while parsing rule {rule}: "
        reasons = [normalise(one, mine.addresses) for one in ours.errors]
        for wanted in (normalise(one, judged.addresses) for one in theirs.errors):
            chance = next((one for one in _OF_ANY if wanted.startswith(one)), None)
            if chance is not None:
                told = any(one.startswith(chance) for one in reasons)
            else:
                told = any(wanted.endswith(one.removeprefix(lead)) for one in reasons)
            if not told:
                left[f"reasons.{short}"] = " | ".join(reasons)
                right[f"reasons.{short}"] = wanted
    return left, right


def differences(
    setup: Setup, mine: Judged, judged: Judged, known: Sequence[KnownDifference]
) -> list[Difference]:
    """Every field in which the two sides differ: requests count from 1, 0 is the configuration."""
    name = title(setup)
    if mine.refused or judged.refused:
        texts = [{"refused": str(one.refused)} for one in (mine, judged)]
        return compare_fields(texts[0], texts[1], name, 0, known)
    found = compare_fields(*_state_fields(setup, mine, judged), name, 0, known)
    both = zip(mine.observations, judged.observations, strict=True)
    for number, (one, other) in enumerate(both, 1):
        fields = _fields(setup, one, mine), _fields(setup, other, judged)
        found.extend(compare_fields(*fields, name, number, known))
    return found


class Judging(Protocol[D]):
    """What a hunt needs: verdicts, and what is drawn made smaller and written down."""

    def run(self, setups: Sequence[D], tick: Callable[[int], None] = ...) -> list[Verdict[D]]:
        """A verdict for each, in the same order."""

    def title(self, setup: D) -> str:
        """A name for reports, alike for what is alike."""

    def smaller(self, setup: D) -> list[D]:
        """What lacks one part each, the smallest first."""

    def text(self, verdict: Verdict[D], name: str) -> str:
        """As text for a case file."""


class Comparison:
    """Judges setups on one arm of the engine."""

    def __init__(
        self,
        judge: Judge,
        grammar: Grammar,
        arm: str,
        known: Sequence[KnownDifference] = (),
    ) -> None:
        self._judge = judge
        self._grammar = grammar
        self._arm = arm
        self._known = [*known, _NO_CONNECTION] if arm == "direct" else known

    def run(
        self, setups: Sequence[Setup], tick: Callable[[int], None] = lambda _: None
    ) -> list[Verdict[Setup]]:
        """A verdict for each setup, in the same order."""
        judged = self._judge.run(setups, tick)
        return [self._one(setup, by) for setup, by in zip(setups, judged, strict=True)]

    def title(self, setup: Setup) -> str:
        """See `title`."""
        return title(setup)

    def smaller(self, setup: Setup) -> list[Setup]:
        """Setups that each lack one part of this one."""
        return smaller(setup)

    def text(self, verdict: Verdict[Setup], name: str) -> str:
        """The setup as text for a case file."""
        judged = verdict.judged
        return case_text(verdict.setup, self._grammar, name, judged.observations, judged.routers)

    def _one(self, setup: Setup, judged: Judged) -> Verdict[Setup]:
        try:
            mine = run_engine(setup, self._grammar, self._arm)
        except (ArmUnsupported, ArmStartError) as reason:
            return Verdict(setup, judged, Judged(), skipped=str(reason))
        return Verdict(setup, judged, mine, differences(setup, mine, judged, self._known))
