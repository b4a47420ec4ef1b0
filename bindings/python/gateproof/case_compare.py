"""Judging observations: against a case's expectations, and one arm against another."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from gateproof.case_arm import Observation, UpstreamSeen
from gateproof.case_digest import RANDOM_PARTS
from gateproof.case_model import Expectation, ExpectUpstream, Headers, ValueRule
from gateproof.case_resolve import host_name, sticky_value
from gateproof.yaml_cursor import open_yaml

# Wall-clock time differs between any two runs.
_IGNORED_HEADERS = frozenset({"date"})
_FRAMING = frozenset({"headers.content-length", "headers.transfer-encoding"})


@dataclass(frozen=True)
class Mismatch:
    """One expectation that did not come true; `request` counts sent requests from 1, 0 is none."""

    request: int
    field: str
    expected: str
    observed: str

    def __str__(self) -> str:
        where = f"request {self.request}: " if self.request else ""
        return f"{where}{self.field}: expected {self.expected}, observed {self.observed}"


@dataclass(frozen=True)
class KnownDifference:
    """A difference that is meant to be; `field` is a glob, `request` None means every one."""

    case: str
    field: str
    reason: str
    request: int | None = None


@dataclass(frozen=True)
class Difference:
    """One field in which two arms differ; `reason` is set if the difference is a known one."""

    case: str
    request: int
    field: str
    left: str
    right: str
    reason: str | None = None

    @property
    def explained(self) -> bool:
        """True if `known_differences.yaml` gives a reason."""
        return self.reason is not None


def values_of(headers: Headers, name: str) -> tuple[str, ...]:
    """All values of one header in order; names compare without case."""
    return tuple(value for key, value in headers if key.lower() == name.lower())


def rule_holds(rule: ValueRule, values: Sequence[str]) -> bool:
    """True if the lines of a header (or the single text of a body) fit the rule."""
    if rule.absent:
        return not values
    if rule.matches is not None:
        pattern = rule.matches
        return any(re.search(pattern, value, re.DOTALL) for value in values)
    return tuple(values) == rule.exact


def _headers(
    rules: Mapping[str, ValueRule], headers: Headers, prefix: str
) -> Iterator[tuple[str, str, str]]:
    for name, rule in rules.items():
        values = values_of(headers, name)
        if not rule_holds(rule, values):
            yield f"{prefix}.{name}", str(rule), " | ".join(map(repr, values)) or "absent"


def _text(rule: ValueRule, body: bytes, name: str) -> Iterator[tuple[str, str, str]]:
    text = body.decode("utf-8", "replace")
    if not rule_holds(rule, [text] if text or not rule.absent else []):
        yield name, str(rule), repr(text[:200])


def _upstream(expected: ExpectUpstream, seen: list[UpstreamSeen]) -> Iterator[tuple[str, str, str]]:
    if len(seen) != 1:
        yield "upstream", "one request", f"{len(seen)} ({[one.name for one in seen]})"
        return
    got = seen[0]
    for part in ("name", "method", "target", "version"):
        want = getattr(expected, part)
        if want is not None and want != getattr(got, part):
            yield f"upstream.{part}", repr(want), repr(getattr(got, part))
    yield from _headers(expected.headers, got.headers, "upstream.headers")
    if got.trailers is not None:
        yield from _headers(expected.trailers, got.trailers, "upstream.trailers")
    if expected.body is not None:
        yield from _text(expected.body, got.body, "upstream.body")


def check(
    expected: Expectation, got: Observation, tells_router: bool
) -> Iterator[tuple[str, str, str]]:
    """Yields (field, expected, observed) for everything in `got` that is not as expected."""
    for part in ("status", "reason", "stays_open", "error"):
        want = getattr(expected, part)
        unknown = part == "stays_open" and got.stays_open is None
        if want is not None and not unknown and want != getattr(got, part):
            yield part, repr(want), repr(getattr(got, part))
    if expected.interim is not None and expected.interim != got.interim:
        yield "interim", str(list(expected.interim)), str(list(got.interim))
    for part, want in expected.tls.items():
        if want != got.tls.get(part, ""):
            yield f"tls.{part}", repr(want), repr(dict(got.tls))
    if expected.error is None and got.error is not None:
        yield "error", "None", repr(got.error)
    yield from _headers(expected.headers, got.headers, "headers")
    yield from _headers(expected.trailers, got.trailers, "trailers")
    if expected.body is not None:
        yield from _text(expected.body, got.body, "body")
    digest = hashlib.sha256(got.body).hexdigest()
    if expected.body_sha256 is not None and expected.body_sha256 != digest:
        yield "body_sha256", expected.body_sha256, digest
    if expected.size is not None and expected.size != len(got.body):
        yield "size", str(expected.size), str(len(got.body))
    if tells_router and (expected.router is not None or expected.no_router):
        if expected.router != got.router:
            yield "router", repr(expected.router), repr(got.router)
    if expected.no_upstream and got.upstream:
        yield "upstream", "none", repr([one.name for one in got.upstream])
    if expected.upstream is not None:
        yield from _upstream(expected.upstream, got.upstream)


def normalise(text: str, addresses: Mapping[str, str]) -> str:
    """Puts names in the place of ephemeral addresses, ports and what is derived from them."""
    # Longest first, so that one port is not found inside another address.
    for name, address in sorted(addresses.items(), key=lambda item: -len(item[1])):
        if name == "hostname":
            continue
        for scheme in ("http", "h2c"):
            text = text.replace(sticky_value(f"{scheme}://{address}"), f"${{sticky:{name}}}")
        text = text.replace(address, f"${{{name}}}")
        port = address.rpartition(":")[2]
        alone = rf"(?<![0-9A-Za-z]){re.escape(port)}(?![0-9A-Za-z])"
        text = re.sub(alone, f"${{port:{name}}}", text)
    return text


def _header_fields(headers: Headers, prefix: str) -> dict[str, str]:
    # Order between names carries no meaning; order within one name does. Spelling is kept.
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() not in _IGNORED_HEADERS:
            if name.lower() in ("www-authenticate", "authorization"):
                value = RANDOM_PARTS.sub(r'\1="..."', value)
            fields.setdefault(f"{prefix}.{name}", []).append(value)
    return {name: "\n".join(values) for name, values in fields.items()}


def _plain_body(got: Observation) -> str:
    # Compressors may differ in their output as long as it means the same.
    coding = (values_of(got.headers, "content-encoding") or ("",))[0]
    if coding in ("br", "zstd"):
        return f"({coding} data)"
    if coding == "gzip":
        try:
            return gzip.decompress(got.body).decode("latin-1")
        except (OSError, EOFError, zlib.error):
            return f"(broken gzip data) {got.body.decode('latin-1')}"
    return got.body.decode("latin-1")


def _answer_fields(got: Observation) -> dict[str, str]:
    fields = {"status": str(got.status), "error": str(got.error), "body": _plain_body(got)}
    fields |= {f"tls.{part}": value for part, value in got.tls.items()}
    if got.interim:
        fields["interim"] = " ".join(map(str, got.interim))
    fields |= _header_fields(got.headers, "headers") | _header_fields(got.trailers, "trailers")
    if values_of(got.headers, "content-encoding"):
        # How long coded data is, and so whether its length is known in time, is the coder's.
        fields = {k: v for k, v in fields.items() if k.lower() not in _FRAMING}
    return fields


def fields_of(got: Observation, addresses: Mapping[str, str]) -> dict[str, str]:
    """An observation as flat, normalised fields: what the differential mode compares."""
    fields = _answer_fields(got)
    for index, seen in enumerate(got.upstream):
        prefix = f"upstream[{index}]"
        fields[f"{prefix}.name"] = seen.name
        fields[f"{prefix}.method"] = seen.method
        fields[f"{prefix}.target"] = seen.target
        fields[f"{prefix}.body"] = seen.body.decode("latin-1")
        fields |= _header_fields(seen.headers, f"{prefix}.headers")
        for name in ("X-Forwarded-Server", "x-forwarded-server"):
            server = f"{prefix}.headers.{name}"
            if fields.get(server) == host_name(addresses):
                fields[server] = "${hostname}"
    return {name: normalise(text, addresses) for name, text in fields.items()}


def _reason(known: Sequence[KnownDifference], case: str, request: int, field: str) -> str | None:
    for one in known:
        same_request = one.request is None or one.request == request
        # Over HTTP/2 names of fields are in lower case.
        same_field = fnmatchcase(field.lower(), one.field.lower())
        if fnmatchcase(case, one.case) and same_request and same_field:
            return one.reason
    return None


def compare_fields(
    left: Mapping[str, str],
    right: Mapping[str, str],
    case: str,
    request: int,
    known: Sequence[KnownDifference],
) -> list[Difference]:
    """Every field in which two normalised observations differ; known ones carry their reason."""
    found = []
    for name in sorted({*left, *right}):
        one, other = left.get(name, "absent"), right.get(name, "absent")
        if one != other:
            reason = _reason(known, case, request, name)
            found.append(Difference(case, request, name, one, other, reason))
    return found


def load_known_differences(path: Path) -> list[KnownDifference]:
    """Reads `known_differences.yaml`; raises CaseError with the place of what is wrong."""
    found = []
    for element in open_yaml(path, path.name).elements():
        parts = element.items(frozenset({"case", "request", "field", "reason"}))
        for key in ("case", "field", "reason"):
            if key not in parts:
                element.fail(f"a known difference needs {key!r}")
        request = parts["request"].integer() if "request" in parts else None
        case, field, reason = (parts[key].text() for key in ("case", "field", "reason"))
        found.append(KnownDifference(case, field, reason, request))
    return found
