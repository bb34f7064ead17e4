"""Each mistake in a file as one line: the key, what is wrong, and what is allowed there."""

import copy
import re
from collections.abc import Iterator
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


# What stands in for a value of another type, so that what comes after it can be read.
_STANDS_IN: dict[type[inspect.Type], Any] = {
    inspect.IntType: 0,
    inspect.FloatType: 0,
    inspect.BoolType: False,
    inspect.StrType: "",
    inspect.VarTupleType: [],
    inspect.DictType: {},
}


def wrong_types(kind: type, data: dict[str, Any]) -> Iterator[str]:
    """Everything for which ``data`` is no ``kind``: a key that is unknown or missing, a value of another type.

    ``data`` is no longer the file's afterwards: msgspec tells the first mistake, that one is put right, and it is asked
    again. Where it is not known what kind of table was meant, nothing more is told.
    """
    while True:
        try:
            msgspec.convert(data, kind)
            return
        except msgspec.ValidationError as error:
            yield explain(error, kind, data)
            if not _put_right(error, kind, data):
                return


def _put_right(error: msgspec.ValidationError, kind: type, data: dict[str, Any]) -> bool:
    """Take out what is unknown, or let something stand in. Could it be done?"""
    what, key = _told(error)
    path = _path(key, error, kind, data)
    if found := re.fullmatch(r"Object (contains unknown|missing required) field `(.*)`", what, re.DOTALL):
        path.append(found[2])
        key = f"{key}.{found[2]}"
    here: Any = data
    for step in path[:-1]:
        here = here[step]
    if found and found[1] == "contains unknown":
        del here[path[-1]]
        return True
    of = _parts_at(inspect.type_info(kind), key.rpartition(".")[0], data)
    if not of or any(isinstance(part, inspect.StructType) and part.tag_field == path[-1] for part in map(bare, of)):
        return False  # what kind of table was meant?
    here[path[-1]] = _stand_in(_parts_at(inspect.type_info(kind), key, data)[0])
    return True


def _stand_in(kind: inspect.Type) -> Any:
    part = bare(_parts(kind)[0])
    if isinstance(part, inspect.EnumType):
        return next(iter(part.cls)).value
    if isinstance(part, inspect.LiteralType):
        return part.values[0]
    if isinstance(part, inspect.TupleType):
        return [_stand_in(item) for item in part.item_types]
    if isinstance(part, inspect.StructType):
        return {f.encode_name: _stand_in(f.type) for f in part.fields if f.required}
    return copy.copy(_STANDS_IN.get(type(part)))


def explain(error: msgspec.ValidationError, kind: type, data: dict[str, Any]) -> str:
    """Word msgspec's ``error``, from reading ``data`` as a ``kind``, as ``key: what is wrong; allowed: ...``."""
    what, key = _told(error)
    found = re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL)
    parts = _parts_at(inspect.type_info(kind), key, data)
    if words := _allowed(parts):
        mend = f"; allowed: {', '.join(words)}"
    else:
        mend = f"; write {' or '.join(filter(None, map(_write, parts)))}"
    key = _named(_path(key, error, kind, data))
    if found:
        key, what = (f"{key}.{found[1]}" if key else found[1]), "unknown key"
    return one_line(f"{key or 'top level'}: {what}{mend}")  # a key may hold anything, also the end of a line


def _told(error: msgspec.ValidationError) -> tuple[str, str]:
    """What is wrong, and the key as msgspec writes it."""
    what, _, where = str(error).partition(" - at ")
    return what, where.strip("`").removeprefix("$")


def _path(key: str, error: msgspec.ValidationError, kind: type, data: dict[str, Any]) -> list[Any]:
    """The steps to the value, with the names of tables' own entries, for which msgspec writes `[...]`."""
    here: Any = data
    path: list[Any] = []
    for step in _STEP.finditer(key):
        if step[0] == "[...]":
            path.append(next(entry for entry in list(here) if _alone(here, entry, error, kind, data)))
        else:
            path.append(step[1] or int(step[0][1:-1]))
        here = here[path[-1]] if isinstance(here, list) or path[-1] in here else None
    return path


def _named(path: list[Any]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


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
        if isinstance(data, list):
            data = data[int(step[0][1:-1])]
        else:
            data = data.get(step[1]) if isinstance(data, dict) else None
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
