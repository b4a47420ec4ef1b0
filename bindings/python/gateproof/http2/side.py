"""What both sides of a connection do alike, without sockets: bytes in, bytes out, and in between
heads, pieces of bodies, resets and the windows that hold bodies back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateproof.http2 import frames as h2
from gateproof.http2.hpack import Decoder, HpackError

_CODES = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip
PRIORITY_FLAG = 0x20
_INITIAL_WINDOW_SIZE = 4
FIRST_WINDOW = 65535  # of both kinds, until the other side says otherwise
WINDOW_MAX = 2**31 - 1
_DATA_MAX = 16384  # SETTINGS_MAX_FRAME_SIZE's default


def encoded(fields: Iterable[tuple[str, str]]) -> tuple[h2.Field, ...]:
    """Fields as bytes, exactly as they are."""
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields)


def lower(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Fields with names in lower case, as HTTP/2 wants them."""
    return [(name.lower(), value) for name, value in fields]


def texts(fields: Iterable[h2.Field]) -> list[tuple[str, str]]:
    """Fields as texts, byte for byte."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]


def code_name(code: int) -> str:
    """An error code in RFC 9113's word."""
    return _CODES[code] if code < len(_CODES) else str(code)


def code_number(name: str) -> int | None:
    """The number of an error code; None for a word that is none."""
    return _CODES.index(name) if name in _CODES else None


class Side:
    """One side. What has to be sent is in `take`, whatever it was that gave rise to it.

    A subclass says what becomes of what comes: `on_head` and the others. It opens all windows as
    wide as they go: nothing that is received waits.
    """

    def __init__(self) -> None:
        self.failed = ""  # why nothing more can be read
        self._decoder = Decoder()
        self._rest = b""
        self._out = bytearray()
        self._block: tuple[int, bool, bytes] | None = None
        self._window = FIRST_WINDOW
        self._initial = FIRST_WINDOW
        self._windows: dict[int, int] = {}
        self._waiting: dict[int, list[h2.Head | h2.Data]] = {}

    def opening(self) -> bytes:
        """SETTINGS and windows, as the first thing that either side says."""
        wide = WINDOW_MAX.to_bytes(4, "big")
        settings = b"\0\2\0\0\0\0" + b"\0\4" + wide  # no push
        more = (WINDOW_MAX - FIRST_WINDOW).to_bytes(4, "big")
        return h2.frame(h2.SETTINGS, 0, 0, settings) + h2.frame(h2.WINDOW_UPDATE, 0, 0, more)

    def take(self) -> bytes:
        """What is to be sent now."""
        out, self._out = bytes(self._out), bytearray()
        return out

    def queue(self, stream: int, parts: Sequence[h2.Head | h2.Data]) -> None:
        """Says something on a stream, as far as windows let it now and the rest later."""
        self._waiting.setdefault(stream, []).extend(parts)
        self._flush()

    def feed(self, data: bytes) -> None:
        """Bytes of the other side."""
        self._rest += data
        done = 0
        for kind, flags, stream, payload, end in h2.split_frames(self._rest):
            done = end
            if self.failed:
                break
            try:
                self._frame(kind, flags, stream, payload)
            except HpackError as problem:
                self.failed = str(problem)
        self._rest = self._rest[done:]
        self._flush()

    def on_head(self, stream: int, fields: list[h2.Field], end: bool) -> None:
        """A head, or trailers."""

    def on_data(self, stream: int, data: bytes, end: bool) -> None:
        """A piece of a body."""

    def on_reset(self, stream: int, code: str) -> None:
        """The other side has given a stream up."""

    def on_goaway(self, last: int, code: str) -> None:
        """The other side takes no stream beyond `last`."""

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        end = bool(flags & h2.END_STREAM)
        if kind == h2.HEADERS:
            body = _unpadded(flags, payload)
            body = body[5:] if flags & PRIORITY_FLAG else body
            self._piece(stream, end, body, bool(flags & h2.END_HEADERS))
        elif kind == h2.CONTINUATION and self._block:
            self._piece(stream, self._block[1], payload, bool(flags & h2.END_HEADERS))
        elif kind == h2.DATA:
            self.on_data(stream, _unpadded(flags, payload), end)
        elif kind == h2.RST_STREAM:
            self._waiting.pop(stream, None)
            self.on_reset(stream, code_name(int.from_bytes(payload[:4], "big")))
        elif kind == h2.GOAWAY:
            last = int.from_bytes(payload[:4], "big") & WINDOW_MAX
            self.on_goaway(last, code_name(int.from_bytes(payload[4:8], "big")))
        elif kind == h2.PING and not flags & h2.ACK:
            self._out += h2.frame(h2.PING, h2.ACK, 0, payload)
        elif kind == h2.SETTINGS and not flags & h2.ACK:
            self._settings(payload)
        elif kind == h2.WINDOW_UPDATE:
            more = int.from_bytes(payload, "big") & WINDOW_MAX
            if stream == 0:
                self._window += more
            else:
                self._windows[stream] = self._windows.get(stream, self._initial) + more

    def _piece(self, stream: int, end: bool, piece: bytes, last: bool) -> None:
        block = (self._block[2] if self._block else b"") + piece
        self._block = None if last else (stream, end, block)
        if last:
            self.on_head(stream, self._decoder.fields(block), end)

    def _settings(self, payload: bytes) -> None:
        for at in range(0, len(payload) - 5, 6):
            if int.from_bytes(payload[at : at + 2], "big") == _INITIAL_WINDOW_SIZE:
                size = int.from_bytes(payload[at + 2 : at + 6], "big")
                for stream in self._windows:
                    self._windows[stream] += size - self._initial
                self._initial = size
        self._out += h2.frame(h2.SETTINGS, h2.ACK, 0, b"")

    def _flush(self) -> None:
        for stream, parts in list(self._waiting.items()):
            while parts and self._say(stream, parts):
                pass
            if not parts:
                del self._waiting[stream]

    def _say(self, stream: int, parts: list[h2.Head | h2.Data]) -> bool:
        part = parts[0]
        if isinstance(part, h2.Head) or not part.data:
            self._out += parts.pop(0).encode()
            return True
        window = self._windows.setdefault(stream, self._initial)
        size = min(len(part.data), window, self._window, _DATA_MAX)
        if size <= 0:
            return False
        self._windows[stream] -= size
        self._window -= size
        rest = part.data[size:]
        end = part.end and not rest
        self._out += h2.Data(stream, part.data[:size], end).encode()
        if rest:
            parts[0] = h2.Data(stream, rest, part.end)
        else:
            parts.pop(0)
        return True


def _unpadded(flags: int, payload: bytes) -> bytes:
    if not flags & h2.PADDED or not payload:
        return payload
    return payload[1 : max(1, len(payload) - payload[0])]
