"""`gateproof bench`: what a chain costs, and which step costs what."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateproof.chain_cost import ChainCost, Figure, MeasureError, figure, measure

START = "import sys; from gateproof.cli import main; sys.exit(main())"
FEW = ("--rounds", "20", "--exchanges", "5")


def routes(**changes: Any) -> str:
    """A router with three steps of its own behind one of its entry point."""
    http: dict[str, Any] = {
        "routers": {
            "shop": {
                "rule": "Host(`shop.test`) && PathPrefix(`/api`)",
                "entryPoints": ["web"],
                "middlewares": ["strip", "many", "rate"],
                "service": "shop",
            }
        },
        "middlewares": {
            "first": {"addPrefix": {"prefix": "/api"}},
            "strip": {"stripPrefix": {"prefixes": ["/api"]}},
            "many": {
                "headers": {
                    "customRequestHeaders": {f"X-Name-{n}": "v" * 100 for n in range(40)},
                }
            },
            "rate": {"rateLimit": {"average": 1, "burst": 1}},
            "login": {"basicAuth": {"users": ["u:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="]}},
        },
        "services": {"shop": {"loadBalancer": {"servers": [{"url": "http://shop.internal"}]}}},
    }
    http["routers"]["shop"] |= changes
    return json.dumps({"http": http})


STATIC = {
    "entryPoints": {"web": {"address": ":80"}, "other": {"address": ":81"}},
    "providers": {"file": {"filename": "routes.yaml"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "routes.yaml").write_text(routes())
    (tmp_path / "traefik.yaml").write_text(json.dumps(STATIC))
    return tmp_path


def bench(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", START, "bench", "traefik.yaml", "routes.yaml", *words, *FEW]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_step_is_left_out_once(folder: Path) -> None:
    done = bench(folder, "--leave-one-out", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["router"] == "shop@file"
    assert found["url"] == "http://shop.test/api"
    # A limit of one in a second lets all of them pass: a second goes by between two.
    assert found["statuses"] == {"200": 100}
    assert found["stopped_by"] is None
    steps = {one["name"]: one for one in found["steps"]}
    assert list(steps) == ["strip@file", "many@file", "rate@file"]
    # Forty fields of a hundred bytes are copied somewhere.
    assert steps["many@file"]["cost"]["bytes"]["median"] >= 40 * 100
    assert steps["many@file"]["cost"]["allocations"]["median"] >= 1
    assert abs(steps["strip@file"]["cost"]["bytes"]["median"]) < 40 * 100
    assert found["whole"]["bytes"]["median"] > steps["many@file"]["cost"]["bytes"]["median"]
    assert found["whole"]["ns"]["low"] > 0
    shares = sum(one["cost"]["ns"]["median"] for one in steps.values())
    assert found["rest_ns"] == pytest.approx(found["whole"]["ns"]["median"] - shares)


def test_allocations_are_the_same_in_every_run(folder: Path) -> None:
    runs = [json.loads(bench(folder, "--leave-one-out", "--json").stdout) for _ in range(2)]
    counts = [
        [one["cost"]["allocations"]["median"] for one in run["steps"]]
        + [run["whole"]["allocations"]["median"]]
        for run in runs
    ]
    assert counts[0] == counts[1]


def test_steps_of_the_entry_point_count(folder: Path) -> None:
    static = json.loads(json.dumps(STATIC))
    static["entryPoints"]["web"]["http"] = {"middlewares": ["first@file"]}
    (folder / "traefik.yaml").write_text(json.dumps(static))
    found = json.loads(bench(folder, "--leave-one-out", "--json").stdout)
    assert [(one["name"], one["owner"]) for one in found["steps"]][:2] == [
        ("first@file", "web"),
        ("strip@file", "shop@file"),
    ]


def test_the_whole_alone(folder: Path) -> None:
    done = bench(folder)
    assert done.returncode == 0
    assert "one exchange" in done.stdout
    assert "strip@file" not in done.stdout
    assert "answers 200 (100 times)" in done.stdout


def test_who_answers_is_told(folder: Path) -> None:
    (folder / "routes.yaml").write_text(routes(middlewares=["login", "many"]))
    done = bench(folder, "--leave-one-out")
    assert done.returncode == 1
    assert "login@file answers: nothing behind it is measured" in done.stdout
    assert "decides: without it the answer is 200" in done.stdout
    done = bench(folder, "--leave-one-out", "-H", "Authorization: Basic dTpwYXNzd29yZA==", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["statuses"] == {"200": 100} else 1)


def test_the_request_can_be_given(folder: Path) -> None:
    done = bench(folder, "--url", "http://shop.test/api/x?y=1", "--method", "PUT", "--json")
    found = json.loads(done.stdout)
    assert (found["method"], found["url"]) == ("PUT", "http://shop.test/api/x?y=1")
    assert found["entry_point"] == "web"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--url", "http://shop.test/other"), "no router takes"),
        (("--url", "shop.test"), "not an absolute URL"),
        (("--router", "gone"), "no enabled router"),
        (("--static", "7"), "static"),
        (("--pause", "soon"), "soon"),
        (("--rounds", "0"), "rounds"),
    ],
)
def test_what_cannot_be_measured(folder: Path, words: tuple[str, ...], told: str) -> None:
    command = [sys.executable, "-c", START, "bench", "traefik.yaml", "routes.yaml", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert told in done.stderr


def test_one_router_has_to_be_named(folder: Path) -> None:
    both = json.loads(routes())
    both["http"]["routers"]["second"] = {"rule": "Path(`/two`)", "service": "shop"}
    (folder / "routes.yaml").write_text(json.dumps(both))
    done = bench(folder)
    assert done.returncode == 2
    assert "name one" in done.stderr
    done = bench(folder, "--router", "shop", "--json")
    assert json.loads(done.stdout)["router"] == "shop@file"


def test_a_rule_that_asks_for_more_than_a_path(folder: Path) -> None:
    (folder / "routes.yaml").write_text(routes(rule="Header(`X-A`, `b`)"))
    with pytest.raises(MeasureError, match="--url"):
        measure([str(folder)], {"router": "shop@file", "sample": "1"}, rounds=1, exchanges=1)


def test_progress_is_told(folder: Path) -> None:
    seen: list[int] = []
    request = {"router": "shop@file", "sample": "1", "assembly": "0"}
    files = [str(folder / "traefik.yaml"), str(folder / "routes.yaml")]
    got = measure(files, request, rounds=3, exchanges=2, progress=seen.append)
    assert isinstance(got, ChainCost)
    assert seen == [1, 2, 3]


def test_figures() -> None:
    assert figure([5.0]) == Figure(5.0, 5.0, 5.0)
    # By order statistics: of 100 rounds the 41st and the 61st bound the median.
    got = figure([float(n) for n in range(100)])
    assert (got.median, got.low, got.high) == (49.5, 40.0, 60.0)
    assert figure([-3.0, -2.0, -1.0]).certain
    assert not figure([-1.0, 0.5, 1.0]).certain
