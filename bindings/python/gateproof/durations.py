"""Durations as people write them: seconds, `timedelta`, or texts such as `1m30s` and `250ms`."""

from __future__ import annotations

import re
from datetime import timedelta

Seconds = float | timedelta | str

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9}
_UNITS["h"] = 3600 * 10**9
_UNITS["min"] = _UNITS["m"]
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|min|s|m|h)")


def nanoseconds(value: Seconds) -> int:
    """A duration in nanoseconds. Raises ValueError for a text that is none, or below zero.

    >>> nanoseconds("1m30s"), nanoseconds(0.25), nanoseconds(timedelta(milliseconds=2))
    (90000000000, 250000000, 2000000)
    """
    if isinstance(value, timedelta):
        result = (value // timedelta(microseconds=1)) * 1000
    elif isinstance(value, str):
        text = value.replace(" ", "")
        parts = list(_PART.finditer(text))
        if not parts or "".join(part.group() for part in parts) != text:
            raise ValueError(f"not a duration: {value!r}; write 250ms, 1.5s or 1m30s")
        result = sum(round(float(part[1]) * _UNITS[part[2]]) for part in parts)
    else:
        result = round(value * 10**9)
    if result < 0:
        raise ValueError(f"a duration is not below zero: {value!r}")
    return result
