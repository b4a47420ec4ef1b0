"""Every scenario twice with the same seed: the same digest."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

import gateproof as gp
from gateproof.arms import VirtualSession
from gateproof.case_arm import ArmStartError, ArmUnsupported
from gateproof.cases import load_cases

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = sorted(
    {path.parent for path in (ROOT / "scenarios").rglob("*.y*ml")}, key=lambda path: str(path)
)


def hosts_of(world: gp.World) -> list[str]:
    """Hosts that the rules of a world name."""
    found: set[str] = set()
    for router in world.routers.values():
        try:
            found.update(gp.parse_rule(router.rule).hosts)
        except gp.RuleSyntaxError:
            continue
    return sorted(found) or ["any.test"]


def digest(config: gp.Config, static: int, arm: str) -> str:
    """Asks for and sends a few requests to every host, and lets time pass."""
    with gp.World(config=config, static=static, seed=11, arm=arm) as world:
        for host in hosts_of(world):
            name = host.replace("*", "any")
            for path in ("/", "/api/users", "/admin?x=1"):
                for scheme in ("http", "https"):
                    url = f"{scheme}://{name}{path}"
                    asked = world.ask("GET", url)
                    if asked.server:
                        world.upstream(urlsplit(asked.server).netloc, body=path)
                    world.send("GET", url)
                world.advance("1s")
        return world.digest


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_same_seed_same_digest(folder: Path) -> None:
    try:
        config = gp.load(folder)
    except gp.ConfigError:
        pytest.skip("nothing to serve here")
    for static in range(len(config.statics)):
        for arm in ("direct", "wire"):
            first, second = digest(config, static, arm), digest(config, static, arm)
            assert first == second, f"{folder}, static {static}, {arm}, seed 11"


def test_every_case_twice() -> None:
    """The parity cases are scenarios, too."""
    for case in load_cases(ROOT / "conformance" / "traefik"):
        seen: list[str] = []
        for _ in range(2 if "direct" in case.arms else 0):
            try:
                session = VirtualSession(case, "direct", 3)
            except (ArmStartError, ArmUnsupported):
                break
            for step in case.resolve(session.addresses).steps:
                if step.send is not None and step.send.raw is None and not step.send.trailers:
                    session.send(step.send)
            seen.append(session.world.digest())
        assert len(set(seen)) <= 1, case.name
