"""What the objects of the Gateway API looked like while a test ran.

A test deletes its objects before it says that it failed. So all of them are watched, and each
state is kept for a while with the time at which it was seen.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass

from gateproof.gateway_suite.kube import Kube, KubeError, Object

GROUP = "gateway.networking.k8s.io/v1"
# What else decides how a Gateway serves.
OTHERS = {
    "v1": ("Namespace", "Service", "Secret", "ConfigMap"),
    "discovery.k8s.io/v1": ("EndpointSlice",),
}
# States that are kept of one object, and objects of which any are kept; the oldest go first.
STATES_MAX, OBJECTS_MAX = 12, 5000
_RETRY_SECONDS = 0.5


@dataclass(frozen=True)
class State:
    """An object as it was from a time on; `deleted` is the last one."""

    at: float  # seconds since the epoch
    deleted: bool
    body: Object


Key = tuple[str, str, str]  # kind, namespace, name


class Recorder:
    """Watches every kind of the group, one thread each, until it is closed."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._lock = threading.Lock()
        self._states: OrderedDict[Key, deque[State]] = OrderedDict()
        self._open: list[http.client.HTTPConnection] = []
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        for version, kinds in ({GROUP: ()} | OTHERS).items():
            with contextlib.suppress(KubeError, OSError):
                for kind, (path, _namespaced) in kube.collections(version).items():
                    if kind in kinds or not kinds:
                        thread = threading.Thread(
                            target=self._follow, args=(kind, path), daemon=True
                        )
                        self._threads.append(thread)
                        thread.start()

    def _follow(self, kind: str, path: str) -> None:
        while not self._ending.is_set():
            try:
                listed = self._kube.get(path)
                for body in listed.get("items", []):
                    self._keep(kind, body, deleted=False)
                version = listed.get("metadata", {}).get("resourceVersion", "0")
                for event in self._kube.watch(path, version, self._open):
                    if event.get("type") in ("ADDED", "MODIFIED", "DELETED"):
                        self._keep(kind, event["object"], deleted=event["type"] == "DELETED")
            except (KubeError, OSError, KeyError, AttributeError):
                pass  # the server may be on its way up, or down
            self._ending.wait(_RETRY_SECONDS)

    def _keep(self, kind: str, body: Object, *, deleted: bool) -> None:
        metadata = body["metadata"]
        key = (kind, metadata.get("namespace", ""), metadata["name"])
        with self._lock:
            states = self._states.setdefault(key, deque(maxlen=STATES_MAX))
            states.append(State(time.time(), deleted, body))
            self._states.move_to_end(key)
            while len(self._states) > OBJECTS_MAX:
                self._states.popitem(last=False)

    def at(self, key: Key, moment: float) -> State | None:
        """The object as it was at a time, or as it was last; None if nothing is known."""
        with self._lock:
            states = list(self._states.get(key, ()))
        if not states:
            return None
        # The state before the first that is kept is not known; the first is nearest to it.
        return next((one for one in reversed(states) if one.at <= moment), states[0])

    def everything_at(self, moment: float) -> list[Object]:
        """All objects that there were at a time."""
        with self._lock:
            known = {key: list(states) for key, states in self._states.items()}
        out = []
        for states in known.values():
            last = next((one for one in reversed(states) if one.at <= moment), None)
            if last and not last.deleted:
                out.append(last.body)
        return out

    def close(self) -> None:
        """Ends the watches."""
        self._ending.set()
        for link in list(self._open):
            with contextlib.suppress(OSError, AttributeError):
                link.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(2)
