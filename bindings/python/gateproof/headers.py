"""Header lines as a value: ordered, repeated lines kept, names compared without case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

Pairs = Iterable[tuple[str, str]]
HeadersLike = Mapping[str, str | Sequence[str]] | Pairs


class Headers:
    """An immutable multi-map of header lines.

    >>> h = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2")])
    >>> h["SET-COOKIE"], h.getall("set-cookie"), "vary" in h
    ('a=1', ['a=1', 'b=2'], False)
    """

    __slots__ = ("_lines",)

    def __init__(self, lines: HeadersLike = ()) -> None:
        self._lines = tuple(lines_of(lines))

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of the first line of this name."""
        low = name.lower()
        return next((value for key, value in self._lines if key.lower() == low), default)

    def getall(self, name: str) -> list[str]:
        """The values of all lines of this name, in order."""
        low = name.lower()
        return [value for key, value in self._lines if key.lower() == low]

    def items(self) -> tuple[tuple[str, str], ...]:
        """All lines in order, names as they were spelled."""
        return self._lines

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def _key(self) -> list[tuple[str, str]]:
        return sorted((name.lower(), value) for name, value in self._lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(tuple(self._key()))

    def __repr__(self) -> str:
        return f"Headers({list(self._lines)!r})"


def lines_of(headers: HeadersLike | Headers | None) -> list[tuple[str, str]]:
    """A mapping (lists make several lines), pairs, or nothing, as lines."""
    if headers is None:
        return []
    if isinstance(headers, Headers):
        return list(headers.items())
    if not isinstance(headers, Mapping):
        return [(name, value) for name, value in headers]
    lines: list[tuple[str, str]] = []
    for name, value in headers.items():
        lines += [(name, value)] if isinstance(value, str) else [(name, one) for one in value]
    return lines
