"""One real Traefik process that serves many configurations at once, each on its own entry point."""

from __future__ import annotations

import dataclasses
import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateproof.case_arm import ArmStartError, Observation, RouterState, UpstreamSeen
from gateproof.case_model import ALL_ARMS, Case, Place, RequestSpec, UpstreamScript, UpstreamSpec
from gateproof.generate.as_case import request_spec, script
from gateproof.generate.grammar import Grammar
from gateproof.generate.pairs import PRIORITY_MAX, UPSTREAMS, Data, Setup
from gateproof.real_traefik import REFUSALS, TraefikSession
from gateproof.upstreams import Recorder, Upstream

RELOAD_SECONDS = 20.0
"""How long a new configuration may take until every entry point serves it."""
_AGAIN_SECONDS = 1.0
_TEAPOT = 418


@dataclass
class Judged:
    """What was observed of one setup. `refused` means that its file was refused as a whole."""

    observations: list[Observation] = field(default_factory=list)
    routers: dict[str, RouterState] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    refused: bool = False


class _Refused(Exception):
    """Traefik refused the file; it goes on with what it had."""


class _Pool:
    """The upstreams of all setups; each plays the script of the setup that is asked now."""

    def __init__(self) -> None:
        self._recorder = Recorder()
        self.scripts: Mapping[str, UpstreamScript] = {}
        self._servers = [
            Upstream(name, UpstreamSpec(refuse=name == "gone"), self._recorder, self._answer)
            for name in UPSTREAMS
        ]
        self.addresses = {
            name: server.address for name, server in zip(UPSTREAMS, self._servers, strict=True)
        }

    def _answer(self, seen: UpstreamSeen) -> UpstreamScript:
        return self.scripts.get(seen.name, UpstreamScript())

    def take(self) -> list[UpstreamSeen]:
        return self._recorder.take()

    def close(self) -> None:
        for server in self._servers:
            server.close()


def _case_of_entries(grammar: Grammar) -> tuple[Case, dict[str, list[str]]]:
    names: dict[str, list[str]] = {}
    entries: Data = {}
    for kind, spec in grammar.entries.items():
        names[kind] = [f"{kind}{number}" for number in range(spec.share)]
        entries |= {name: {"address": f"${{{name}}}", **spec.options} for name in names[kind]}
    place = Place("generated", 1, 1)
    static = {"entryPoints": entries, "log": {"level": "ERROR"}}
    return Case("judge", "", place, static, {}, None, {}, ALL_ARMS, ()), names


