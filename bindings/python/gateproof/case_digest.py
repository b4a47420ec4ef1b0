"""Digest credentials (RFC 7616) for cases: answers to the challenges which an arm gave."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

KEYS = frozenset(
    {"user", "password", "challenge", "nc", "cnonce", "uri", "qop", "algorithm", "nonce", "opaque"}
)
# What differs between any two runs, and between any two challenges.
RANDOM_PARTS = re.compile(r'\b(nonce|opaque|response)="[^"]*"')


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


class DigestClient:
    """The challenges of one case, in order."""

    def __init__(self) -> None:
        self._challenges: list[dict[str, str]] = []

    def store(self, value: str) -> None:
        """Remembers one WWW-Authenticate line if it is a Digest challenge."""
        if value.startswith("Digest "):
            self._challenges.append(dict(re.findall(r'(\w+)="([^"]*)"', value)))

    def authorization(self, wish: Mapping[str, str], method: str, target: str) -> str:
        """The Authorization line; `wish` overrides what a correct client would say.

        `challenge` counts from 1, the last one is taken without it. An empty `algorithm` is
        left out.
        """
        index = int(wish.get("challenge", "0")) - 1
        given = self._challenges[index] if self._challenges else {}
        realm, user = given.get("realm", ""), wish.get("user", "")
        uri, qop = wish.get("uri", target), wish.get("qop", "auth")
        nc, cnonce = wish.get("nc", "00000001"), wish.get("cnonce", "0a4f113b")
        nonce = wish.get("nonce", given.get("nonce", ""))
        opaque = wish.get("opaque", given.get("opaque", ""))
        secret = _md5(f"{user}:{realm}:{wish.get('password', '')}")
        response = _md5(f"{secret}:{nonce}:{nc}:{cnonce}:{qop}:{_md5(f'{method}:{uri}')}")
        parts = [
            f'username="{user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"',
            f"qop={qop}", f"nc={nc}", f'cnonce="{cnonce}"', f'response="{response}"',
            f'opaque="{opaque}"',
        ]  # fmt: skip
        algorithm = wish.get("algorithm", "MD5")
        return "Digest " + ", ".join([*parts, *([f"algorithm={algorithm}"] if algorithm else [])])
