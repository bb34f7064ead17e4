"""Ways to take one requirement out of the code, for the test that tries it with each sentence."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from rung import words as w
from rung.policy.decision import Decision
from rung.policy.state import Case, Desk
from rung.words import Button, Outcome


def also(*outcomes: Outcome) -> Callable[[Any], object]:
    return lambda real: real | set(outcomes)


def said_long_ago(case: Case, event: object, at: int) -> Case:
    said = case.announcement
    return replace(case, announcement=said and replace(said, at_ms=at - 10_000))


def told_long_ago(real: Callable[..., Desk]) -> Callable[..., Desk]:
    def asked(desk: Desk, event: w.AskOpened, at: int) -> Desk:
        made = real(desk, event, at)
        case = made.case
        if case is None or case.ask is None:
            return made
        return replace(made, case=replace(case, ask=replace(case.ask, phase_ms=at - 10_000)))

    return asked


def mine(real: Callable[..., w.Answer]) -> Callable[..., w.Answer]:
    """Whoever holds has announced it."""

    def held(d: Decision, button: Button, at: int) -> w.Answer:
        said = d.case.announcement
        if said is not None:
            d.desk = replace(d.desk, case=replace(d.case, announcement=replace(said, person=d.who.id)))
            d.case = d.desk.case  # type: ignore[assignment]
        return real(d, button, at)

    return held


def anew(real: Callable[..., w.Answer]) -> Callable[..., w.Answer]:
    """A second tap announces it once more."""

    def tapped(d: Decision, button: Button, at: int) -> w.Answer:
        answer = real(d, button, at)
        if d.case.announcement is not None:
            d.emit(w.Announced(d.case.announcement.rung, d.who.id))
        return answer

    return tapped


def first_epoch(real: Callable[..., Desk]) -> Callable[..., Desk]:
    return lambda desk, event, at: real(desk, replace(event, epoch=1), at)


def hangs_up(real: Callable[..., object]) -> Callable[..., object]:
    def restarted(d: Decision, input: w.Input) -> None:
        if d.desk.case is not None:
            d.do(w.HangUp, 5000, d.case.call)

    return restarted


def all_present(real: object) -> Callable[..., object]:
    return lambda desk, asked: tuple(p.desk for p in desk.facts.present if p.desk not in asked)


def free_or_not(real: object) -> Callable[..., object]:
    return lambda desk, asked: tuple(p.desk for p in desk.facts.present)


def forgets_warnings(case: Case, event: object, at: int) -> Case:
    return replace(case, taken=())


def does_not_count(real: Callable[..., Case]) -> Callable[..., Case]:
    return lambda case, event, at: replace(real(case, event, at), counted_ms=case.counted_ms)


def counts_refusals(real: Callable[..., None]) -> Callable[..., None]:
    def flash(d: Decision, button: Button, state: w.LampState) -> None:
        real(d, button, state)
        if d.desk.case is not None and d.case.counted_ms is not None:
            d.case = replace(d.case, counted_ms=d.now)
            d.desk = replace(d.desk, case=d.case)

    return flash


def nothing_done(d: Decision, button: Button, at: int) -> w.Answer:
    return w.Answer(verdict=w.Verdict.NOTHING, why="")


def refuses(d: Decision, *_: Any) -> w.Answer:
    return w.Answer(verdict=w.Verdict.REFUSED, why="no")


def uses_no_leave(real: Callable[..., Case]) -> Callable[..., Case]:
    return lambda case, event, at: real(case, replace(event, uses_leave=False), at)


def inbound_only(real: Callable[..., None]) -> Callable[..., None]:
    def opened(d: Decision, call: w.Call) -> None:
        if call.direction == "in":
            real(d, call)

    return opened


def says_it_itself(real: Callable[..., w.Answer]) -> Callable[..., w.Answer]:
    """A hold that needs nothing said before it."""

    def held(d: Decision, button: Button, at: int) -> w.Answer:
        if d.desk.case is not None and d.case.announcement is None:
            rung = d.look(d.who, at).nearest(button)
            if rung is not None:
                d.emit(w.Announced(rung[0].id, d.who.id))
                d.now += 10_000
                return real(d, button, d.now)
        return real(d, button, at)

    return held


def twice(real: Callable[..., w.Answer]) -> Callable[..., w.Answer]:
    def held(d: Decision, button: Button, at: int) -> w.Answer:
        real(d, button, at)
        d.do(w.HangUp, 5000, d.case.call)
        return real(d, button, at)

    return held
