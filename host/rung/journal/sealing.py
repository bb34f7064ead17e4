"""What can name a caller is taken out of an event before it is written, and put back after it is read.

::

    sealed = key name | blank | base64url( nonce | AES-256-GCM( JSON of the values taken out ) )

The name of the key and the kind of event are authenticated with it; the JSON is filled up with blanks to a multiple of
PAD_BYTES, so that a length says little once the key is gone. What is left in the event is empty, so a reader without
the key reads the same record with gaps. Keys are named `case/ID`; a refused press of a case is under `refused/ID`; what
belongs to no case is under the key of its day, `day/2026-11-25` or `refused/2026-11-25`.

This module has no clock and no I/O.
"""

import base64
import typing
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.journal.by_case import case_of

NONCE_BYTES = 12
PAD_BYTES = 64
CASE, REFUSED, DAY, BLOCK = "case", "refused", "day", "block"  # what keys are of
_REFUSALS = (w.Verdict.REFUSED, w.Verdict.TOO_LATE)
# Of a refused press, all but what tells the box that it was taken.
_OF_REFUSED: dict[type, dict[str, object]] = {
    w.PressRecorded: {"person": None, "trained": None},
    w.Pressed: {"buttons": (), "gesture": w.Gesture.TAP, "epoch": 0, "age_ms": 0},
    w.Answer: {"next": None},
}


def keys_for(events: Sequence[w.Event], case: str, day: str) -> Iterator[str]:
    """The name of each event's key: ``case`` is the desk's present one before them (empty: none), ``day`` ISO 8601."""
    refused = any(isinstance(e, w.PressAnswered) and e.answer.verdict in _REFUSALS for e in events)
    for event in events:
        its, case = case_of(event, case)
        if refused and isinstance(event, w.PressRecorded | w.PressAnswered):
            yield f"{REFUSED}/{its or day}"
        else:
            yield f"{CASE}/{its}" if its else f"{DAY}/{day}"


def seal(event: w.Event, key: str, cipher: Callable[[], AESGCM], nonce: bytes) -> w.Event:
    """The event as it is to be written; ``cipher`` is asked for only if there is anything to hide."""
    bare, values = _without(event, key.startswith(f"{REFUSED}/"))
    if not values:
        return event
    text = msgspec.json.encode(values)
    text += b" " * (-len(text) % PAD_BYTES)
    hidden = nonce + cipher().encrypt(nonce, text, _bound(key, event))
    sealed: w.Event = replace(bare, sealed=f"{key} {base64.urlsafe_b64encode(hidden).decode()}")
    return sealed


def key_of(event: w.Event) -> str:
    """The name of the key under which something of this event stands; empty: nothing does."""
    return str(getattr(event, "sealed", "")).partition(" ")[0]


def unseal(event: w.Event, cipher: AESGCM | None) -> w.Event | None:
    """The event as it was before `seal`; None: what it named is erased (or was never sealed with this key)."""
    key, _, hidden = str(getattr(event, "sealed", "")).partition(" ")
    if not key:
        return event
    if cipher is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(hidden)
        text = cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(key, event))
        filled = _filled(event, msgspec.json.decode(text))
        return typing.cast(w.Event, replace(filled, sealed=""))
    except (ValueError, InvalidTag, msgspec.MsgspecError):
        return None


def bare(struct: Any) -> Any:
    """The struct with gaps where it could name a caller, and nothing sealed in their place."""
    return _without(struct, False)[0]


@cache
def private_fields(kind: type) -> tuple[str, ...]:
    """Those typed `Private`, by name."""
    return tuple(name for name, hint in _hints(kind).items() if any(map(_is_private, _parts(hint))))


def _bound(key: str, event: w.Event) -> bytes:
    return f"{key}\0{type(event).__name__}".encode()


def _without(struct: Any, refused: bool) -> tuple[Any, dict[str, Any]]:
    """The struct with gaps, and what stood in them."""
    kind: type = type(struct)
    gaps: dict[str, object] = dict.fromkeys(private_fields(kind), "")
    if refused:
        gaps |= _OF_REFUSED.get(kind, {})
    values = {name: value for name, gap in gaps.items() if (value := getattr(struct, name)) not in (gap, None)}
    changes = {name: gaps[name] for name in values}
    for name in _structs(kind):
        inner = getattr(struct, name)
        if isinstance(inner, Struct):
            bare, more = _without(inner, refused)
            if more:
                changes[name], values[name] = bare, more
    return (replace(struct, **changes) if changes else struct), values


def _filled(struct: Any, values: dict[str, Any]) -> Any:
    kind: type = type(struct)
    changes = {}
    for name, value in values.items():
        if isinstance(value, dict):
            changes[name] = _filled(getattr(struct, name), value)
        else:
            changes[name] = msgspec.convert(value, _hints(kind)[name])
    return replace(struct, **changes)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _is_private(hint: Any) -> bool:
    notes = getattr(hint, "__metadata__", ())
    return any(isinstance(note, msgspec.Meta) and (note.extra or {}).get("private") for note in notes)


@cache
def _structs(kind: type) -> tuple[str, ...]:
    """Fields that may hold a struct."""
    return tuple(name for name, hint in _hints(kind).items() if any(map(_holds_struct, _parts(hint))))


def _parts(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)


def _holds_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Struct)
