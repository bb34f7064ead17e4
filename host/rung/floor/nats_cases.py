"""What a supervisor's desk asks of the floor's views: the cases of all desks that have changed, and one of them whole.

The server lets only the desks of supervisors ask this. Of callers there is nothing in clear text.
"""

import zlib
from typing import TypeVar

import msgspec
from msgspec import Struct

from rung.floor.base import Line

SERVICE, HEADS_SERVICE = "cases", "heads"
MOST = 100  # cases in one answer, which must stay below a megabyte; each takes one or two thousand bytes
T = TypeVar("T")


class Since(Struct, frozen=True, tag=True):
    """What has changed since that part of the copies? The server numbers them; ``copies`` says which they were."""

    copies: str = ""
    number: int = 0


class Whole(Struct, frozen=True, tag=True):
    """What do the records of all desks say of this case?"""

    case: str


class Filed(Struct, frozen=True):
    """One case as it is folded, and what the site's secret makes of its caller's number; empty: it is not known."""

    file: msgspec.Raw
    caller: str


class Changed(Struct, frozen=True):
    """``more``: there is more, after ``number``."""

    copies: str
    number: int
    files: tuple[Filed, ...]
    more: bool


class Copy(Struct, frozen=True):
    """A part of one desk's record."""

    desk: str
    journal: str
    lines: tuple[Line, ...]


class Told(Struct, frozen=True):
    copies: tuple[Copy, ...]


read_asked = msgspec.json.Decoder(Since | Whole).decode


def packed(said: Changed | Told) -> bytes:
    return zlib.compress(msgspec.json.encode(said))


def unpacked(data: bytes, form: type[T]) -> T:
    """Raises MsgspecError for what is none."""
    try:
        return msgspec.json.decode(zlib.decompress(data), type=form)
    except zlib.error as error:
        raise msgspec.DecodeError(str(error)) from None
