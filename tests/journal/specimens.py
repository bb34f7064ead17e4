"""One of every event, with something in every field."""

import enum
import typing
from collections.abc import Iterator
from types import UnionType
from typing import Any

import msgspec
from msgspec import Struct

from rung import words as w

NUMBER = "+4915112345678"


def every_event() -> Iterator[w.Event]:
    """Of every type; of those that hold one of several structs (an effect), one with each."""
    for kind in typing.get_args(w.Event):
        yield from specimens(kind)


def specimens(kind: type) -> Iterator[Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    several = {name: parts(hint) for name, hint in hints.items() if len(structs(hint)) > 1}
    plain = {name: specimen(name, hint) for name, hint in hints.items() if name not in several}
    if not several:
        yield kind(**plain)
    for name, choices in several.items():
        for choice in choices:
            for one in specimens(choice):
                yield kind(**plain, **{name: one})


def specimen(name: str, hint: Any) -> Any:
    """Whatever fits; a text is the field's name, a private one names a caller."""
    if structs(hint):
        return next(iter(specimens(structs(hint)[0])))
    hint = next(part for part in parts(hint) if part is not type(None))
    if is_text(hint):
        return f"{NUMBER} {name}" if is_private(hint) else "" if name == "sealed" else f"{name}-1"
    origin = typing.get_origin(hint) or hint
    if origin is typing.Literal:
        return typing.get_args(hint)[0]
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return next(reversed(origin))
    return {bool: True, int: 7, float: 2.5, dict: {"a": "b"}}.get(origin, ())


def is_text(hint: Any) -> bool:
    return hint is str or getattr(hint, "__origin__", None) is str


def is_private(hint: Any) -> bool:
    notes = getattr(hint, "__metadata__", ())
    return any(isinstance(note, msgspec.Meta) and (note.extra or {}).get("private") for note in notes)


def structs(hint: Any) -> list[type]:
    return [part for part in parts(hint) if isinstance(part, type) and issubclass(part, Struct)]


def parts(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
