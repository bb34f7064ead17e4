"""What a person does without the box, by key or on the page: grounds, markers, `calmed`, taking an ask back."""

from rung import words as w
from rung.policy.calls import take_back
from rung.policy.decision import Decision
from rung.policy.press import nothing, refuse, taken

TAKE_BACK_MS = {w.Marker.EMERGENCY: 4000, w.Marker.CRISIS: 60_000}  # freely, by the person who marked


def declared(d: Decision, act: w.Declared) -> None:
    d.answer = _declare(d, act)


def _declare(d: Decision, act: w.Declared) -> w.Answer:
    if d.desk.case is None:
        return refuse("There is no call.")
    if act.ground == w.Ground.OTHER and not act.note.strip():
        return refuse("The ground `other` needs a note.")
    person = d.desk.facts.person
    mine = {g.ground for g in d.case.grounds if g.person == person}
    names = w.Ground.UNNAMED in mine and act.ground != w.Ground.UNNAMED
    d.emit(w.GroundDeclared(ground=act.ground, person=person, note=act.note, names=names))
    return taken(f"Ground declared: {act.ground}.")


def taken_back(d: Decision, act: w.TakenBack) -> None:
    person = d.desk.facts.person
    case = d.desk.case
    if case is None or not any((g.ground, g.person) == (act.ground, person) for g in case.grounds):
        d.answer = refuse(f"You have not declared {act.ground} on this call.")
        return
    d.emit(w.GroundTakenBack(act.ground, person))
    d.answer = taken(f"Ground taken back: {act.ground}.")


def marked(d: Decision, act: w.Marked) -> None:
    if d.desk.case is None:
        d.answer = refuse("There is no call.")
        return
    d.emit(w.MarkerSet(act.marker, d.desk.facts.person))
    d.answer = taken(f"Marked: {act.marker}.")


def unmarked(d: Decision, act: w.Unmarked) -> None:
    d.answer = _unmark(d, act)


def _unmark(d: Decision, act: w.Unmarked) -> w.Answer:
    person = d.desk.facts.person
    case = d.desk.case
    mine = [] if case is None else [m for m in case.marks if (m.marker, m.person) == (act.marker, person)]
    if not mine:
        return refuse(f"You have not marked {act.marker} on this call.")
    # Without a floor no supervisor is present or available, so a late taking back needs its reason. Marking again does
    # not buy a new minute.
    late = d.now - mine[0].at_ms > TAKE_BACK_MS[act.marker]
    if late and act.marker == w.Marker.EMERGENCY:
        return refuse("An emergency can be called off within 4 s; now it stays in the record.")
    if late and not act.reason.strip():
        return refuse("After 60 s, taking a crisis back needs a reason, which goes before a manager.")
    d.emit(w.MarkerLifted(act.marker, person, act.reason if late else ""))
    return taken(f"Taken back: {act.marker}.")


def calmed(d: Decision, act: w.Calmed) -> None:
    if d.desk.case is None:
        d.answer = refuse("There is no call.")
        return
    d.emit(w.CallerCalmed(d.desk.facts.person))
    d.answer = taken("Noted: the caller has calmed down. Warnings already given stand.")


def ask_taken_back(d: Decision, act: w.AskTakenBack) -> None:
    asking = d.desk.case is not None and d.case.ask is not None
    d.answer = take_back(d) if asking else nothing("Nothing is being asked.")


def signed_on(d: Decision, act: w.SignedOn) -> None:
    d.facts(person=act.person)


def floor_is(d: Decision, act: w.FloorIs) -> None:
    d.facts(supervisors=act.supervisors)
