"""What the record tells of each call, for those who deal with it afterwards: one `CaseFile` a case, over all desks.

`Files.take` is told every event of every record, each record in order. Records may come one after another, in any order
and each as far as it is known: what is known of a case does not depend on it. No clock and no I/O.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from rung import words as w
from rung.journal.by_case import Splitter, caller_of
from rung.words import Ending, Ground, Marker
from rung.words.calls import CAME_TO_SOMETHING, ROUND_RUNG

Act = TypeVar("Act", bound=w.AfterAct)
NOBODY = frozenset({"", "anonymous", "restricted", "private", "unavailable", "unknown", "withheld"})


def number_known(caller: str) -> bool:
    """Whether the caller came with a number; without one there is no block, and nobody is found again."""
    return caller.lower().removeprefix("sip:").split("@")[0] not in NOBODY


def known_as(caller: str) -> str:
    """The number as it came; a site's keys tell better which are the same."""
    return caller if number_known(caller) else ""


class Done(Struct, frozen=True):
    """An act, and when."""

    wall_ms: int
    attended: w.Attended

    @property
    def case(self) -> str:
        act = self.attended.act
        return "" if isinstance(act, w.Trained | w.Acknowledged) else act.case


class CaseFile(Struct):
    """One case. Filled by `Files`; read by everybody else."""

    case: str
    opened_ms: int = 0  # Unix time, as are all here
    closed_ms: int = 0
    caller: str = ""  # as the record knows them
    known: str = ""  # what the site's secret makes of their number, of another desk's case
    number: str = ""  # of a block, where the case itself has been erased
    policy: str = ""
    version: str = ""
    language: str = "en"
    people: list[str] = field(default_factory=list)  # who had the call, or took a rung on it
    named: list[Ground] = field(default_factory=list)  # ever declared, but `unnamed`
    standing: set[tuple[Ground, str | None]] = field(default_factory=set)
    crisis: set[str | None] = field(default_factory=set)  # who marked it, and has not taken it back
    rungs: list[tuple[str, str | None]] = field(default_factory=list)  # that stand
    tried: bool = False  # a rung was taken, whatever became of it
    how: str = ""  # an `Ending`; empty: the call goes on
    ended_by: str = ""
    ender: str | None = None  # who took the rung that ended it
    review: bool = False  # the policy puts it before a manager
    due: dict[str, str] = field(default_factory=dict)  # a duty, and why
    done: list[Done] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return self.how not in ("", Ending.TRANSFERRED)

    @property
    def by_a_rung(self) -> bool:
        return self.how == Ending.RELEASED

    @property
    def round_rung(self) -> bool:
        return self.how in ROUND_RUNG

    @property
    def incident(self) -> bool:
        """Whether it is reported. Where somebody was in danger to the end, nothing is counted as an incident."""
        return self.review or bool(self.done) or ((self.tried or bool(self.named)) and not self.crisis)

    def acts(self, *kinds: type) -> list[Done]:
        """What was done of these kinds, the oldest first."""
        return sorted((d for d in self.done if isinstance(d.attended.act, kinds)), key=lambda d: d.wall_ms)

    def of(self, kind: type[Act]) -> list[Act]:
        """The acts of this kind alone, the oldest first."""
        return [d.attended.act for d in self.acts(kind) if isinstance(d.attended.act, kind)]


