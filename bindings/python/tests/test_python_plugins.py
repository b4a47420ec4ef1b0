"""Middlewares in Python, on all arms."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gateproof as gp
from gateproof import _core
from gateproof.config import make
from gateproof.plugins import adapt, load_plugins

ARMS = ("direct", "wire", "socket")
LIMIT = 64 * 1024 * 1024


def config(options: Any = None, middlewares: tuple[str, ...] = ("m",)) -> dict[str, Any]:
    return {
        "http": {
            "routers": {
                "r": {"rule": "PathPrefix(`/`)", "service": "s", "middlewares": [*middlewares]}
            },
            "middlewares": {
                "m": {"plugin": {"demo": {} if options is None else options}},
                "out": {"headers": {"customResponseHeaders": {"X-Outer": "yes"}}},
            },
            "services": {"s": {"loadBalancer": {"servers": [{"url": "http://app.test:80"}]}}},
        }
    }


Make = Callable[..., gp.World]


@pytest.fixture(params=ARMS)
def demo(request: pytest.FixtureRequest, world: Make) -> Make:
    """Makes a world on each arm with the plugin `demo` in front of a server that says hello."""

    def built(factory: Any, options: Any = None, **rest: Any) -> gp.World:
        one = world(config=config(options), arm=request.param, plugins={"demo": factory})
        rest = {"body": "hello", "headers": {"X-App": "1"}} | rest
        one.upstream("app.test:80", **rest)
        return one

    return built


def test_request_and_response_are_edited(demo: Make) -> None:
    class Edit(gp.Plugin):
        request_body_max = response_body_max = 100

        def __init__(self, config: dict[str, Any], name: str) -> None:
            self.config, self.name = config, name

        def on_request(self, request: gp.PluginRequest) -> None:
            assert (request.method, request.target, request.body) == ("POST", "/a?b=1", b"in")
            assert request.headers["x-from"] == "me"
            assert request.headers.getall("X-Two") == ["1", "2"]
            request.state["seen"] = request.url.partition("://")[2].partition("/")[2]
            request.method, request.target = "PUT", "/new%20path?c"
            request.headers["X-Config"] = f"{self.config['n']} {self.name}"
            del request.headers["X-From"]
            request.headers.add("X-Two", "3")
            request.body = b"changed"

        def on_response(self, request: gp.PluginRequest, response: gp.PluginResponse) -> None:
            assert response.status == 200
            response.status = 202
            response.headers["X-Seen"] = request.state["seen"]
            del response.headers["X-App"]
            response.body = response.body.upper()

    world = demo(Edit, {"n": 7})
    lines = [("X-From", "me"), ("X-Two", "1"), ("X-Two", "2")]
    got = world.post("http://a.test/a?b=1", "in", headers=lines)
    assert (got.status, got.body) == (202, b"HELLO")
    assert got.headers["X-Seen"] == "a?b=1"
    assert "X-App" not in got.headers
    (seen,) = got.upstream
    assert (seen.method, seen.target, seen.body) == ("PUT", "/new%20path?c", b"changed")
    assert seen.headers["X-Config"] == "7 m@file"
    assert seen.headers.getall("X-Two") == ["1", "2", "3"]
    assert "X-From" not in seen.headers


def test_url_and_host(demo: Make) -> None:
    class Move(gp.Plugin):
        def __init__(self, config: object, name: str) -> None:
            pass

        def on_request(self, request: gp.PluginRequest) -> None:
            request.url = request.url.replace("/old", "/new").replace("a.test", "b.test")

    got = demo(Move).get("http://a.test/old?x=1")
    assert got.upstream[0].target == "/new?x=1"
    assert got.upstream[0].headers["Host"].startswith("b.test")


@pytest.mark.parametrize(
    ("given", "status", "body"),
    [
        (gp.Response(status=403, body="no", headers={"X-Why": "test"}), 403, b"no"),
        ("text", 200, b"text"),
        (204, 204, b""),
        ({"a": 1}, 200, b'{"a": 1}'),
    ],
)
def test_early_answers(demo: Make, given: Any, status: int, body: bytes) -> None:
    got = demo(lambda _c, _n: type("P", (), {"on_request": lambda _s, _r: given})()).get(
        "http://a.test/"
    )
    assert (got.status, got.body, got.upstream) == (status, body, ())
    if status == 403:
        assert got.headers["X-Why"] == "test"


def test_response_is_replaced(demo: Make) -> None:
    class Replace(gp.Plugin):
        def __init__(self, config: object, name: str) -> None:
            pass

        def on_response(self, request: gp.PluginRequest, response: gp.PluginResponse) -> object:
            return gp.Response(status=201, body=str(response.status))

    got = demo(Replace).get("http://a.test/")
    assert (got.status, got.body) == (201, b"200")
    assert len(got.upstream) == 1
    assert "X-App" not in got.headers


class Raises(gp.Plugin):
    """Raises where its options say."""

    def __init__(self, config: dict[str, Any], name: str) -> None:
        self.where = config["where"]
        if self.where == "build":
            raise ValueError("the option is bad")

    def on_request(self, request: gp.PluginRequest) -> Any:
        if self.where == "request":
            raise KeyError("gone")
        return {"answer": object(), "delay": gp.Response(delay=1)}.get(self.where)

    def on_response(self, request: gp.PluginRequest, response: gp.PluginResponse) -> None:
        if self.where == "response":
            raise RuntimeError("late")


@pytest.mark.parametrize("where", ["request", "response", "answer", "delay"])
def test_an_exception_is_a_500(demo: Make, where: str, caplog: pytest.LogCaptureFixture) -> None:
    world = demo(Raises, {"where": where})
    for _ in range(2):
        got = world.get("http://a.test/")
        assert (got.status, got.body) == (500, b"Internal Server Error\n")
    assert caplog.records[0].message == "plugin in middleware m@file"
    assert caplog.records[0].exc_info is not None


def test_a_factory_that_raises_disables_the_router(demo: Make) -> None:
    world = demo(Raises, {"where": "build"})
    assert world.routers["r@file"].status == "disabled"
    assert world.routers["r@file"].errors == ("the option is bad",)
    assert world.get("http://a.test/").status == 404


def test_unknown_plugin_says_what_traefik_says(world: Make) -> None:
    one = world(config=config(), plugins={"other": Raises})
    assert one.routers["r@file"].errors == ("plugin: unknown plugin type: demo",)


@pytest.mark.parametrize("size", [0, 10, 11])
def test_bodies_have_limits(demo: Make, size: int) -> None:
    class Both(gp.Plugin):
        request_body_max = response_body_max = 10

        def __init__(self, config: object, name: str) -> None:
            pass

        def on_request(self, request: gp.PluginRequest) -> None:
            assert len(request.body) == size

        def on_response(self, request: gp.PluginRequest, response: gp.PluginResponse) -> None:
            assert len(response.body) in (5, size)

    status = 200 if size <= 10 else 413
    assert demo(Both).post("http://a.test/", b"x" * size).status == status
    status = 200 if size <= 10 else 500

    class Back(Both):
        def on_request(self, request: gp.PluginRequest) -> None:
            pass

    assert demo(Back, body=b"x" * size).get("http://a.test/").status == status


def test_a_body_that_was_not_asked_for_is_not_there(demo: Make) -> None:
    told: list[str] = []

    class Asks(gp.Plugin):
        def __init__(self, config: object, name: str) -> None:
            pass

        def on_response(self, request: gp.PluginRequest, response: gp.PluginResponse) -> None:
            try:
                response.body  # noqa: B018
            except RuntimeError as problem:
                told.append(str(problem))

    world = demo(Asks)
    assert world.get("http://a.test/").body == b"hello"
    assert told == ["the body is not in memory: set response_body_max, in bytes"]


BAD: list[tuple[str, Callable[[gp.PluginRequest], None]]] = [
    ("method", lambda r: setattr(r, "method", "A B")),
    ("target", lambda r: setattr(r, "target", "no-slash")),
    ("query", lambda r: setattr(r, "target", "/a?b c")),
    ("escape", lambda r: setattr(r, "target", "/%zz")),
    ("line break", lambda r: setattr(r, "target", "/\r\nX: y")),
    ("host", lambda r: setattr(r, "host", "a b")),
    ("scheme", lambda r: setattr(r, "url", "ftp://a.test/")),
    ("name", lambda r: r.headers.add("a b", "c")),
    ("value", lambda r: r.headers.add("a", "b\r\nc: d")),
    ("length", lambda r: r.headers.add("content-length", "1")),
    ("coding", lambda r: r.headers.add("Transfer-Encoding", "chunked")),
    ("host field", lambda r: r.headers.add("Host", "b.test")),
    ("no latin-1", lambda r: r.headers.add("a", "\u20ac")),
]


@pytest.mark.parametrize("bad", [call for _, call in BAD], ids=[name for name, _ in BAD])
def test_what_cannot_be_sent_is_refused(world: Make, bad: Callable[[Any], None]) -> None:
    refused: list[Exception] = []

    class Sets(gp.Plugin):
        def __init__(self, config: object, name: str) -> None:
            pass

        def on_request(self, request: gp.PluginRequest) -> None:
            before = (request.method, request.url, request.headers.lines())
            try:
                bad(request)
            except ValueError as problem:
                refused.append(problem)
            assert (request.method, request.url, request.headers.lines()) == before

    one = world(config=config(), plugins={"demo": Sets})
    one.upstream("app.test:80")
    assert one.get("http://a.test/x").status == 200
    assert refused


def test_a_request_that_is_kept_is_dead_afterwards(world: Make) -> None:
    kept: list[gp.PluginRequest] = []

    class Keeps(gp.Plugin):
        def __init__(self, config: object, name: str) -> None:
            pass

        def on_request(self, request: gp.PluginRequest) -> None:
            kept.append(request)

    one = world(config=config(), plugins={"demo": Keeps})
    one.upstream("app.test:80")
    assert one.get("http://a.test/").status == 200
    with pytest.raises(RuntimeError, match="has returned"):
        _ = kept[0].method


def test_explanations_tell_what_it_read_decided_and_changed(world: Make) -> None:
    class Gate(gp.Plugin):
        def __init__(self, config: object, name: str) -> None:
            pass

        def on_request(self, request: gp.PluginRequest) -> Any:
            if request.headers.get("X-Key") != "7":
                request.note("wrong key")
                return 403
            request.headers["X-User"] = "seven"
            return None

        def on_response(self, request: gp.PluginRequest, response: gp.PluginResponse) -> None:
            response.headers["X-Done"] = "1"

    one = world(config=config(), plugins={"demo": Gate})
    one.upstream("app.test:80")
    told = one.ask("GET", "http://a.test/").explain()
    assert "decides wrong key" in told
    assert "reads request header X-Key" in told
    assert "answers 403" in told
    assert "403 Forbidden, by m@file; the server is not asked" in told
    told = one.get("http://a.test/", headers={"X-Key": "7"}).explain()
    assert "request header + X-User: seven" in told
    assert "response header + X-Done: 1" in told


def test_time_is_the_worlds(world: Make) -> None:
    times: list[float] = []

    class Clock(gp.Plugin):
        def __init__(self, config: object, name: str) -> None:
            pass

        def on_request(self, request: gp.PluginRequest) -> None:
            times.append(request.now)
            assert request.client_ip == "127.0.0.1"
            assert (request.entry_point, request.router) == ("web", "r@file")

    one = world(config=config(), plugins={"demo": Clock})
    one.upstream("app.test:80")
    one.get("http://a.test/")
    one.advance("1h")
    one.get("http://a.test/")
    assert 3600 <= times[1] - times[0] < 3601


def test_options_keep_their_types(world: Make) -> None:
    got: list[Any] = []

    def factory(options: dict[str, Any], name: str) -> gp.Plugin:
        got.append(options)
        return gp.Plugin()

    text = "{a: 1, b: 1.5, c: true, d: null, e: '1', f: [x, {y: 0x10}], g: plain}"
    routes = (
        "http: {routers: {r: {rule: 'Path(`/`)', service: noop@internal, middlewares: [m]}}, "
        "middlewares: {m: {plugin: {demo: %s}}}}"
    )
    gp.World(config=gp.load(texts={"d.yaml": routes % text}), plugins={"demo": factory})
    assert got[-1] == {"a": 1, "b": 1.5, "c": True, "d": None, "e": "1",
                       "f": ["x", {"y": 16}], "g": "plain"}  # fmt: skip
    gp.World(config=gp.load(texts={"d.yaml": routes % "hello"}), plugins={"demo": factory})
    assert got[-1] == {}


@pytest.mark.parametrize("value", [-1, "1", True, 1.5])
def test_a_limit_is_a_number_of_bytes(world: Make, value: object) -> None:
    kind = type("P", (gp.Plugin,), {"request_body_max": value})
    one = world(config=config(), plugins={"demo": lambda _c, _n: kind()})
    (why,) = one.routers["r@file"].errors
    assert why == f"request_body_max is a number of bytes or None, not {value!r}"


def test_what_is_no_plugin(world: Make) -> None:
    one = world(config=config(), plugins={"demo": lambda _c, _n: object()})
    assert one.routers["r@file"].errors == ("object has neither on_request nor on_response",)
    with pytest.raises(TypeError, match="factory is called"):
        world(config=config(), plugins={"demo": 3})


def test_an_interrupt_ends_the_run(world: Make) -> None:
    class Stops(gp.Plugin):
        def __init__(self, config: object, name: str) -> None:
            pass

        def on_request(self, request: gp.PluginRequest) -> None:
            raise KeyboardInterrupt

    one = world(config=config(), plugins={"demo": Stops})
    with pytest.raises(KeyboardInterrupt):
        one.get("http://a.test/")


class Counts(gp.Plugin):
    """Counts under a lock, as plugins in several event loops have to."""

    lock = threading.Lock()
    calls = 0

    def __init__(self, config: object, name: str) -> None:
        pass

    def on_request(self, request: gp.PluginRequest) -> int:
        with Counts.lock:
            Counts.calls += 1
        return 204


def test_several_event_loops_share_the_interpreter() -> None:
    chosen = make(config(), None)
    Counts.calls = 0
    addresses = {"web": "127.0.0.1:0"}
    names = [one["name"] for one in _core.World(chosen.core).entry_points()]
    addresses = dict.fromkeys(names, "127.0.0.1:0")
    server = _core.Server(chosen.core, 0, 3, addresses, adapt({"demo": Counts}))
    try:
        url = f"http://{server.addresses[names[0]]}/"

        def client() -> None:
            for _ in range(40):
                with urllib.request.urlopen(url, timeout=20) as answer:
                    assert answer.status == 204

        threads = [threading.Thread(target=client) for _ in range(6)]
        for one in threads:
            one.start()
        # Reloads build and drop plugins meanwhile.
        text = json.dumps(config())
        for _ in range(20):
            server.update({"d.yaml": text})
        for one in threads:
            one.join()
    finally:
        server.stop()
    assert Counts.calls == 240


def test_command_line(tmp_path: Path) -> None:
    (tmp_path / "house_rules.py").write_text(
        "import gateproof as gp\n"
        "class Teapot(gp.Plugin):\n"
        "    def __init__(self, config, name): self.status = config['status']\n"
        "    def on_request(self, request): return self.status\n"
    )
    (tmp_path / "routes.yaml").write_text(json.dumps(config({"status": 418})))
    start = "import sys; from gateproof.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "ask", "routes.yaml", "http://a.test/"]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    done = run("--plugin", "demo=house_rules:Teapot")
    assert "answers 418" in done.stdout
    assert done.returncode == 0
    assert "unknown plugin type" in run().stderr + run().stdout
    for bad in ("demo", "demo=house_rules", "demo=house_rules:Gone", "demo=gone:Teapot"):
        done = run("--plugin", bad)
        assert done.returncode == 2, bad
        assert "gateproof:" in done.stderr
    assert load_plugins(None) == {}


def test_the_example_of_the_page() -> None:
    folder = Path(__file__).resolve().parents[3] / "scenarios" / "plugin"
    start = "import sys; from gateproof.cli import main; sys.exit(main())"
    words = ["ask", "routes.yml", "http://shop.test/", "--plugin", "apiKey=api_key:ApiKey"]
    for more, told in (([], "answers 403"), (["-H", "X-Api-Key: k2"], "+ X-User: ben")):
        command = [sys.executable, "-c", start, *words, *more]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        assert told in done.stdout
