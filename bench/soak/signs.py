"""What both ends of the soak run agree on: how a path tells the right answer, and how it is signed.

Every request asks for something of its own, so an answer that belongs to another request, misses
bytes, or has bytes of another, is told from the right one by its content alone.
"""

import hashlib
from dataclasses import dataclass

VERSION_FIELD = "x-soak-version"  # set by the configuration in force, on requests and on answers
SEEN_FIELD = "x-soak-seen"  # the version of the request that the backend answers
SIGN_FIELD = "x-soak-sign"
END_FIELD = "x-soak-end"  # a trailer
BODY_BYTES_MAX = 32 << 20
EARLY = "fault/early"  # its backend answers before it reads the body, and signs none


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


@dataclass(frozen=True)
class Ask:
    """One request; `path` carries all that the backend needs to know and to check."""

    area: str  # which router: "good", "chain", "fault/silent"
    number: str  # nobody else's
    size: int = 100  # bytes of the answer's body
    delay_ms: int = 0  # before the answer's head
    mode: str = "length"  # or "chunked" (with a trailer), "events" (pieces with pauses)
    body: bytes = b""
    method: str = "GET"

    @property
    def path(self) -> str:
        sent = digest(self.body) if self.body else "-"
        return f"/{self.area}/{self.number}/{self.size}/{self.delay_ms}/{self.mode}/{sent}"

    def right_body(self) -> bytes:
        return body_of(self.path, self.size)

    def right_sign(self) -> str:
        read = b"" if self.area == EARLY else self.body
        return sign(self.method, self.path, read)


@dataclass(frozen=True)
class Asked:
    """What a backend reads in a path."""

    size: int
    delay_ms: int
    mode: str
    body_digest: str


def read_path(path: str) -> Asked | None:
    parts = path.rsplit("/", 5)
    if len(parts) != 6 or not parts[2].isdigit() or not parts[3].isdigit():
        return None
    return Asked(min(int(parts[2]), BODY_BYTES_MAX), int(parts[3]), parts[4], parts[5])


def body_of(path: str, size: int) -> bytes:
    return hashlib.shake_128(path.encode()).digest(size)


def sign(method: str, path: str, body: bytes) -> str:
    return digest(b"\0".join((method.encode(), path.encode(), body)))


def wrong(ask: Ask, status: int, fields: dict[str, str], body: bytes) -> str | None:
    """Why an answer is not the right one; None when it is."""
    if status != 200:
        return f"status {status}"
    if fields.get(SIGN_FIELD) != ask.right_sign():
        return "the answer to another request, or its body did not arrive as it was sent"
    if body != ask.right_body():
        return f"a wrong body of {len(body)} bytes, {ask.size} expected"
    if fields.get(VERSION_FIELD) != fields.get(SEEN_FIELD):
        return f"torn: request {fields.get(SEEN_FIELD)}, answer {fields.get(VERSION_FIELD)}"
    return None
