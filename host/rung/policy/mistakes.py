"""A mistake in a file as one line: the key, what is wrong, and what is allowed there."""

import re
from typing import Any

import msgspec
from msgspec import inspect

from rung.policy.bounds import bare
from rung.policy.tables import one_line

_STEP = re.compile(r"([^.\[\]]+)|\[[^\]]*\]")

# What is written where nothing more is known of a value than its type.
_WRITE: dict[type[inspect.Type], str] = {
    inspect.IntType: "a whole number, such as 1",
    inspect.FloatType: "a number, such as 5 or 0.5",
    inspect.BoolType: "true or false",
    inspect.StrType: 'text between quotes: "..."',
    inspect.VarTupleType: "a list: [...]",
    inspect.DictType: "a table: { key = ... }",
}


def explain(error: msgspec.ValidationError, kind: type, data: dict[str, Any]) -> str:
    """Word msgspec's ``error``, from reading ``data`` as a ``kind``, as ``key: what is wrong; allowed: ...``."""
    what, _, where = str(error).partition(" - at ")
    key = where.strip("`").removeprefix("$")
    found = re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL)
    parts = _parts_at(inspect.type_info(kind), key, data)
    if words := _allowed(parts):
        mend = f"; allowed: {', '.join(words)}"
    else:
        mend = f"; write {' or '.join(filter(None, map(_write, parts)))}"
    key = _named(key, error, kind, data)
    if found:
        key, what = (f"{key}.{found[1]}" if key else found[1]), "unknown key"
    return one_line(f"{key or 'top level'}: {what}{mend}")  # a key may hold anything, also the end of a line


def _named(key: str, error: msgspec.ValidationError, kind: type, data: dict[str, Any]) -> str:
    """The key with the names of tables' own entries, for which msgspec writes `[...]`."""
    here: Any = data
    named = ""
    for step in _STEP.finditer(key):
        if step[0] == "[...]":
            name = next(entry for entry in list(here) if _alone(here, entry, error, kind, data))
            named += f".{name}"
        else:
            name = step[1] or int(step[0][1:-1])
            named += f".{step[1]}" if step[1] else step[0]
        here = here[name] if isinstance(here, list) or name in here else None
    return named.removeprefix(".")


def _alone(table: dict[str, Any], entry: str, error: msgspec.ValidationError, kind: type, data: dict[str, Any]) -> bool:
    """Is it this entry of the table, which is part of ``data``, that brings the error about?"""
    whole = dict(table)
    table.clear()
    table[entry] = whole[entry]
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as again:
        return str(again) == str(error)
    finally:
        table.clear()
        table.update(whole)
    return False


def _parts_at(place: inspect.Type, key: str, data: Any) -> list[inspect.Type]:
    """The types of what may stand at ``key`` below ``place``, where ``data`` stands."""
    for step in _STEP.finditer(key):
        parts = [bare(part) for part in _parts(place)]
        structs = [part for part in parts if isinstance(part, inspect.StructType)]
        if structs and step[1] == structs[0].tag_field:
            return [inspect.LiteralType(tuple(part.tag for part in structs))]
        for part in parts:
            if step[1] and isinstance(part, inspect.StructType) and _meant(part, data):
                place = next(field.type for field in part.fields if field.encode_name == step[1])
            elif not step[1] and isinstance(part, inspect.VarTupleType):
                place = part.item_type
            elif not step[1] and isinstance(part, inspect.TupleType):
                place = part.item_types[0]
            elif not step[1] and isinstance(part, inspect.DictType):
                place = part.value_type
        data = data.get(step[1]) if step[1] and isinstance(data, dict) else None
    return [part for part in _parts(place) if _meant(bare(part), data)]


def _parts(place: inspect.Type) -> list[inspect.Type]:
    kind = bare(place)
    return list(kind.types) if isinstance(kind, inspect.UnionType) else [place]


def _write(part: inspect.Type) -> str:
    own = (part.extra or {}).get("write") if isinstance(part, inspect.Metadata) else ""
    return own or _WRITE.get(type(bare(part)), "")


def _meant(part: inspect.Type, data: Any) -> bool:
    """Of several kinds of one table, the one that ``data`` says that it is."""
    if not isinstance(part, inspect.StructType) or part.tag_field is None or not isinstance(data, dict):
        return True
    return data.get(part.tag_field) in (part.tag, None)


def _allowed(parts: list[inspect.Type]) -> list[str]:
    return [word for part in parts for word in _words(bare(part))]


def _words(part: inspect.Type) -> list[str]:
    if isinstance(part, inspect.StructType):
        return [field.encode_name for field in part.fields]
    if isinstance(part, inspect.EnumType):
        return [str(member.value) for member in part.cls]
    if isinstance(part, inspect.LiteralType):
        return [str(value) for value in part.values]
    if isinstance(part, inspect.VarTupleType):
        items = _allowed(_parts(part.item_type))
        return [f"a list of ({', '.join(items)})"] if items else []
    if isinstance(part, inspect.TupleType):
        return [f"a list of {len(part.item_types)} of ({', '.join(_allowed(_parts(part.item_types[0])))})"]
    return []
