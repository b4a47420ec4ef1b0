"""Requests of HTTP/2 drawn from a grammar and bent where proxies that speak HTTP/1.1 to their
servers disagree: what may become a line, a length or a coding on the other side."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from gateproof.http2.frames import (
    CONTINUATION,
    PAD_LIE,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Data,
    Field,
    Frame,
    Frames,
    Head,
    Raw,
)

MAIN, OTHER, LAST_STREAM = 1, 3, 101
# A field that is in no drawn request: a server that gets it was made to by bytes of a value.
EVIL = b"x-evil"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a.test\r\n\r\n"


def _start(method: bytes, path: bytes = b"/") -> list[Field]:
    return [
        (b":method", method),
        (b":scheme", b"http"),
        (b":authority", b"a.test"),
        (b":path", path),
    ]


# Sent when the drawn requests have been answered: it may find a server's connection that these left
# in a state that is not theirs.
LAST: Frames = (Head(LAST_STREAM, tuple(_start(b"GET", b"/last"))),)

_CRLF = (b"\r\n", b"\n", b"\r", b"\r\n ", b"\0")
_INJECTIONS = (*(b"a" + end + EVIL + b": y" for end in _CRLF), b"a\r\n\r\n" + HIDDEN)
_ATOMS = (
    *_CRLF, b" ", b"\t", b"\v", b"\x7f", b"\x85", b"\xff", b":", b",", b";", b"A", b"_", b"0",
    b"\r\n" + EVIL + b": y\r\n", b"\r\n\r\n" + HIDDEN,
)  # fmt: skip
_ODD_FIELDS: tuple[Field, ...] = (
    (b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"identity"),
    (b"Transfer-Encoding", b"chunked"), (b"transfer_encoding", b"chunked"),
    (b"transfer-encoding ", b"chunked"), (b"transfer-encoding\0", b"chunked"),
    (b"connection", b"close"), (b"connection", b"host"), (b"Connection", b"x-a"),
    (b"proxy-connection", b"keep-alive"), (b"keep-alive", b"timeout=5"), (b"upgrade", b"h2c"),
    (b"http2-settings", b"AAMAAABkAAQAAP__"), (b"te", b"trailers"), (b"te", b"gzip"),
    (b"te", b"trailers, chunked"), (b"host", b"a.test"), (b"host", b"b.test"), (b"host", b""),
    (b"content-length", b"0"), (b"content-length", b"5"), (b"content-length", b"99"),
    (b"content_length", b"9"), (b"Content-Length", b"9"), (b"content-length ", b"9"),
    (b"expect", b"100-continue"), (b"trailer", b"content-length"), (b":status", b"200"),
    (b":protocol", b"h2c"), (b":x", b"y"), (b"", b"y"), (b":", b"y"), (b"x a", b"y"),
    (b"x:a", b"y"), (b"x\x85", b"y"), (b"X-Upper", b"y"), (b"x_a", b"y"), (b"cookie", b"a=b"),
    (b"x-a\r\n" + EVIL, b"y"), (b"x-a\n" + EVIL, b"y"), (EVIL + b": y\r\nx-a", b"y"),
    *((b"x-a", value) for value in _INJECTIONS),
)  # fmt: skip
_ODD_VALUES: dict[bytes, tuple[bytes, ...]] = {
    b":method": (
        b"", b"get", b"G ET", b"PRI", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT", b"PUT", b"X\xff",
        b"GET / HTTP/1.1\r\n" + EVIL + b": y\r\nx-a: ", b"GET\r\n\r\nGET", b"GET /hidden",
    ),
    b":scheme": (
        b"", b"https", b"HTTP", b"ftp", b"http://b.test/?", b"ht tp", b"http\r\n" + EVIL + b": y",
        b"http:", b"/",
    ),
    b":authority": (
        b"", b"a.test:80", b"A.test", b"u@a.test", b"a.test/x", b"a.test#b", b"a test", b"[::1]",
        b"[", b"a.test:x", b"a.test, b.test", b"a.test\r\n" + EVIL + b": y", b"a.test\n",
        b"a.test ", b"a.test?b", b"a.test\\b",
    ),
    b":path": (
        b"", b"a", b"*", b"/a b", b"/a\tb", b"//a", b"/a#b", b"/%00", b"/a\\b", b"/..", b"/\xff",
        b"/a/../b", b"http://b.test/", b"?a", b"/ HTTP/1.1\r\n" + EVIL + b": y\r\nx-a: ",
        b"/ HTTP/1.1\r\nHost: a.test\r\n\r\n" + HIDDEN, b"/\n", b"/ HTTP/1.0", b"/?a b",
        b"/a\0b",
    ),
}  # fmt: skip
_LENGTHS = (
    b"{n}", b"{n}", b"{n}", b"{less}", b"{more}", b"+{n}", b"0{n}", b"{n},{n}", b" {n}", b"{n} ",
    b"0x{n}", b"-{n}", b"{n}.0", b"", b"99999999999999999999{n}", b"{n}\r\n" + EVIL + b": y",
)  # fmt: skip
_ODD_TRAILERS: tuple[Field, ...] = (
    (b":path", b"/"), (b":status", b"200"), (b"content-length", b"9"), (b"host", b"b.test"),
    (b"transfer-encoding", b"chunked"), (b"connection", b"close"), (b"X-Upper", b"y"),
    (b"x-a", b"a\r\n\r\n" + HIDDEN), (b"x-a\r\n\r\n" + HIDDEN, b"y"), (b"", b"y"), (b"te", b"x"),
)  # fmt: skip
_ODD_FRAMES: tuple[Frame, ...] = (
    Raw(PRIORITY, 0, MAIN, b"\0\0\0\3\x10"), Raw(WINDOW_UPDATE, 0, MAIN, b"\0\0\0\1"),
    Raw(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"), Raw(0xFA, 0xFF, MAIN, b"abc"), Raw(PING, 0, 0, b"8" * 8),
    Raw(SETTINGS, 0, 0, b"\0\4\0\0\0\0"), Raw(SETTINGS, 0, 0, b"\0\3\0\0\0\0"),
    Raw(RST_STREAM, 0, MAIN, b"\0\0\0\x08"), Raw(RST_STREAM, 0, MAIN, b"\0\0\0\0"),
    Raw(CONTINUATION, 4, MAIN, b"\0\3x-a\1y"), Data(MAIN, b"", False), Data(MAIN, b"late"),
    Data(MAIN, b"", False, 20), Head(MAIN, ((b"x-a", b"y"),), False),
)  # fmt: skip


class Grammar:
    """A seeded source of requests; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"garden h2 {seed}")

    def draw(self) -> Frames:
        """One or two requests as frames, bent in at most three places; `LAST` is not among them."""
        shapes: Sequence[Callable[[], list[Frame]]] = (
            self._plain, self._sized, self._sized, self._unsized, self._trailed, self._both,
        )  # fmt: skip
        frames = self._random.choice(shapes)()
        bends = (self._bend_head, self._bend_head, self._bend_value, self._bend_frames)
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 2, 3))):
            self._random.choice(bends)(frames)
        return tuple(frames)

    def _plain(self) -> list[Frame]:
        return [Head(MAIN, tuple(_start(b"GET")))]

    def _data(self) -> bytes:
        odd = (HIDDEN, b"0\r\n\r\n", b"0\r\n\r\n" + HIDDEN, b"5\r\nabcde\r\n0\r\n\r\n", b"")
        return b"abcde" if self._random.random() < 0.5 else self._random.choice(odd)

    def _pieces(self, data: bytes, end: bool = True) -> list[Frame]:
        cut = self._random.choice((0, 0, 1, len(data) // 2))
        if not 0 < cut < len(data):
            return [Data(MAIN, data, end)]
        return [Data(MAIN, data[:cut], False), Data(MAIN, data[cut:], end)]

    def _sized(self) -> list[Frame]:
        data = self._data()
        form = self._random.choice(_LENGTHS).decode("latin-1")
        length = form.format(n=len(data), less=max(0, len(data) - 1), more=len(data) + 1)
        fields = [*_start(b"POST"), (b"content-length", length.encode("latin-1"))]
        return [Head(MAIN, tuple(fields), False), *self._pieces(data)]

    def _unsized(self) -> list[Frame]:
        return [Head(MAIN, tuple(_start(b"POST")), False), *self._pieces(self._data())]

    def _trailed(self) -> list[Frame]:
        odd = (*_ODD_TRAILERS, (b"x-a", b"y"), (b"x-a", b"y"))
        trailers = (self._random.choice(odd),)
        end = self._random.random() < 0.9
        head = Head(MAIN, tuple(_start(b"POST")), False)
        return [head, *self._pieces(self._data(), False), Head(MAIN, trailers, end)]

    def _both(self) -> list[Frame]:
        """Another stream in the middle of the first one."""
        first, *rest = self._random.choice((self._sized, self._unsized))()
        return [first, Head(OTHER, tuple(_start(b"GET", b"/other"))), *rest]

    def _heads(self, frames: Sequence[Frame]) -> list[tuple[int, Head]]:
        return [(n, one) for n, one in enumerate(frames) if isinstance(one, Head)]

    def _bend_head(self, frames: list[Frame]) -> None:
        """Fields that are odd, double, lacking, or in another order; padding and cuts."""
        at, head = self._random.choice(self._heads(frames) or [(0, Head(MAIN, ()))])
        fields = list(head.fields)
        where = self._random.randrange(len(fields) + 1)
        what = self._random.randrange(7)
        if what < 3:
            fields.insert(len(fields) if what else where, self._random.choice(_ODD_FIELDS))
        elif what == 3 and fields:
            fields.insert(where, self._random.choice(fields))
        elif what == 4 and fields:
            fields.pop(self._random.randrange(len(fields)))
        elif what == 5 and fields:
            fields.insert(where, fields.pop(self._random.randrange(len(fields))))
        elif self._random.random() < 0.5:
            head = replace(head, cuts=self._random.choice(((0,), (1,), (5, 7), (1, 1, 1, 1))))
        else:
            head = replace(head, pad=self._random.choice((0, 1, 50, PAD_LIE, 255)))
        frames[at : at + 1] = [replace(head, fields=tuple(fields))]

    def _bend_value(self, frames: list[Frame]) -> None:
        """A value that the field's kind makes odd, or bytes inside a name or a value."""
        at, head = self._random.choice(self._heads(frames) or [(0, Head(MAIN, ((b"x", b"y"),)))])
        if not head.fields:
            return
        fields = list(head.fields)
        n = self._random.randrange(len(fields))
        name, value = fields[n]
        odd = _ODD_VALUES.get(name)
        draw = self._random.random()
        if odd and draw < 0.7:
            value = self._random.choice(odd)
        elif draw < 0.9:
            value = self._with_atom(value)
        else:
            name = self._with_atom(name)
        fields[n] = (name, value)
        frames[at : at + 1] = [replace(head, fields=tuple(fields))]

    def _with_atom(self, text: bytes) -> bytes:
        cut = self._random.randrange(len(text) + 1)
        return text[:cut] + self._random.choice(_ATOMS) + text[cut:]

    def _bend_frames(self, frames: list[Frame]) -> None:
        """Frames that are odd, double or lacking; ends and padding of DATA."""
        at = self._random.randrange(len(frames) + 1)
        what = self._random.randrange(5)
        if what < 2 or at == len(frames):
            frames.insert(at, self._random.choice(_ODD_FRAMES))
        elif what == 2:
            frames.insert(at, frames[at])
        elif what == 3 and len(frames) > 1:
            frames.pop(at)
        else:
            one = frames[at]
            if isinstance(one, Data):
                pad = self._random.choice((None, 0, 3, PAD_LIE))
                frames[at] = replace(one, end=not one.end, pad=pad)
            elif isinstance(one, Head):
                frames[at] = replace(one, end=not one.end)
