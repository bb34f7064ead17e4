"""Handing the caller over: the case first, by offer and durable accept, and only then the call.

Where the floor is out of reach, or the supervisor is only a telephone, there is no desk to offer the case to, and the
call alone is transferred.
"""

import msgspec
from msgspec.structs import replace

from rung import words as w
from rung.policy import alerts, asks, chores
from rung.policy.answers import nothing, refuse, sentence, taken
from rung.policy.cases import shifted
from rung.policy.decision import Decision
from rung.policy.language import canonical, from_canonical, version_of
from rung.policy.reading import BEING_ENDED, OTHER_LIVE, PHONE_LOST, other_live
from rung.policy.state import Ask, Case, Desk, Joined, Phase
from rung.words import Button, LampState, Outcome, Reply, Role, Want

TRANSFER_DEADLINE_MS = 15_000  # REFER and its NOTIFY cross the network twice
OFFER_DEADLINE_MS = 3000  # another desk writes it into its record; then the agent may try again


def complete(d: Decision) -> None:
    """The supervisor takes the caller now: offer the case to their desk, or transfer at once where there is none."""
    ask = d.case.ask
    assert ask is not None
    sends = "case" in d.desk.facts.can  # else their desk cannot know the call, and begins a case of its own
    if ask.taker and d.desk.facts.floor_up and not sends:
        chores.task(d, "case", chores.NO_CASE)
    if ask.taker and d.desk.facts.floor_up and sends:
        d.emit(w.AskMoved(Phase.OFFERING))
        d.do(
            w.Offer,
            OFFER_DEADLINE_MS,
            ask.taker,
            d.case.id,
            travelling(d.case, ask.supervisor, d.now),
            canonical(d.policy),
        )
    else:
        _transfer(d)


def travelling(case: Case, to: str | None, now_ms: int) -> str:
    """The case as JSON, its instants as ages. What belongs to this desk alone stays here."""
    said = case.announcement
    away = replace(
        case,
        released="",
        origin="",
        offer=0,
        held=False,
        talks=(*case.talks, (case.talking_since, now_ms)) if case.talking_since is not None else case.talks,
        talking_since=None,
        quiet_since=None,
        ask=None,
        pending=(),
        old_consults=(),
        announcement=said if said is not None and said.person == to else None,
        involved=case.involved or (case.ask is not None and case.ask.want == Want.INVOLVE),
        joined=tuple(replace(j, desk="", address="") for j in case.joined),
    )
    return msgspec.json.encode(shifted(away, -now_ms)).decode()


def _transfer(d: Decision) -> None:
    ask = d.case.ask
    assert ask is not None
    d.emit(w.AskMoved(Phase.COMPLETING))
    if ask.consult is not None:
        d.do(w.Complete, TRANSFER_DEADLINE_MS, d.case.call, ask.consult)
    else:  # they are in the call already
        d.do(w.Leave, TRANSFER_DEADLINE_MS, d.case.call)


def offer_answered(d: Decision, said: w.OfferAnswered) -> None:
    case = d.desk.case
    ask = case.ask if case is not None else None
    offer = case.waiting(w.Offer) if case is not None else None
    if case is None or ask is None or offer is None or (said.case, said.offer) != (case.id, offer.effect.id):
        _not_theirs(d, said)
        return
    if not said.accepted:
        d.emit(w.EffectFailed(offer.effect.id, said.why))
        came_to_nothing(d, ask, Outcome.FAILED)
        return
    d.emit(w.EffectConfirmed(offer.effect.id))
    d.emit(w.CaseReleased(case.id, ask.taker))
    _transfer(d)


def _not_theirs(d: Decision, said: w.OfferAnswered) -> None:
    """A desk accepts what is not offered to it any more, and is ours: it has not heard that it was taken back."""
    case = d.desk.case_of(said.case)
    if case is None or not said.accepted or not said.desk or case.released == said.desk:
        return
    if not any(isinstance(p.effect, w.Offer) and p.effect.to == said.desk for p in case.pending):
        d.do(w.Reclaim, 0, said.desk, said.case)


def came_to_nothing(d: Decision, ask: Ask, outcome: Outcome) -> None:
    """The transfer, or the offer of the case, did not come about; the call is still here, and so is the case."""
    case = d.case
    if case.released:
        d.do(w.Reclaim, 0, case.released, case.id)
        d.emit(w.CaseReturned(case.id))
    if ask.consult is None:  # the supervisor is in the call
        asks.end(d, outcome)
    elif ask.consult in d.desk.facts.calls or not d.desk.facts.calls_known:  # then the phone tells whether it lives
        d.emit(w.AskMoved(Phase.ANSWERED))  # both still wait: "press again"
    else:
        asks.end(d, outcome)
    d.flash(Button.ESCALATE, LampState.REFUSED)


