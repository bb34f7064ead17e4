"""What the desk asks of every phone system, and what a phone tells the desk."""

from collections.abc import Callable
from typing import Protocol

from rung.words import CallIs, CallsAre, PhoneIs

PhoneNews = PhoneIs | CallIs | CallsAre
Feed = Callable[[PhoneNews], None]


class PhoneError(Exception):
    """The phone did not accept a command. One clear line; nothing was done.

    `cannot aim` is one of its reasons: another call could have been hit instead of the one named.
    """


class PhoneUnsureError(PhoneError):
    """The command may or may not have been accepted (no reply, connection lost): ask with `recount()`."""


class Phone(Protocol):
    """A phone system as one desk uses it.

    Every phone holds, consults, completes, transfers and hangs up. What only some can is in
    `PhoneIs.can`: "join" (with `leave`) and "play"; there it fails with one clear `PhoneError`.

    Every command names its call; an unknown or ended call is a `PhoneError`. A command returns when
    the phone has *accepted* it. Its confirmation is only ever a `CallIs` with the new state. An
    adapter that cannot aim atomically admits no second call while it acts, checks before it acts,
    and otherwise fails with `cannot aim`.

    A call has one far end for its whole life. Where another takes its place, because a consult was
    completed or whoever had brought us in has left, the old call ends with `EndedBy.TRANSFER` and a
    new one is UP with the same `Call.case`.
    """

    async def run(self, feed: Feed) -> None:
        """Keep the connection for ever; `feed` is called on this event loop, in order.

        On each connect: `PhoneIs(up=True, can=...)`, then `CallsAre` with every living and recently
        ended call, then a `CallIs` for each change; `PhoneIs(up=False)` when the phone is lost, and
        again with `why` whenever what keeps it down becomes known or changes.
        """

    async def recount(self) -> None:
        """Feed `CallsAre` with every living and recently ended call, in its place among the changes."""

    async def hold(self, call: str) -> None:
        """Confirmed by state HELD."""

    async def resume(self, call: str) -> None:
        """Confirmed by state UP."""

    async def consult(self, call: str, target: str, case: str = "") -> None:
        """Dial ``target`` on behalf of ``call``, be it held or not. The new call carries `consult_for`.

        Confirmed by that call appearing as DIALLING; answered when it is UP. The called phone tells
        the call with `Call.case` as given here.
        """

    async def complete(self, call: str, consult: str) -> None:
        """Join the far ends of the two calls and leave (attended transfer).

        Confirmed by both ending with `EndedBy.TRANSFER`. If it fails later, ``call`` is told again,
        alive, with a cause that begins with "transfer failed".
        """

    async def take_back(self, call: str, consult: str | None) -> None:
        """End the consult if it lives, or a `join` that nobody has answered, then take ``call`` off hold.

        Confirmed by state UP.
        """

    async def join(self, call: str, target: str, case: str = "") -> None:
        """Bring ``target`` into ``call``, which is never put on hold. ``case`` goes with it as in `consult`.

        Confirmed by ``target``, as it is written here, being among `Call.parties`. If nobody comes,
        ``call`` is told again with a cause that begins with "join failed".
        """

    async def leave(self, call: str) -> None:
        """Leave ``call`` to the caller and its parties. Confirmed, or failed, as `complete` is."""

    async def play(self, call: str, text: str, language: str) -> None:
        """Play ``text`` to the caller, in the voice of ``language`` (BCP 47). Nothing confirms it."""

    async def transfer(self, call: str, target: str) -> None:
        """Blind transfer. Confirmed, or failed, as `complete` is."""

    async def hang_up(self, call: str) -> None:
        """Confirmed by state ENDED with `EndedBy.US`."""
