"""What a person does without the box, by key or on the page: grounds, markers, `calmed`, leave, notes."""

from collections.abc import Callable
from typing import Any

from rung import words as w
from rung.policy import alerts, asks, chores, listening, transfer
from rung.policy.answers import nothing, refuse, taken
from rung.policy.decision import Decision
from rung.words import Ground, Marker, Outcome, Role, Want

TAKE_BACK_MS = {Marker.EMERGENCY: 4000, Marker.CRISIS: 60_000}  # freely, by the person who marked
ON_ITS_WAY = "The call is being handed over with all that was declared before; tell whoever takes it."
UNNAMED, OTHER = Ground.UNNAMED, Ground.OTHER


Handler = Callable[[Decision, Any], w.Answer]


def _of_the_case(handler: Handler) -> Handler:
    """Refused while the case is on its way to another desk: it would be lost. What is about an emergency never is."""

    def kept(d: Decision, act: Any) -> w.Answer:
        emergency = isinstance(act, w.Marked | w.Unmarked) and act.marker == Marker.EMERGENCY
        if not emergency and transfer.on_its_way(d.desk.case):
            return refuse(ON_ITS_WAY)
        return handler(d, act)

    return kept


def declare(d: Decision, ground: Ground, note: str = "") -> w.Answer:
    if d.desk.case is None:
        return refuse("There is no call.")
    if transfer.on_its_way(d.desk.case):
        return refuse(ON_ITS_WAY)
    if ground is OTHER and not note.strip():
        return refuse("The ground `other` needs a note.")
    person = d.who.id
    mine = {g.ground for g in d.case.grounds if g.person == person}
    names = UNNAMED in mine and ground is not UNNAMED
    d.emit(w.GroundDeclared(ground=ground, person=person, note=note, names=names))
    if ground not in alerts.THREATS:
        return taken(f"Ground declared: {ground}.")
    return taken(f"Ground declared: {ground}; {alerts.raise_alert(d, Want.THREAT) or alerts.nobody(d.desk)}.")


def _declared(d: Decision, act: w.Declared) -> w.Answer:
    return declare(d, act.ground, act.note)


def _taken_back(d: Decision, act: w.TakenBack) -> w.Answer:
    case = d.desk.case
    if case is None or not any((g.ground, g.person) == (act.ground, d.who.id) for g in case.grounds):
        return refuse(f"You have not declared {act.ground} on this call.")
    d.emit(w.GroundTakenBack(act.ground, d.who.id))
    if act.ground in alerts.THREATS and alerts.THREATS.isdisjoint(g.ground for g in d.case.grounds):
        alerts.called_off(d, d.desk.alert, Want.THREAT)
    return taken(f"Ground taken back: {act.ground}.")


def _marked(d: Decision, act: w.Marked) -> w.Answer:
    if d.desk.case is None:
        return refuse("There is no call.")
    d.emit(w.MarkerSet(act.marker, d.who.id))
    told = alerts.raise_alert(d, Want.CRISIS if act.marker == Marker.CRISIS else Want.PANIC)
    return taken(f"Marked: {act.marker}; {told or alerts.nobody(d.desk)}.")


def _unmarked(d: Decision, act: w.Unmarked) -> w.Answer:
    if act.marker == Marker.EMERGENCY:
        return _false_alarm(d)
    case = d.desk.case
    marks = [] if case is None else [m for m in case.marks if m.marker == act.marker]
    if d.who.role == Role.SUPERVISOR:
        return _lift(d, {m.person for m in marks})
    mine = [m for m in marks if m.person == d.who.id]
    if not mine:
        return refuse(f"You have not marked {act.marker} on this call.")
    # Marking again does not buy a new minute.
    late = d.now - mine[0].at_ms > TAKE_BACK_MS[act.marker]
    supervised = d.case.added is not None or (d.desk.facts.floor_up and d.desk.facts.present)
    if late and supervised:
        return refuse("After 60 s a supervisor lifts the crisis; one is present.", w.Button.ESCALATE)
    if late and not act.reason.strip():
        return refuse("After 60 s, taking a crisis back needs a reason, which goes before a manager.")
    d.emit(w.MarkerLifted(act.marker, d.who.id, act.reason if late else ""))
    alerts.called_off(d, d.desk.alert, Want.CRISIS)
    return taken(f"Taken back: {act.marker}.")


def _lift(d: Decision, people: set[str | None]) -> w.Answer:
    if not people:
        return refuse("Crisis is not marked on this call.")
    for person in sorted(people, key=str):
        d.emit(w.MarkerLifted(Marker.CRISIS, person, by=d.who.id or ""))
    alerts.called_off(d, d.desk.alert, Want.CRISIS)
    return taken("The crisis is lifted.")


