"""How far each board is: a bar each in a terminal, else a line for each stage; and plain tables."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns stand under each other; what is empty shows as a dash."""
    table = [list(head), *([cell or "-" for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    )


class Shown:
    """Where the boards' threads tell how far they are, and the command its outcomes."""

    def tell(self, port: str, stage: str, done: int = 0, all: int = 0) -> None:
        raise NotImplementedError

    def over(self, port: str, line: str) -> None:
        """The board's last line."""
        raise NotImplementedError


@contextlib.contextmanager
def shown(names: dict[str, str]) -> Iterator[Shown]:
    """``names``: what each port's board is called."""
    if sys.stdout.isatty():
        with _bars(names) as bars:
            yield bars
    else:
        yield _Lines()


class _Lines(Shown):
    def __init__(self) -> None:
        self._stages: dict[str, str] = {}
        self._lock = threading.Lock()

    def tell(self, port: str, stage: str, done: int = 0, all: int = 0) -> None:
        with self._lock:
            if self._stages.get(port) != stage:
                self._stages[port] = stage
                print(f"{port}: {stage}", flush=True)

    def over(self, port: str, line: str) -> None:
        with self._lock:
            print(line, flush=True)


@contextlib.contextmanager
def _bars(names: dict[str, str]) -> Iterator[Shown]:
    from rich.progress import BarColumn, Progress, TextColumn

    name_of, stage_of = (TextColumn(words, markup=False) for words in ("{task.description}", "{task.fields[stage]}"))
    with Progress(name_of, BarColumn(), stage_of) as progress:
        tasks = {port: progress.add_task(name, total=None, stage="waits") for port, name in names.items()}

        class Bars(Shown):
            def tell(self, port: str, stage: str, done: int = 0, all: int = 0) -> None:
                # None leaves the bar as it is.
                progress.update(tasks[port], stage=stage, completed=done if all else None, total=all or None)

            def over(self, port: str, line: str) -> None:
                progress.update(tasks[port], stage="over", completed=1, total=1)
                progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

        yield Bars()
