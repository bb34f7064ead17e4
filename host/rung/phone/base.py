"""What the desk asks of every phone system, and what a phone tells the desk."""

from collections.abc import Callable
from typing import NoReturn, Protocol

from rung.words import CallIs, CallsAre, Listening, PhoneIs

PhoneNews = PhoneIs | CallIs | CallsAre
Feed = Callable[[PhoneNews], None]

# Of `PhoneIs.can`: what only some phones can, and what it means for the person who reads the table in PHONES.md.
ALL = {
    "attended": "a consult is completed as an attended transfer: the supervisor who answered has the caller",
    "returns": "a transfer that fails leaves the caller with the agent; without it the phone drops the caller",
    "case": "the case's name goes along with a call that is dialled for it, so that the called desk knows it",
    "join": "a third party comes into the call without hold, and may be left with the caller",
    "play": "a text is played to the caller",
    "record": "the call is recorded, and the recording stopped",
    "listen": "a third party hears the call and is heard by nobody",
    "coach": "... and is heard by the agent alone",
    "barge": "... and is heard by both",
    "block": "a number is blocked until an instant, and unblocked",
    "pause": "the agent is paused in all queues",
}


class PhoneError(Exception):
    """The phone did not accept a command. One clear line; nothing was done.

    `cannot aim` is one of its reasons: another call could have been hit instead of the one named.
    """


class PhoneUnsureError(PhoneError):
    """The command may or may not have been accepted (no reply, connection lost): ask with `recount()`."""


class Phone(Protocol):
    """A phone system as one desk uses it.

    Every phone holds, consults, completes, transfers and hangs up. What only some can is in
    `PhoneIs.can`, one word of `ALL` each; a phone that cannot fails there with a `PhoneError` that
    begins "this phone cannot". An adapter inherits that from `CannotMore`.

    Every command but the last three names its call; an unknown or ended call is a `PhoneError`. A command
    returns when the phone has *accepted* it. Its confirmation is only ever a `CallIs` with the new state (of
    `pause`: a `PhoneIs`). An adapter that cannot aim atomically admits no second call while it acts, checks
    before it acts, and otherwise fails with `cannot aim`.

    A call has one far end for its whole life. Where another takes its place, because a consult was
    completed or whoever had brought us in has left, the old call ends with `EndedBy.TRANSFER` and a
    new one is UP with the same `Call.case`.
    """

    async def run(self, feed: Feed) -> None:
        """Keep the connection for ever; `feed` is called on this event loop, in order.

        On each connect: `PhoneIs(up=True, can=...)`, then `CallsAre` with every living and recently
        ended call, then a `CallIs` for each change; `PhoneIs(up=False)` when the phone is lost, and
        again with `why` whenever what keeps it down becomes known or changes. A call that ended while
        the phone was lost, or with it, is among the ended ones: `EndedBy.PHONE` where our phone died.
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
        the call with `Call.case` as given here, if this phone has "case".
        """

    async def complete(self, call: str, consult: str) -> None:
        """Join the far ends of the two calls and leave ("attended"); without "attended", see below.

        Confirmed by both ending with `EndedBy.TRANSFER`. If it fails later, ``call`` is told again,
        alive, with a cause that begins with "transfer failed". A phone that is not "attended" transfers
        ``call`` blindly to the consulted number, where a second call rings beside the consult; once that is
        answered, ``call`` has ended by TRANSFER and the adapter ends the consult, by TRANSFER as well. Where a
        phone has not "returns", ``call`` ends with a transfer that fails: `EndedBy.PHONE`, and the same cause.
        """

    async def take_back(self, call: str, consult: str | None) -> None:
        """End the consult if it lives, and every `join` that nobody has answered, then take ``call`` off hold.

        Confirmed by state UP.
        """

    async def transfer(self, call: str, target: str) -> None:
        """Blind transfer. Confirmed, or failed, as `complete` is."""

    async def hang_up(self, call: str) -> None:
        """Confirmed by state ENDED with `EndedBy.US`."""

    # -- what only some can ----------------------------------------------------------------------

    async def join(self, call: str, target: str, case: str = "") -> None:
        """Of `join`: bring ``target`` into ``call``, which is never put on hold. ``case`` goes with it as in `consult`.

        Confirmed by ``target``, as it is written here, being among `Call.parties`. If nobody comes,
        ``call`` is told again with a cause that begins with "join failed". A cause told before is gone by then.
        """

    async def leave(self, call: str) -> None:
        """Of `join`: leave ``call`` to the caller and its parties. Confirmed, or failed, as `complete` is."""

    async def play(self, call: str, text: str, language: str) -> None:
        """Of `play`: play ``text`` to the caller, in the voice of ``language`` (BCP 47). Nothing confirms it."""

    async def record(self, call: str, name: str) -> None:
        """Of `record`: confirmed by `Call.recording` being ``name``: letters, digits, - and _."""

    async def stop_recording(self, call: str) -> None:
        """Of `record`: confirmed by `Call.recording` being empty."""

    async def listen(self, call: str, target: str, how: Listening = "listen", case: str = "") -> None:
        """Of `listen`, `coach`, `barge`: ring ``target``, who then hears the call. Again with another ``how``: that.

        Confirmed by ``target``, as it is written here, being among `Call.listeners` with ``how``. If nobody
        comes, ``call`` is told again with a cause that begins with "listen failed".
        """

    async def stop_listening(self, call: str, target: str) -> None:
        """Confirmed by ``target`` being no longer among `Call.listeners`."""

    async def block(self, number: str, until_s: int) -> None:
        """Of `block`: returns once the phone system has it, durably. ``until_s``: seconds since 1970."""

    async def unblock(self, number: str) -> None:
        """Of `block`: returns once the phone system has forgotten it, durably; no error if it knew of none."""

    async def pause(self, paused: bool, why: str = "") -> None:
        """Of `pause`: whether the agent gets calls from queues. Confirmed by `PhoneIs.paused`."""


def cannot(what: str) -> NoReturn:
    """The one way to decline what a phone cannot."""
    raise PhoneError(f"this phone cannot {what}")


class CannotMore:
    """Declines all that only some phones can. An adapter inherits it and overrides what its own system can."""

    async def join(self, call: str, target: str, case: str = "") -> None:
        cannot("bring anybody else into a call")

    async def leave(self, call: str) -> None:
        cannot("leave a call to others")

    async def play(self, call: str, text: str, language: str) -> None:
        cannot("play anything to a caller")

    async def record(self, call: str, name: str) -> None:
        cannot("record")

    async def stop_recording(self, call: str) -> None:
        cannot("record")

    async def listen(self, call: str, target: str, how: Listening = "listen", case: str = "") -> None:
        cannot("let anybody listen")

    async def stop_listening(self, call: str, target: str) -> None:
        cannot("let anybody listen")

    async def block(self, number: str, until_s: int) -> None:
        cannot("block a number")

    async def unblock(self, number: str) -> None:
        cannot("block a number")

    async def pause(self, paused: bool, why: str = "") -> None:
        cannot("pause an agent")
