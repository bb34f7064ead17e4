"""People of the staff in what is handed out: the same name for the same person within one export, and only there.

Each export has a key of its own, which is thrown away: who is who can be followed through one table, and neither undone
nor joined with the next one.
"""

import hashlib
import hmac
import secrets
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w

STAFF = frozenset({"person", "by", "relieves"})  # fields that name one of the staff
DIGITS = 10


class Pseudonyms:
    """For one export."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, person: str) -> str:
        return "p-" + hmac.new(self._key, person.encode(), hashlib.sha256).hexdigest()[:DIGITS]

    def event(self, event: w.Event) -> w.Event:
        """The event with nobody's name in it."""
        hidden: w.Event = self._hidden(event)
        return hidden

    def _hidden(self, struct: Any) -> Any:
        changes: dict[str, Any] = {}
        for name in struct.__struct_fields__:
            value = getattr(struct, name)
            if isinstance(value, Struct):
                changes[name] = self._hidden(value)
            elif isinstance(value, str) and value and _names_staff(struct, name):
                changes[name] = self.of(value)
        return replace(struct, **changes) if changes else struct


def _names_staff(struct: Struct, name: str) -> bool:
    if isinstance(struct, w.CaseClosed | w.CaseReceived):  # `by` is a side there
        return False
    return name in STAFF or (isinstance(struct, w.SignOnRefused) and name == "name")
