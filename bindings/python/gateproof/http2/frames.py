"""Frames of HTTP/2 as data: written without any check, so that everything can be said.

Header blocks are literals without indexing (RFC 7541 section 6.2.2), names and values as they are:
no coder would write some of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE = range(9)
CONTINUATION = 9
END_STREAM, ACK, END_HEADERS, PADDED = 0x1, 0x1, 0x4, 0x8
FRAME_HEAD_BYTES = 9
PAD_LIE = 200  # a length of padding from there on is said only: the bytes are not there
_PAD_MAX = 255

Field = tuple[bytes, bytes]


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame (RFC 9113 section 4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _string(data: bytes) -> bytes:
    if len(data) < 127:
        return bytes([len(data)]) + data
    left, out = len(data) - 127, bytearray([127])
    while left >= 128:
        out.append(left % 128 + 128)
        left //= 128
    return bytes(out) + bytes([left]) + data


def block(fields: Sequence[Field]) -> bytes:
    """A header block of literals."""
    return b"".join(b"\0" + _string(name) + _string(value) for name, value in fields)


def _padded(payload: bytes, pad: int | None) -> tuple[int, bytes]:
    if pad is None:
        return 0, payload
    return PADDED, bytes([min(pad, _PAD_MAX)]) + payload + b"\0" * (pad if pad < PAD_LIE else 0)


@dataclass(frozen=True)
class Head:
    """HEADERS, and CONTINUATION frames behind it: `cuts` are the sizes of all pieces of the block
    but the last. `pad` counts bytes of padding."""

    stream: int
    fields: tuple[Field, ...]
    end: bool = True
    pad: int | None = None
    cuts: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """The frames' bytes."""
        rest, pieces = block(self.fields), []
        for size in self.cuts:
            pieces.append(rest[:size])
            rest = rest[size:]
        pieces.append(rest)
        out = b""
        for n, piece in enumerate(pieces):
            flags = END_HEADERS if n + 1 == len(pieces) else 0
            padding = 0
            if n == 0:
                padding, piece = _padded(piece, self.pad)
                flags |= END_STREAM if self.end else 0
            out += frame(CONTINUATION if n else HEADERS, flags | padding, self.stream, piece)
        return out

    def record(self) -> dict[str, Any]:
        """For a YAML record, bytes as Latin-1."""
        told: dict[str, Any] = {
            "headers": self.stream,
            "fields": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in self.fields],
            "end": self.end,
        }
        if self.pad is not None:
            told["pad"] = self.pad
        if self.cuts:
            told["cuts"] = list(self.cuts)
        return told


@dataclass(frozen=True)
class Data:
    """One DATA frame."""

    stream: int
    data: bytes
    end: bool = True
    pad: int | None = None

    def encode(self) -> bytes:
        """The frame's bytes."""
        padding, payload = _padded(self.data, self.pad)
        flags = (END_STREAM if self.end else 0) | padding
        return frame(DATA, flags, self.stream, payload)

    def record(self) -> dict[str, Any]:
        """For a YAML record, bytes as Latin-1."""
        told: dict[str, Any] = {
            "data": self.stream,
            "bytes": self.data.decode("latin-1"),
            "end": self.end,
        }
        if self.pad is not None:
            told["pad"] = self.pad
        return told


@dataclass(frozen=True)
class Raw:
    """Any other frame."""

    kind: int
    flags: int
    stream: int
    payload: bytes = b""

    def encode(self) -> bytes:
        """The frame's bytes."""
        return frame(self.kind, self.flags, self.stream, self.payload)

    def record(self) -> dict[str, Any]:
        """For a YAML record, bytes as Latin-1."""
        return {
            "frame": self.kind,
            "flags": self.flags,
            "stream": self.stream,
            "bytes": self.payload.decode("latin-1"),
        }


Frame = Head | Data | Raw
Frames = tuple[Frame, ...]


def encode(frames: Sequence[Frame]) -> bytes:
    """All of them."""
    return b"".join(one.encode() for one in frames)


def opening() -> bytes:
    """What a client's connection begins with: the preface and SETTINGS without a value."""
    return PREFACE + frame(SETTINGS, 0, 0, b"")


def from_record(told: dict[str, Any]) -> Frame:
    """A frame from its record. Raises KeyError and ValueError for what is none."""
    if "headers" in told:
        fields = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in told["fields"])
        return Head(
            int(told["headers"]), fields, bool(told["end"]), told.get("pad"),
            tuple(told.get("cuts", ())),
        )  # fmt: skip
    data = told["bytes"].encode("latin-1")
    if "data" in told:
        return Data(int(told["data"]), data, bool(told["end"]), told.get("pad"))
    return Raw(int(told["frame"]), int(told["flags"]), int(told["stream"]), data)


def split_frames(data: bytes) -> Iterator[tuple[int, int, int, bytes, int]]:
    """(kind, flags, stream, payload, end) of each whole frame; `end` is where it ends in `data`."""
    at = 0
    while len(data) - at >= FRAME_HEAD_BYTES:
        size = int.from_bytes(data[at : at + 3], "big")
        kind, flags, stream = struct.unpack(">BBI", data[at + 3 : at + FRAME_HEAD_BYTES])
        start = at + FRAME_HEAD_BYTES
        if len(data) - start < size:
            return
        at = start + size
        yield kind, flags, stream & 0x7FFFFFFF, data[start:at], at
