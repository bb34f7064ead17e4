"""Reads the report of one case out of the records of the desks that it visited.

Each record is folded as the bridge folded it (`policy.evolve`). At every rung the policy of the call is asked anew
whether that rung was open then: so the report shows that the order was kept, and does not take anybody's word for it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from rung import words as w
from rung.desk.report.model import Afterwards, Asked, GroundTold, Refused, Replied, Report, Taken
from rung.journal.after.files import CaseFile, Done, Files
from rung.journal.after.open_duties import open_duties
from rung.journal.by_case import Splitter
from rung.policy import Desk, Policy
from rung.policy.evolve import evolve
from rung.policy.language import from_canonical
from rung.policy.phrases import opens
from rung.policy.reading import look_at
from rung.policy.scripts import script
from rung.policy.state import Case, Facts, Who
from rung.policy.transfer import travelling
from rung.words import Outcome, Verdict
from rung.words.calls import CAME_TO_SOMETHING

Told = TypeVar("Told")
WILLING = Facts(phone_up=True, calls_known=True)  # a record does not say what the phone could do: take it as able


class Line(Protocol):
    """An entry of a record, from whichever copy of it."""

    @property
    def at_ms(self) -> int: ...
    @property
    def wall_ms(self) -> int: ...
    @property
    def event(self) -> w.Event: ...


def instant(wall_ms: int) -> str:
    """In the zone of whoever reads it."""
    return datetime.fromtimestamp(wall_ms / 1000).astimezone().isoformat(timespec="seconds")


def policies_in(lines: Iterable[Line]) -> dict[str, Policy]:
    """The policies that a record keeps, by version; one that this version of Rung cannot read is left out."""
    found = {}
    for line in lines:
        if isinstance(event := line.event, w.PolicyKept):
            try:
                found[event.version] = from_canonical(event.policy)
            except msgspec.MsgspecError:
                continue
    return found


def report(files: Files, case: str, records: Mapping[str, Sequence[Line]], now_ms: int) -> Report | None:
    """The report; None: no record tells of this case. ``records``: whole ones, by the name to be shown for each."""
    file = files.cases.get(case)
    if file is None:
        return None
    policies: dict[str, Policy] = {}
    for lines in records.values():
        policies |= policies_in(lines)
    readers = _read(case, records, policies)
    return _whole(files, file, [reader for reader in readers if reader.begun_ms is not None], policies, now_ms)


def _read(case: str, records: Mapping[str, Sequence[Line]], policies: Mapping[str, Policy]) -> "list[_Reader]":
    """Each record as far as it can be read, then the next, and on: what one desk handed over the other goes on with."""
    offers: dict[int, list[str]] = {}
    left = [(_Reader(name, policies, offers), deque(_lines_of(case, lines))) for name, lines in records.items()]
    readers = [reader for reader, _ in left]
    while left := [(reader, lines) for reader, lines in left if lines]:
        before = sum(len(lines) for _, lines in left)
        for reader, lines in left:
            while lines and reader.can_take(lines[0].event):
                reader.take(lines.popleft())
        if sum(len(lines) for _, lines in left) == before:
            left[0][0].is_blind = True  # the record of who handed it over is not here, or it is erased
    return readers


def _lines_of(case: str, lines: Sequence[Line]) -> Iterator[Line]:
    splitter = Splitter()
    for line in lines:
        if splitter.case_of(line.event) == case and not isinstance(line.event, w.Attended):
            yield line


class _Reader:
    """One record's part of the case."""

    def __init__(self, name: str, policies: Mapping[str, Policy], offers: dict[int, list[str]]) -> None:
        """``offers``: by number, the case as another desk had it when it was offered; of all desks together."""
        self.name = name
        self.is_blind = False  # what was handed over cannot be read: from then on nothing is folded
        self._offers = offers
        self.begun_ms: int | None = None
        self.desk = Desk(facts=WILLING)
        self.case: Case | None = None  # as it was last
        self.talk_ms = 0
        self.closed: w.CaseClosed | None = None
        self.grounds: list[tuple[int, GroundTold]] = []
        self.rungs: list[tuple[int, Taken]] = []
        self.refused: list[tuple[int, Refused]] = []
        self.asks: list[tuple[int, Asked]] = []
        self.markers: list[tuple[int, str]] = []
        self.recording = ""
        self._policies = policies
        self._press: w.PressRecorded | None = None
        self._ask: Asked | None = None
        self._ask_ms = 0
        self._alerts: dict[int, tuple[int, Asked]] = {}  # the place in `asks`, by number
        self._records: dict[int, str] = {}

    def can_take(self, event: w.Event) -> bool:
        if self.is_blind or not isinstance(event, w.CaseReceived) or event.state:
            return True
        return bool(self._offers.get(event.offer))

    def take(self, line: Line) -> None:
        at_ms, wall_ms, event = line.at_ms, line.wall_ms, line.event
        if self.begun_ms is None:
            self.begun_ms = wall_ms
        if isinstance(event, w.CaseReceived) and not event.state and not self.is_blind:
            event = replace(event, state=self._offers[event.offer].pop(0))
        self._note(at_ms, wall_ms, event)
        if self.is_blind:
            return
        if isinstance(event, w.CaseTurnedTo) and all(c.id != event.case for c in self.desk.parked):
            return  # another line: only what concerns this case is read here
        self.desk = evolve(self.desk, event, at_ms)
        case = self.desk.case or self.desk.arriving
        if case is not None:
            self.case = case
            self.talk_ms = max(self.talk_ms, case.talk_ms(0, at_ms) if case.talks or case.talking_since else 0)

    @property
    def policy(self) -> Policy | None:
        return None if self.case is None else self._policies.get(self.case.version)

    def _note(self, at_ms: int, wall_ms: int, event: w.Event) -> None:
        at = instant(wall_ms)
        match event:
            case w.PressRecorded():
                self._press = event
            case w.PressAnswered(answer=w.Answer(verdict=Verdict.REFUSED | Verdict.TOO_LATE)):
                self.refused.append((wall_ms, self._refusal(at, event.answer)))
            case w.GroundDeclared(ground=ground, person=person, note=note):
                self.grounds.append((wall_ms, GroundTold(at=at, ground=ground, person=person or "", note=note)))
            case w.GroundTakenBack(ground=ground, person=person):
                told = GroundTold(at=at, ground=ground, person=person or "", taken_back=True)
                self.grounds.append((wall_ms, told))
            case w.MarkerSet(marker=marker, person=person):
                self.markers.append((wall_ms, f"{marker}, by {person or 'nobody known'}"))
            case w.MarkerLifted(marker=marker, person=person, by=by, reason=reason):
                why = f": {reason}" if reason else ""
                self.markers.append((wall_ms, f"{marker} of {person or 'nobody known'} lifted by {by or person}{why}"))
            case w.Announced() | w.RungTaken():
                self.rungs.append((wall_ms, self._taken(at, at_ms, event)))
            case w.RungUndone(rung=rung, why=why):
                self._undo(rung, why)
            case w.EffectDecided(effect=w.Offer() as effect) if self.desk.case is not None:
                self._offers.setdefault(effect.id, []).append(travelling(self.desk.case, None, at_ms))
            case w.EffectDecided(effect=w.Record() as effect):
                self._records[effect.id] = effect.name
            case w.EffectConfirmed(id=id) if id in self._records:
                self.recording = self._records[id]
            case w.CaseClosed():
                self.closed = event
            case _:
                self._note_ask(wall_ms, event)

    # -- presses and rungs ---------------------------------------------------------------------------------------------

    def _refusal(self, at: str, answer: w.Answer) -> Refused:
        recorded = self._press
        press = "a press" if recorded is None else f"{recorded.press.gesture} of {' and '.join(recorded.press.buttons)}"
        person = recorded.person if recorded is not None else None
        return Refused(at=at, person=person or "", press=press, why=answer.why, next=answer.next or "")

    def _taken(self, at: str, at_ms: int, event: w.Announced | w.RungTaken) -> Taken:
        told = Taken(at=at, desk=self.name, rung=event.rung, title=event.rung, person=event.person or "")
        policy, case = self.policy, self.desk.case
        if self.is_blind:
            return replace(told, lacked=("what came before is sealed at another desk, or erased",))
        if policy is None or case is None:
            return replace(told, lacked=("the policy of this call cannot be read by this version of Rung",))
        rung = policy.find(event.rung)
        press = self._press
        who = Who(event.person, rung.role, trained=press is None or press.trained is not False)
        pressed_ms = at_ms - (press.press.age_ms if press is not None else 0)
        lacks = [gap.text for gap in look_at(policy, self.desk, who, pressed_ms).missing(rung)]
        if isinstance(event, w.RungTaken) and rung.does == "end":
            lacks += self._not_said(case, event, pressed_ms, policy.times.say_ms)
        words, language = script(policy, rung, case, who)
        return replace(
            told,
            title=policy.translated(rung.title, case.language),
            announced=isinstance(event, w.Announced),
            script=words,
            language=language,
            needs=opens(policy, rung),
            lacked=tuple(lacks),
            says=event.attests if isinstance(event, w.RungTaken) else (),
            grounds=event.grounds if isinstance(event, w.RungTaken) else (),
        )

    def _not_said(self, case: Case, event: w.RungTaken, at_ms: int, say_ms: int) -> list[str]:
        said = case.announcement
        if said is None or (said.rung, said.person) != (event.rung, event.person):
            return ["it was not announced"]
        return [] if at_ms - said.at_ms >= say_ms else ["it was not said for long enough"]

    def _undo(self, rung: str, why: str) -> None:
        for i in reversed(range(len(self.rungs))):
            wall_ms, taken = self.rungs[i]
            if taken.rung == rung and not taken.announced:
                self.rungs[i] = (wall_ms, replace(taken, came_to_nothing=why))
                return

    # -- asks and alerts -----------------------------------------------------------------------------------------------

    def _note_ask(self, wall_ms: int, event: w.Event) -> None:
        match event:
            case w.AskOpened(want=want, to=to, target=target):
                self._ask = Asked(at=instant(wall_ms), want=want, to=to or ((target,) if target else ()))
                self._ask_ms = wall_ms
            case w.AskWidened(to=to) if self._ask is not None:
                self._ask = replace(self._ask, to=(*self._ask.to, *to))
            case w.AskSeen(desk=desk) if self._ask is not None:
                self._ask = replace(self._ask, seen=(*self._ask.seen, desk))
            case w.AskReplied(desk=desk, person=person, reply=reply, word=word) if self._ask is not None:
                said = Replied(desk=desk or person, person=person, reply=reply, word=word)
                self._ask = replace(self._ask, replies=(*self._ask.replies, said))
            case w.AskClosed(rung=rung, outcome=outcome) if self._ask is not None:
                if outcome not in CAME_TO_SOMETHING:
                    self._undo(rung, str(outcome).replace("_", " "))
                self.asks.append((self._ask_ms, _closed(self._ask, str(outcome), wall_ms - self._ask_ms)))
                self._ask = None
            case w.AlertRaised(ask=ask, want=want, to=to):
                self._alerts.setdefault(ask, (wall_ms, Asked(at=instant(wall_ms), want=want, to=to)))
            case w.AlertAnswered(ask=ask, desk=desk, person=person, reply=reply) if ask in self._alerts:
                since, alert = self._alerts[ask]
                said = Replied(desk=desk, person=person, reply=reply)
                self._alerts[ask] = (since, replace(alert, replies=(*alert.replies, said)))
            case w.AlertClosed(ask=ask, why=why) if ask in self._alerts:
                since, alert = self._alerts.pop(ask)
                self.asks.append((since, _closed(alert, why, wall_ms - since)))


