"""A test double of an API server: any kind, in memory, with watches, merge patch and status."""

from __future__ import annotations

import copy
import json
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
PATH = re.compile(
    r"^(?P<base>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<ns>[^/]+)(?=/))?"
    r"/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?(?P<status>/status)?$"
)


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key), value)
    return out


class KubeDouble:
    """Serves on 127.0.0.1; objects are kept by collection, namespace and name."""

    def __init__(self, kinds: dict[str, list[str]] | None = None) -> None:
        self.kinds = kinds or {}
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.events: list[tuple[int, str, str, Object]] = []
        self.version = 1
        self.changed = threading.Condition()
        self.hang_up = 0  # watches that started before this many hang-ups end
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one segment

            def log_message(self, *args: Any) -> None:
                pass

            def serve(self) -> None:
                double.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.break_watches()
        self.server.shutdown()
        self.server.server_close()

    def break_watches(self) -> None:
        """Ends every watch, as a restart does."""
        with self.changed:
            self.hang_up += 1
            self.changed.notify_all()

    def put(self, collection: str, body: Object) -> Object:
        """Writes an object as the server itself would."""
        meta = body["metadata"]
        with self.changed:
            key = (collection, meta.get("namespace", ""), meta["name"])
            return self.write(key, copy.deepcopy(body))

    def get(self, collection: str, space: str, name: str) -> Object:
        with self.changed:
            return copy.deepcopy(self.objects[(collection, space, name)])

    def write(self, key: tuple[str, str, str], body: Object) -> Object:
        self.version += 1
        kind = "MODIFIED" if key in self.objects else "ADDED"
        meta = body.setdefault("metadata", {})
        meta.setdefault("uid", str(uuid.uuid4()))
        meta["resourceVersion"] = str(self.version)
        self.objects[key] = body
        self.events.append((self.version, kind, key[0], copy.deepcopy(body)))
        self.changed.notify_all()
        return copy.deepcopy(body)

    def remove(self, collection: str, space: str, name: str) -> None:
        with self.changed:
            self.version += 1
            body = self.objects.pop((collection, space, name))
            self.events.append((self.version, "DELETED", collection, body))
            self.changed.notify_all()

    def handle(self, http: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(http.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        raw = http.rfile.read(int(http.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        base = parts.path
        if base == "/version":
            return self.answer(http, 200, {"major": "1"})
        if base in self.kinds:
            resources = [
                {"name": f"{kind.lower()}s", "kind": kind, "namespaced": True}
                for kind in self.kinds[base]
            ]
            return self.answer(http, 200, {"kind": "APIResourceList", "resources": resources})
        found = PATH.match(base)
        if found is None:
            return self.refuse(http, 404, f"no {base}")
        collection = f"{found['base']}/{found['resource']}"
        if query.get("watch") == "true":
            return self.watch(http, collection, query)
        with self.changed:
            code, answer = self.act(http.command, collection, found, query, body)
        if code >= 300:
            return self.refuse(http, code, str(answer))
        return self.answer(http, code, answer)

    def act(
        self, method: str, collection: str, found: re.Match[str], query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        space, name = found["ns"] or "", found["name"]
        if method == "POST":
            name = body["metadata"]["name"]
            if (collection, space, name) in self.objects:
                return 409, f"{name} is there already"
            return 201, self.write((collection, space, name), body)
        if name is None:
            return 200, {
                "kind": "List",
                "metadata": {"resourceVersion": str(self.version)},
                "items": [
                    one
                    for (where, _, _), one in self.objects.items()
                    if where == collection and self.wanted(one, query)
                ],
            }
        key = (collection, space, name)
        if key not in self.objects:
            return 404, f"no {name}"
        if method == "PATCH":
            body = merged(self.objects[key], body)
        if method in ("PUT", "PATCH"):
            return 200, self.write(key, body)
        if method == "DELETE":
            self.remove(*key)
            return 200, {"kind": "Status", "status": "Success"}
        return 200, self.objects[key]

    @staticmethod
    def wanted(body: Object, query: dict[str, str]) -> bool:
        field, _, value = query.get("fieldSelector", "").partition("=")
        return not field or body.get("spec", {}).get(field.removeprefix("spec.")) == value

    def watch(self, http: BaseHTTPRequestHandler, collection: str, query: dict[str, str]) -> None:
        http.send_response(200)
        http.send_header("Content-Type", "application/json")
        http.send_header("Connection", "close")
        http.end_headers()
        http.wfile.flush()
        http.close_connection = True
        seen, at, started = int(query.get("resourceVersion") or 0), 0, self.hang_up
        while True:
            with self.changed:
                while len(self.events) == at and self.hang_up == started:
                    self.changed.wait()
                fresh, at = self.events[at:], len(self.events)
                if self.hang_up > started:
                    return
            for version, kind, where, body in fresh:
                if version > seen and where == collection and self.wanted(body, query):
                    try:
                        http.wfile.write(
                            json.dumps({"type": kind, "object": body}).encode() + b"\n"
                        )
                        http.wfile.flush()
                    except OSError:
                        return

    @staticmethod
    def answer(http: BaseHTTPRequestHandler, code: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        http.send_response(code)
        http.send_header("Content-Type", "application/json")
        http.send_header("Content-Length", str(len(raw)))
        http.end_headers()
        http.wfile.write(raw)
        http.wfile.flush()

    def refuse(self, http: BaseHTTPRequestHandler, code: int, message: str) -> None:
        body = {"kind": "Status", "status": "Failure", "code": code, "message": message}
        self.answer(http, code, body)
