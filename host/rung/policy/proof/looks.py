"""What is held against a whole state, once every press in it has been tried: lamps, refusals, and dead ends."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from rung import words as w
from rung.policy.lamps import lamps
from rung.policy.language import Policy, Requires, Rung
from rung.policy.proof import judge
from rung.policy.proof.fold import MOMENT_MS
from rung.policy.proof.moves import CHORD, HOLD, TAPS, Moves
from rung.policy.proof.properties import LAMPS, REFUSAL, Breaches
from rung.policy.proof.timers import Lapse, Timer
from rung.policy.proof.walk import Happened, Node, Walk
from rung.words import Button, Ground, LampMark, LampState, Role, Verdict

# What a person may do where no button helps, as the refusals word it.
ACTS = re.compile(
    r"name (the ground|it again|what you heard)|more of talk|again in|sign on|off hold|put it on hold|must leave"
    r"|until it is taken back|[Ww]ait(ing)? for|press again|tap again|[Cc]all for help|aloud|attest|ask a supervisor"
    r"|use the telephone itself|nothing is being asked"
)


def of_node(policy: Policy, node: Node) -> Breaches:
    """What a state shows and says, where every press in it was tried."""
    taps = {button: node.presses[moves] for button, moves in TAPS.items() if moves in node.presses}
    if len(taps) == len(TAPS):
        hold = node.presses.get(HOLD)
        yield from of_lamps(policy, taps, hold)
        yield from of_answers(taps, [h for moves in (HOLD, CHORD) if (h := node.presses.get(moves)) is not None])


def of_answers(answers: dict[Button, Happened], others: list[Happened]) -> Breaches:
    """Does every refusal name a button that helps, or an act?"""
    for happened in (*answers.values(), *others):
        answer = happened.step.answer
        if answer is None or answer.verdict not in (Verdict.REFUSED, Verdict.TOO_LATE):
            continue
        if answer.next is None and not ACTS.search(answer.why):
            yield REFUSAL, f"refused, with no button and no act: “{answer.why}”"
        if answer.next is not None and _refused(answers.get(answer.next)):
            yield REFUSAL, f"refused, and {answer.next}, which it named, is refused as well: “{answer.why}”"


def _refused(happened: Happened | None) -> bool:
    answer = None if happened is None else happened.step.answer
    return answer is not None and answer.verdict == Verdict.REFUSED


def takes(happened: Happened | None) -> bool:
    """Did that press take something?"""
    answer = None if happened is None else happened.step.answer
    return answer is not None and answer.verdict == Verdict.TAKEN


def of_lamps(policy: Policy, taps: dict[Button, Happened], hold: Happened | None) -> Breaches:
    """Do the lamps say what these presses did?"""
    desk = taps[Button.WARN].before.desk
    shown = lamps(policy, desk, desk.at_ms + MOMENT_MS)
    for button, happened in taps.items():
        lamp: w.Lamp = getattr(shown, button)
        held = hold if button == Button.RELEASE else None
        if lamp.state in (LampState.LIT, LampState.BREATHING) and not takes(happened) and not takes(held):
            yield LAMPS, f"{button} is {lamp.state}, and a press of it takes nothing"
        if lamp.state == LampState.OFF and (takes(held) or (takes(happened) and lamp.mark != LampMark.FILLING)):
            yield LAMPS, f"{button} is dark, and a press of it takes something"
        if lamp.state == LampState.BLINKING and (_rung(happened) or takes(held)):
            yield LAMPS, f"{button} waits for somebody, and a press of it takes a rung"


def _rung(happened: Happened) -> bool:
    return any(isinstance(event, w.RungTaken) for event in happened.step.events)


# -- no dead end -------------------------------------------------------------------------------------------------------


def stuck(walk: Walk) -> Iterator[tuple[int, str]]:
    """The states of an abusive call in which whoever has it has no way on, if nobody hears.

    A way on is a press that takes a rung, now or after what that person can do alone: wait, name again what the caller
    does, say it and hold, attest. Calmed, taking back, what others do are no such ways. A supervisor may name anything:
    nobody stands above them, so it is enough that their ladder has not come to its end.
    """
    free = {at for at, node in enumerate(walk.nodes) if _moves_on(node)}
    back: dict[int, list[int]] = {}
    for at, node in enumerate(walk.nodes):
        for moves, to in node.leads.items():
            if _alone(node, moves):
                back.setdefault(to, []).append(at)
    ahead = list(free)
    while ahead:
        for at in back.get(ahead.pop(), ()):
            if at not in free:
                free.add(at)
                ahead.append(at)
    for at, node in enumerate(walk.nodes):
        if at not in free and (named := _abuse(node)):
            abused = f"the caller is abusive ({', '.join(named)})"
            yield at, f"{abused}, and no press takes anything, now or later, if nobody hears"


def never(walks: list[Walk], rung: Rung) -> Requires | None:
    """One of the rung's alternatives that holds in no state of these walks."""
    accounts = [
        (node.state.account, w.Person(seat.id, seat.role, seat.trained))
        for walk in walks
        for node in walk.nodes
        if (seat := node.state.desk.facts.who).id is not None and seat.role == rung.role
    ]
    for need in rung.requires if len(rung.requires) > 1 else ():
        only = replace(rung, requires=(need,))
        if not any(judge.allows(walks[0].policy, only, account, who) for account, who in accounts):
            return need
    return None


def instead(walk: Walk, rung: Rung) -> Iterator[str]:
    """What was taken wherever the tables would have allowed this rung."""
    for node in walk.nodes:
        pressed, seat = node.presses.get(TAPS[rung.button]), node.state.desk.facts.who
        who = w.Person(seat.id or "", seat.role, seat.trained)
        if pressed is not None and rung.role == who.role and judge.allows(walk.policy, rung, node.state.account, who):
            yield from (e.rung for e in pressed.step.events if isinstance(e, w.RungTaken | w.Announced))


def _moves_on(node: Node) -> bool:
    """A press takes something here; or something is under way, of which the asks' walk shows that it ends."""
    case = node.state.desk.case
    assert case is not None
    return case.ask is not None or bool(case.pending) or any(takes(node.presses.get(m)) for m in (*TAPS.values(), HOLD))


def _alone(node: Node, moves: Moves) -> bool:
    case = node.state.desk.case
    assert case is not None
    if len(moves) > 1:
        return False
    one = moves[0]
    if one.timer is not None:
        return isinstance(one.timer, Lapse) or one.timer in (Timer.TALK, Timer.JOINED, Timer.SAID)
    input = one.make(node.state.desk) if one.make is not None else None
    if isinstance(input, w.Declared):
        return node.state.desk.facts.who.role == Role.SUPERVISOR or any(d.ground == input.ground for d in case.grounds)
    return isinstance(input, w.Attested)


def _abuse(node: Node) -> tuple[Ground, ...]:
    """The grounds that stand. Rudeness alone is none of those that a policy has to answer."""
    case = node.state.desk.case
    assert case is not None
    named = tuple(dict.fromkeys(d.ground for d in case.grounds))
    return () if named == (Ground.RUDENESS,) else named
