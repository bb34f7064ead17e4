"""Whoever deals with calls afterwards asks here: what there is, who may see it, and what they do about it.

The same requests are answered by a running bridge (through `after_door`) and by a command at a record at rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from rung import words as w
from rung.desk.afterwards import Afterwards
from rung.desk.orders import Done, Order
from rung.desk.report.model import Report
from rung.desk.report.reading import Line, instant, report
from rung.journal.after.blocks import blocks
from rung.journal.after.figures import Counting, Figures, Own, own
from rung.journal.after.files import CaseFile
from rung.journal.after.open_duties import open_duties
from rung.journal.format import Entry
from rung.journal.reading import reading
from rung.words import Actor, Job, Verdict


class Do(Struct, frozen=True, tag=True):
    """An act after a call."""

    act: w.AfterAct


class Rest(Struct, frozen=True, tag=True):
    """End the breather."""


class ListAll(Struct, frozen=True, tag=True):
    """The incidents; or only those on which something is due."""

    due_only: bool = False


class Show(Struct, frozen=True, tag=True):
    """One incident, whole."""

    case: str


class ListBlocks(Struct, frozen=True, tag=True):
    """Every block, as it stands."""


class Mine(Struct, frozen=True, tag=True):
    """One's own presses."""


class Count(Struct, frozen=True, tag=True):
    """The floor's figures."""


What = Do | Rest | ListAll | Show | ListBlocks | Mine | Count | Order


class Request(Struct, frozen=True):
    """``name`` empty: whoever the configuration says sits here."""

    what: What
    name: str = ""
    password: str = ""
    also: tuple[str, ...] = ()  # files of other desks' records, whose cases are dealt with here as well


class Row(Struct, frozen=True, kw_only=True):
    """An incident in a list."""

    case: str
    at: str
    policy: str
    how: str
    grounds: tuple[str, ...]
    due: tuple[str, ...]


class BlockRow(Struct, frozen=True, kw_only=True):
    """A block in a list."""

    case: str
    caller: str
    standing: str
    until: str
    appealed: bool


class Reply(Struct, frozen=True, kw_only=True):
    """Only what was asked for is set. Not ``done``: ``why`` says why not, and what comes next."""

    done: bool = False
    why: str = ""
    rows: tuple[Row, ...] = ()
    report: Report | None = None
    private: bool = False  # the report is for the agent concerned: their private page
    blocks: tuple[BlockRow, ...] = ()
    own: Own | None = None
    figures: Figures | None = None
    order: Done | None = None


class AfterDesk:
    """Answers requests of people who are known already. Any thread; JournalError: the record failed."""

    def __init__(
        self,
        after: Afterwards,
        name: str,
        rest: Callable[[str], w.Answer | None] | None = None,
        orders: Callable[[Order], Done] = lambda order: Done(wrong="Erasing and the like is not asked for here."),
    ) -> None:
        """``name``: the desk's. ``rest`` ends somebody's breather, where a bridge runs. ``orders`` carries one out."""
        self._orders = orders
        self._after = after
        self._name = name
        self._rest = rest

    def answer(self, what: What, actor: Actor, also: Iterable[str] = ()) -> Reply:
        """``also``: files of other desks' records. Raises JournalError for one that cannot be read."""
        others = [_record(Path(file)) for file in also]
        for id, _, lines in others:
            self._after.learn(id, lines)
        return self._answer(what, actor, {name: lines for _, name, lines in others})

    def _answer(self, what: What, actor: Actor, others: Mapping[str, Sequence[Line]]) -> Reply:
        match what:
            case Do(act=act):
                return _told(self._after.attend(act, actor))
            case Rest():
                told = self._rest(actor.id) if self._rest is not None else None
                return Reply(why="No bridge runs here, so there is no breather.") if told is None else _told(told)
            case ListAll(due_only=due_only):
                return Reply(done=True, rows=tuple(self._rows(actor, due_only)))
            case Show(case=case):
                return self._show(case, actor, others)
            case ListBlocks():
                return self._blocks(actor)
            case Mine():
                return Reply(done=True, own=own(self._after.lines(), actor.id))
            case Count():
                counting = Counting(self._after.known_as)
                for name, lines in {**others, self._name: self._after.lines()}.items():
                    counting.take(name, lines)
                return Reply(done=True, figures=counting.figures())
            case Order(do="mine", person=person) if person != actor.id:
                return Reply(why=f"Only {person} gets what is on record of {person}.")
            case Order():
                done = self._orders(what)
                return Reply(done=not done.wrong, why=done.wrong, order=done)

    def _rows(self, actor: Actor, due_only: bool) -> list[Row]:
        files, now = self._after.files(), self._after.wall_ms()
        rows = []
        for file in sorted(files.cases.values(), key=lambda file: file.closed_ms or file.opened_ms):
            due = tuple(f"{d.duty} ({d.who})" for d in open_duties(files, file, now))
            if file.over and file.incident and _may_see(actor, file) and (due or not due_only):
                rows.append(_row(file, due))
        return rows

    def _show(self, case: str, actor: Actor, others: Mapping[str, Sequence[Line]]) -> Reply:
        files = self._after.files()
        file = files.cases.get(case)
        if file is None:
            return Reply(why=f"No case {case!r} is on record; `rung incidents list` shows those that are.")
        if not _may_see(actor, file):
            return Reply(why="Only who had the call, a supervisor or a manager sees it.")
        records = {**self._after.elsewhere(case), **others, self._name: self._after.lines(case)}
        found = report(files, case, records, self._after.wall_ms())
        if found is not None:
            self._after.seen(case, actor.id, "the incident report")
        return Reply(done=found is not None, report=found, private=not _leads(actor))

    def _blocks(self, actor: Actor) -> Reply:
        if not _leads(actor):
            return Reply(why="Supervisors and managers see the block list.")
        held = blocks(self._after.files(), self._after.wall_ms())
        for block in held:
            self._after.seen(block.case, actor.id, "the block list")
        rows = (
            BlockRow(
                case=block.case,
                caller=block.caller,
                standing=block.standing,
                until=instant(block.until_ms),
                appealed=bool(block.appealed_ms),
            )
            for block in held
        )
        return Reply(done=True, blocks=tuple(rows))


def _record(file: Path) -> tuple[str, str, list[Entry]]:
    """Its id, what it is called here, and all that is in it: what names a caller is sealed there."""
    with reading(file) as record:
        return record.id, file.stem, list(record.entries())


def _told(answer: w.Answer) -> Reply:
    return Reply(done=answer.verdict != Verdict.REFUSED, why=answer.why)


def _leads(actor: Actor) -> bool:
    return Job.SUPERVISOR in actor.jobs or Job.MANAGER in actor.jobs


def _may_see(actor: Actor, file: CaseFile) -> bool:
    return _leads(actor) or actor.id in file.people


def _row(file: CaseFile, due: tuple[str, ...]) -> Row:
    return Row(
        case=file.case,
        at=instant(file.closed_ms or file.opened_ms),
        policy=file.policy,
        how=file.how,
        grounds=tuple(file.named),
        due=due,
    )
