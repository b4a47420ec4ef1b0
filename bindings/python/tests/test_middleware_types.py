"""`gateproof middlewares`: the record agrees with the cases, and the page with the record."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from gateproof.cases import load_cases
from gateproof.catalogue import count_cases, middleware_types, traefik_version
from gateproof.cli import app

ROOT = Path(__file__).resolve().parents[3]
ANEW = "make the record anew: tools/middleware_record --cases"


def test_the_record_is_of_the_present_cases() -> None:
    counts = count_cases(load_cases(ROOT / "conformance" / "traefik"))
    recorded = {one.type.lower(): one.record.cases for one in middleware_types()}
    assert recorded == {name: counts.get(name, 0) for name in recorded}, ANEW


def test_no_row_is_empty() -> None:
    for one in middleware_types():
        assert one.record.cases, one.type
        assert one.record.compared, one.type
        assert one.options or one.type == "plugin"
        assert all(option.type for option in one.options), one.type


def test_the_page_is_made_of_the_record() -> None:
    page = ROOT / "docs" / "middlewares.md"
    before = page.read_text()
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "middleware_record"), "--page"])
    after = page.read_text()
    page.write_text(before)
    assert done.returncode == 0
    assert before == after, "tools/middleware_record --page"


def test_table_and_json() -> None:
    run = CliRunner().invoke
    table = run(app, ["middlewares"])
    assert table.exit_code == 0
    assert traefik_version() in table.output
    for one in middleware_types():
        assert one.type in table.output
    alone = run(app, ["middlewares", "RATELIMIT", "--json"])
    (only,) = json.loads(alone.output)["types"]
    assert only["type"] == "rateLimit"
    assert {"name": "period", "type": "duration", "default": "1s"}.items() <= next(
        option for option in only["options"] if option["name"] == "period"
    ).items()
    assert run(app, ["middlewares", "nope"]).exit_code == 2
