"""The proxies that h2spec is run against, and how each is told to listen, over h2c or TLS."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 20.0


@dataclass(frozen=True)
class Site:
    """What a proxy is to serve, and the folder that is its own."""

    folder: Path
    upstream: int
    cert: Path
    key: Path
    transport: str  # h2c, tls

    @property
    def tls(self) -> bool:
        return self.transport == "tls"


def traefik_files(site: Site, port: int) -> Path:
    router = {"rule": "PathPrefix(`/`)", "service": "s", "entryPoints": ["web"]}
    if site.tls:
        router["tls"] = {}  # type: ignore[assignment]
    dynamic = {
        "http": {
            "routers": {"all": router},
            "services": {
                "s": {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{site.upstream}"}]}}
            },
        }
    }
    if site.tls:
        pair = {"certFile": str(site.cert), "keyFile": str(site.key)}
        dynamic["tls"] = {
            "certificates": [pair],
            "stores": {"default": {"defaultCertificate": pair}},
        }
    (site.folder / "dynamic.yml").write_text(json.dumps(dynamic))
    static = site.folder / "static.yml"
    static.write_text(
        json.dumps(
            {
                "entryPoints": {"web": {"address": f"127.0.0.1:{port}"}},
                "providers": {"file": {"filename": str(site.folder / "dynamic.yml")}},
                "log": {"level": "ERROR"},
            }
        )
    )
    return static


def traefik(program: str, site: Site, port: int) -> list[str]:
    return [program, f"--configFile={traefik_files(site, port)}"]


def haproxy(program: str, site: Site, port: int) -> list[str]:
    how = f"ssl crt {site.cert.parent / 'both.pem'} alpn h2" if site.tls else "proto h2"
    config = site.folder / "haproxy.cfg"
    config.write_text(
        "defaults\n mode http\n timeout client 10s\n timeout server 10s\n timeout connect 5s\n"
        f"frontend f\n bind 127.0.0.1:{port} {how}\n default_backend b\n"
        f"backend b\n server s 127.0.0.1:{site.upstream}\n"
    )
    return [program, "-f", str(config)]


def nginx(program: str, site: Site, port: int) -> list[str]:
    temporary = "".join(
        f"{what}_temp_path {site.folder}/{what}; "
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    how = "ssl http2" if site.tls else "http2"
    pair = f"ssl_certificate {site.cert}; ssl_certificate_key {site.key};\n" if site.tls else ""
    config = site.folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {site.folder}/pid; error_log /dev/null; worker_processes 1;\n"
        "events { worker_connections 512; }\n"
        f"http {{ access_log off; keepalive_requests 100000000; {temporary}\n"
        f" upstream behind {{ server 127.0.0.1:{site.upstream}; keepalive 64; }}\n"
        f" server {{ listen 127.0.0.1:{port} {how};\n"
        f"  {pair}"
        f"  location / {{ proxy_pass http://behind;"
        ' proxy_http_version 1.1; proxy_set_header Connection ""; } } }\n'
    )
    return [program, "-c", str(config)]


def envoy(program: str, site: Site, port: int) -> list[str]:
    at = "type.googleapis.com/envoy.extensions"
    manager = {
        "@type": f"{at}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "h",
        "codec_type": "HTTP2",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "v",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "s"}}],
                }
            ]
        },
        "http_filters": [
            {
                "name": "router",
                "typed_config": {"@type": f"{at}.filters.http.router.v3.Router"},
            }
        ],
    }
    chain: dict[str, object] = {"filters": [{"name": "hcm", "typed_config": manager}]}
    if site.tls:
        pair = {
            "certificate_chain": {"filename": str(site.cert)},
            "private_key": {"filename": str(site.key)},
        }
        chain["transport_socket"] = {
            "name": "tls",
            "typed_config": {
                "@type": f"{at}.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {"alpn_protocols": ["h2"], "tls_certificates": [pair]},
            },
        }

    def address(number: int) -> dict[str, object]:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    endpoint = {"endpoint": {"address": address(site.upstream)}}
    cluster = {
        "name": "s",
        "connect_timeout": "5s",
        "type": "STATIC",
        "load_assignment": {"cluster_name": "s", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    listener = {"name": "l", "address": address(port), "filter_chains": [chain]}
    config = site.folder / "envoy.json"
    config.write_text(
        json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}})
    )
    options = ["--concurrency", "1", "--use-dynamic-base-id", "--log-level", "off"]
    return [program, "-c", str(config), *options]


def caddy(program: str, site: Site, port: int) -> list[str]:
    proxy = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"127.0.0.1:{site.upstream}"}],
    }
    server: dict[str, object] = {
        "listen": [f"127.0.0.1:{port}"],
        "routes": [{"handle": [proxy]}],
        "protocols": ["h1", "h2"] if site.tls else ["h1", "h2c"],
        "automatic_https": {"disable": True},
    }
    apps: dict[str, object] = {"http": {"servers": {"s": server}}}
    if site.tls:
        server["tls_connection_policies"] = [{"fallback_sni": "localhost"}]
        pair = {"certificate": str(site.cert), "key": str(site.key)}
        apps["tls"] = {"certificates": {"load_files": [pair]}}
    config = site.folder / "caddy.json"
    logs = {"default": {"level": "ERROR"}}
    config.write_text(
        json.dumps({"admin": {"disabled": True}, "apps": apps, "logging": {"logs": logs}})
    )
    return [program, "run", "--config", str(config)]


Command = Callable[[str, Site, int], list[str]]
# name -> how it is started, and where it is: in .venv, in the build folder, or on the PATH
NAMES: dict[str, tuple[Command, str]] = {
    "gateproof": (traefik, "build/release/bin/gateproofd"),
    "traefik": (traefik, ".venv/bin/traefik"),
    "haproxy": (haproxy, "haproxy"),
    "nginx": (nginx, "nginx"),
    "envoy": (envoy, ".venv/bin/envoy"),
    "caddy": (caddy, ".venv/bin/caddy"),
}


def find(name: str, root: Path) -> str | None:
    """The program, or None where it is not installed."""
    where = NAMES[name][1]
    if "/" in where:
        return str(root / where) if (root / where).exists() else None
    return shutil.which(where, path="/usr/sbin:/usr/bin:/usr/local/bin")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def running(name: str, program: str, site: Site) -> Iterator[tuple[int, int]]:
    """A running proxy; its process and its port. RuntimeError if it does not listen in time."""
    site.folder.mkdir()
    site.folder.chmod(0o777)
    port = free_port()
    command = NAMES[name][0](program, site, port)
    with (site.folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=site.folder)
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{name}: " + (site.folder / "log").read_text()[-1000:])
            time.sleep(0.05)
        time.sleep(0.5)  # its routes
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(timeout=20)
