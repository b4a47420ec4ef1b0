"""Configurations: files, directories and texts read as one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateproof import _core
from gateproof.errors import ConfigError
from gateproof.findings import Finding, SourceLines, from_core

PathLike = str | os.PathLike[str]
Source = PathLike | Sequence[PathLike] | Mapping[str, Any]

_DYNAMIC, _STATIC = "dynamic.yaml", "static.yaml"


@dataclass(frozen=True, eq=False)
class Config:
    """A configuration that was read; make one with `load`.

    `findings` are those of reading; `check` looks at everything else as well. `statics` names
    the static configurations in order (one made up, with an empty name, if there was none),
    `files` says of each file what it was taken for.
    """

    core: _core.ConfigSet = field(repr=False)
    paths: tuple[str, ...]
    texts: Mapping[str, str] = field(repr=False)
    findings: tuple[Finding, ...]

    @property
    def statics(self) -> tuple[str, ...]:
        """File names of the static configurations."""
        return tuple(self.core.statics)

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """(path, kind); kinds: static, dynamic, manifests, helm values, unknown."""
        return tuple(self.core.files)

    def check(self) -> tuple[Finding, ...]:
        """Everything that is wrong or worth saying, sorted by place."""
        return from_core(_core.check(self.core))

    def render(self, findings: Sequence[_core.Finding] | None = None) -> str:
        """Findings (default: all that `check` has) as text with source lines and carets."""
        found = _core.check(self.core) if findings is None else list(findings)
        return str(_core.render_text(found, SourceLines(dict(self.texts))))

    def assembly(self, static: int | PathLike) -> int:
        """The number of a static configuration given by number or file. Raises ConfigError."""
        if isinstance(static, int):
            if 0 <= static < len(self.statics):
                return static
        else:
            wanted = os.fspath(static)
            for number, name in enumerate(self.statics):
                if name == wanted or (name and Path(name).name == wanted):
                    return number
        named = ", ".join(name or "(made up)" for name in self.statics) or "none"
        raise ConfigError(f"no static configuration {static!r}; there are: {named}")


def load(
    *paths: PathLike,
    texts: Mapping[str, str] | None = None,
    stdin: str = "",
    strict: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Config:
    """Reads files and directories (and `-` for `stdin`) as one configuration.

    Static and dynamic files, Kubernetes manifests, Helm values, compose files and dumps of
    key/value stores are told apart by what is in them.

    `texts` lays texts over files, by path; without `paths` they are the configuration. Problems
    are findings of the result; ConfigError is raised only if nothing could be read, or with
    `strict` if any finding is an error. Go templates in dynamic files are executed; their `env`
    sees `environment` and nothing of this process.
    """
    over = dict(texts or {})
    names = tuple(os.fspath(path) for path in paths) or tuple(over)
    if not names:
        raise ConfigError("no configuration: name at least one file or directory")
    variables = dict(environment or {})
    core = _core.load(list(names), over, stdin, variables)
    findings = from_core(core.findings)
    errors = [one for one in findings if one.severity == "error"]
    known = [kind for _, kind in core.files if kind != "unknown"]
    if not known:
        raise ConfigError(f"nothing to serve in {', '.join(names)}", errors or findings)
    if strict and errors:
        raise ConfigError(f"{len(errors)} error(s) in {', '.join(names)}", errors)
    return Config(core, names, over, findings)


def check(
    *paths: PathLike,
    texts: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """All findings of a configuration; nothing is raised for what is wrong in it."""
    over = dict(texts or {})
    names = [os.fspath(path) for path in paths] or list(over)
    return from_core(_core.check(_core.load(names, over, "", dict(environment or {}))))


def _text(mapping: Mapping[str, Any]) -> str:
    # JSON is YAML, and a thousand times faster to write; indented, so that places mean something.
    return json.dumps(mapping, indent=1, ensure_ascii=False)


def make(source: Config | Source, static: Mapping[str, Any] | int | PathLike | None) -> Config:
    """What `World(config=, static=)` takes, as a Config.

    A mapping is a dynamic configuration; a mapping as `static` is a static one.
    """
    if isinstance(source, Config):
        if not isinstance(static, Mapping):
            return source
        return load(_STATIC, *source.paths, texts={**source.texts, _STATIC: _text(static)})
    texts: dict[str, str] = {}
    paths: list[PathLike] = []
    if isinstance(static, Mapping):
        texts[_STATIC] = _text(static)
        paths.append(_STATIC)
    if isinstance(source, Mapping):
        texts[_DYNAMIC] = _text(source)
        paths.append(_DYNAMIC)
    elif isinstance(source, (str, os.PathLike)):
        paths.append(source)
    else:
        paths.extend(source)
    return load(*paths, texts=texts)
