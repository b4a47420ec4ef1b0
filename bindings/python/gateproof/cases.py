"""Parity cases: load them, run them on an arm, compare two arms.

This module is the front door; the parts live in `case_model` (data and the Arm protocol),
`case_loader`, `case_resolve` and `case_compare`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gateproof.case_arm import (
    Arm,
    ArmSession,
    ArmStartError,
    ArmUnsupported,
    Observation,
    RouterState,
)
from gateproof.case_compare import (
    Difference,
    KnownDifference,
    Mismatch,
    check,
    compare_fields,
    fields_of,
    load_known_differences,
    rule_holds,
)
from gateproof.case_loader import load_directory, load_file
from gateproof.case_model import Case, CaseError, ResolvedCase, RouterRule, Step

__all__ = [
    "Arm",
    "ArmSession",
    "ArmStartError",
    "ArmUnsupported",
    "Case",
    "CaseError",
    "CaseResult",
    "Difference",
    "KnownDifference",
    "Mismatch",
    "Observation",
    "ResolvedCase",
    "compare",
    "compare_arms",
    "load_cases",
    "load_known_differences",
    "run_case",
    "run_cases",
]


@dataclass
class CaseResult:
    """Outcome of one case on one arm: mismatches, or the reason why it was skipped.

    `groups` says of each step how many of the observations it made.
    """

    case: Case
    arm: str
    mismatches: list[Mismatch] = field(default_factory=list)
    skipped: str | None = None
    observations: list[Observation] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True if the case ran and everything was as expected."""
        return self.skipped is None and not self.mismatches


def load_cases(path: Path) -> list[Case]:
    """The cases of one file or of a directory. Raises CaseError."""
    return load_directory(path) if path.is_dir() else load_file(path, path.name)


def _count(step: Step, sent: list[Observation], number: int) -> Iterable[Mismatch]:
    if step.expect.counts:
        got: dict[str, int] = {}
        for seen in (one for observation in sent for one in observation.upstream):
            got[seen.name] = got.get(seen.name, 0) + 1
        if got != dict(step.expect.counts):
            yield Mismatch(number, "counts", str(dict(step.expect.counts)), str(got))


def _run_step(step: Step, session: ArmSession, tells_router: bool, result: CaseResult) -> None:
    if step.wait:
        session.wait(step.wait)
    if step.change is not None:
        session.change(step.change)
        return
    assert step.send is not None
    sent = []
    for _ in range(step.repeat):
        got = session.send(step.send)
        result.observations.append(got)
        sent.append(got)
        number = len(result.observations)
        for name, expected, observed in check(step.expect, got, tells_router):
            result.mismatches.append(Mismatch(number, name, expected, observed))
    result.groups.append(len(sent))
    result.mismatches.extend(_count(step, sent, len(result.observations)))


def _check_routers(
    rules: Mapping[str, RouterRule], states: Mapping[str, RouterState]
) -> Iterable[Mismatch]:
    for name, rule in rules.items():
        state = states.get(name)
        if state is None or rule.absent:
            if (state is None) != rule.absent:
                wanted = "absent" if rule.absent else str(rule.status)
                observed = "absent" if state is None else state.status
                yield Mismatch(0, f"routers.{name}", wanted, observed)
            continue
        if rule.status is not None and rule.status != state.status:
            observed = f"{state.status} {list(state.errors)}"
            yield Mismatch(0, f"routers.{name}.status", rule.status, observed)
        if rule.error is not None and not rule_holds(rule.error, state.errors):
            yield Mismatch(0, f"routers.{name}.error", str(rule.error), str(list(state.errors)))


def run_case(case: Case, arm: Arm) -> CaseResult:
    """Runs every step of a case on an arm and collects what is not as expected.

    A case that is not meant for the arm, or which the arm cannot do, comes back as skipped.
    """
    result = CaseResult(case, arm.name)
    if arm.name not in case.arms:
        result.skipped = f"not meant for the arm {arm.name}"
        return result
    try:
        session = arm.open(case)
    except ArmUnsupported as reason:
        result.skipped = str(reason)
        return result
    except ArmStartError as problem:
        if case.start_error is None or not rule_holds(case.start_error, [str(problem)]):
            wanted = str(case.start_error) if case.start_error else "none"
            result.mismatches.append(Mismatch(0, "start_error", wanted, str(problem)))
        return result
    try:
        result.addresses = dict(session.addresses)
        if case.start_error is not None:
            result.mismatches.append(Mismatch(0, "start_error", str(case.start_error), "started"))
            return result
        resolved = case.resolve(session.addresses)
        for step in resolved.steps:
            _run_step(step, session, arm.tells_router, result)
        if resolved.routers:
            result.mismatches.extend(_check_routers(resolved.routers, session.routers()))
    except ArmUnsupported as reason:
        result.skipped = str(reason)
    finally:
        session.close()
    return result


def run_cases(cases: Sequence[Case], arm: Arm, workers: int = 4) -> list[CaseResult]:
    """Runs cases on an arm, `workers` at a time; results are in the order of the cases.

    The arm's `open` must be thread-safe if `workers` is above 1.
    """
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda case: run_case(case, arm), cases))


def compare(
    left: CaseResult, right: CaseResult, known: Sequence[KnownDifference] = ()
) -> list[Difference]:
    """All differences between what two arms observed in one case.

    Status, headers (order kept within one name), body, trailers and what the upstreams saw are
    compared after addresses were replaced by names; Date is left out. Known differences stay in
    the list and carry their reason.
    """
    found: list[Difference] = []
    name = left.case.name
    if len(left.observations) != len(right.observations):
        counts = (str(len(left.observations)), str(len(right.observations)))
        found.append(Difference(name, 0, "requests", *counts))
    mine = [fields_of(one, left.addresses) for one in left.observations]
    theirs = [fields_of(one, right.addresses) for one in right.observations]
    number = 1
    for size in left.groups or [1] * len(mine):
        ours, judged = mine[number - 1 : number - 1 + size], theirs[number - 1 : number - 1 + size]
        # Equal servers are shuffled at each start (catalogue 4.2): which one of them is first is
        # chance, how many requests each gets is not.
        if sorted(map(_servers, ours)) == sorted(map(_servers, judged)):
            ours.sort(key=_servers)
            judged.sort(key=_servers)
        for offset, (one, other) in enumerate(zip(ours, judged, strict=False)):
            found.extend(compare_fields(one, other, name, number + offset, known))
        number += size
    return found


def _servers(fields: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(text for key, text in fields.items() if key.endswith("].name"))


def compare_arms(
    case: Case, left: Arm, right: Arm, known: Sequence[KnownDifference] = ()
) -> tuple[CaseResult, CaseResult, list[Difference]]:
    """Runs one case on two arms and compares them; a skip on either side compares nothing."""
    one, other = run_case(case, left), run_case(case, right)
    if one.skipped is not None or other.skipped is not None:
        return one, other, []
    return one, other, compare(one, other, known)
