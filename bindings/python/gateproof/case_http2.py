"""Cases of HTTP/1.1 as cases of HTTP/2: what Traefik does with them is asked anew."""

from __future__ import annotations

import dataclasses

from gateproof.case_model import Case, Expectation, RequestSpec, Step

# What HTTP/2 has not, or what a case says about the connection.
_OF_HTTP1 = frozenset(
    "connection upgrade te keep-alive proxy-connection transfer-encoding trailer host "
    "expect".split()
)


def _can(request: RequestSpec) -> bool:
    plain = request.stream is None and request.raw is None and request.tls is None
    mine = request.version == "1.1" and request.connection is None and not request.trailers
    return (
        plain
        and mine
        and request.url.startswith("http:")
        and (request.target or "/").startswith("/")
        and request.method != "CONNECT"
        and not any(name.lower() in _OF_HTTP1 for name, _ in request.headers)
    )


def over_http2(case: Case) -> Case | None:
    """The case with all its requests sent over HTTP/2; None if there is one that cannot be, or none
    at all.

    Expectations are left out: they were observed over HTTP/1.1. It is for comparing two arms.
    """
    steps: list[Step] = []
    for step in case.steps:
        if step.send is not None:
            if not _can(step.send):
                return None
            send = dataclasses.replace(step.send, version="2")
            step = dataclasses.replace(step, send=send, expect=Expectation())
        steps.append(step)
    if not any(step.send for step in steps):
        return None
    arms = tuple(arm for arm in case.arms if arm != "direct")
    return dataclasses.replace(case, steps=tuple(steps), arms=arms)
