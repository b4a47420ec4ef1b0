"""The arms of cases whose configuration is a cluster's.

`daemon` and `traefik` are processes that follow one API server of ours: all cases of a file live
in one cluster, each in its namespace, and one start serves them all. `offline` is the translation
of the same manifests in this process, in virtual time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from gateproof import _core
from gateproof.arms import VirtualSession
from gateproof.case_arm import (
    Arm,
    ArmStartError,
    ArmUnsupported,
    Observation,
    RouterState,
)
from gateproof.case_client import CaseClient
from gateproof.case_model import Case, CaseError, ChangeSpec, RequestSpec
from gateproof.cluster import Cluster
from gateproof.errors import StartError
from gateproof.kubernetes.case_files import KubernetesCase
from gateproof.kubernetes.manifests import manifest, traefik_crds
from gateproof.kubernetes.proxies import Daemon, Proxy, Traefik, with_addresses
from gateproof.loopback import free_port
from gateproof.real_traefik import find_traefik
from gateproof.upstreams import UpstreamSet

# Each proxy of each cluster has a loopback address: the ports of their entry points are the same,
# since listeners of Gateways name them.
HOSTS = {"daemon": "127.0.21", "traefik": "127.0.22"}
GATEWAY_BUNDLE = "v1.7.0"
_MOST_STARTS = 4  # processes that come up at the same time
_STATIC, _OBJECTS = "/gateproof/traefik.yaml", "/gateproof/objects.yaml"


def find_daemon() -> Path | None:
    """gateproofd: built beside the package that runs; None if it is not built."""
    roots = [Path(_core.__file__).resolve().parents[2], Path(__file__).resolve().parents[4]]
    places = [root / "bin" / "gateproofd" for root in roots]
    places += [root / "build" / "release" / "bin" / "gateproofd" for root in roots]
    return next((place for place in places if place.is_file()), None)


REFUSED = "the API server refuses it"  # of a case, in front of its words


class Cell:
    """The cluster of one file: servers, API server and objects, shared by the proxies."""

    def __init__(self, cases: Sequence[KubernetesCase], number: int, drawn: bool) -> None:
        self.cases = cases
        self._drawn = drawn
        self.static = cases[0].static
        self._number = number
        self.servers = {case.name: UpstreamSet(case.upstreams, case.hosts) for case in cases}
        taken = [at for servers in self.servers.values() for at in servers.addresses.values()]
        ports = _other_ports({int(at.rpartition(":")[2]) for at in taken})
        self.ports = dict(zip(cases[0].entry_points, ports, strict=False))
        self.api_port = next(ports)
        gateways = "kubernetesGateway" in (self.static.get("providers") or {})
        try:
            self.cluster = Cluster(bundle_version=GATEWAY_BUNDLE if gateways else None)
            self._apply()
        except BaseException:
            self.close()
            raise

    def _apply(self) -> None:
        first = self.cases[0]
        objects = first.common_manifests(self.entry_points("127.0.0.1"))
        for case in self.cases:
            known = {**self.entry_points("127.0.0.1"), **self.servers[case.name].addresses}
            objects += case.manifests(known)
        self.cluster.apply(traefik_crds())
        refused = [one for one in self.cluster.apply(manifest(objects)) if one.outcome == "failed"]
        if refused and not self._drawn:
            raise CaseError(f"{first.place.file}: {'; '.join(map(str, refused))}")
        self._refused = {one.namespace: one.message for one in refused}

    def refusal(self, case: KubernetesCase) -> str | None:
        """Why the API server did not take an object of this case."""
        return self._refused.get(str(case.words.get("ns", case.name)))

    def host(self, arm: str) -> str:
        """The loopback address of a proxy."""
        return f"{HOSTS[arm]}.{self._number}"

    def entry_points(self, host: str) -> dict[str, str]:
        """The addresses of the entry points on one loopback host."""
        return {name: f"{host}:{port}" for name, port in self.ports.items()}

    def close(self) -> None:
        """Ends the API server and the servers."""
        if hasattr(self, "cluster"):
            self.cluster.stop()
        for servers in self.servers.values():
            servers.close()


def _other_ports(taken: set[int]) -> Iterator[int]:
    """Ports that no server has on any address, so that what is seen tells the two apart."""
    while True:
        port = free_port(but=taken)
        taken.add(port)
        yield port


class Cells:
    """The clusters of all files, made when they are first needed; thread-safe.

    Of cases that were `drawn` by chance only those are left out whose objects the API server
    refuses; in a file that somebody wrote one is an error of it all.
    """

    def __init__(self, cases: Iterable[Case], drawn: bool = False) -> None:
        self._drawn = drawn
        self._cases: dict[str, list[KubernetesCase]] = {}
        for case in cases:
            assert isinstance(case, KubernetesCase)
            self._cases.setdefault(case.place.file, []).append(case)
        self._lock = threading.Lock()
        self._made: dict[str, Cell | CaseError | StartError] = {}

    def files(self, arm: str) -> list[str]:
        """The names of the files with cases for an arm."""
        return [file for file, cases in self._cases.items() if any(arm in c.arms for c in cases)]

    def cell(self, file: str) -> Cell:
        """The cluster of a file. Raises ArmStartError if it cannot be made."""
        with self._lock:
            if file not in self._made:
                try:
                    number = list(self._cases).index(file) + 1
                    self._made[file] = Cell(self._cases[file], number, self._drawn)
                except (CaseError, StartError) as problem:
                    self._made[file] = problem
            made = self._made[file]
        if isinstance(made, Cell):
            return made
        raise ArmStartError(str(made))

    def close(self) -> None:
        """Ends everything that was made."""
        for cell in self._made.values():
            if isinstance(cell, Cell):
                cell.close()
        self._made.clear()


class ProxySession:
    """One case on a proxy that serves its whole file; see `ArmSession`."""

    def __init__(self, case: KubernetesCase, cell: Cell, host: str) -> None:
        self._servers = cell.servers[case.name]
        self._servers.rewind()
        entries = cell.entry_points(host)
        self._addresses = {**entries, **self._servers.addresses, **case.words}
        self._client = CaseClient(entries, self._servers)

    @property
    def addresses(self) -> Mapping[str, str]:
        """Entry points and servers by name, and the case's words."""
        return self._addresses

    def send(self, request: RequestSpec) -> Observation:
        """See `ArmSession.send`."""
        return self._client.send(request)

    def change(self, change: ChangeSpec) -> None:  # noqa: ARG002
        """Objects do not change within a case."""
        raise ArmUnsupported("there are no files to change")

    def wait(self, seconds: float) -> None:
        """Sleeps."""
        time.sleep(seconds)

    def routers(self) -> Mapping[str, RouterState]:
        """Not told."""
        raise ArmUnsupported("the API of a proxy is not asked")

    def close(self) -> None:
        """Ends the connections of this case."""
        self._client.close()