class Judge(TraefikSession):
    """The process. Not thread-safe. Raises ArmStartError if Traefik does not start."""

    def __init__(self, binary: Path, grammar: Grammar) -> None:
        case, self._slots = _case_of_entries(grammar)
        self._pool = _Pool()
        self._turn = itertools.count(1)
        self._log_at = 0
        try:
            super().__init__(binary, case)
        except BaseException:
            self._pool.close()
            raise

    def run(
        self, setups: Sequence[Setup], tick: Callable[[int], None] = lambda _: None
    ) -> list[Judged]:
        """Serves the setups and asks every request of each; results are in the same order.

        `tick` is told how many setups are done.
        """
        results: list[Judged | None] = [None] * len(setups)
        left = list(range(len(setups)))
        while left:
            batch, left = self._fitting(setups, left)
            self._run_batch(setups, batch, results)
            tick(len(batch))
        return [one for one in results if one is not None]

    def _fitting(
        self, setups: Sequence[Setup], left: list[int]
    ) -> tuple[dict[int, str], list[int]]:
        free = {kind: list(names) for kind, names in self._slots.items()}
        batch: dict[int, str] = {}
        rest = []
        for index in left:
            names = free[setups[index].entry]
            if names:
                batch[index] = names.pop()
            else:
                rest.append(index)
        return batch, rest

    def _run_batch(
        self, setups: Sequence[Setup], batch: dict[int, str], results: list[Judged | None]
    ) -> None:
        try:
            self._serve({slot: setups[index] for index, slot in batch.items()})
        except _Refused:
            if len(batch) == 1:
                (index,) = batch
                results[index] = Judged(refused=True)
                return
            # One of them is refused and takes the others with it.
            items = list(batch.items())
            for half in (items[: len(items) // 2], items[len(items) // 2 :]):
                self._run_batch(setups, dict(half), results)
            return
        states = self.routers()
        for index, slot in batch.items():
            results[index] = self._ask(setups[index], slot, states)

    def _serve(self, setups: Mapping[str, Setup]) -> None:
        """Writes one file for all of them and waits until every entry point has it."""
        turn = next(self._turn)
        http: Data = {"routers": {}, "middlewares": {}, "services": {}}
        for slot, setup in setups.items():
            filled = json.loads(self._filled(json.dumps(setup.http)))
            for name, router in filled.get("routers", {}).items():
                # A child listens where its parents do, and may not say so itself.
                listens = {} if "parentRefs" in router else {"entryPoints": [slot]}
                http["routers"][name] = {**router, **listens}
            for kind in ("middlewares", "services"):
                http[kind] |= filled.get(kind, {})
        slots = [slot for names in self._slots.values() for slot in names]
        for slot in slots:
            # No setup asks for this path, and the service answers without being reached.
            http["routers"][f"ready-{slot}"] = {
                "rule": f"Path(`/gateproof-{turn}`)", "entryPoints": [slot],
                "service": "noop@internal", "priority": PRIORITY_MAX,
            }  # fmt: skip
        text = json.dumps({"http": {kind: of for kind, of in http.items() if of}})
        self._new_log()
        self._write(text)
        for slot in slots:
            self._wait_ready(slot, f"http://ready.test/gateproof-{turn}", text)

    def _write(self, text: str) -> None:
        fresh = self._dynamic.parent / "fresh"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._dynamic / "dynamic.yaml")

    def _filled(self, text: str) -> str:
        for name, address in self._pool.addresses.items():
            text = text.replace(f"${{{name}}}", address)
        return text

    def _wait_ready(self, slot: str, url: str, text: str) -> None:
        request = RequestSpec(url=url, entry_point=slot)
        begin = time.monotonic()
        end, again = begin + RELOAD_SECONDS, begin + _AGAIN_SECONDS
        while self._client.send(request).status != _TEAPOT:
            if self._new_log_refuses():
                raise _Refused
            if time.monotonic() > again:
                # Traefik's API answers a moment before its directory is watched.
                again += _AGAIN_SECONDS
                self._write(text)
            if time.monotonic() > end:
                raise ArmStartError(f"no reload within {RELOAD_SECONDS:g} s")
            time.sleep(0.003)

    def _new_log(self) -> None:
        self._log_at = self._log.stat().st_size

    def _new_log_refuses(self) -> bool:
        with self._log.open("rb") as stream:
            stream.seek(self._log_at)
            text = stream.read()
        return any(refusal in text for refusal in REFUSALS)

    def _ask(self, setup: Setup, slot: str, states: Mapping[str, RouterState]) -> Judged:
        self._pool.scripts = {
            name: script(one) for name, one in setup.upstreams.items() if "refuse" not in one
        }
        addresses = {"web": self._addresses[slot], **self._pool.addresses}
        out = Judged(addresses={**addresses, "dir": str(self._dynamic)})
        for sent in setup.requests:
            self._pool.take()
            got = self._client.send(dataclasses.replace(request_spec(sent), entry_point=slot))
            out.observations.append(dataclasses.replace(got, upstream=self._pool.take()))
        out.routers = {
            name: state for name, state in states.items() if name.startswith(setup.prefix)
        }
        return out

    def close(self) -> None:
        """Ends the process and the upstreams."""
        super().close()
        self._pool.close()
