"""What the record keeps of erasing, of legal holds, and of who has seen what a case says of its caller."""

from msgspec import Struct

from rung.words.basics import Private


class ErasureOrdered(Struct, frozen=True, tag=True):
    """These keys are to be taken out for good. Written first; a bridge that was stopped meanwhile goes on with it."""

    keys: tuple[str, ...]
    person: str | None  # who ordered it; None: their time was over
    why: str  # stays in the record: it names no caller


class Erased(Struct, frozen=True, tag=True):
    """These keys are in no byte of the file of keys any more. Written only after that is so."""

    keys: tuple[str, ...]


class HoldPlaced(Struct, frozen=True, kw_only=True, tag=True):
    """This person answers for the case not being erased, neither by order nor by time, until the hold is lifted."""

    case: str
    person: str
    reason: Private
    sealed: str = ""


class HoldLifted(Struct, frozen=True, kw_only=True, tag=True):
    """Nothing stops the case from being erased any more."""

    case: str
    person: str
    reason: Private = ""
    sealed: str = ""


class ClearTextSeen(Struct, frozen=True, kw_only=True, tag=True):
    """What the record keeps encrypted was shown to this person, after this was written."""

    case: str
    person: str
    what: str
