"""A run of cases of bytes on the engine's arms and on real proxies, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from gateproof.http1.engine_arms import SocketArm, WireArm
from gateproof.http1.model import Http1Case
from gateproof.http1.outcome import Outcome, conforms, problems
from gateproof.http1.peers import PEERS, PeerMissing, run_cases, running, version_of

ARMS: dict[str, Callable[[], WireArm | SocketArm]] = {
    "wire": WireArm,
    "wire-strict": lambda: WireArm(True),
    "socket": SocketArm,
    "socket-strict": lambda: SocketArm(True),
}
_AT_A_TIME = 6


@dataclass
class CaseReport:
    """One case: outcomes of arms and peers by name, and what is wrong with it."""

    case: Http1Case
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    peers: dict[str, Outcome] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def strictest(self) -> list[str]:
        """Peers whose outcome the case allows."""
        return [name for name, one in self.peers.items() if conforms(self.case, one)]


@dataclass
class Http1Report:
    """All cases of a run; `versions` of the peers that took part, `missing` ones with reasons."""

    cases: list[CaseReport]
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[CaseReport]:
        """Cases with problems."""
        return [one for one in self.cases if one.problems]

    def as_dict(self) -> dict[str, Any]:
        """The report as data for JSON."""
        return {
            "fine": not self.failed,
            "peers": self.versions,
            "missing": self.missing,
            "cases": [
                {
                    "case": one.case.name,
                    "clause": one.case.clause,
                    "outcomes": {n: o.word() for n, o in one.outcomes.items()},
                    "peers": {
                        n: {"outcome": o.word(), "allowed": conforms(one.case, o)}
                        for n, o in one.peers.items()
                    },
                    "problems": one.problems,
                }
                for one in self.cases
            ],
        }


def run_suite(
    cases: Sequence[Http1Case], arms: Sequence[str], peers: Sequence[str] = ()
) -> Http1Report:
    """Runs cases on arms (names of `ARMS`) and on peers (names of `PEERS`).

    A case fails if an arm's outcome is not the one that it expects, if two arms of one meaning
    differ, or if an arm let through what every peer of the run refuses.
    """
    report = Http1Report([CaseReport(case) for case in cases])
    for name in arms:
        arm = ARMS[name]()
        workers = 1 if name.startswith("wire") else _AT_A_TIME
        with ThreadPoolExecutor(workers) as pool:
            for one, outcome in zip(report.cases, pool.map(arm.run, cases), strict=True):
                one.outcomes[name] = outcome
                found = problems(outcome, one.case.allowed(arm.strict))
                one.problems.extend(f"{name}: {text}" for text in found)
    for name in peers:
        try:
            report.versions[name] = version_of(name)
            _run_peer(name, report)
        except PeerMissing as why:
            report.missing[name] = str(why)
    for one in report.cases:
        one.problems.extend(_alone(one))
    return report


def _run_peer(name: str, report: Http1Report) -> None:
    groups: dict[str, list[CaseReport]] = {}
    for one in report.cases:
        if not one.case.only or name in one.case.only:
            groups.setdefault(json.dumps(one.case.setup, sort_keys=True), []).append(one)
    for rows in groups.values():
        setup = rows[0].case.setup
        # A setup may name its server in any place: it has one lane.
        with running(name, setup, 1 if setup else _AT_A_TIME) as peer:
            for one, outcome in zip(rows, run_cases(peer, [r.case for r in rows]), strict=True):
                one.peers[name] = outcome


def _alone(one: CaseReport) -> Iterator[str]:
    """We are never on the lenient side alone."""
    if len(one.peers) < 2:
        return
    side = one.case.side
    most = max(outcome.passed(side) for outcome in one.peers.values())
    for name, outcome in one.outcomes.items():
        if outcome.passed(side) > most:
            yield f"{name} lets through what every peer refuses"


def peer_names(text: str) -> list[str]:
    """Names from a comma-separated list. Raises ValueError for one that is unknown."""
    names = [one.strip() for one in text.split(",") if one.strip()]
    unknown = [one for one in names if one not in PEERS]
    if unknown:
        raise ValueError(f"no peer is called {unknown[0]!r}; there are: {', '.join(PEERS)}")
    return names
