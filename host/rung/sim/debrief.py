"""After a drill: what was right, what came too early, what was not named. From the record alone; no score.

Pure: what was said and what the record holds, each with its instant, come in, and lines go out.
"""

from enum import StrEnum

from msgspec import Struct

from rung import words as w
from rung.policy import Policy
from rung.policy.language import Rung
from rung.sim.drills import Mood, Turn
from rung.words import Button, Ground, Verdict


class Sign(StrEnum):
    RIGHT = "right"
    EARLY = "too early"
    LATE = "too late"
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
    buttons: tuple[Button, ...] = ()
    rung: Rung | None = None
    step = ""
    for at in record:
        match at.event:
            case w.PressRecorded(press=press):
                buttons, rung = press.buttons, None
            case w.Announced(rung=id):
                rung = policy.find(id)
                step = f"{rung.title}: announced"
            case w.RungTaken(rung=id):
                rung = policy.find(id)
                step = rung.title
            case w.PressAnswered(answer=answer):
                pressed = " and ".join(buttons)
                if rung is None or answer.verdict != Verdict.TAKEN:
                    found.append(_nothing_taken(at.at_s, pressed, answer, said))
                else:
                    found.append(_taken(at.at_s, rung, step, said))
    return found


def _nothing_taken(at_s: float, buttons: str, answer: w.Answer, said: list[Said]) -> Remark:
    told = f"{buttons}, {_when(at_s, said)}: {answer.why}"
    if answer.verdict == Verdict.REFUSED:
        first = f" First: {answer.next}." if answer.next and answer.next not in buttons else ""
        return Remark(Sign.EARLY, told + first)
    return Remark({Verdict.TOO_LATE: Sign.LATE, Verdict.NOTHING: Sign.NOTHING}.get(answer.verdict, Sign.NOTE), told)


def _taken(at_s: float, rung: Rung, step: str, said: list[Said]) -> Remark:
    """A step that only says something, and needs no ground, is there for an annoyed caller too."""
    told = f"{step}, {_when(at_s, said)}"
    calm = any(s.turn.mood == Mood.CALMED and s.at_s <= at_s for s in said)
    abused = any(s.turn.mood == Mood.ABUSIVE and s.at_s <= at_s for s in said)
    early = rung.does == "say" and any(need.ground is None for need in rung.requires)
    if calm:
        return Remark(Sign.NEEDLESS, f"{told}: the caller had calmed down")
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
    rungs = dict.fromkeys(policy.find(at.event.rung).title for at in record if isinstance(at.event, w.RungTaken))
    climbed = f"climbed: {', '.join(rungs) or 'nothing'}"
    ended = f"the call: {closed.how.replace('_', ' ')}" if closed is not None else "the call is still up"
    return [Remark(Sign.NOTE, climbed), Remark(Sign.NOTE, ended)]
