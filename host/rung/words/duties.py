"""What people do after a call: review, follow-up, complaint, block, training, wrap-up. Each act names its case.

An act is what a person wants; `Attended` is the event that the record keeps of it, with who did it. Instants in these
are Unix milliseconds, because they concern days and people, not one desk's clock. Free text is for people, and may
hold what identifies a caller: whoever keeps the record keeps it apart.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from rung.words.basics import Private
from rung.words.people import Job


class Actor(Struct, frozen=True, gc=False):
    """Who acts, as the desk where they act knows them."""

    id: str
    jobs: tuple[Job, ...] = (Job.AGENT,)


class Finding(StrEnum):
    """What a review finds."""

    UPHELD = "upheld"
    NOT_UPHELD = "not upheld"
    COACHING = "coaching"
    POLICY_CHANGE = "change of policy"


class Amends(StrEnum):
    """How an ending that was unfair is put right."""

    UNBLOCK = "unblock"
    CALL_BACK = "call back"


class Reviewed(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A manager has looked at the case."""

    case: str
    finding: Finding
    reason: Private
    unauthorised: bool = False  # the ending that went round Rung was an unauthorised hang-up: only a manager says so
    goodwill: Private = ""  # what the follow-up may offer the caller


class Willing(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Whoever had the call is willing to follow it up in person; or no longer is."""

    case: str
    willing: bool = True


class FollowedUp(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The apology was sent, or said by telephone, by the person who records it."""

    case: str
    by_way_of: Literal["email", "telephone"]
    happened: Private  # what the caller was told of what happened
    will_do: Private  # and of what will be done
    goodwill: bool = False  # what the reviewer granted was offered
    introduced: bool = False  # by telephone: the caller was told first who calls, and why


class LetBe(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The caller is not contacted after all, for this reason."""

    case: str
    duty: Literal["follow-up", "call back"]
    reason: Private


class OptedOut(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The caller of this case does not want to be contacted; or, again, does."""

    case: str
    out: bool = True


class Complained(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The caller complains of the ending. The reference and the regulator are told to the caller."""

    case: str
    text: Private
    reference: str = ""  # filled in when it is taken
    regulator: str = ""  # likewise, from the site's settings


class Found(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A manager finds on a complaint, for either side."""

    case: str
    reference: str
    side: Literal["caller", "agent"]
    reason: Private
    amends: tuple[Amends, ...] = ()


class PutRight(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """One of the amends is done."""

    case: str
    reference: str
    amends: Amends
    how: Private


class BlockProposed(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The number is kept away until a second person decides, for a day at the most."""

    case: str
    reason: Private
    until_ms: int = 0  # filled in when it is taken, as is what follows
    locked: str = ""  # the number, under a key of its own: a block may outlive its case


class BlockDecided(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The second person's word: blocked for so many days, or not."""

    case: str
    granted: bool
    reason: Private
    days: int = 0
    until_ms: int = 0  # filled in when it is taken


class Appealed(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The caller appeals against the block."""

    case: str
    text: Private


class AppealDecided(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A manager's word on it: the block is lifted, or stands."""

    case: str
    lifted: bool
    reason: Private


class Unblocked(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The block is lifted before its time."""

    case: str
    reason: Private


class WrappedUp(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """By whoever had the call. Of a call that a rung ended, the specific reason is required."""

    case: str
    code: str
    note: Private = ""
    reason: Private = ""


class Trained(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A person has been trained to end calls; it holds until then, once they have acknowledged."""

    person: str
    until_ms: int


class Acknowledged(Struct, frozen=True, gc=False, tag=True):
    """The person has acknowledged that every ending is reviewed."""


CaseAct = (
    Reviewed
    | Willing
    | FollowedUp
    | LetBe
    | OptedOut
    | Complained
    | Found
    | PutRight
    | BlockProposed
    | BlockDecided
    | Appealed
    | AppealDecided
    | Unblocked
    | WrappedUp
)
AfterAct = CaseAct | Trained | Acknowledged


class Attended(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A person did this, and might. It is in the record of the desk at which they did it."""

    act: AfterAct
    by: str
    jobs: tuple[Job, ...]
    sealed: str = ""
