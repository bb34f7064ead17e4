"""Whoever gets the caller is with them: the agent's phone never leaves a call to nobody, nor to somebody else."""

from tests.policy.oracle.call import addresses
from tests.policy.oracle.history import Look

from rung import words as w
from rung.words import CallState


def handed_over_rightly(look: Look) -> str:
    """What the last step told the phone: is whoever was to get the caller in that call, or talks with the agent?"""
    if not look.phone_known:
        return ""  # nobody can tell, and what is lost does nothing
    for effect in (e.effect for e in look.last_step() if isinstance(e, w.EffectDecided)):
        if isinstance(effect, w.Leave) and _whose(look) not in addresses(look).values():
            return f"{_whose(look)!r}, who was to get the caller, is not in the call: {effect}"
        if isinstance(effect, w.Complete):
            consult = look.lines.get(effect.consult)
            if consult is None or consult.state != CallState.UP:
                return f"nobody has answered there: {effect}"
    return ""


def _whose(look: Look) -> str:
    """The telephone of whoever was to get the caller."""
    for _, event in reversed(look.of(w.AskReplied, w.AskOpened)):
        if isinstance(event, w.AskReplied | w.AskOpened) and event.target:
            return event.target
    return ""


def known_who_is_in(look: Look) -> str:
    """A supervisor whom the floor knows is none who is unknown in the call, whichever of the two was told first."""
    line = look.lines.get(look.line()) if look.call else None
    if line is None:
        return ""
    strangers = set(line.parties) - set(addresses(look).values())
    known = [p.person for p in look.floor.present if look.floor.up and p.extension in strangers]
    return f"{known} are in the call, and it is not known" if known else ""