class ProxyArm:
    """gateproofd (`daemon`) or Traefik (`traefik`); all are started at the first case."""

    tells_router = False

    def __init__(self, name: str, cells: Cells) -> None:
        self.name = name
        self._cells = cells
        self._binary = find_daemon() if name == "daemon" else find_traefik()
        self._lock = threading.Lock()
        self._started: dict[str, Proxy | ArmStartError] = {}

    def open(self, case: Case) -> ProxySession:
        """See `Arm.open`."""
        assert isinstance(case, KubernetesCase)
        if self._binary is None:
            missing = "gateproofd is not built" if self.name == "daemon" else "no Traefik binary"
            raise ArmUnsupported(missing)
        with self._lock:
            if not self._started:
                with ThreadPoolExecutor(_MOST_STARTS) as pool:
                    files = self._cells.files(self.name)
                    self._started = dict(zip(files, pool.map(self._start, files), strict=True))
        started = self._started[case.place.file]
        if isinstance(started, ArmStartError):
            raise started
        cell = self._cells.cell(case.place.file)
        if (why := cell.refusal(case)) is not None:
            raise ArmUnsupported(f"{REFUSED}: {why}")
        return ProxySession(case, cell, cell.host(self.name))

    def _start(self, file: str) -> Proxy | ArmStartError:
        assert self._binary is not None
        try:
            cell = self._cells.cell(file)
            host = cell.host(self.name)
            where = cell.entry_points(host)
            if self.name == "daemon":
                return Daemon(self._binary, cell.static, where, cell.cluster.url)
            api = f"{host}:{cell.api_port}"
            return Traefik(self._binary, cell.static, where, cell.cluster.url, api)
        except ArmStartError as problem:
            return problem

    def proxies(self) -> list[Proxy]:
        """The processes that were started."""
        return [one for one in self._started.values() if isinstance(one, Proxy)]

    def close(self) -> None:
        """Ends the processes."""
        for one in self._started.values():
            if isinstance(one, Proxy):
                one.close()
        self._started.clear()


class OfflineSession(VirtualSession):
    """The manifests of one case as this process translates them."""

    def _load(self, case: Case) -> tuple[_core.ConfigSet, dict[str, str]]:
        assert isinstance(case, KubernetesCase)
        for name, host in case.hosts.items():
            self._addresses[name] = f"{host}:{self._addresses[name].rpartition(':')[2]}"
        self._addresses |= case.words
        static = with_addresses(case.static, self._addresses)
        objects = [
            *case.common_manifests(self._addresses), *case.manifests(self._addresses),
        ]  # fmt: skip
        texts = {_STATIC: yaml.safe_dump(static), _OBJECTS: manifest(objects)}
        core = _core.load([_STATIC, _OBJECTS], texts, "")
        refused = [one for one in core.findings if one.severity == "error" and one.file == _STATIC]
        if refused:
            raise ArmStartError("\n".join(one.message for one in refused))
        return core, {}


class OfflineArm:
    """Translation and engine in this process, bytes in memory."""

    name = "offline"
    tells_router = True

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed

    def open(self, case: Case) -> OfflineSession:
        """See `Arm.open`."""
        return OfflineSession(case, "wire", self._seed)

    def close(self) -> None:
        """Nothing is open."""


def make_kubernetes_arm(name: str, cells: Cells, seed: int = 1) -> Arm:
    """An arm by name. Raises ValueError."""
    if name == "offline":
        return OfflineArm(seed)
    if name in HOSTS:
        return ProxyArm(name, cells)
    raise ValueError(f"no arm is called {name!r}; of manifests there are: offline, daemon, traefik")
