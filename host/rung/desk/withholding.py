"""Happenings for a log: as they are, but for what names a caller. What is not in a log need not be erased from one."""

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.desk.happening import Happening
from rung.journal.sealing import bare

# An address, a number with its country, or seven digits by themselves: not a file's name, nor an instant in one.
_CALLER = re.compile(r"(?:sips?|tel):[^\s;>,)]+|\+\d[\d ./()\-]{4,}\d|(?<![\w.\-])\d{7,15}(?![\w.\-])")


def withheld(happening: Happening) -> Happening:
    """The same without numbers, notes and the phone's names of calls; views and asks, for eyes, are left out."""
    changes: dict[str, Any] = {
        field: bare(value)
        for field in ("event", "effect", "answer")
        if isinstance(value := getattr(happening, field), Struct)
    }
    if (call := happening.call) is not None:
        changes["call"] = w.Call(id="", state=call.state, direction=call.direction, ended_by=call.ended_by)
    return replace(happening, view=None, asks=(), text=_CALLER.sub("…", happening.text), **changes)
