"""What became of a case on one arm, and whether that is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateproof.http1.model import REFUSALS, Expected, Http1Case
from gateproof.http1.reading import Message, Reading, read_answers, read_requests

_LONG = 40  # of a list of codes in a table


@dataclass
class Outcome:
    """Bytes that came back and bytes that the server got, read by the strict reader."""

    answers: Reading
    closed: bool
    upstream: list[Reading] = field(default_factory=list)
    received: bytes = b""
    raw: list[bytes] = field(default_factory=list)

    @classmethod
    def read(cls, case: Http1Case, received: bytes, closed: bool, raw: list[bytes]) -> Outcome:
        """Reads what came back; the methods that were asked tell which answers have no body."""
        asked = [one.method for one in read_requests(b"".join(case.sends)).messages]
        first = b"".join(case.sends).lstrip(b"\r\n").split(b" ", 1)[0].decode("latin-1")
        answers = read_answers(received, asked or [first], closed)
        return cls(answers, closed, [read_requests(one) for one in raw], received, raw)

    @property
    def finals(self) -> list[Message]:
        """The final answers."""
        return [one for one in self.answers.messages if one.status >= 200 or one.status == 101]

    @property
    def interim(self) -> list[int]:
        """The codes of the interim answers, in order."""
        return [
            one.status for one in self.answers.messages if one.status < 200 and one.status != 101
        ]

    @property
    def requests(self) -> list[Message]:
        """The whole requests that the server got."""
        return [one for reading in self.upstream for one in reading.messages]

    @property
    def problems(self) -> list[str]:
        """What the strict reader refused at the server."""
        return [one.problem for one in self.upstream if one.problem]

    @property
    def untouched(self) -> bool:
        """The server has not got a byte."""
        return not self.upstream

    def passed(self, side: str) -> int:
        """How far this arm went: requests that it sent on whole; of answers, those that it gave
        the client whole as the server's own."""
        if side == "request":
            return len(self.requests) + len(self.problems)
        return sum(one.complete and one.status < 500 for one in self.finals)

    def word(self) -> str:
        """The outcome in a few characters, for tables."""
        codes = " ".join(
            f"{one.status}{'' if one.complete else '…'}" for one in self.answers.messages
        )
        word = codes or ("closed" if self.closed else "waits")
        if self.answers.problem:
            word += " broken"
        if len(codes) > _LONG:
            word = f"{codes[:_LONG].rpartition(' ')[0]} and more"
        if codes and self.closed:
            word += " x"
        served = sum(one.status < 400 for one in self.finals)
        if self.problems:
            word += " !"
        elif len(self.requests) != served:
            word += f" →{len(self.requests)}"
        return word


def _matches(lines: list[tuple[bytes, bytes]], wanted: bytes) -> bool:
    name, colon, value = wanted.partition(b":")
    same = [text for key, text in lines if key.lower() == name.strip().lower()]
    return value.strip() in same if colon else bool(same)


def _text(data: bytes) -> str:
    return data[:200].decode("latin-1").encode("unicode_escape").decode()


def _field_problems(
    where: str, message: Message | None, has: tuple[bytes, ...], lacks: tuple[bytes, ...]
) -> Iterator[str]:
    if message is None:
        if has or lacks:
            yield f"{where}: there is none"
        return
    for line in has:
        if not _matches(message.fields, line):
            yield f"{where} lacks {_text(line)}"
    for line in lacks:
        if _matches(message.fields, line):
            yield f"{where} has {_text(line)}"


def problems(outcome: Outcome, wanted: Expected) -> list[str]:
    """Where an outcome is not what is wanted; empty if it is."""
    return [*_client_problems(outcome, wanted), *_server_problems(outcome, wanted)]


def _client_problems(outcome: Outcome, wanted: Expected) -> Iterator[str]:
    finals = outcome.finals
    if outcome.answers.problem:
        yield f"the answer is broken: {outcome.answers.problem}"
    if wanted.statuses is not None:
        got = [one.status for one in finals]
        if len(got) != len(wanted.statuses) or any(
            code not in allowed for code, allowed in zip(got, wanted.statuses, strict=True)
        ):
            yield f"status {got}, wanted {[sorted(one)[:8] for one in wanted.statuses]}"
    if wanted.interim is not None and tuple(outcome.interim) != wanted.interim:
        yield f"interim answers {outcome.interim}, wanted {list(wanted.interim)}"
    if wanted.closed is not None and outcome.closed != wanted.closed:
        yield f"the connection is {'closed' if outcome.closed else 'open'}"
    whole = bool(finals) and all(one.complete for one in finals)
    if wanted.complete is not None and whole != wanted.complete:
        yield "the answer is whole" if whole else "the answer is cut short"
    reply = finals[0] if finals else None
    yield from _field_problems("the answer", reply, wanted.reply_has, wanted.reply_lacks)
    if wanted.reply_body is not None and (reply is None or reply.body != wanted.reply_body):
        yield f"the answer's body is {_text(reply.body) if reply else 'absent'}"


def _server_problems(outcome: Outcome, wanted: Expected) -> Iterator[str]:
    requests = outcome.requests
    if outcome.problems:
        yield f"the server got what is no HTTP: {outcome.problems}"
    if wanted.nothing and not outcome.untouched:
        yield "the server got bytes"
    if wanted.upstream is not None and len(requests) != wanted.upstream:
        yield f"the server got {len(requests)} requests, wanted {wanted.upstream}"
    first = requests[0] if requests else None
    if wanted.line is not None and (first is None or first.start != wanted.line):
        yield f"the request line is {_text(first.start) if first else 'absent'}"
    yield from _field_problems("the request", first, wanted.has, wanted.lacks)
    last = requests[-1] if requests else None
    yield from _field_problems("the last request", last, wanted.last_has, wanted.last_lacks)
    if wanted.body is not None and (first is None or first.body != wanted.body):
        yield f"the request's body is {_text(first.body) if first else 'absent'}"
    if wanted.trailers is not None:
        got = tuple(b": ".join(one) for one in first.trailers) if first else ()
        if got != wanted.trailers:
            yield f"the trailers are {[_text(one) for one in got]}"
    if wanted.bodies is not None and tuple(one.body for one in requests) != wanted.bodies:
        yield f"the bodies are {[_text(one.body) for one in requests]}"


def is_refusal(outcome: Outcome) -> bool:
    """Refused in whatever way: an error or a close, and no request at the server."""
    codes = [one.status for one in outcome.finals]
    if outcome.requests or outcome.problems:
        return False
    return outcome.closed if not codes else all(code in REFUSALS for code in codes)


def conforms(case: Http1Case, outcome: Outcome) -> bool:
    """Whether somebody else's outcome is one that the case allows. How a refusal is worded is
    everybody's own affair."""
    for wanted in (case.expected, *case.also):
        if wanted.nothing and is_refusal(outcome):
            return True
        if not problems(outcome, wanted):
            return True
    return False
