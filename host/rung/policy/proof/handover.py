"""The fifth walk: the case goes to the supervisor's desk, and back.

In every state of the ladder that differs in what stands, a supervisor who is in the call takes it over. The case that
is really sent is really received at a second desk, with a clock of its own, and then handed back in the same way; what
stands is compared each time.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from rung import words as w
from rung.policy.language import Policy
from rung.policy.proof import moves as m
from rung.policy.proof.fold import MOMENT_MS, Fold, said_of
from rung.policy.proof.grounds import Said
from rung.policy.proof.judge import Account
from rung.policy.proof.moves import Moves
from rung.policy.proof.properties import HAND_OVER
from rung.policy.proof.timers import Timer
from rung.policy.proof.walk import Happened, State, Walk
from rung.policy.state import Case, Desk
from rung.policy.step import step
from rung.words import Button, CallState, EndedBy, HangUp, Reply, Role, Want

OTHER_CLOCK_MS = 123_456_789  # of the desk that receives the case
FLAGS = ("counted_ms", "leave_used", "involved", "not_necessary", "declined")
TALK, ARRIVED_ID = "talk", "arrived-line"  # the call in which both desks talk, and the caller's, which follows

TAKEN_OVER = (*m.inside(m.FIRST), *m.TAKES_OVER)
HANDED_BACK = (
    *m.HAND_BACK,
    *m.passes(Timer.TELL),
    *m.phone(m.line(CallState.HELD, id=ARRIVED_ID), "the caller is on hold"),
    *m.consult(CallState.UP, "the agent answers", of=ARRIVED_ID),
    *m.passes(Timer.ANSWERED),
    *m.TAPS[Button.ESCALATE],
)
BY_PHONE = (*m.consult(CallState.UP, "the supervisor answers the phone"), *m.passes(Timer.ANSWERED))
TAKEN = {want: (*m.reply(Reply.TAKE), *m.inside(m.FIRST)) for want in Want} | {
    Want.TRANSFER: (*m.passes(Timer.TELL), *m.HELD, *m.reply(Reply.ACCEPT), *BY_PHONE, *m.TAPS[Button.ESCALATE]),
}
TRIPS = tuple((taken, (*taken, *HANDED_BACK)) for taken in dict.fromkeys(TAKEN.values()))  # over, and back as well


def given_back(ladder: Walk, first: int) -> Iterator[tuple[State, int, Moves]]:
    """The agent has the caller again: a supervisor had taken the call in answer to an ask, whose rung stands from then.

    From every state, this one or later, in which an ask is open whose rung a table reads. With each the class and the
    moves that lead there.
    """
    for at, node in enumerate(ladder.nodes[first:], first):
        case = node.state.desk.case
        if node.state.account.asking is None or case is None or case.ask is None:
            continue
        moves = TAKEN[case.ask.want]
        over = received(ladder.policy, ladder.made(at, node.state, moves), Role.SUPERVISOR)
        back = over and received(ladder.policy, ladder.made(at, State(over, Account()), HANDED_BACK, moves), Role.AGENT)
        if back is None or back.case is None:
            ladder.breach(HAND_OVER, "the case could not be handed over and back", at, moves)
        else:
            yield has_again(node.state, back), node.number, (*moves, *HANDED_BACK)


def has_again(state: State, back: Desk) -> State:
    """The agent's desk as it was when they asked, but for what came back with the case; their rung stands from now."""
    desk, account = state.desk, state.account
    assert back.case is not None and desk.case is not None and desk.case.ask is not None and account.asking is not None
    case = replace(back.case, call=desk.case.call, origin=desk.case.origin)
    stands = replace(account, taken=(*account.taken, account.asking), asking=None, used_by="")
    stands = replace(stands, involved=account.involved or desk.case.ask.want == Want.INVOLVE, unavailable=False)
    return State(replace(desk, case=case, at_ms=back.at_ms), stands)


def hand_over(ladder: Walk) -> int:
    """Hand each case over and back; how many that were. Steps and breaches are counted with the ladder's own."""
    known: set[object] = set()
    for at, node in enumerate(ladder.nodes):
        case = node.state.desk.case
        if case is None or case.ask is not None or case.waiting(HangUp) or case.announcement is not None:
            continue
        before = standing(ladder.fold, case, node.state.desk.at_ms)
        if before["all"] in known:
            continue
        known.add(before["all"])
        state = node.state
        done: Moves = ()
        for moves, role, how in ((TAKEN_OVER, Role.SUPERVISOR, "over"), (HANDED_BACK, Role.AGENT, "back")):
            desk = received(ladder.policy, ladder.made(at, state, moves, done), role)
            done += moves
            if desk is None or desk.case is None:
                ladder.breach(HAND_OVER, f"the case could not be handed {how}", at, done)
                break
            after = standing(ladder.fold, desk.case, desk.at_ms)
            for key in (key for key in before if key != "all" and after[key] != before[key]):
                ladder.breach(HAND_OVER, f"handed {how}, the case has other {key} than before", at, done)
            state = State(desk, Account())
    return len(known)


def standing(fold: Fold, case: Case, now: int) -> dict[str, object]:
    """What stands on a case and goes with it: rungs, grounds, leave, the wait, and what supervisors have said."""
    folded, said = fold.case(case, now), said_of(fold.reads, case)
    grounds = fold.grounds.fold(Said(said.declared, tuple(mark for mark in said.marks if ":" not in mark[0])))
    found: dict[str, object] = {
        "rungs": tuple((t.rung, t.person) for t in folded.taken),
        "grounds": (grounds, tuple((m.marker, m.person) for m in folded.marks)),
        "leave": folded.leave is not None,
    }
    found |= {flag: getattr(folded, flag) for flag in FLAGS}
    return found | {"all": tuple(found.values())}


def received(policy: Policy, made: Happened, role: Role) -> Desk | None:
    """The desk that has received the case which this step sent, once the call has followed. None: it sent none."""
    offers = [effect for effect in made.step.effects if isinstance(effect, w.Offer)]
    if not offers:
        return None
    offer, sender = offers[0], m.DESK if role == Role.SUPERVISOR else m.FIRST.desk
    desk = Desk(at_ms=OTHER_CLOCK_MS)
    for input in (
        w.SignedOn(m.SUPERVISOR if role == Role.SUPERVISOR else m.AGENT, role, True),
        w.FloorIs(up=True, present=() if role == Role.SUPERVISOR else (m.FIRST,), desks=m.DESKS),
        w.PhoneIs(up=True, can=m.CAN),
        w.CallsAre(()),
        w.CallIs(m.line(CallState.UP, id=TALK, case=offer.case)),
        w.CaseOffered(case=offer.case, desk=sender, state=offer.state, policy=offer.policy, offer=offer.id),
        w.CallIs(m.line(CallState.ENDED, id=TALK, case=offer.case, by=EndedBy.TRANSFER)),
        w.CallIs(m.line(CallState.UP, id=ARRIVED_ID, case=offer.case)),
    ):
        desk = step(policy, desk, input, desk.at_ms + MOMENT_MS).desk
    return desk
