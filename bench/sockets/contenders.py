"""The proxies that are measured, each on one thread, and the server behind them all."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import machine
from process import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PAIRS = ROOT / "bindings" / "python" / "gateproof" / "data" / "certificates"
BUILT = ROOT / "build" / "release" / "bin"
START_SECONDS_MAX = 120.0
SMALL, LARGE = 100, 102_400  # bytes of a body
CHAIN = (
    ("mark", {"headers": {"customRequestHeaders": {"X-Bench-Request": "1"}}}),
    ("answer", {"headers": {"customResponseHeaders": {"X-Bench-Answer": "1"}}}),
    ("secure", {"headers": {"frameDeny": True, "contentTypeNosniff": True}}),
    ("strip", {"stripPrefix": {"prefixes": ["/chain"]}}),
    ("add", {"addPrefix": {"prefix": "/add"}}),
    ("rewrite", {"replacePathRegex": {"regex": "^/add/(.*)", "replacement": "/$1"}}),
    ("rate", {"rateLimit": {"average": 10_000_000, "burst": 10_000_000}}),
    ("flight", {"inFlightReq": {"amount": 100_000}}),
    ("allow", {"ipAllowList": {"sourceRange": ["127.0.0.0/8", "10.0.0.0/8"]}}),
    ("again", {"retry": {"attempts": 2}}),
)


@dataclass(frozen=True)
class Site:
    """Where a proxy listens and what it serves: everything, or so many routes alone
    (`hK.test` with `/pK`, K from 0)."""

    folder: Path
    plain: int
    tls: int
    server: int
    routes: int = 0

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path


def certificate(kind: str) -> Path:
    return PAIRS / f"server.{kind}"


def _model(site: Site) -> Path:
    """Static and dynamic configuration of Traefik's model; JSON is YAML."""
    router = {"rule": "PathPrefix(`/`)", "service": "s", "priority": 1, "entryPoints": ["plain"]}
    routers: dict[str, dict] = {"all": router}
    if site.routes:
        routers = {
            f"r{k}": {"rule": f"Host(`h{k}.test`) && PathPrefix(`/p{k}`)", "service": "s",
                      "entryPoints": ["plain"]}
            for k in range(site.routes)
        }  # fmt: skip
    else:
        routers["tls"] = {**router, "entryPoints": ["tls"], "tls": {}}
        names = [name for name, _ in CHAIN]
        routers["chain"] = {**router, "rule": "PathPrefix(`/chain/`)", "priority": 2,
                            "middlewares": names}  # fmt: skip
    servers = {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{site.server}"}]}}
    http = {"routers": routers, "services": {"s": servers}}
    if not site.routes:
        http["middlewares"] = dict(CHAIN)
    pair = {"certFile": str(certificate("crt")), "keyFile": str(certificate("key"))}
    options = {"default": {"minVersion": "VersionTLS13"}}
    tls = {"stores": {"default": {"defaultCertificate": pair}}, "options": options}
    dynamic = site.write("dynamic.yml", json.dumps({"http": http, "tls": tls}))
    static = {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "ERROR"},
        "entryPoints": {
            "plain": {"address": f"127.0.0.1:{site.plain}"},
            "tls": {"address": f"127.0.0.1:{site.tls}"},
        },
        "providers": {"file": {"filename": str(dynamic)}},
    }
    return site.write("static.yml", json.dumps(static))


def gateproof(program: str, site: Site) -> list[str]:
    return [program, f"--configFile={_model(site)}", "--gateproof.workers=1"]


def traefik(program: str, site: Site) -> list[str]:
    return [program, f"--configFile={_model(site)}"]


