"""What the record keeps of itself: policies, a fresh beginning, erasing, legal holds, and who has seen what."""

from msgspec import Struct

from rung.words.basics import Private


class ErasureOrdered(Struct, frozen=True, gc=False, tag=True):
    """These keys are to be taken out for good. Written first; a bridge that was stopped meanwhile goes on with it."""

    keys: tuple[str, ...]
    person: str | None  # who ordered it; None: their time was over
    why: str  # stays in the record: it names no caller


class Erased(Struct, frozen=True, gc=False, tag=True):
    """These keys are in no byte of the file of keys any more. Written only after that is so."""

    keys: tuple[str, ...]


class HoldPlaced(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """This person answers for the case not being erased, neither by order nor by time, until the hold is lifted."""

    case: str
    person: str
    reason: Private
    sealed: str = ""


class HoldLifted(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Nothing stops the case from being erased any more."""

    case: str
    person: str
    reason: Private = ""
    sealed: str = ""


class ClearTextSeen(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """What the record keeps encrypted was shown to this person, after this was written."""

    case: str
    person: str
    what: str


class RecordBegunAnew(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """The first entry of a fresh record: what became of the one before, and up to where that was sound.

    Who reviews goes on reading there. A call that was up then begins anew at the foot of the ladder.
    """

    why: str  # the record before could not go on
    file: str  # where it was put aside, in the same folder; empty: there was none left
    journal: str  # its id; empty: not readable
    seq: int  # its last entry that is known to be good
    hash: str  # that entry's, in hex
    epoch: int  # calls, effects and asks are numbered from here, so that no number comes twice


class PolicyKept(Struct, frozen=True, gc=False, tag=True):
    """The whole policy as it was loaded, so that a case is finished, and judged, by the version it began with."""

    version: str
    policy: str  # canonical JSON


Keeping = PolicyKept | RecordBegunAnew | ErasureOrdered | Erased | HoldPlaced | HoldLifted | ClearTextSeen
