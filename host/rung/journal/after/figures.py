"""What the records of a floor come to, one row a happening. Nobody is named in it: no person, no desk, no case.

So there is nothing to rank people by. An ask that nobody answered is counted for the floor, and a press for nobody.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import Struct

from rung import words as w
from rung.journal.after.files import CaseFile, Files, known_as
from rung.journal.by_case import Splitter, Told
from rung.words import Verdict


class AskRow(Struct, frozen=True):
    """One ask for a supervisor that came to its end."""

    wall_ms: int
    policy: str
    want: str
    outcome: str
    after_s: float  # from the ask to its end
    answered_s: float | None  # to the first answer of anybody; None: nobody answered


class EndingRow(Struct, frozen=True):
    """One call that was an incident, and how it ended."""

    wall_ms: int
    policy: str
    how: str
    side: str
    grounds: str
    path: str  # the rungs that were taken, in order
    calls_of_caller: int | None  # this was the caller's n-th incident; None: without a number


class RefusalRow(Struct, frozen=True):
    """One press that was refused, on a call."""

    wall_ms: int
    policy: str
    button: str
    reason: str  # without the numbers in it


Row = TypeVar("Row", AskRow, EndingRow, RefusalRow)


class Figures(Struct, frozen=True):
    """All rows, in the order of their time."""

    asks: tuple[AskRow, ...] = ()
    endings: tuple[EndingRow, ...] = ()
    refusals: tuple[RefusalRow, ...] = ()


class Counting:
    """Told every record, each in order, it gives the figures. Pure."""

    def __init__(self, known_as: Callable[[str], str] = known_as) -> None:
        """``known_as``: as in `Files`."""
        self._files = Files(known_as)
        self._asks: list[tuple[str, int, w.AskOpened, float | None, w.AskClosed, int]] = []
        self._refusals: list[tuple[str, int, str, str]] = []

    def take(self, record: str, entries: Iterable[Told]) -> None:
        splitter = Splitter()
        opened: dict[str, tuple[int, w.AskOpened, float | None]] = {}
        press: w.PressRecorded | None = None
        for entry in entries:
            event, wall_ms = entry.event, entry.wall_ms
            self._files.take(record, event, wall_ms)
            case = splitter.case_of(event)
            match event:
                case w.PressRecorded():
                    press = event
                case w.PressAnswered(answer=w.Answer(verdict=Verdict.REFUSED | Verdict.TOO_LATE, why=why)) if press:
                    self._refusals.append((case, wall_ms, "+".join(press.press.buttons), reason_of(why)))
                case w.AskOpened():
                    opened[case] = (wall_ms, event, None)
                case w.AskReplied() if case in opened and opened[case][2] is None:
                    since, ask, _ = opened[case]
                    opened[case] = (since, ask, (wall_ms - since) / 1000)
                case w.AskClosed() if case in opened:
                    since, ask, answered_s = opened.pop(case)
                    self._asks.append((case, since, ask, answered_s, event, wall_ms))

    def figures(self) -> Figures:
        files = self._files.cases
        asks = [
            AskRow(since, files[case].policy, ask.want, closed.outcome, (at - since) / 1000, answered_s)
            for case, since, ask, answered_s, closed, at in self._asks
            if case in files
        ]
        refusals = [
            RefusalRow(at, files[case].policy, buttons, why)
            for case, at, buttons, why in self._refusals
            if case in files
        ]
        return Figures(_in_order(asks), _in_order(_endings(self._files)), _in_order(refusals))


def _endings(files: Files) -> list[EndingRow]:
    before: Counter[str] = Counter()
    rows = []
    for file in sorted(files.cases.values(), key=lambda file: file.closed_ms):
        if file.over and file.incident:
            known = files.known_as(file.caller)
            before[known] += 1
            rows.append(_ending(file, before[known] if known else None))
    return rows


def _ending(file: CaseFile, nth: int | None) -> EndingRow:
    grounds, path = ", ".join(sorted(file.named)), " > ".join(rung for rung, _ in file.rungs)
    return EndingRow(file.closed_ms, file.policy, file.how, file.ended_by, grounds, path, nth)


def _in_order(rows: list[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: row.wall_ms))


def reason_of(why: str) -> str:
    """What was said to one person at one moment, so that the same reason is the same text."""
    if not why:
        return "sealed, or erased"  # in a copy, or after its time
    return re.sub(r"\d+(\.\d+)?", "…", why.split(" Now: ")[0]).strip().rstrip(".")


class Own(Struct, frozen=True, kw_only=True):
    """One person's own presses: for their eyes alone."""

    taken: int = 0
    refused: int = 0
    nothing: int = 0
    refused_because: tuple[tuple[str, int], ...] = ()  # the commonest first


def own(entries: Iterable[Told], person: str) -> Own:
    """What became of this person's presses, in one record."""
    verdicts: Counter[Verdict] = Counter()
    reasons: Counter[str] = Counter()
    mine = False
    for entry in entries:
        match entry.event:
            case w.PressRecorded(person=by):
                mine = by == person
            case w.PressAnswered(answer=answer) if mine:
                verdicts[answer.verdict] += 1
                if answer.verdict in (Verdict.REFUSED, Verdict.TOO_LATE):
                    reasons[reason_of(answer.why)] += 1
    return Own(
        taken=verdicts[Verdict.TAKEN],
        refused=verdicts[Verdict.REFUSED] + verdicts[Verdict.TOO_LATE],
        nothing=verdicts[Verdict.NOTHING],
        refused_because=tuple(reasons.most_common()),
    )
