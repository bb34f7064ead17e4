"""After a drill: what was right, what came too early, what was not named. From the record alone; no score.

Pure: what was said and what the record holds, each with its instant, come in, and lines go out.
"""

from enum import StrEnum

from msgspec import Struct

from rung import words as w
from rung.policy import Policy
from rung.policy.language import Rung
from rung.sim.drills import Mood, Turn
from rung.words import Button, Gesture, Ground, Role, Verdict
from rung.words.calls import CAME_TO_SOMETHING

CALM = "the caller had calmed down"


class Sign(StrEnum):
    RIGHT = "right"
    EARLY = "too early"
    LATE = "too late"
    NEVER = "not a step"  # of this policy's for an agent, now or later
    NOTHING = "did nothing"
    MISSING = "missing"
    NEEDLESS = "not needed"
    NOTE = "note"


class Remark(Struct, frozen=True):
    sign: Sign
    text: str


class Said(Struct, frozen=True):
    """The caller said this then (seconds, by the same clock as the record)."""

    at_s: float
    turn: Turn


class Recorded(Struct, frozen=True):
    at_s: float
    event: w.Event


def debrief(policy: Policy, said: list[Said], record: list[Recorded]) -> list[Remark]:
    """In the order of the drill: presses as they came, then what was said and how it was named, then the end."""
    return [*_presses(policy, said, record), *_grounds(said, record), *_calmed(said, record), *_end(policy, record)]


def _presses(policy: Policy, said: list[Said], record: list[Recorded]) -> list[Remark]:
    found: list[Remark] = []
    before: list[w.Event] = []
    press: w.Pressed | None = None
    rung: Rung | None = None
    step = ""
    for at in record:
        match at.event:
            case w.PressRecorded(press=press):
                rung = None
            case w.Announced(rung=id):
                rung = policy.find(id)
                step = f"{rung.title}: announced"
            case w.RungTaken(rung=id):
                rung = policy.find(id)
                step = rung.title
            case w.PressAnswered(answer=answer) if press is not None:
                if rung is None or answer.verdict != Verdict.TAKEN:
                    found.append(_nothing_taken(at.at_s, press, answer, said, _refused(policy, press, before)))
                else:
                    found.append(_taken(at.at_s, rung, step, said))
        before.append(at.event)
    return found


def _nothing_taken(at_s: float, press: w.Pressed, answer: w.Answer, said: list[Said], refused: Sign) -> Remark:
    """``refused``: what it was if it was refused."""
    buttons = " and ".join(press.buttons)
    told = f"{buttons}, {_when(at_s, said)}"
    if answer.verdict == Verdict.REFUSED:
        if refused == Sign.EARLY and _calm(at_s, said):
            return Remark(Sign.NEEDLESS, f"{told}: {CALM}")
        early = refused == Sign.EARLY and answer.next and answer.next not in buttons
        return Remark(refused, f"{told}: {answer.why}" + (f" First: {answer.next}." if early else ""))
    sign = {Verdict.TOO_LATE: Sign.LATE, Verdict.NOTHING: Sign.NOTHING}.get(answer.verdict, Sign.NOTE)
    return Remark(sign, f"{told}: {answer.why}")


def _refused(policy: Policy, press: w.Pressed, before: list[w.Event]) -> Sign:
    """Only what may come later came too early."""
    if any(isinstance(event, w.CaseClosed) for event in before):
        return Sign.LATE
    steps = [rung for rung in policy.rung if (rung.role, rung.button) == (Role.AGENT, press.buttons[-1])]
    if press.gesture != Gesture.TAP and press.buttons != (Button.RELEASE,):
        return Sign.NOTHING  # nothing to take back, nobody to alert
    if not steps:
        return Sign.NEVER
    done = _standing(before)
    return Sign.NEEDLESS if all(rung.id in done and not rung.repeatable for rung in steps) else Sign.EARLY


def _standing(events: list[w.Event]) -> list[str]:
    """The rungs that were taken, but for what came to nothing."""
    found: list[str] = []
    for event in events:
        match event:
            case w.RungTaken(rung=rung):
                found.append(rung)
            case w.RungUndone(rung=rung):
                found.remove(rung)
            case w.AskClosed(rung=rung, outcome=outcome) if rung in found and outcome not in CAME_TO_SOMETHING:
                found.remove(rung)
    return found


