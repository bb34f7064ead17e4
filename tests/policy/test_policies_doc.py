"""The table of keys in host/POLICIES.md against the structs that read them."""

import re
from pathlib import Path

import msgspec

from rung.policy.language import Policy, Requires, Rung, Times

DOC = (Path(__file__).parents[2] / "host" / "POLICIES.md").read_text(encoding="utf-8")
ROWS = {m[1]: m[2] for m in re.finditer(r"^\| `([a-z_.]+)` \| [^|]+ \| ([^|]+) \|", DOC, re.MULTILINE)}
PLACES = {"": Policy, "times.": Times, "rung.": Rung, "rung.requires.": Requires}
TABLES = {"times", "rung"}  # these are told key by key


def _fields() -> dict[str, msgspec.structs.FieldInfo]:
    found = {f"{place}{field.name}": field for place, kind in PLACES.items() for field in msgspec.structs.fields(kind)}
    return {key: field for key, field in found.items() if key not in TABLES}


def test_every_key_is_told_and_no_other() -> None:
    assert list(ROWS) == list(_fields())


def test_what_is_required_and_the_times_are_told_truly() -> None:
    for key, field in _fields().items():
        assert (ROWS[key] == "required") == field.required, key
        if key.startswith("times."):
            assert float(ROWS[key]) == field.default
        elif isinstance(field.default, bool):
            assert ROWS[key] == str(field.default).lower()
