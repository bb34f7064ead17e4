"""What the caller does: grounds that stand, crisis, calmed, and what a supervisor has attested."""

from typing import NamedTuple

from tests.policy.oracle.history import Look

from rung import words as w
from rung.words import Ground, Marker

EVERY = frozenset(Ground)
ABUSE = EVERY - {Ground.RUDENESS}
ENDING = EVERY - {Ground.UNNAMED, Ground.THREAT_OTHER, Ground.RUDENESS}
ENDING_OR_RUDENESS = ENDING | {Ground.RUDENESS}
AT_ONCE = {
    "hang-up-protocol": frozenset({Ground.HATE_SPEECH, Ground.THREAT}),
    "end-with-care": frozenset(
        {
            Ground.THREAT,
            Ground.PROFANITY,
            Ground.DEROGATORY,
            Ground.SLUR,
            Ground.HATE_SPEECH,
            Ground.SEXIST,
            Ground.HOMOPHOBIC,
        }
    ),
}
AFTER_CARE = frozenset({Ground.DEMANDS, Ground.UNCOOPERATIVE, Ground.HARASSMENT, Ground.SEXUAL})
REMARKS = frozenset({Ground.SLUR, Ground.SEXUAL, Ground.SEXIST})
BY_GESTURE = {"escalate": Ground.PROFANITY, "warn": Ground.SHOUTING, "release": Ground.THREAT}


class Stands(NamedTuple):
    ground: Ground
    person: str | None
    at: int  # when the abuse was attested


def standing(look: Look) -> list[Stands]:
    """The grounds that stand. What names an `unnamed` attests nothing new: it keeps its time."""
    stand: list[Stands] = []
    for at, event in look.of(w.GroundDeclared, w.GroundTakenBack):
        assert isinstance(event, w.GroundDeclared | w.GroundTakenBack)
        ground, person = event.ground, event.person
        mine = [s for s in stand if s.person == person]
        stand = [s for s in stand if (s.ground, s.person) != (ground, person)]
        if isinstance(event, w.GroundTakenBack):
            continue
        unnamed = [s for s in mine if s.ground == Ground.UNNAMED]
        if unnamed and ground != Ground.UNNAMED:
            stand.remove(unnamed[0])
            at = unnamed[0].at
        stand.append(Stands(ground, person, at))
    return stand


def any_of(look: Look, grounds: frozenset[Ground]) -> bool:
    return any(s.ground in grounds for s in standing(look))


def calmed_at(look: Look) -> int | None:
    calmed = look.of(w.CallerCalmed)
    return calmed[-1][0] if calmed else None


def ends_for(look: Look, grounds: frozenset[Ground], after: int | None = None) -> bool:
    """One of these stands, attested after calmed (and after that moment): an ending has its reason."""
    calmed = calmed_at(look)
    return any(
        s.ground in grounds and (calmed is None or s.at > calmed) and (after is None or s.at > after)
        for s in standing(look)
    )


def may_declare(look: Look) -> bool:
    """A press that takes a rung which requires a ground declares `unnamed` where none stands, never under crisis."""
    return not standing(look) and not crisis(look)


def marked(look: Look, marker: Marker) -> dict[str | None, int]:
    """Who has marked it and has not taken it back, and when first."""
    marks: dict[str | None, int] = {}
    for at, event in look.of(w.MarkerSet, w.MarkerLifted):
        if isinstance(event, w.MarkerSet) and event.marker == marker:
            marks.setdefault(event.person, at)
        elif isinstance(event, w.MarkerLifted) and event.marker == marker:
            marks.pop(event.person, None)
    return marks


def crisis(look: Look) -> bool:
    return bool(marked(look, Marker.CRISIS))


def attested(look: Look, person: str | None, since: int, grounds: frozenset[Ground]) -> bool:
    """Declared by this supervisor, new or again, after joining."""
    return any(s.person == person and s.ground in grounds and s.at > since for s in standing(look))
