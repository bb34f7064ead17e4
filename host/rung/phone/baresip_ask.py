"""What baresip is asked: which version it is, and all its calls of one instant."""

import re
from collections.abc import Callable

from rung.phone.baresip_calls import Printed, current_of, lines_of, printed
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.ctrl_tcp import Command, ControlLine, Reply

_TRIES = 5
_VERSION = re.compile(r"\b(\d+)\.(\d+)\.\d+")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


async def version_of(line: ControlLine) -> tuple[int, int]:
    """PhoneError if it is no baresip."""
    about = _COLOUR.sub("", (await line.ask(("about", "")))[0].text)
    version = _VERSION.search(about)
    if version is None:
        raise PhoneError("what listens there is no baresip")
    return int(version[1]), int(version[2])


async def look(host: str, port: int) -> str:
    """What runs there, in a line. PhoneError if it is no baresip; it asks nothing of a call."""
    line = await ControlLine.connect(host, port, lambda event: None)
    try:
        major, minor = await version_of(line)
        listed = (await line.ask(("listcalls", "")))[0].text
    finally:
        await line.close()
    return f"{host}:{port}: baresip {major}.{minor}, {len(lines_of(listed))} calls"


async def snapshot(line: ControlLine, then: Callable[[list[Printed]], object]) -> None:
    """Every call of one instant, handed to ``then`` before anything later is heard.

    `callstat` prints the current call alone, so each line is made the current one, and the old one again, in one write.
    """
    listed = (await line.ask(("listcalls", "")))[0].text
    for _ in range(_TRIES):
        lines, back = sorted(lines_of(listed)), current_of(listed)
        questions: list[Command] = [q for n in lines for q in (("line", str(n)), ("callstat", ""))]
        questions += [("listcalls", ""), *([("line", str(back))] if back is not None else [])]
        whole: list[bool] = []

        def read(replies: list[Reply], lines: list[int] = lines, whole: list[bool] = whole) -> None:
            held = lines_of(replies[2 * len(lines)].text)
            if sorted(held) == lines:
                whole.append(True)
                each = [printed(replies[2 * i + 1].text, held[n]) for i, n in enumerate(lines)]
                then([call for call in each if call is not None])

        replies = await line.ask(*questions, then=read)
        if whole:
            return
        listed = replies[2 * len(lines)].text
    raise PhoneUnsureError("baresip's calls change faster than they can be read")


def dialled(target: str) -> str:
    """An address, or an extension that baresip completes by its account's domain. PhoneError for anything odd."""
    if not target or not target.isascii() or any(c <= " " or c in '<>"' for c in target):
        raise PhoneError(f"{target!r} cannot be dialled")
    return f"sip:{target}" if "@" in target and not target.startswith(("sip:", "sips:")) else target
