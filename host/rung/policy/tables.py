"""A file in TOML, as it comes from any editor; or one line that says what is wrong with it, and the mend."""

import re
import tomllib
from typing import Any

LONGEST_NUMBER = re.compile(r"[\d_]{4300}")  # what Python still reads


# What a person mostly has done where the reader of TOML says so, and the mend.
_MENDS = {
    "Cannot declare": "write [[...]] with two brackets for each of several",
    "Cannot overwrite": "each key stands once; write [[...]] with two brackets for each of several tables",
    "Invalid value": 'write text between straight quotes: "...", and true or false in small letters',
    "Illegal character": "write text on one line between quotes, or between three quotes each if it has several",
    "Unclosed": "close the bracket, and part with commas what stands in it",
    "Invalid initial": "keep { ... } on one line, with commas between its keys and none after the last",
    "Expected '='": "write key = value",
    "Expected newline": "write one key = value a line, and numbers without a unit",
    "Invalid statement": "write key = value, a [table], or # and a remark",
}


class TablesError(Exception):
    """It cannot be read; the message is one line, without the file's name."""


def tables(source: str | bytes) -> dict[str, Any]:
    """The tables of a file. Raises TablesError."""
    text = _text(source) if isinstance(source, bytes) else source
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = one_line(str(error))
        mend = next((mend for begins, mend in _MENDS.items() if what.startswith(begins)), "")
        raise TablesError(f"not valid TOML: {what}{mend and f'; {mend}'}") from None
    except RecursionError:
        raise TablesError("not valid TOML: lists or tables stand too deep in each other; write them flat") from None
    except ValueError:
        lines = text.splitlines()
        at = next((n for n, line in enumerate(lines, 1) if LONGEST_NUMBER.search(line)), len(lines))
        raise TablesError(f"not valid TOML: a number has too many digits (at line {at}); write a shorter one") from None


def _text(source: bytes) -> str:
    """Some editors begin a file with a mark of its encoding, which is no part of the text."""
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = source[: error.start].count(b"\n") + 1
        raise TablesError(f"is not UTF-8 (at line {at}); save it as UTF-8 in your editor") from None


def one_line(text: str) -> str:
    """The text with whatever cannot be seen, or would end the line, written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