def _false_alarm(d: Decision) -> w.Answer:
    """Within 4 s, on this call, on one on hold, or what was called without one; it stays in the record."""
    called, present = alerts.alarm_of(d.desk, d.who.id), d.desk.case
    if called is None:
        return refuse("You have not called an emergency.")
    at, where = called
    if d.now - at > TAKE_BACK_MS[Marker.EMERGENCY]:
        return refuse("An emergency can be called off within 4 s; now it stays in the record.")
    elsewhere = bool(where) and (present is None or where != present.id)
    if elsewhere:
        d.emit(w.CaseTurnedTo(where))
    d.emit(w.MarkerLifted(Marker.EMERGENCY, d.who.id))
    if where and (call := d.desk.facts.calls.get(d.case.call)) is not None:
        chores.recording_is(d, call)
        chores.recorded_no_more(d)
    alerts.called_off(d, d.desk.alert_of(where), Want.PANIC)
    if elsewhere and present is not None:
        d.emit(w.CaseTurnedTo(present.id))
    return taken("Called off: false alarm.")


def _calmed(d: Decision, act: w.Calmed) -> w.Answer:
    if d.desk.case is None:
        return refuse("There is no call.")
    d.emit(w.CallerCalmed(d.who.id))
    return taken("Noted: the caller has calmed down. Warnings already given stand.")


def _ask_taken_back(d: Decision, act: w.AskTakenBack) -> w.Answer:
    asking = d.desk.case is not None and d.case.ask is not None
    return asks.take_back(d) if asking else nothing("Nothing is being asked.")


def _unwanted(d: Decision, act: w.Unwanted) -> w.Answer:
    ask = d.desk.case.ask if d.desk.case is not None else None
    if ask is None or ask.want == Want.LEAVE:
        return refuse("No supervisor is being offered.")
    if ask.phase in asks.UNDER_WAY:
        return refuse("Too late: the transfer is under way.")
    asks.end(d, Outcome.UNWANTED)
    return taken("Recorded: the caller does not want the supervisor.")


def _attested(d: Decision, act: w.Attested) -> w.Answer:
    case = d.desk.case
    if case is None:
        return refuse("There is no call.")
    if not any(need.not_necessary for rung in d.policy.rung for need in rung.requires):
        return refuse("This policy asks for no such attestation.")
    if not act.reason.strip():
        return refuse("Say why no supervisor is necessary.")
    if case.declined:
        return refuse("A supervisor has declined on this call; that cannot be attested any more.")
    d.emit(w.NotNecessary(act.reason, d.who.id))
    return taken("Attested: no supervisor is necessary.")


def _ticked(d: Decision, act: w.Ticked) -> w.Answer:
    items = {text for rung in d.policy.rung for item in rung.tick for text in item.values()}
    if d.desk.case is None or act.item not in items:
        return refuse("There is no call." if d.desk.case is None else f"Nothing to tick is called {act.item!r}.")
    d.emit(w.Tried(act.item, d.who.id))
    return taken(f"Tried: {act.item}.")


def _noted(d: Decision, act: w.Noted) -> w.Answer:
    if d.desk.case is None:
        return refuse("There is no call.")
    d.emit(w.NotesKept(matter=act.matter, offered=act.offered, demeanour=act.demeanour))
    return taken("Noted.")


def _language(d: Decision, act: w.LanguageChosen) -> w.Answer:
    if d.desk.case is None:
        return refuse("There is no call.")
    if act.language not in d.policy.languages():
        return refuse(f"No scripts in {act.language!r}; there are: {', '.join(d.policy.languages())}.")
    d.emit(w.LanguageSet(act.language))
    return taken(f"Scripts in {act.language}.")


def _leave_taken_back(d: Decision, act: w.LeaveTakenBack) -> w.Answer:
    if d.who.role != Role.SUPERVISOR:
        return refuse("Only a supervisor withdraws leave.")
    if d.desk.case is None or d.case.leave is None:
        return refuse("No unused leave stands.")
    d.emit(w.LeaveWithdrawn(d.who.id or ""))
    return taken("Leave withdrawn.")


def _take_over(d: Decision, act: w.TakeOver) -> w.Answer:
    if d.desk.case is None or d.who.here:
        return refuse("You are not in this call.")
    if transfer.is_on_the_phone(d.case, d.who.id):
        return transfer.taken_from_there(d)
    there = next((j for j in d.case.joined if j.person == d.who.id and j.address), None)
    return transfer.hand_over(d, there) if there is not None else refuse("You are not in this call.")


ACTS: dict[type, Handler] = {
    w.Declared: _declared,
    w.TakenBack: _of_the_case(_taken_back),
    w.Marked: _of_the_case(_marked),
    w.Unmarked: _of_the_case(_unmarked),
    w.Calmed: _of_the_case(_calmed),
    w.AskTakenBack: _ask_taken_back,
    w.Unwanted: _unwanted,
    w.Attested: _of_the_case(_attested),
    w.Ticked: _of_the_case(_ticked),
    w.Noted: _of_the_case(_noted),
    w.LanguageChosen: _of_the_case(_language),
    w.LeaveTakenBack: _of_the_case(_leave_taken_back),
    w.TakeOver: _take_over,
    w.HandBack: transfer.hand_back,
    w.ListenIn: listening.listen_in,
    w.ListenOut: listening.listen_out,
    w.BreatherOver: chores.breather_over,
    w.TaskDone: chores.done,
}
