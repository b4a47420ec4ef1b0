"""Reads case files. Every message says `file:line:column`; unknown keys are errors.

The format is described in `conformance/traefik/README.md`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from gateproof.case_digest import KEYS as DIGEST_KEYS
from gateproof.case_model import (
    ALL_ARMS,
    Case,
    CaseError,
    ChangeSpec,
    Expectation,
    ExpectUpstream,
    RedisUpstream,
    RequestSpec,
    RouterRule,
    Step,
    StreamSend,
    StreamUpstream,
    TlsServer,
    TlsSpec,
    UpstreamScript,
    UpstreamSpec,
    ValueRule,
)
from gateproof.case_resolve import check_placeholders, fill_pem
from gateproof.http2.side import code_number
from gateproof.rawtcp import POSTGRES_SSL_REQUEST, client_hello, in_records
from gateproof.tls_cases import pem
from gateproof.yaml_cursor import Cursor, open_yaml

T = TypeVar("T")
DEFAULT_STATIC: dict[str, Any] = {"entryPoints": {"web": {"address": "${web}"}}}

NOT_CASES = ("catalogue.yaml", "known_differences.yaml", "known_differences_http2.yaml")

_CASE_KEYS = frozenset(
    "name clause static dynamic dynamic_text dynamic_files upstreams arms requests routers "
    "start_error".split()
)
_STEP_KEYS = frozenset("wait send repeat expect change".split())
_CHANGE_KEYS = frozenset("dynamic dynamic_text files how".split())
_ROUTER_KEYS = frozenset({"status", "error"})

Readers = dict[str, Callable[[Cursor], Any]]


def value_rule(cursor: Cursor) -> ValueRule:
    """null: absent; text: one exact value; list: exact lines; `{matches: regex}`: a search."""
    if cursor.is_null:
        return ValueRule(absent=True)
    if cursor.is_list:
        return ValueRule(exact=tuple(element.text() for element in cursor.elements()))
    if cursor.is_mapping:
        pattern = cursor.items(frozenset({"matches"}))["matches"]
        try:
            re.compile(pattern.text())
        except re.error as problem:
            pattern.fail(f"bad pattern: {problem}")
        return ValueRule(matches=pattern.text())
    return ValueRule(exact=(cursor.text(),))


def _rules(cursor: Cursor) -> dict[str, ValueRule]:
    return {name: value_rule(value) for name, value in cursor.items().items()}


def _bytes(cursor: Cursor) -> bytes:
    return cursor.text().encode("utf-8")


def _body(cursor: Cursor) -> bytes:
    if cursor.is_mapping:
        return b"x" * cursor.items(frozenset({"size"}))["size"].integer()
    return _bytes(cursor)


def _chunks(cursor: Cursor) -> tuple[bytes, ...]:
    return tuple(_bytes(element) for element in cursor.elements())


def _digest(cursor: Cursor) -> dict[str, str]:
    return {key: value.text() for key, value in cursor.items(DIGEST_KEYS).items()}


def _texts(cursor: Cursor) -> tuple[str, ...]:
    return tuple(element.text() for element in cursor.elements())


def _integers(cursor: Cursor) -> tuple[int, ...]:
    return tuple(one.integer() for one in cursor.elements())


def _http_version(cursor: Cursor) -> str:
    text = cursor.text()
    if text not in ("1.0", "1.1", "2"):
        cursor.fail("a version of HTTP is 1.0, 1.1 or 2")
    return text


def _code(cursor: Cursor) -> str:
    name = cursor.text()
    if code_number(name) is None:
        cursor.fail(f"HTTP/2 has no error code {name!r}")
    return name


def _version(cursor: Cursor) -> str:
    text = cursor.text()
    if text not in ("1.0", "1.1", "1.2", "1.3"):
        cursor.fail("a version of TLS is a text from 1.0 to 1.3")
    return text


def _certificate(cursor: Cursor) -> str:
    name = cursor.text()
    if pem("crt", name) is None:
        cursor.fail(f"there is no certificate {name!r} in data/certificates")
    return name


_TLS: Readers = {
    "sni": lambda cursor: "" if cursor.is_null else cursor.text(), "min": _version, "max": _version,
    "alpn": _texts, "certificate": _certificate, "postgres": Cursor.boolean,
}  # fmt: skip
_TLS_SERVER: Readers = {
    "certificate": _certificate, "client_ca": _certificate, "min": _version, "max": _version,
    "http2": Cursor.boolean,
}  # fmt: skip


def _tls(cursor: Cursor) -> TlsSpec:
    return _filled(cursor, _TLS, TlsSpec)


_REQUEST: Readers = {
    "method": Cursor.text, "url": Cursor.text, "target": Cursor.text, "headers": Cursor.pairs,
    "host_line": Cursor.boolean, "body": _body, "chunks": _chunks, "trailers": Cursor.pairs,
    "raw": _bytes, "client_ip": Cursor.text, "entry_point": Cursor.text, "version": _http_version,
    "connection": Cursor.text, "jar": Cursor.boolean, "digest": _digest, "settle": Cursor.number,
    "tls": _tls, "fields": Cursor.pairs, "beside": Cursor.integer,
}  # fmt: skip
_SCRIPT: Readers = {
    "status": Cursor.integer, "reason": Cursor.text, "headers": Cursor.pairs, "body": _bytes,
    "size": Cursor.integer, "delay": Cursor.number, "chunked": Cursor.boolean,
    "until_close": Cursor.boolean, "gzip": Cursor.boolean, "trailers": Cursor.pairs,
    "close": Cursor.boolean, "reset": _code, "interim": _integers, "goaway": _code,
    "goaway_before": _code,
}  # fmt: skip
_SEEN: Readers = {
    "name": Cursor.text, "method": Cursor.text, "target": Cursor.text, "headers": _rules,
    "trailers": _rules, "body": value_rule, "version": _http_version,
}  # fmt: skip
_EXPECT: Readers = {
    "status": Cursor.integer, "reason": Cursor.text, "headers": _rules, "trailers": _rules,
    "body": value_rule, "body_sha256": Cursor.text, "size": Cursor.integer,
    "stays_open": Cursor.boolean, "error": Cursor.text, "router": Cursor.text,
    "counts": lambda cursor: {k: v.integer() for k, v in cursor.items().items()},
    "tls": lambda cursor: {
        k: v.text() for k, v in cursor.items(
            frozenset({"version", "alpn", "certificate", "alert"})).items()
    },
    "upstream": lambda cursor: _filled(cursor, _SEEN, ExpectUpstream),
    "interim": _integers,
}  # fmt: skip


def _filled(
    cursor: Cursor, readers: Readers, make: Callable[..., T], nulls: dict[str, str] | None = None
) -> T:
    """Builds `make(**fields)`; `nulls` names the flag to raise for a key whose value is null."""
    return _built(cursor.items(frozenset(readers)), readers, make, nulls)


def _built(
    parts: dict[str, Cursor],
    readers: Readers,
    make: Callable[..., T],
    nulls: dict[str, str] | None = None,
) -> T:
    found: dict[str, Any] = {}
    for key, value in parts.items():
        if value.is_null and nulls and key in nulls:
            found[nulls[key]] = True
        else:
            found[key] = readers[key](value)
    return make(**found)


_STREAM: Readers = {"greeting": _bytes, "reply": _bytes, "close_after": Cursor.integer}
_REDIS: Readers = {
    "username": Cursor.text, "password": Cursor.text, "reply": _bytes, "silent": Cursor.boolean,
}  # fmt: skip
_HELLO = frozenset({"sni", "alpn", "records"})


def _piece(cursor: Cursor) -> bytes:
    """A text; `{hello: {sni, alpn, records}}`; `{hex: ...}`; `{postgres: true}`."""
    if not cursor.is_mapping:
        return _bytes(cursor)
    parts = cursor.items(frozenset({"hello", "hex", "postgres"}))
    if "hex" in parts:
        return bytes.fromhex(parts["hex"].text())
    if "postgres" in parts:
        return POSTGRES_SSL_REQUEST
    words = parts["hello"].items(_HELLO) if "hello" in parts else {}
    alpn = tuple(one.text() for one in words["alpn"].elements()) if "alpn" in words else ()
    hello = client_hello(words["sni"].text() if "sni" in words else None, alpn)
    return in_records(hello, words["records"].integer()) if "records" in words else hello


def _stream(cursor: Cursor) -> StreamSend:
    parts = cursor.items(
        frozenset(
            {"tcp", "udp", "half_close", "patience", "hold", "entry_point", "client_ip", "tls"}
        )
    )
    if ("tcp" in parts) == ("udp" in parts):
        cursor.fail("bytes go by either tcp or udp")
    found: dict[str, Any] = {"udp": "udp" in parts}
    found["pieces"] = tuple(_piece(e) for e in parts["udp" if found["udp"] else "tcp"].elements())
    for key in ("half_close", "hold"):
        if key in parts:
            found[key] = parts[key].boolean()
    if "patience" in parts:
        found["patience"] = parts["patience"].number()
    return StreamSend(**found)


def _send(cursor: Cursor) -> RequestSpec:
    words = cursor.items() if cursor.is_mapping else {}
    if "tcp" not in words and "udp" not in words:
        request = _filled(cursor, _REQUEST, RequestSpec)
        if request.version != "2" and request.fields is not None:
            words["fields"].fail("fields are those of HTTP/2: write version 2, or headers")
        if request.version != "2" and request.beside:
            words["beside"].fail("only HTTP/2 has several requests on a connection: version 2")
        if request.version == "2" and request.raw is not None:
            words["raw"].fail("raw bytes have no version; send them with tcp or over HTTP/1.1")
        return request
    found: dict[str, Any] = {"stream": _stream(cursor)}
    for key in ("entry_point", "client_ip"):
        if key in words:
            found[key] = words[key].text()
    if "tls" in words:
        found["tls"] = _tls(words["tls"])
    return RequestSpec(**found)


def read_upstream(cursor: Cursor) -> UpstreamSpec:
    """The script of a server."""
    if cursor.is_mapping and {"tcp", "udp"} & set(cursor.items()):
        parts = cursor.items(frozenset({"tcp", "udp"}))
        name = "udp" if "udp" in parts else "tcp"
        script = _filled(parts[name], _STREAM, StreamUpstream)
        return UpstreamSpec(stream=dataclasses.replace(script, udp=name == "udp"))
    if cursor.is_mapping and "redis" in cursor.items():
        parts = cursor.items(frozenset({"redis"}))
        return UpstreamSpec(redis=_filled(parts["redis"], _REDIS, RedisUpstream))
    if cursor.is_mapping and "tls" in cursor.items():
        parts = cursor.items(frozenset({"tls", "answers"}))
        tls = _filled(parts["tls"], _TLS_SERVER, TlsServer)
        if "answers" not in parts:
            return UpstreamSpec(tls=tls)
        if not tls.http2:
            parts["answers"].fail("answers inside TLS are for servers with http2: true")
        return UpstreamSpec(tls=tls, answers=_answers(parts["answers"], True))
    return _scripted(cursor)


def _scripted(cursor: Cursor) -> UpstreamSpec:
    parts = cursor.items(frozenset(_SCRIPT) | {"refuse", "answers", "http2"})
    if "refuse" in parts:
        return UpstreamSpec(refuse=parts["refuse"].boolean())
    http2 = parts["http2"].boolean() if "http2" in parts else False
    if "answers" in parts:
        return UpstreamSpec(answers=_answers(parts["answers"], http2), http2=http2)
    facts = {key: value for key, value in parts.items() if key != "http2"}
    answers = (_built(facts, _SCRIPT, UpstreamScript),)
    _check_frames(cursor, answers, http2)
    return UpstreamSpec(answers=answers, http2=http2)


def _answers(cursor: Cursor, http2: bool) -> tuple[UpstreamScript, ...]:
    answers = tuple(_filled(e, _SCRIPT, UpstreamScript) for e in cursor.elements())
    if not answers:
        cursor.fail("at least one answer is needed")
    _check_frames(cursor, answers, http2)
    return answers


def _check_frames(cursor: Cursor, answers: tuple[UpstreamScript, ...], http2: bool) -> None:
    for at, script in enumerate(answers):
        for word in ("reset", "goaway", "goaway_before"):
            if getattr(script, word) is not None and not http2:
                cursor.fail(f"answer {at + 1}: {word} is for servers with http2: true")


def _change(cursor: Cursor) -> ChangeSpec:
    parts = cursor.items(_CHANGE_KEYS)
    files: dict[str, str | None] = {}
    if "dynamic" in parts:
        # Texts of several lines cannot be put in once it is text.
        plain = fill_pem(parts["dynamic"].plain())
        files["dynamic.yaml"] = yaml.safe_dump(plain, sort_keys=False)
    if "dynamic_text" in parts:
        files["dynamic.yaml"] = parts["dynamic_text"].text()
    for name, value in (parts["files"].items() if "files" in parts else {}).items():
        files[name] = None if value.is_null else value.text()
    how = parts["how"].text() if "how" in parts else "rename"
    if how not in ("rename", "overwrite"):
        parts["how"].fail("how must be rename or overwrite")
    return ChangeSpec(files=files, how=how)


def read_step(cursor: Cursor) -> Step:
    """One element of `requests`."""
    parts = cursor.items(_STEP_KEYS)
    if ("send" in parts) == ("change" in parts):
        cursor.fail("a step needs either send or change")
    found: dict[str, Any] = {"place": cursor.place}
    if "wait" in parts:
        found["wait"] = parts["wait"].number()
    if "change" in parts:
        return Step(change=_change(parts["change"]), **found)
    if "repeat" in parts:
        found["repeat"] = parts["repeat"].integer()
    if "expect" in parts:
        nulls = {"router": "no_router", "upstream": "no_upstream"}
        found["expect"] = _filled(parts["expect"], _EXPECT, Expectation, nulls)
    send = _send(parts["send"])
    expected = found.get("expect", Expectation())
    if send.version == "2" and (expected.router is not None or expected.no_router):
        parts["expect"].fail("over HTTP/2 no arm tells the router; tell it by its server")
    return Step(send=send, **found)


def _router(cursor: Cursor) -> RouterRule:
    if cursor.is_null:
        return RouterRule(absent=True)
    parts = cursor.items(_ROUTER_KEYS)
    status = parts["status"].text() if "status" in parts else None
    return RouterRule(status, value_rule(parts["error"]) if "error" in parts else None)


def _arms(
    cursor: Cursor | None, steps: tuple[Step, ...], upstreams: dict[str, UpstreamSpec]
) -> tuple[str, ...]:
    arms = ALL_ARMS
    if cursor is not None:
        arms = tuple(element.text() for element in cursor.elements())
        for arm in arms:
            if arm not in ALL_ARMS:
                cursor.fail(f"unknown arm {arm!r}; known are {', '.join(ALL_ARMS)}")
    # Objects have neither bytes nor connections.
    bytes_matter = any(
        s.send
        and (
            s.send.raw is not None or s.send.connection or s.send.stream or s.send.tls
            or s.send.version == "2"
        )
        for s in steps
    ) or any(one.tls for one in upstreams.values())  # fmt: skip
    return tuple(arm for arm in arms if not (arm == "direct" and bytes_matter))


def _case(cursor: Cursor) -> Case:
    parts = cursor.items(_CASE_KEYS)
    for key in ("name", "clause"):
        if key not in parts:
            cursor.fail(f"a case needs {key!r}")
    steps = tuple(read_step(e) for e in parts["requests"].elements()) if "requests" in parts else ()
    files = {}
    if "dynamic_text" in parts:
        files["dynamic.yaml"] = parts["dynamic_text"].text()
    for name, value in (parts["dynamic_files"].items() if "dynamic_files" in parts else {}).items():
        files[name] = value.text()
    optional = {key: parts[key].items() for key in ("upstreams", "routers") if key in parts}
    upstreams = {k: read_upstream(v) for k, v in optional.get("upstreams", {}).items()}
    case = Case(
        name=parts["name"].text(),
        clause=parts["clause"].text(),
        place=cursor.place,
        static=parts["static"].plain() if "static" in parts else DEFAULT_STATIC,
        files=files,
        dynamic=parts["dynamic"].plain() if "dynamic" in parts else None,
        upstreams=upstreams,
        arms=_arms(parts.get("arms"), steps, upstreams),
        steps=steps,
        routers={k: _router(v) for k, v in optional.get("routers", {}).items()},
        start_error=value_rule(parts["start_error"]) if "start_error" in parts else None,
    )
    for problem in check_placeholders(case):
        raise CaseError(problem)
    return case


def load_file(path: Path, shown: str | None = None) -> list[Case]:
    """All cases of one file in order. Raises CaseError for the first thing that is wrong."""
    cases = [_case(element) for element in open_yaml(path, shown).elements()]
    seen: dict[str, Case] = {}
    for case in cases:
        if case.name in seen:
            raise CaseError(f"{case.place}: {case.name!r} is also at {seen[case.name].place}")
        seen[case.name] = case
    return cases


def load_directory(directory: Path) -> list[Case]:
    """The cases of every `*.yaml` in a directory, in the order of file names.

    `NOT_CASES` are no case files and are left out. Raises CaseError; a name used in
    two files is an error too, because differences and reports refer to cases by name.
    """
    cases: list[Case] = []
    for path in sorted(directory.glob("*.yaml")):
        if path.name not in NOT_CASES:
            cases.extend(load_file(path, path.name))
    names: dict[str, Case] = {}
    for case in cases:
        if case.name in names:
            raise CaseError(f"{case.place}: {case.name!r} is also at {names[case.name].place}")
        names[case.name] = case
    return cases
