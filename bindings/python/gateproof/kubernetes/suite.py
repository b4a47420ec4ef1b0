"""A run of cases of Kubernetes objects: arms and judge share the clusters."""

from __future__ import annotations

import resource
from collections.abc import Sequence

from rich.console import Console

from gateproof.cases import Case, KnownDifference
from gateproof.kubernetes.arms import Cells, make_kubernetes_arm
from gateproof.suite import Report, Suite

OPEN_FILES = 4096  # the servers of all cases are open at once


def run_on_clusters(
    cases: Sequence[Case],
    arms: Sequence[str],
    against: str | None = None,
    known: Sequence[KnownDifference] = (),
    seed: int = 1,
    jobs: int = 4,
    out: Console | None = None,
) -> Report:
    """Runs cases of `load_kubernetes_cases` on `offline` and `daemon`, and compares them with
    `against`, `traefik`. Raises ValueError for an arm that does not exist."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    cells = Cells(cases)
    try:
        made = lambda name: make_kubernetes_arm(name, cells, seed)  # noqa: E731
        return Suite(arms, against, known, seed, jobs, make=made).run(cases, out)
    finally:
        cells.close()