def _calm(at_s: float, said: list[Said]) -> bool:
    return any(s.turn.mood == Mood.CALMED and s.at_s <= at_s for s in said)


def _taken(at_s: float, rung: Rung, step: str, said: list[Said]) -> Remark:
    """A step that only says something, and needs no ground, is there for an annoyed caller too."""
    told = f"{step}, {_when(at_s, said)}"
    abused = any(s.turn.mood == Mood.ABUSIVE and s.at_s <= at_s for s in said)
    early = rung.does == "say" and any(need.ground is None for need in rung.requires)
    if _calm(at_s, said):
        return Remark(Sign.NEEDLESS, f"{told}: {CALM}")
    if not abused and not early:
        return Remark(Sign.NEEDLESS, f"{told}: nothing abusive had been said; annoyed is no abuse")
    return Remark(Sign.RIGHT, told)


def _when(at_s: float, said: list[Said]) -> str:
    """Since the abuse began, or before it."""
    first = next((s for s in said if s.turn.mood == Mood.ABUSIVE), None)
    if first is None or at_s < first.at_s:
        return "before any abuse"
    return f"{at_s - first.at_s:.1f} s after the abuse began"


def _grounds(said: list[Said], record: list[Recorded]) -> list[Remark]:
    """Each abuse is named by the first fitting ground declared after it; a ground that fits none is told as well."""
    declared = [(at.at_s, at.event.ground) for at in record if isinstance(at.event, w.GroundDeclared)]
    named = [(at_s, ground) for at_s, ground in declared if ground != Ground.UNNAMED]
    found: list[Remark] = []
    for kinds, spoken in _abuse(said).items():
        fits = [(at_s, ground) for at_s, ground in named if ground in kinds and at_s >= spoken[0].at_s]
        wanted = " or ".join(kinds)
        if fits:
            at_s, ground = fits[0]
            found.append(Remark(Sign.RIGHT, f"named: {ground}, {at_s - spoken[0].at_s:.1f} s after it was said"))
        else:
            found.append(Remark(Sign.MISSING, f"not named: {wanted} (“{spoken[0].turn.says}”)"))
    fitting = {ground for s in said for ground in s.turn.grounds}
    others = dict.fromkeys(ground for _, ground in named if ground not in fitting)
    return [*found, *(Remark(Sign.NOTE, f"named {ground}, which was not in the script") for ground in others)]


def _abuse(said: list[Said]) -> dict[tuple[Ground, ...], list[Said]]:
    kinds: dict[tuple[Ground, ...], list[Said]] = {}
    for s in said:
        if s.turn.mood == Mood.ABUSIVE:
            kinds.setdefault(s.turn.grounds, []).append(s)
    return kinds


def _calmed(said: list[Said], record: list[Recorded]) -> list[Remark]:
    calm = next((s for s in said if s.turn.mood == Mood.CALMED), None)
    noted = [at for at in record if isinstance(at.event, w.CallerCalmed)]
    if calm is None:
        return [Remark(Sign.NEEDLESS, "calmed was noted, but the caller had not calmed down") for _ in noted[:1]]
    if not any(at.at_s >= calm.at_s for at in noted):
        return [Remark(Sign.MISSING, "the caller calmed down; noting it (calmed) steps back and closes every ending")]
    return [Remark(Sign.RIGHT, "it was noted that the caller had calmed down")]


def _end(policy: Policy, record: list[Recorded]) -> list[Remark]:
    closed = next((at.event for at in record if isinstance(at.event, w.CaseClosed)), None)
    rungs = dict.fromkeys(policy.find(rung).title for rung in _standing([at.event for at in record]))
    climbed = f"climbed: {', '.join(rungs) or 'nothing'}"
    ended = f"the call: {closed.how.replace('_', ' ')}" if closed is not None else "the call is still up"
    return [Remark(Sign.NOTE, climbed), Remark(Sign.NOTE, ended)]