def is_on_the_phone(case: Case, person: str | None) -> bool:
    """Has this supervisor answered the ask, and talks with the agent?"""
    return case.ask is not None and case.ask.phase == Phase.ANSWERED and case.ask.supervisor == person


def taken_from_there(d: Decision) -> w.Answer:
    """ "Take the call": as a further tap of escalate, and the supervisor need not wait for it."""
    if why := stuck(d.desk):
        return refuse(sentence(why))
    complete(d)
    return taken("The caller is being put through to you.")


# -- with a supervisor in the call -------------------------------------------------------------------------------------


def on_its_way(case: Case | None) -> bool:
    """It has been offered to another desk, or is that desk's already: what is added here would not go along."""
    return case is not None and bool(case.released or (case.ask is not None and case.ask.phase == Phase.OFFERING))


def handed_over(desk: Desk, person: str | None) -> Desk:
    """The desk as if a hand-over to this supervisor, who is in the call, were done: it withdraws nothing of theirs."""
    case = desk.case
    ask = case.ask if case is not None else None
    if case is None or ask is None or ask.rung or ask.consult is not None or ask.supervisor != person:
        return desk
    return replace(desk, case=replace(case, ask=None, released=""))


def parties_are(d: Decision, call: w.Call) -> None:
    """Who has come into the call, or left it, beside caller and agent."""
    for gone in [j for j in d.case.joined if j.address and j.address not in call.parties]:
        d.emit(w.SupervisorLeft(gone.person or ""))
        asks.left(d, gone.desk)
        _left_before_it_was_theirs(d, gone)
    inside = {j.address for j in d.case.joined}
    for party in call.parties:
        if party not in inside and (there := _supervisor_at(d, party)) is not None:
            d.emit(w.SupervisorJoined(person=there[0], desk=there[1], address=party))
            _came_in(d, party)


def _left_before_it_was_theirs(d: Decision, gone: Joined) -> None:
    """The agent must not leave the call then: nobody would be with the caller, or only somebody else."""
    ask = d.case.ask
    if ask is not None and ask.phase is Phase.OFFERING and ask.consult is None and ask.target == gone.address:
        they_hung_up(d)
        came_to_nothing(d, ask, Outcome.FAILED)


def they_hung_up(d: Decision) -> None:
    """Whoever the case is offered to talks with us no more: it stays here."""
    offer = d.case.waiting(w.Offer)
    if offer is not None and isinstance(offer.effect, w.Offer):
        d.emit(w.EffectFailed(offer.effect.id, "the supervisor hung up"))
        d.do(w.Reclaim, 0, offer.effect.to, d.case.id)


def _supervisor_at(d: Decision, address: str) -> tuple[str, str] | None:
    """Person and desk, if that party is a supervisor: one who was to come, or one whom the floor knows there."""
    for asked in (d.case.ask, d.desk.alert):
        if asked is not None and asked.target == address:
            return asked.supervisor or "", asked.taker
    facts = d.desk.facts
    known = next(((p.person, p.desk) for p in facts.present if p.extension == address), None)
    return ("", "") if known is None and address == facts.extension else known


def _came_in(d: Decision, address: str) -> None:
    if (join := asks.brings_in(d.case, address)) is not None:
        d.emit(w.EffectConfirmed(join.effect.id))
    alerts.came_in(d, d.case.joined[-1])
    ask = d.case.ask
    if ask is not None and ask.phase == Phase.JOINING and ask.target == address:
        if ask.at_once:
            complete(d)
        else:
            asks.close(d, Outcome.JOINED)


def hand_over(d: Decision, there: Joined) -> w.Answer:
    """The supervisor who is in the call has it from now on; any open ask is over."""
    ask = d.case.ask
    if ask is not None and ask.phase in (Phase.OFFERING, Phase.COMPLETING):
        return nothing("The call is being handed over already.")
    if why := stuck(d.desk):
        return refuse(sentence(why))
    if ask is not None and ask.phase != Phase.RETURNING:
        asks.end(d, Outcome.WITHDRAWN)
    if d.case.ask is not None:  # nobody else may still be rung, nor the caller be on hold
        return nothing("Whoever else was asked is let go first; then press again.", Button.ESCALATE)
    d.emit(w.AskOpened(ask=d.desk.ask + 1, rung="", person=d.who.id, want=Want.JOIN))
    d.emit(w.AskReplied(desk=there.desk, person=there.person or "", reply=Reply.TAKE, target=there.address))
    complete(d)
    return taken(f"The call is being handed over to {there.person or 'the supervisor'}.")


