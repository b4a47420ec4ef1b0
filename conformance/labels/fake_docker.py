"""A read-only Docker engine API on loopback, enough for one Traefik.

It shows the containers that `docker compose up` would start for a compose file: names, labels,
ports and networks, all running and healthy; and the services and tasks of `docker stack deploy`.
Each has an address of its own out of 172.30.0.0/16; `stand_ins` says which name the engine of this
repository takes for it.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import yaml

Json = dict[str, Any]


def _mapping(labels: Any) -> dict[str, str]:
    """Labels of either form, as compose hands them to the engine."""
    if isinstance(labels, list):
        pairs = [str(one).partition("=") for one in labels]
        given = {key: value for key, _, value in pairs}
    else:
        given = dict(labels or {})
    texts = {}
    for key, value in given.items():
        if isinstance(value, bool):
            value = "true" if value else "false"
        texts[key] = "" if value is None else str(value).replace("$$", "$")
    return texts


def _ports(service: Json) -> dict[str, list[dict[str, str]] | None]:
    """NetworkSettings.Ports: exposed ports, published ones with their bindings."""
    ports: dict[str, list[dict[str, str]] | None] = {}
    for one in service.get("expose") or []:
        number, _, protocol = str(one).partition("/")
        ports[f"{number}/{protocol or 'tcp'}"] = None
    for one in service.get("ports") or []:
        rest, _, protocol = str(one).partition("/")
        parts = rest.rsplit(":", 2)
        binding = None
        if len(parts) > 1:
            ip = parts[0] if len(parts) == 3 else "0.0.0.0"
            binding = [{"HostIp": ip, "HostPort": parts[-2]}]
        ports[f"{parts[-1]}/{protocol or 'tcp'}"] = binding
    return ports


class Project:
    """A compose file as containers."""

    def __init__(self, path: Path) -> None:
        self.document = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.name = self.document.get("name") or "default"
        self.stand_ins: dict[str, str] = {}
        self.containers: list[Json] = []
        self.services: list[Json] = []  # of a swarm, after `docker stack deploy`
        self.tasks: list[Json] = []
        self.networks: dict[str, Json] = {}
        for service, options in self.document["services"].items():
            replicas = int((options.get("deploy") or {}).get("replicas", options.get("scale", 1)))
            for number in range(1, replicas + 1):
                host = service if replicas == 1 else f"{service}-{number}"
                self.containers.append(self._container(service, options, number, host))
                self._add_task(service, number, self.containers[-1])
            self._add_service(service, options)

    def _add_service(self, service: str, options: Json) -> None:
        labels = {
            "com.docker.stack.namespace": self.name,
            **_mapping((options.get("deploy") or {}).get("labels")),
        }
        spec = {
            "Name": f"{self.name}_{service}",
            "Labels": labels,
            "Mode": {"Replicated": {}},
            "EndpointSpec": {"Mode": "vip"},
        }
        self.services.append({"ID": service, "Spec": spec, "Endpoint": {"VirtualIPs": []}})

    def _add_task(self, service: str, number: int, container: Json) -> None:
        attachments = []
        for name, network in container["NetworkSettings"]["Networks"].items():
            self.networks[name] = {"Id": name, "Name": name, "Scope": "swarm"}
            attachments.append(
                {"Network": {"ID": name}, "Addresses": [network["IPAddress"] + "/16"]}
            )
        self.tasks.append(
            {
                "ID": container["Id"],
                "ServiceID": service,
                "Slot": number,
                "Status": {"State": "running"},
                "DesiredState": "running",
                "NetworksAttachments": attachments,
            }
        )

    def _network_name(self, key: str) -> str:
        options = (self.document.get("networks") or {}).get(key) or {}
        if options.get("name"):
            return str(options["name"])
        return key if options.get("external") else f"{self.name}_{key}"

    def _networks(self, options: Json, host: str) -> dict[str, Json]:
        if options.get("network_mode") == "none":
            return {}
        names = list(options.get("networks") or ["default"])
        shown = {}
        for key in names:
            self.stand_ins[
                address := f"172.30.{len(self.stand_ins) // 250}.{len(self.stand_ins) % 250 + 2}"
            ] = host
            shown[self._network_name(key)] = {"NetworkID": key, "IPAddress": address}
        return shown

    def _container(self, service: str, options: Json, number: int, host: str) -> Json:
        name = options.get("container_name") or f"{self.name}-{service}-{number}"
        labels = {
            "com.docker.compose.project": self.name,
            "com.docker.compose.service": service,
            "com.docker.compose.container-number": str(number),
            **_mapping(options.get("labels")),
        }
        return {
            "Id": f"{number:04}{re.sub(r'[^0-9a-z]', '', service)}",
            "Name": f"/{name}",
            "State": {"Status": "running", "Running": True},
            "Config": {"Labels": labels},
            "HostConfig": {"NetworkMode": options.get("network_mode") or "default"},
            "NetworkSettings": {
                "Ports": _ports(options),
                "Networks": self._networks(options, host),
            },
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    projects: ClassVar[list[Project]]
    stopped: ClassVar[threading.Event]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""

    def _json(self, code: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Api-Version", "1.47")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_HEAD(self) -> None:
        """The client's ping."""
        self.do_GET()

    def do_GET(self) -> None:
        """Ping, version, containers, a swarm's objects, events (none ever come)."""
        path = re.sub(r"^/v[0-9.]+", "", urlsplit(self.path).path)
        found = re.match(r"^/containers/([^/]+)/json$", path)
        containers = [c for project in self.projects for c in project.containers]
        if path == "/_ping":
            self._json(200, "OK")
        elif path == "/version":
            self._json(200, {"Version": "28.0.0", "ApiVersion": "1.47", "MinAPIVersion": "1.24"})
        elif path == "/containers/json":
            listed = [{"Id": c["Id"], "Names": [c["Name"]]} for c in containers]
            self._json(200, listed)
        elif found:
            named = [c for c in containers if c["Id"] == found[1]]
            self._json(200 if named else 404, named[0] if named else {"message": "no such one"})
        elif path == "/services":
            self._json(200, [s for project in self.projects for s in project.services])
        elif path == "/networks":
            self._json(200, [n for p in self.projects for n in p.networks.values()])
        elif path == "/tasks":
            filters = json.loads(parse_qs(urlsplit(self.path).query).get("filters", ["{}"])[0])
            wanted = set(filters.get("service") or {})
            tasks = [t for project in self.projects for t in project.tasks]
            self._json(200, [t for t in tasks if t["ServiceID"] in wanted])
        elif path == "/events":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            self.stopped.wait()
        else:
            self._json(404, {"message": "page not found"})


class FakeDocker:
    """The server while it runs; a context manager."""

    def __init__(self, projects: list[Project], host: str = "127.0.0.1", port: int = 0) -> None:
        self._stopped = threading.Event()
        handler = type("Handler", (_Handler,), {"projects": projects, "stopped": self._stopped})
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self.url = f"tcp://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> FakeDocker:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
