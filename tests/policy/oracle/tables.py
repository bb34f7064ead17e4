"""The five ladders, row by row, as the practice tells them: what each rung requires, read off the history."""

from collections.abc import Callable
from typing import NamedTuple

from tests.policy.oracle.call import (
    involved,
    leave,
    not_necessary,
    persisted,
    stands,
    supervisors,
    taken_at,
    talk,
    unavailable,
)
from tests.policy.oracle.ground import (
    ABUSE,
    AFTER_CARE,
    AT_ONCE,
    ENDING,
    ENDING_OR_RUDENESS,
    EVERY,
    REMARKS,
    any_of,
    attested,
    ends_for,
    may_declare,
)
from tests.policy.oracle.history import WAIT, Look, Who

from rung.words import Button, Ground, Role


class Row(NamedTuple):
    """``open``: is all that it requires there, for this person, at the moment the button was pressed?"""

    rung: str
    button: Button
    role: Role
    does: str
    open: Callable[[Look, Who, int], bool]


ESCALATE, WARN, RELEASE = Button.ESCALATE, Button.WARN, Button.RELEASE
AGENT, SUPERVISOR = Role.AGENT, Role.SUPERVISOR


def opens(look: Look, grounds: frozenset[Ground]) -> bool:
    """One of these stands, or the press may declare `unnamed`, where that is one of them."""
    return any_of(look, grounds) or (Ground.UNNAMED in grounds and may_declare(look))


# -- supervisors, the same everywhere but for the grounds --------------------------------------------------------------


def supervisor_warn(look: Look, who: Who, at: int) -> bool:
    joined = supervisors(look).get(who.id)
    grounds = EVERY if look.policy == "warm-transfer" else ABUSE
    return (
        not stands(look, "supervisor-warn", who.id)
        and joined is not None
        and talk(look, joined, at) >= WAIT
        and attested(look, who.id, joined, grounds)
    )


def supervisor_end(look: Look, who: Who, at: int) -> bool:
    grounds = ENDING_OR_RUDENESS if look.policy == "warm-transfer" else ENDING
    return stands(look, "supervisor-warn", who.id) and persisted(look, at) and ends_for(look, grounds)


SUPERVISORS = (
    Row("supervisor-warn", WARN, SUPERVISOR, "say", supervisor_warn),
    Row("supervisor-end", RELEASE, SUPERVISOR, "end", supervisor_end),
)


# -- 1. no-hang-up -----------------------------------------------------------------------------------------------------


def offer(look: Look, who: Who, at: int) -> bool:
    return opens(look, ABUSE)


# -- 2. warm-transfer --------------------------------------------------------------------------------------------------


def warn_first(look: Look, who: Who, at: int) -> bool:
    return not stands(look, "warn") and opens(look, EVERY)


def escalate(look: Look, who: Who, at: int) -> bool:
    return stands(look, "warn") and persisted(look, at)


def final_notice(look: Look, who: Who, at: int) -> bool:
    return not stands(look, "final-notice") and unavailable(look) and persisted(look, at)


def release(look: Look, who: Who, at: int) -> bool:
    return (
        not stands(look, "release")
        and stands(look, "final-notice")
        and persisted(look, at)
        and ends_for(look, ENDING_OR_RUDENESS)
    )


# -- 3. hang-up-protocol -----------------------------------------------------------------------------------------------


def redirect(look: Look, who: Who, at: int) -> bool:
    return leave(look) == "none"


def ask_leave(look: Look, who: Who, at: int) -> bool:
    return leave(look) == "none" and stands(look, "redirect") and persisted(look, at) and opens(look, ABUSE)


def warn_with_leave(look: Look, who: Who, at: int) -> bool:
    return leave(look) == "unused" and not stands(look, "warn")


def ask_to_join(look: Look, who: Who, at: int) -> bool:
    return stands(look, "warn")


def end_warned(look: Look, who: Who, at: int) -> bool:
    return not stands(look, "end") and stands(look, "warn") and persisted(look, at) and ends_for(look, ENDING)


def end_at_once(look: Look, who: Who, at: int) -> bool:
    return not stands(look, "end-at-once") and ends_for(look, AT_ONCE[look.policy])


# -- 4. end-with-care --------------------------------------------------------------------------------------------------


def de_escalate(look: Look, who: Who, at: int) -> bool:
    return True


def involve(look: Look, who: Who, at: int) -> bool:
    return stands(look, "de-escalate")


def end_with_care(look: Look, who: Who, at: int) -> bool:
    supervisor = involved(look) or unavailable(look) or not_necessary(look)
    return (
        not stands(look, "end")
        and stands(look, "de-escalate")
        and persisted(look, at)
        and supervisor
        and ends_for(look, AFTER_CARE)
    )


# -- 5. advise-and-warn ------------------------------------------------------------------------------------------------


def advise_and_warn(look: Look, who: Who, at: int) -> bool:
    grounds = REMARKS | {Ground.UNNAMED, Ground.THREAT_OTHER}  # `threat_other` opens what `unnamed` opens
    return not stands(look, "advise-and-warn") and opens(look, grounds)


def end_trained(look: Look, who: Who, at: int) -> bool:
    warned = taken_at(look, "advise-and-warn")
    return (
        not stands(look, "end")
        and who.trained
        and warned is not None
        and persisted(look, at)
        and ends_for(look, REMARKS, after=warned)
    )


def supervisor(look: Look, who: Who, at: int) -> bool:
    return True


LADDERS: dict[str, tuple[Row, ...]] = {
    "no-hang-up": (Row("offer", ESCALATE, AGENT, "transfer", offer), *SUPERVISORS),
    "warm-transfer": (
        Row("warn", WARN, AGENT, "say", warn_first),
        Row("escalate", ESCALATE, AGENT, "transfer", escalate),
        Row("final-notice", WARN, AGENT, "say", final_notice),
        Row("release", RELEASE, AGENT, "end", release),
        *SUPERVISORS,
    ),
    "hang-up-protocol": (
        Row("redirect", WARN, AGENT, "say", redirect),
        Row("ask-leave", ESCALATE, AGENT, "leave", ask_leave),
        Row("warn", WARN, AGENT, "say", warn_with_leave),
        Row("ask-to-join", ESCALATE, AGENT, "join", ask_to_join),
        Row("end", RELEASE, AGENT, "end", end_warned),
        Row("end-at-once", RELEASE, AGENT, "end", end_at_once),
        *SUPERVISORS,
    ),
    "end-with-care": (
        Row("de-escalate", WARN, AGENT, "say", de_escalate),
        Row("involve", ESCALATE, AGENT, "involve", involve),
        Row("end", RELEASE, AGENT, "end", end_with_care),
        Row("end-at-once", RELEASE, AGENT, "end", end_at_once),
        *SUPERVISORS,
    ),
    "advise-and-warn": (
        Row("advise-and-warn", WARN, AGENT, "say", advise_and_warn),
        Row("end", RELEASE, AGENT, "end", end_trained),
        Row("supervisor", ESCALATE, AGENT, "transfer", supervisor),
        *SUPERVISORS,
    ),
}
