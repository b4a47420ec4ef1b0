"""The dynamic configuration in its versions: servers come and go, and every tenth is broken."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

from certificates import Certificates
from signs import VERSION_FIELD

BROKEN_EVERY = 10
BROKEN_MARK = "broken"  # in the version field: an answer that shows it came from a broken file


@dataclass
class Versions:
    """Writes version after version to `file` (atomic rename); 0 is the quiet one without checks."""

    seed: int
    file: Path
    certificates: Certificates
    ports: list[int] = field(default_factory=list)  # of the backends that behave
    tcp: int = 0
    udp: int = 0
    sealed: int = 0  # a backend over TLS
    faults: dict[str, int] = field(default_factory=dict)  # port by kind of backend
    bad_tcp: int = 0
    written: int = 0
    broken: int = 0

    def servers(self, version: int) -> list[int]:
        """Indexes of the backends that the version sends to: all at first, then one up to all."""
        everybody = range(len(self.ports))
        if version == 0:
            return list(everybody)
        draw = random.Random(f"{self.seed}/servers/{version}")
        return sorted(draw.sample(everybody, draw.randint(1, len(self.ports))))

    def belongs(self, index: int, version: int) -> bool:
        return index in self.servers(version)

    def write(self, version: int) -> None:
        self.replace(json.dumps(self.dynamic(version)))
        self.written += 1

    def write_broken(self, version: int) -> None:
        """A file that must be refused as a whole, with a version of its own that nobody may see."""
        good = json.dumps(self.dynamic(version, mark=BROKEN_MARK))
        ways = [
            good[: len(good) // 2],
            good.replace('"routers"', '"rooters"', 1),
            good.replace('"servers": [', '"servers": [[]', 1),
            "http: {routers: [}\n" + good,
        ]
        self.replace(ways[self.broken % len(ways)])
        self.broken += 1

    def replace(self, text: str) -> None:
        temporary = self.file.with_suffix(".new")
        temporary.write_text(text)
        temporary.rename(self.file)

    def dynamic(self, version: int, mark: str | None = None) -> dict:
        told = {VERSION_FIELD: mark or str(version)}
        middlewares = {
            "version": {"headers": {"customRequestHeaders": told, "customResponseHeaders": told}},
            "rate": {"rateLimit": {"average": 1_000_000, "burst": 1_000_000}},
            "flight": {"inFlightReq": {"amount": 100_000}},
            "breaker": {"circuitBreaker": {"expression": "NetworkErrorRatio() > 0.9"}},
            "again": {"retry": {"attempts": 3}},
            "whole": {"buffering": {"memRequestBodyBytes": 4096}},
            # Answers without a server: the first requests must leave no connection behind.
            "ready": {"redirectRegex": {"regex": ".*", "replacement": "http://soak.test/"}},
        }
        good = [{"url": f"http://127.0.0.1:{self.ports[i]}"} for i in self.servers(version)]
        services = {
            "good": {"loadBalancer": {"servers": good, "serversTransport": "patient"}},
            "probed": {"loadBalancer": {"servers": good, "serversTransport": "patient"}},
        }
        if self.sealed:
            server = [{"url": f"https://127.0.0.1:{self.sealed}"}]
            services["sealed"] = {"loadBalancer": {"servers": server, "serversTransport": "any"}}
        services["probed"]["loadBalancer"]["strategy"] = "leasttime"
        if version:
            check = {"path": "/health", "interval": "200ms", "timeout": "10s"}
            services["probed"]["loadBalancer"]["healthCheck"] = check
        routers = {
            "ready": ("/ready", "good", ["ready"]),
            "good": ("/good/", "good", ["version"]),
            "chain": ("/chain/", "probed", ["version", "rate", "flight", "breaker", "again"]),
            "whole": ("/whole/", "good", ["version", "whole"]),
            **({"sealed": ("/sealed/", "sealed", ["version"])} if self.sealed else {}),
        }
        for kind, port in self.faults.items():
            balancer = {
                "servers": [{"url": f"http://127.0.0.1:{port}"}],
                "serversTransport": "quick",
            }
            if kind == "flapping" and version:
                balancer["healthCheck"] = {"path": "/health", "interval": "150ms"}
            services[kind] = {"loadBalancer": balancer}
            routers[kind] = (f"/fault/{kind}/", kind, ["version"])
        if self.faults:
            mixed = [{"url": f"http://127.0.0.1:{self.faults[k]}"} for k in ("refuse", "before")]
            services["mixed"] = {
                "loadBalancer": {"servers": mixed + good, "serversTransport": "patient"}
            }
            routers["mixed"] = ("/fault/mixed/", "mixed", ["version", "again"])
        return {
            "http": {
                "routers": {
                    name: {
                        "entryPoints": ["web", "secure", "tight", "tighttls"],
                        "rule": f"PathPrefix(`{path}`)",
                        "service": service,
                        "middlewares": before,
                    }
                    for name, (path, service, before) in routers.items()
                },
                "middlewares": middlewares,
                "services": services,
                "serversTransports": {
                    "quick": transport("1s"),
                    "patient": transport("20s"),
                    "any": {**transport("20s"), "insecureSkipVerify": True},
                },
            },
            "tcp": self.layer4("tcp", {"flows": self.tcp, "cut": self.bad_tcp}),
            "udp": self.layer4("udp", {"datagrams": self.udp}),
            "tls": self.certificates.dynamic(version),
        }

    def layer4(self, protocol: str, ports: dict[str, int]) -> dict:
        """Routers and services called after their entry points."""
        rule = {"rule": "HostSNI(`*`)"} if protocol == "tcp" else {}
        used = {name: port for name, port in ports.items() if port}
        made: dict = {
            "routers": {n: {"entryPoints": [n], "service": n, **rule} for n in used},
            "services": {
                n: {"loadBalancer": {"servers": [{"address": f"127.0.0.1:{port}"}]}}
                for n, port in used.items()
            },
        }
        if "flows" in used:
            # What is on its way behind a half-close has 100 ms by default: too few here.
            made["serversTransports"] = {"lasting": {"terminationDelay": "20s"}}
            made["services"]["flows"]["loadBalancer"]["serversTransport"] = "lasting"
        return made


def transport(patience: str) -> dict:
    """Connections to servers rest for 1 s, so that pools empty and fill all the time."""
    limits = {"dialTimeout": patience, "responseHeaderTimeout": patience, "idleConnTimeout": "1s"}
    return {"forwardingTimeouts": limits}
