"""Who has signed on at this desk, on which browser, until when. Only the browser knows its token; here is its hash.

Sessions outlive the bridge, in one file that its owner alone can read: one that comes back in mid-call finds who
sits at the desk. One person sits at a desk; whoever signs on ends the sessions of the person before.
"""

import hashlib
import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rung.words import Person

SHIFT_S = 12 * 3600  # after that one signs on again
TRIES, TRIES_S = 30, 60.0  # wrong passwords over all names within this time: each costs the processor something


class Session(Struct, frozen=True, kw_only=True):
    """One browser of one person."""

    key: str  # the hash of its token
    person: Person
    until_s: float  # of the wall clock, since it outlives the computer's


class Sessions:
    """``file`` keeps them; ``now`` is the wall clock in seconds."""

    def __init__(self, file: Path, shift_s: float = SHIFT_S, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._shift_s = shift_s
        self._now = now
        self._wrong: deque[float] = deque()
        self._open = _read(file)

    def begin(self, person: Person) -> str:
        """The new token; the sessions of everybody else are over."""
        token = secrets.token_urlsafe(32)
        session = Session(key=_key(token), person=person, until_s=self._now() + self._shift_s)
        mine = {key: old for key, old in self._open.items() if old.person.id == person.id}
        self._keep({**mine, session.key: session})
        return token

    def of(self, token: str | None) -> Session | None:
        """The session of this token, if it is not over."""
        return None if token is None else self.alive(_key(token))

    def alive(self, key: str) -> Session | None:
        """The session of this hash, if it is not over."""
        found = self._open.get(key)
        return found if found is not None and found.until_s > self._now() else None

    def end(self) -> None:
        """Sign off: on every browser."""
        self._keep({})

    def must_wait(self) -> str:
        """Why no password can be tried now; empty: one can."""
        now = self._now()
        while self._wrong and self._wrong[0] <= now - TRIES_S:
            self._wrong.popleft()
        return (
            "" if len(self._wrong) < TRIES else f"too many wrong passwords; wait {self._wrong[0] + TRIES_S - now:.0f} s"
        )

    def was_wrong(self) -> None:
        self._wrong.append(self._now())

    def was_right(self) -> None:
        """The newest was not wrong after all."""
        if self._wrong:
            self._wrong.pop()

    def _keep(self, sessions: dict[str, Session]) -> None:
        self._open = sessions
        new = self._file.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123  # its mode
            out.write(msgspec.json.encode(list(sessions.values())))
        new.replace(self._file)


def cookie_of(scope: Mapping[str, Any]) -> str:
    """The cookie's name at the desk that this request is for: browsers do not tell ports apart, so desks must."""
    return f"rung_session_{scope['server'][1]}"


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(file: Path) -> dict[str, Session]:
    """What cannot be read has no sessions in it: people sign on again."""
    try:
        sessions = msgspec.json.decode(file.read_bytes(), type=list[Session])
    except (OSError, msgspec.MsgspecError):
        return {}
    return {session.key: session for session in sessions}
