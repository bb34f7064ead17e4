"""A case on its way between two desks: how it comes to be offered here, and how it arrives there."""

from msgspec.structs import replace
from tests.policy.scene import Scene
from tests.policy.shift import line

from rung import words as w
from rung.words import CallState, EndedBy, Role

ADA = "desk-ada"  # the desk that offers


def accepted(s: Scene) -> Scene:
    """A supervisor has accepted, the caller is on hold, and that supervisor's telephone rings."""
    s.must("escalate")
    s.reply("accept")
    s.wait(s.policy.times.say_ms)
    s.line("held")
    s.consult("dialling")
    return s


def answered(s: Scene) -> Scene:
    """They have answered the telephone, and 3 s have passed: the next tap transfers."""
    accepted(s).consult("up")
    s.wait(3000)
    return s


def offered(s: Scene) -> w.Offer:
    """The last offer that this desk has made."""
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer)
    return offer


def told(offer: w.Offer, desk: str = ADA, /, **changed: object) -> w.CaseOffered:
    """The offer as the other desk hears of it."""
    said = w.CaseOffered(case=offer.case, desk=desk, state=offer.state, policy=offer.policy, offer=offer.id)
    return replace(said, **changed)  # type: ignore[arg-type]


def talk_about(case: str) -> w.Call:
    """Whoever offers it talks with us."""
    return replace(line("up", call="talk"), case=case, peer="500")


def over(talk: w.Call) -> w.Call:
    """The talk has ended, for the caller was put through."""
    return replace(talk, state=CallState.ENDED, ended_by=EndedBy.TRANSFER)


def comes(s: Scene, offer: w.Offer, call: str = "caller") -> None:
    """The talk is over, and the caller's own call is here."""
    s.put(w.CallIs(over(talk_about(offer.case))))
    s.put(w.CallIs(replace(line("up", call=call), case=offer.case)))


def at_eve(offer: w.Offer, person: str | None = "eve", policy: str = "no-hang-up") -> Scene:
    """The case is offered to the supervisor's desk, whose clock is another."""
    eve = Scene(policy, person="eve", role=Role.SUPERVISOR, call=False)
    eve.sits(person, Role.SUPERVISOR)
    eve.wait(77_000)
    eve.put(w.CallIs(talk_about(offer.case)))
    eve.put(told(offer))
    return eve
