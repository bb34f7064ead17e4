"""What the line tells the desk, and asks of it."""

from typing import Protocol

from msgspec import Struct

from rung.words import Answer, Lamps, Pressed


class NotRecorded(Exception):
    """The door could not make a press durable: it must not be acknowledged."""


class BoxIs(Struct, frozen=True):
    """What the desk may show about the box and its line."""

    up: bool
    trouble: str = ""  # one line with the mend; of a box that is up, what it tells of itself
    box: str = ""
    firmware: str = ""
    caught: int = 0  # unconfirmed presses that this reset caught


class Counters(Struct, frozen=True):
    """What the line has brought since the port was opened that changed nothing else."""

    bad_frames: int = 0  # a start mark, but no valid frame
    noise_bytes: int = 0  # outside any frame
    strays: int = 0  # frames of another session
    unproven: int = 0  # frames whose tag does not prove them
    illegal: int = 0  # frames that may not come in this state
    box_bad: int = 0  # frames thrown away by the box, as it tells
    box_dropped: int = 0  # presses refused by the box because too many were unconfirmed


class Door(Protocol):
    """What stands behind the line. All methods are called on the link's thread and must not block on a network."""

    def last_press(self, box: str, boot: str) -> int:
        """The highest press number of this boot that is in the record; 0 when none is."""

    def press(self, press: Pressed) -> Answer:
        """Step, durable record, swap; returns when the record is durable. Raises NotRecorded."""

    def acknowledged(self, press: Pressed) -> None:
        """The acknowledgement has been written to the port."""

    def act(self) -> None:
        """What was decided may now go to the phone: at the end of every turn, whatever became of the port."""

    def shown(self, lamps: Lamps) -> None:
        """The box has taken these lamps."""

    def box(self, status: BoxIs) -> None:
        """The box came, went, or there is trouble with it."""

    def counted(self, counters: Counters) -> None:
        """They have risen; told once a second at most."""

    def failed(self, error: BaseException) -> None:
        """The link's thread has ended by a mistake of this program: the box is heard no more."""