def stuck(desk: Desk) -> str:
    """Why its call cannot go to anybody now; empty: it can."""
    case = desk.case
    if other_live(desk):
        return OTHER_LIVE
    if not desk.facts.calls_known:
        return PHONE_LOST
    return BEING_ENDED if case is not None and case.waiting(w.HangUp) else ""


# -- back to the agent -------------------------------------------------------------------------------------------------


def hand_back(d: Decision, act: w.HandBack) -> w.Answer:
    """A supervisor gives the caller back to the desk from which the case came, after a word with the agent."""
    case = d.desk.case
    if case is None or d.who.role != Role.SUPERVISOR or not d.who.here:
        return refuse("Only a supervisor who has the call can hand it back.")
    if not case.origin:
        return refuse("This call did not come from an agent's desk.")
    if case.ask is not None:
        return refuse("Somebody is being asked already; take that back first.")
    if why := stuck(d.desk):
        return refuse(sentence(why))
    target = d.desk.facts.desks.get(case.origin, "")
    if not target:
        return refuse(f"The desk {case.origin} is out of reach.")
    d.emit(w.AskOpened(ask=d.desk.ask + 1, rung="", person=d.who.id, want=Want.TRANSFER, target=target))
    d.emit(w.AskReplied(desk=case.origin, person="", reply=Reply.ACCEPT, target=target))
    return taken("Tell the caller; then the agent is rung.")


# -- at the desk to which a case is offered ----------------------------------------------------------------------------


def case_offered(d: Decision, offered: w.CaseOffered) -> None:
    desk, case, number = offered.desk, offered.case, offered.offer
    arriving = d.desk.arriving
    if arriving is not None and (arriving.id, arriving.origin, arriving.offer) == (case, desk, number):
        d.do(w.AnswerOffer, 0, desk, case, True, "", number)  # told twice: perhaps the answer was lost
        return
    if number <= d.desk.facts.offers.get(desk, 0):
        return  # taken back, or answered, long ago
    _numbered(d, desk, number)
    talks = _talks_about(d, case)
    why = _cannot_take(d, offered) if talks is not None else "the call about it is not up at that desk"
    if talks is not None and not why:
        if arriving is not None:  # offered anew: what it looked like before no longer counts
            d.emit(w.CaseReturned(case))
        d.emit(w.CaseReceived(case=case, desk=desk, state=offered.state, call=talks.id, offer=number))
    d.do(w.AnswerOffer, 0, desk, case, not why, why, number)


def _talks_about(d: Decision, case: str) -> w.Call | None:
    """The call in which whoever offers the case talks with us. Only so is the caller's own call known from it.

    Here it may ring still: the other phone hears of the answer first.
    """
    ours = {c.call for c in d.desk.cases if c.id == case}
    return next((call for call in d.desk.facts.calls.values() if call.case == case and call.id not in ours), None)


def _cannot_take(d: Decision, offered: w.CaseOffered) -> str:
    if d.desk.facts.who.id is None:
        return "nobody is signed on at that desk"
    if d.desk.arriving is not None and d.desk.arriving.id != offered.case:
        return "another case is on its way to that desk"
    try:
        case = msgspec.json.decode(offered.state, type=Case)
        version = version_of(from_canonical(offered.policy))
    except msgspec.MsgspecError as error:
        return f"that desk cannot read the case or its policy: {error}"
    if (case.id, case.version) != (offered.case, version):
        return f"with {offered.case} under {version} came {case.id} under {case.version}"
    return ""


def _numbered(d: Decision, desk: str, number: int) -> None:
    offers = d.desk.facts.offers
    d.facts(offers=offers | {desk: max(number, offers.get(desk, 0))})


def still_coming(d: Decision) -> None:
    """The floor is back: does the other desk know that we have its case? It may have taken it back meanwhile."""
    case = d.desk.arriving
    if case is not None:
        d.do(w.AnswerOffer, 0, case.origin, case.id, True, "", case.offer)


def case_reclaimed(d: Decision, said: w.CaseReclaimed) -> None:
    _numbered(d, said.desk, said.number)
    arriving = d.desk.arriving
    ours = arriving is not None and (arriving.id, arriving.origin) == (said.case, said.desk)
    if arriving is not None and ours and said.number > arriving.offer:
        d.emit(w.CaseReturned(said.case))
