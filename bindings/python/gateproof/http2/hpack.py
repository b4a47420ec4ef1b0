"""Header blocks of HTTP/2 as a peer writes them (RFC 7541), for reading only.

What cases say is written by `frames.block`, which uses no table and no Huffman code.
"""

from __future__ import annotations

from gateproof.http2.frames import Field

TABLE_BYTES = 4096  # of the dynamic table, unless SETTINGS say otherwise; ours never do
_ENTRY_BYTES = 32  # section 4.1: what an entry counts beside its bytes
_END = 256

# Appendix A; the value behind an equals sign.
_STATIC = tuple(
    (name.encode(), value.encode())
    for name, _, value in (entry.partition("=") for entry in (
    ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|"
    ":scheme=https|:status=200|:status=204|:status=206|:status=304|:status=400|:status=404|"
    ":status=500|accept-charset|accept-encoding=gzip, deflate|accept-language|accept-ranges|"
    "accept|access-control-allow-origin|age|allow|authorization|cache-control|"
    "content-disposition|content-encoding|content-language|content-length|content-location|"
    "content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|"
    "if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|"
    "location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|"
    "retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|"
    "vary|via|www-authenticate"
    ).split("|"))
)  # fmt: skip

# Appendix B: the code is canonical, so that the lengths of its 257 codes say everything.
_LENGTHS = tuple(map(int, """
    13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28
    28 28 6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 13 6 7 7 7
    7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6 15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5
    6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24
    22 23 24 23 23 23 23 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23
    21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23 26 26 20 19 22 23 22 25 26 26 26 27 27 26
    24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27 20 24 20 21 22 21 21 23 22 22 25 25
    24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26 30
""".split()))  # fmt: skip


class HpackError(Exception):
    """A header block that no coder writes."""


def _codes() -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    code, last = -1, 0
    for symbol in sorted(range(len(_LENGTHS)), key=lambda one: (_LENGTHS[one], one)):
        code = (code + 1) << (_LENGTHS[symbol] - last)
        last = _LENGTHS[symbol]
        found[last, code] = symbol
    return found


_CODES = _codes()


def unhuffman(data: bytes) -> bytes:
    """The text behind a Huffman code. Raises HpackError for padding that is none."""
    out, code, length = bytearray(), 0, 0
    for byte in data:
        for bit in range(7, -1, -1):
            code, length = code << 1 | (byte >> bit & 1), length + 1
            symbol = _CODES.get((length, code))
            if symbol == _END:
                raise HpackError("the end of a string inside of it")
            if symbol is not None:
                out.append(symbol)
                code = length = 0
    if length > 7 or code != (1 << length) - 1:
        raise HpackError("padding of a Huffman code is ones, seven at most")
    return bytes(out)


class Decoder:
    """The reading side of one connection."""

    def __init__(self) -> None:
        self._dynamic: list[Field] = []
        self._limit = TABLE_BYTES

    def fields(self, block: bytes) -> list[Field]:
        """The fields of a block. Raises HpackError."""
        found: list[Field] = []
        at = 0
        try:
            while at < len(block):
                at = self._one(block, at, found)
        except IndexError:
            raise HpackError("a header block cut short, or an index of nothing") from None
        return found

    def _one(self, block: bytes, at: int, found: list[Field]) -> int:
        first = block[at]
        if first & 0x80:
            index, at = _integer(block, at, 7)
            found.append(self._entry(index))
            return at
        if first & 0xE0 == 0x20:
            self._limit, at = _integer(block, at, 5)
            if self._limit > TABLE_BYTES:
                raise HpackError("a table larger than allowed")
            self._shrink()
            return at
        keeps = bool(first & 0x40)
        index, at = _integer(block, at, 6 if keeps else 4)
        if index:
            name = self._entry(index)[0]
        else:
            name, at = _string(block, at)
        value, at = _string(block, at)
        found.append((name, value))
        if keeps:
            self._dynamic.insert(0, (name, value))
            self._shrink()
        return at

    def _entry(self, index: int) -> Field:
        if index == 0:
            raise HpackError("an index of nothing")
        known = len(_STATIC)
        return _STATIC[index - 1] if index <= known else self._dynamic[index - known - 1]

    def _shrink(self) -> None:
        size = sum(len(n) + len(v) + _ENTRY_BYTES for n, v in self._dynamic)
        while size > self._limit:
            name, value = self._dynamic.pop()
            size -= len(name) + len(value) + _ENTRY_BYTES


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    most = (1 << bits) - 1
    value, at = block[at] & most, at + 1
    if value < most:
        return value, at
    shift = 0
    while True:
        byte, at = block[at], at + 1
        value += (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
        if shift > 28:
            raise HpackError("an integer beyond all limits")


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    coded = bool(block[at] & 0x80)
    size, at = _integer(block, at, 7)
    if len(block) - at < size:
        raise HpackError("a string cut short")
    data = block[at : at + size]
    return unhuffman(data) if coded else data, at + size