def _closed(ask: Asked, outcome: str, open_ms: int) -> Asked:
    answered = {reply.desk for reply in ask.replies}
    if outcome == Outcome.ACCEPTED:
        answered |= set(ask.to[:1])  # rung at once, as at a hand-back: the transfer is the answer
    silent = tuple(desk for desk in ask.to if desk not in answered)
    return replace(ask, outcome=outcome.replace("_", " "), after_s=round(open_ms / 1000, 1), silent=silent)


def _whole(files: Files, file: CaseFile, readers: list[_Reader], policies: Mapping[str, Policy], now_ms: int) -> Report:
    readers.sort(key=lambda reader: reader.begun_ms or 0)
    cases = [reader.case for reader in readers if reader.case is not None]
    matter, offered, demeanour = cases[-1].notes if cases else ("", "", "")
    policy = policies.get(file.version)
    closed = [r.closed for r in readers if r.closed is not None and r.closed.how == file.how]
    reasons = [d.attended.act.reason for d in file.acts(w.WrappedUp)
               if d.attended.by == file.ender and isinstance(d.attended.act, w.WrappedUp)]  # fmt: skip
    return Report(
        case=file.case,
        caller=file.caller,
        policy=file.policy,
        title=policy.title if policy is not None else file.policy,
        version=file.version,
        began=instant(file.opened_ms) if file.opened_ms else "",  # at another desk, whose record is not here
        ended=instant(file.closed_ms) if file.over else "",
        talk_s=round(max((reader.talk_ms for reader in readers), default=0) / 1000, 1),
        people=tuple(file.people),
        matter=matter,
        offered=offered,
        demeanour=demeanour,
        grounds=tuple(told for _, told in _in_order(reader.grounds for reader in readers)),
        tried=tuple(dict.fromkeys(item for case in cases for item in case.tried)),
        markers=tuple(told for _, told in _in_order(reader.markers for reader in readers)),
        rungs=tuple(told for _, told in _in_order(reader.rungs for reader in readers)),
        refused=tuple(told for _, told in _in_order(reader.refused for reader in readers)),
        asks=tuple(told for _, told in _in_order(reader.asks for reader in readers)),
        how=file.how or "the call goes on",
        side=file.ended_by,
        cause=closed[-1].cause if closed else "",
        reason=reasons[-1] if reasons else "",
        recording=next((reader.recording for reader in readers if reader.recording), ""),
        due=tuple(f"{due.duty}: {due.why}; waits for {due.who}" for due in open_duties(files, file, now_ms)),
        afterwards=tuple(_afterwards(done) for done in sorted(file.done, key=lambda d: d.wall_ms)),
    )


def _in_order(parts: Iterable[list[tuple[int, Told]]]) -> list[tuple[int, Told]]:
    return sorted((told for part in parts for told in part), key=lambda told: told[0])


def _afterwards(done: Done) -> Afterwards:
    act = done.attended.act
    fields = msgspec.structs.asdict(act).items()
    told = tuple(
        (key.removesuffix("_ms").replace("_", " "), _spelled(key, value))
        for key, value in fields
        if value and key not in ("case", "locked")
    )
    name = "".join(f" {c.lower()}" if c.isupper() else c for c in type(act).__name__).strip()
    return Afterwards(at=instant(done.wall_ms), by=done.attended.by, what=name, told=told)


def _spelled(key: str, value: object) -> str:
    if key.endswith("_ms") and isinstance(value, int):
        return instant(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "yes" if value is True else str(value)
