"""The last few failures of the firmware, in a file: read them with `mpremote fs cat :crashes`."""

import io
import sys

from rung_wire.codes import TEXT_CHARS

FILE = "/crashes"  # entries, newest first, an empty line between them
_UNTOLD = "untold "  # before the newest, until a bridge has heard of it
_KEPT = 4
_MOST_CHARS = 800  # of an entry
WHAT_CHARS = 40  # of what fits into a frame


def keep(error: BaseException) -> None:
    """Note an exception with its traceback."""
    text = io.StringIO()
    sys.print_exception(error, text)
    trace = text.getvalue()
    _add(_what(error, trace) + "\n" + trace.strip())


def keep_bite() -> None:
    """Note that the watchdog ended the last life: nobody knows where it hung."""
    _add("watchdog")


def newest() -> str:
    """What failed last, in a few words; empty when nothing has."""
    entries = _entries()
    return entries[0].split("\n")[0].replace(_UNTOLD, "") if entries else ""


def untold() -> str:
    """The same, if no bridge has heard of it yet."""
    entries = _entries()
    return newest() if entries and entries[0].startswith(_UNTOLD) else ""


def told() -> None:
    """A bridge has heard of it."""
    if untold():
        _write([entry.replace(_UNTOLD, "") for entry in _entries()])


def _what(error: BaseException, trace: str) -> str:
    """Which, where and why, in the letters that a frame may carry."""
    place = ""
    for line in trace.split("\n"):
        if line.startswith("  File "):
            parts = line.split('"')
            place = parts[1].split("/")[-1] + parts[2].split(",")[1].replace(" line ", "-")
    words = "%s-%s-%s" % (type(error).__name__, place, error)
    return sendable(words)


def sendable(words: str) -> str:
    """As much of it as a frame carries, in its letters."""
    return "".join([char if char in TEXT_CHARS else "-" for char in words[:WHAT_CHARS]]).strip("-")


def _add(entry: str) -> None:
    _write([_UNTOLD + entry[:_MOST_CHARS]] + [old.replace(_UNTOLD, "") for old in _entries()[: _KEPT - 1]])


def _entries() -> "list[str]":
    try:
        with open(FILE) as file:
            return [entry for entry in file.read().split("\n\n") if entry]
    except OSError:
        return []


def _write(entries: "list[str]") -> None:
    with open(FILE, "w") as file:  # littlefs takes the new content whole or not at all, when it is closed
        file.write("\n\n".join(entries) + "\n")
