"""Makes a disagreement small: what is left out one by one are routers, middlewares, options, parts
of rules and URLs, header lines, as long as both sides still differ in the same field."""

from __future__ import annotations

import itertools

from gateproof.generate.compare import D, Judging, Verdict

ROUNDS_MAX = 60
"""How often a setup is made smaller at most."""
_AT_ONCE = 40


def fields_in(verdict: Verdict[D]) -> frozenset[str]:
    """The names of the fields that differ, without the numbers of requests."""
    return frozenset(one.field for one in verdict.unexplained)


def shrink(verdict: Verdict[D], comparison: Judging[D]) -> Verdict[D]:
    """The smallest setup found which still differs in a field of this one."""
    wanted = fields_in(verdict)
    best = verdict
    for number in range(ROUNDS_MAX):
        found = _round(best, wanted, comparison, number)
        if found is None:
            break
        best = found
    return best


def _round(
    best: Verdict[D], wanted: frozenset[str], comparison: Judging[D], number: int
) -> Verdict[D] | None:
    candidates = iter(comparison.smaller(best.setup))
    turn = itertools.count()
    while batch := list(itertools.islice(candidates, _AT_ONCE)):
        # Names must differ: all of them stand in one file.
        renamed = [one.renamed(f"s{number}n{next(turn)}x") for one in batch]
        for one in comparison.run(renamed):
            if one.skipped is None and fields_in(one) & wanted:
                return one
    return None