def _nginx_base(site: Site, inside: str) -> Path:
    temporary = " ".join(
        f"{what}_temp_path {site.folder}/{what};"
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return site.write(
        "nginx.conf",
        f"daemon off; worker_processes 1; pid {site.folder}/pid; error_log {site.folder}/e crit;\n"
        "events { worker_connections 2048; }\n"
        f"http {{ access_log off; keepalive_requests 1000000000; {temporary}\n"
        " server_names_hash_max_size 65536; server_names_hash_bucket_size 128;\n"
        f"{inside}}}\n",
    )


def nginx(program: str, site: Site) -> list[str]:
    to_server = (
        'proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";'
        " proxy_set_header Host $http_host; proxy_max_temp_file_size 0;"
        " proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
        " proxy_set_header X-Forwarded-Host $http_host;"
        " proxy_set_header X-Forwarded-Proto $scheme;"
    )
    pair = f"ssl_certificate {certificate('crt')}; ssl_certificate_key {certificate('key')};"
    at = f"listen 127.0.0.1:{site.plain};"
    servers = (
        f" server {{ {at} listen 127.0.0.1:{site.tls} ssl http2; {pair} ssl_protocols TLSv1.3;\n"
        f"  location / {{ {to_server} }} }}\n"
    )
    if site.routes:
        servers = "".join(
            f" server {{ {at} server_name h{k}.test; location /p{k} {{ {to_server} }} }}\n"
            for k in range(site.routes)
        )
    behind = (
        f" upstream behind {{ server 127.0.0.1:{site.server}; keepalive 128;"
        " keepalive_requests 1000000000; }\n"
    )
    config = _nginx_base(site, behind + servers)
    return [program, "-p", str(site.folder), "-e", f"{site.folder}/e", "-c", str(config)]


def _haproxy(program: str, site: Site, mode: str, route: str) -> list[str]:
    pem = site.write("both.pem", "".join(certificate(k).read_text() for k in ("crt", "key")))
    forwarded = (
        " option forwardfor\n http-request set-header X-Forwarded-Host %[req.hdr(host)]\n"
        " http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]\n"
    )
    config = site.write(
        "haproxy.cfg",
        "global\n nbthread 1\n maxconn 2048\n ssl-default-bind-options ssl-min-ver TLSv1.3\n"
        f"defaults\n mode {mode}\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
        + (" http-reuse always\n" if mode == "http" else "")
        + f"frontend f\n bind 127.0.0.1:{site.plain}\n"
        f" bind 127.0.0.1:{site.tls} ssl crt {pem} alpn "
        + ("h2,http/1.1\n" if mode == "http" else "http/1.1\n")
        + (forwarded if mode == "http" else "")
        + f" {route}\nbackend b\n server s 127.0.0.1:{site.server}\n",
    )
    return [program, "-db", "-f", str(config)]


def haproxy(program: str, site: Site) -> list[str]:
    if not site.routes:
        return _haproxy(program, site, "http", "default_backend b")
    lines = "".join(f"h{k}.test/p{k} yes\n" for k in range(site.routes))
    where = site.write("routes.map", lines)
    return _haproxy(program, site, "http", f"use_backend b if {{ base,map_beg({where}) -m found }}")


def haproxy_tcp(program: str, site: Site) -> list[str]:
    return _haproxy(program, site, "tcp", "default_backend b")


def relay(program: str, site: Site) -> list[str]:
    return [program, str(site.plain), str(site.server)]


@dataclass(frozen=True)
class Contender:
    """How one is started, where it is looked for, and what it can do besides HTTP/1.1."""

    command: Callable[[str, Site], list[str]]
    program: str
    can: frozenset[str]


PROXY = frozenset({"tls", "h2", "close", "routes"})
CONTENDERS = {
    "gateproof": Contender(gateproof, str(BUILT / "gateproofd"), PROXY | {"chain"}),
    "traefik": Contender(traefik, "traefik", PROXY | {"chain"}),
    "nginx": Contender(nginx, "nginx", PROXY),
    "haproxy": Contender(haproxy, "haproxy", PROXY),
    "haproxy-tcp": Contender(haproxy_tcp, "haproxy", frozenset({"tls"})),
    "relay": Contender(relay, str(BUILT / "byte_relay"), frozenset()),
}


def find(name: str, daemon: Path | None = None) -> str | None:
    """The program; None where it is not installed or not built."""
    if name == "gateproof" and daemon is not None:
        return str(daemon) if os.access(daemon, os.X_OK) else None
    program = CONTENDERS[name].program
    if "/" in program:
        return program if os.access(program, os.X_OK) else None
    beside = Path(sys.executable).with_name(program)
    if beside.is_file():
        return str(beside)
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def status(port: int, host: str, path: str) -> int:
    """The status of one answer; 0 for none."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", path, headers={"Host": host})
        answer = link.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        link.close()


@dataclass(frozen=True)
class Running:
    """A proxy that serves; `start_seconds` passed until its first answer."""

    name: str
    process: subprocess.Popen[bytes]
    site: Site
    start_seconds: float

    @property
    def can(self) -> frozenset[str]:
        return CONTENDERS[self.name].can

    def url(self, path: str, tls: bool = False) -> str:
        scheme, port = ("https", self.site.tls) if tls else ("http", self.site.plain)
        return f"{scheme}://127.0.0.1:{port}{path}"


@contextmanager
def running(
    name: str, program: str, folder: Path, server: int, core: int, routes: int = 0
) -> Iterator[Running]:
    """A proxy that has answered its first request, the one of its last route. RuntimeError if
    it does not."""
    folder.mkdir()
    folder.chmod(0o777)
    site = Site(folder, free_port(), free_port(), server, routes)
    command = CONTENDERS[name].command(program, site)
    last = routes - 1
    host, path = (f"h{last}.test", f"/p{last}/x") if routes else ("bench.test", "/small")
    begin = time.monotonic()
    process = machine.spawn(command, core, folder, {"GOMAXPROCS": "1"})
    try:
        while status(site.plain, host, path) != 200:
            if process.poll() is not None or time.monotonic() - begin > START_SECONDS_MAX:
                said = (folder / "log").read_text(errors="replace").strip()[-500:]
                raise RuntimeError(f"{name} does not serve: {said}")
            time.sleep(0.001)
        yield Running(name, process, site, time.monotonic() - begin)
    finally:
        machine.stop(process)


@contextmanager
def behind(folder: Path, core: int) -> Iterator[int]:
    """nginx as the server of all: /large has 100 KB, everything else 0.1 KB; its port."""
    program = find("nginx")
    if program is None:
        raise RuntimeError("nginx is not installed, and no other server is behind the proxies")
    folder.mkdir()
    folder.chmod(0o777)
    port = free_port()
    site = Site(folder, port, 0, 0)
    site.write("large", "x" * LARGE)
    inside = (
        f" sendfile on; tcp_nopush on; tcp_nodelay on;\n server {{ listen 127.0.0.1:{port};\n"
        f"  location = /large {{ alias {folder}/large; }}\n"
        f'  location / {{ return 200 "{"x" * SMALL}"; }} }}\n'
    )
    config = _nginx_base(site, inside)
    command = [program, "-p", str(folder), "-e", f"{folder}/e", "-c", str(config)]
    process = machine.spawn(command, core, folder)
    try:
        begin = time.monotonic()
        while status(port, "bench.test", "/small") != 200:
            if process.poll() is not None or time.monotonic() - begin > START_SECONDS_MAX:
                raise RuntimeError("the server behind the proxies does not serve")
            time.sleep(0.01)
        yield port
    finally:
        machine.stop(process)
