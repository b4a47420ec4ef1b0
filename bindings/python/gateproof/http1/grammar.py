"""Requests drawn from a grammar of HTTP/1.1 and bent in the ways that readers disagree about."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Parts = list[bytes]

# Behind each drawn request: a clean one, which ends the connection. Who reads the first one
# otherwise than its sender meant reads this one otherwise, too.
LAST = b"GET /last HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a.test\r\n\r\n"

_BLANKS = (b"", b" ", b"\t", b"  ", b"\v", b"\f", b"\0", b"\x85", b"\xa0", b"\r", b"\n", b"\r\n ")
_ENDS = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r\n", b" \r\n", b"\0\r\n")
_ATOMS = (
    *_BLANKS, b",", b";", b":", b"=", b'"', b"0", b"1", b"+", b"-", b"0x", b"_", b"\x7f", b"\xff",
    b"chunked", b"identity", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 0\r\n",
    b"Content-Length: 5\r\n", b"Host: b.test\r\n", b"0\r\n\r\n", b"X: y\r\n", b"\r\n\r\n", HIDDEN,
)  # fmt: skip
_LENGTH_NAMES = (b"Content-Length", b"content-length", b"Content_Length", b"Content-Length ")
_CODING_NAMES = (
    b"Transfer-Encoding", b"transfer-encoding", b"Transfer_Encoding", b"Transfer-Encoding ",
    b" Transfer-Encoding", b"Transfer-Encoding\0", b"X: y\nTransfer-Encoding",
)  # fmt: skip
_CODINGS = (
    b"chunked", b"Chunked", b"chunked, chunked", b"identity, chunked", b"chunked, identity",
    b"gzip, chunked", b",chunked", b"chunked,", b'"chunked"', b"chunked;a=b", b"x", b"",
    b"xchunked", b"\vchunked", b"chunked\x85", b"chunk\0ed",
)  # fmt: skip
_SIZES = (
    "{:x}", "{:X}", "0{:x}", "0x{:x}", "+{:x}", "-{:x}", " {:x}", "{:x} ", "{:x}\t", "{:x};",
    "{:x};a", '{:x};a="b"', "{:x} ;a=b", "{:x}_", "1000000000000000{:x}", "{:x}.0", "{:x}\0",
    "{:x},",
)  # fmt: skip


class Grammar:
    """A seeded source of requests; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"garden {seed}")

    def draw(self) -> Parts:
        """One request as parts, bent in at most three places; `LAST` is not among them."""
        shapes: Sequence[Callable[[], Parts]] = (
            self._plain,
            self._sized,
            self._chunked,
            self._both,
        )
        parts = self._random.choice(shapes)()
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 2, 3))):
            self._bend(parts)
        return parts

    def _pick(self, first: bytes, others: Sequence[bytes], often: float = 0.75) -> bytes:
        return first if self._random.random() < often else self._random.choice(others)

    def _start(self, method: bytes) -> Parts:
        target = self._pick(b"/", (b"http://b.test/", b"*", b"/a?b", b"//a", b"/a#b", b"a"), 0.9)
        version = self._pick(
            b"HTTP/1.1", (b"HTTP/1.0", b"HTTP/1.2", b"HTTP/1.10", b"HTTP/2.0"), 0.9
        )
        end = self._end()
        host = self._pick(b"Host: a.test", (b"Host:a.test:80", b"Host : a.test", b"X: y"), 0.93)
        return [method, b" ", target, b" ", version, end, host, self._end()]

    def _end(self) -> bytes:
        return self._pick(b"\r\n", _ENDS, 0.97)

    def _plain(self) -> Parts:
        return [*self._start(b"GET"), b"\r\n"]

    def _length(self, size: int) -> Parts:
        forms = (b"%d", b"%d", b"0%d", b"+%d", b"%d,%d", b"%d ", b"0x%d", b"%d\0", b"-%d", b"%d.0")
        form = self._pick(b"%d", forms, 0.8)
        text = form % ((size,) * form.count(b"%d"))
        return [self._pick(b"Content-Length", _LENGTH_NAMES, 0.85), b":", b" ", text, self._end()]

    def _coding(self) -> Parts:
        name = self._pick(b"Transfer-Encoding", _CODING_NAMES, 0.75)
        return [name, b":", b" ", self._pick(b"chunked", _CODINGS, 0.6), self._end()]

    def _chunks(self, data: bytes) -> Parts:
        form = "{:x}" if self._random.random() < 0.7 else self._random.choice(_SIZES)
        size = form.format(len(data)).encode("latin-1")
        tail = self._pick(b"", (b"X: y\r\n", b"Content-Length: 9\r\n", b"X\r\n", b"X: y\n"), 0.85)
        return [size, self._end(), data, self._end(), b"0", self._end(), tail, b"\r\n"]

    def _data(self) -> bytes:
        return self._pick(b"abcde", (HIDDEN, b"0\r\n\r\n", b"", b"\r\n" + HIDDEN), 0.5)

    def _sized(self) -> Parts:
        data = self._data()
        return [*self._start(b"POST"), *self._length(len(data)), b"\r\n", data]

    def _chunked(self) -> Parts:
        return [*self._start(b"POST"), *self._coding(), b"\r\n", *self._chunks(self._data())]

    def _both(self) -> Parts:
        chunks = self._chunks(self._data())
        size = self._random.choice((0, 5, sum(map(len, chunks)), len(chunks[0]) + 2))
        fields = [self._length(size), self._coding()]
        self._random.shuffle(fields)
        return [*self._start(b"POST"), *fields[0], *fields[1], b"\r\n", *chunks]

    def _bend(self, parts: Parts) -> None:
        at = self._random.randrange(len(parts))
        what = self._random.randrange(4)
        if what == 0:
            parts.insert(at, self._random.choice(_ATOMS))
        elif what == 1:
            parts[at] = self._random.choice(_ATOMS)
        elif what == 2:
            parts.insert(at, parts[at])
        elif parts[at]:
            cut = self._random.randrange(len(parts[at]))
            parts[at] = parts[at][:cut] + self._random.choice(_ATOMS) + parts[at][cut:]
