"""What other desks ask, and its answers by keys, until the supervisor's page exists."""

import asyncio
from collections.abc import Callable

from rung import words as w
from rung.floor.base import Asked, Floor, FloorError
from rung.words import Reply, Verdict

KEY = "R"
HELP = f"\nasked by another desk: {KEY}, then one of the answers and perhaps a word, then Enter"


class AskKeys:
    """`KEY` begins an answer to the oldest ask; every key is its text then, until Enter."""

    def __init__(self, floor: Floor, asks: Callable[[], tuple[Asked, ...]], said: Callable[[w.Answer], None]) -> None:
        self._floor = floor
        self._asks = asks
        self._said = said
        self._text: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def prompt(self) -> str:
        if self._text is None:
            return ""
        return f"answer, then Enter ({', '.join(self._open()[0].may) if self._open() else 'nobody asks'}): {self._text}"

    def key(self, char: str) -> bool:
        """Whether it was one of these."""
        if self._text is None:
            if char != KEY:
                return False
            self._text = ""
        elif char in "\r\n":
            text, self._text = self._text, None
            self._start(text.strip())
        elif char in "\x08\x7f":
            self._text = self._text[:-1]
        elif char.isprintable():
            self._text += char
        return True

    def _open(self) -> list[Asked]:
        return [asked for asked in self._asks() if asked.over is None]

    def _start(self, text: str) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, text: str) -> None:
        reply, _, word = text.partition(" ")
        asked = next(iter(self._open()), None)
        if asked is None:
            self._say(Verdict.NOTHING, "Nobody asks anything.")
        elif reply not in asked.may:
            self._say(Verdict.REFUSED, f"{reply!r} is no answer to that; there are: {', '.join(asked.may)}.")
        else:
            try:
                await self._floor.reply(asked.desk, asked.ask, Reply(reply), word.strip())
                self._say(Verdict.TAKEN, f"{asked.desk} has it: {reply}.")
            except FloorError as error:
                self._say(Verdict.REFUSED, f"{error}.")

    def _say(self, verdict: Verdict, why: str) -> None:
        self._said(w.Answer(verdict=verdict, why=why))


def lines(asks: tuple[Asked, ...]) -> list[str]:
    """Each ask in a line, with what a supervisor reads first."""
    told = []
    for asked in asks:
        brief = asked.brief
        grounds = ", ".join(ground for ground, _ in brief.grounds) or "no ground declared"
        end = f"over: {asked.over}" if asked.over is not None else f"answers: {', '.join(asked.may)}"
        matter = f" · {brief.matter}" if brief.matter else ""
        told.append(f"{asked.desk} asks: {asked.want} · caller {brief.caller} · {grounds}{matter} · {end}")
    return told