class Files:
    """Every case of the records told so far, the blocks that came of them, and who is trained."""

    def __init__(self, known_as: Callable[[str], str] = known_as) -> None:
        """``known_as``: by what a caller is known again, however the number was written; empty: by nothing."""
        self.known_as = known_as
        self.cases: dict[str, CaseFile] = {}
        self.trainings: dict[str, list[Done]] = {}  # by person
        self._of_caller: dict[str, list[CaseFile]] = {}
        self._splitters: dict[str, Splitter] = {}

    def take(self, record: str, event: w.Event, wall_ms: int) -> str:
        """``record``: which one (its id); what is told of it twice must not be told here twice. Returns the case."""
        case = self._splitters.setdefault(record, Splitter()).case_of(event)
        if isinstance(event, w.Attended):
            self._attended(Done(wall_ms, event))
        elif case:
            file = self._file(case)
            _fold(file, event, wall_ms)
            if isinstance(event, w.CaseOpened | w.CaseReceived):
                file.caller = caller_of(event) or file.caller
                of_caller = self._of_caller.setdefault(self.known_as(file.caller), [])
                if all(file is not other for other in of_caller):
                    of_caller.append(file)
        return case

    def of_caller(self, file: CaseFile) -> list[CaseFile]:
        """All cases of the caller of this one; without a number, this one alone."""
        known = self._known(file)
        return self._of_caller[known] if known else [file]

    def _known(self, file: CaseFile) -> str:
        return self.known_as(file.caller) if file.caller else file.known

    def with_those(self, floor: Mapping[str, CaseFile]) -> "Files":
        """These, and those of ``floor``: cases as they are folded from the records of all desks, in sealed text."""
        made = Files(self.known_as)
        made.trainings = self.trainings
        made.cases = self.cases | {case: _joined(self.cases.get(case), file) for case, file in floor.items()}
        for file in made.cases.values():
            made._of_caller.setdefault(made._known(file), []).append(file)
        return made

    def opted_out(self, file: CaseFile) -> bool:
        """Whether the caller does not want to be contacted, said on whichever of their calls."""
        said = sorted((d for f in self.of_caller(file) for d in f.acts(w.OptedOut)), key=lambda d: d.wall_ms)
        return bool(said) and said[-1].attended.act == w.OptedOut(case=said[-1].case)

    def training(self, person: str) -> w.Training:
        """Their newest, and when they last acknowledged. What somebody has recorded of themselves is none."""
        found = w.Training()
        for done in sorted(self.trainings.get(person, ()), key=lambda d: d.wall_ms):
            if not isinstance(act := done.attended.act, w.Trained):
                found = replace(found, acknowledged_ms=done.wall_ms)
            elif done.attended.by != person:
                found = w.Training(given_ms=done.wall_ms, until_ms=act.until_ms)
        return found

    def _file(self, case: str) -> CaseFile:
        return self.cases.setdefault(case, CaseFile(case))

    def _attended(self, done: Done) -> None:
        match done.attended.act:
            case w.Trained(person=person):
                self.trainings.setdefault(person, []).append(done)
            case w.Acknowledged():
                self.trainings.setdefault(done.attended.by, []).append(done)
            case act:
                self._file(act.case).done.append(done)


def _joined(own: CaseFile | None, floor: CaseFile) -> CaseFile:
    """One case by what this desk has of it, in clear text, and by what all desks have, which may be a moment behind."""
    if own is None:
        return floor
    told = {(d.wall_ms, d.attended.by, type(d.attended.act)) for d in own.done}
    done = own.done + [d for d in floor.done if (d.wall_ms, d.attended.by, type(d.attended.act)) not in told]
    return replace(floor if floor.over else own, caller=own.caller, number=own.number, done=done)


def _fold(file: CaseFile, event: w.Event, wall_ms: int) -> None:
    match event:
        case w.CaseOpened(policy=policy, version=version, language=language, person=person):
            file.opened_ms, file.policy = wall_ms, policy
            file.version, file.language = version, language
            _had(file, person)
        case w.CaseArrived(person=person):
            _had(file, person)
        case w.LanguageSet(language=language):
            file.language = language
        case w.GroundDeclared(ground=ground, person=person):
            if ground != Ground.UNNAMED and ground not in file.named:
                file.named.append(ground)
            file.standing.add((ground, person))
        case w.GroundTakenBack(ground=ground, person=person):
            file.standing.discard((ground, person))
        case w.MarkerSet(marker=Marker.CRISIS, person=person):
            file.crisis.add(person)
        case w.MarkerLifted(marker=Marker.CRISIS, person=person):
            file.crisis.discard(person)
        case w.RungTaken(rung=rung, person=person):
            file.tried = True
            file.rungs.append((rung, person))
            _had(file, person)
        case w.RungUndone(rung=rung):
            _untake(file, rung)
        case w.AskClosed(rung=rung, outcome=outcome) if rung and outcome not in CAME_TO_SOMETHING:
            _untake(file, rung)
        case w.DutyDue(duty=duty, why=why):
            file.due.setdefault(duty, why)
        case w.CaseClosed():
            _closed(file, event, wall_ms)


def _had(file: CaseFile, person: str | None) -> None:
    if person and person not in file.people:
        file.people.append(person)


def _untake(file: CaseFile, rung: str) -> None:
    for i in reversed(range(len(file.rungs))):
        if file.rungs[i][0] == rung:
            del file.rungs[i]
            return


def _closed(file: CaseFile, event: w.CaseClosed, wall_ms: int) -> None:
    file.review = file.review or event.review
    if event.how == Ending.TRANSFERRED and file.over:
        return  # this desk's part of it; the other desk's record has told the end already
    file.closed_ms, file.how, file.ended_by = wall_ms, event.how, event.by
    if file.by_a_rung and file.rungs:
        file.ender = file.rungs[-1][1]
