"""`python -m tests.bench.flash`: how long flashing takes, beside mpremote, at 115,200 baud and in the same run.

Whole commands are timed, with the start of Python, until the last board's HELLO. Bare boards are flashed, and then
again with nothing changed: by `mpremote fs cp -r` and a reset, one board after another, and by `rung flash --all`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from tests.bench.report import machine, met

from rung.firmware import OUTSIDE, build, files
from rung.link.port import Port
from rung.sim.hub import UART_BAUD, Hub
from rung_wire.host import HostLink

BOARDS = 8
HELLO_S = 60.0
CALM = "import machine; machine.WDT(timeout=600000)"
FIRST_ALL, FIRST_ONE, AGAIN_ALL = 15.0, 2.5, 8.0  # goals: so many times faster than mpremote


class Times(Struct):
    """Seconds, until the last HELLO."""

    mpremote_first: list[float]  # a board each
    mpremote_again: list[float]
    all_first: float
    all_again: float
    one_first: float
    one_again: float
    compiled_first: float  # mpremote with what `rung flash` sends, one board
    compiled_again: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.flash", description=__doc__)
    parser.add_argument("--boards", type=int, default=BOARDS, metavar="N", help=f"how many ({BOARDS})")
    boards = parser.parse_args().boards
    print(f"Flashing {boards} virtual boards at {UART_BAUD:,} baud: about {25 * boards / 60 + 1:.0f} minutes.")
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="rung-bench-") as folder:
        print(f"\n{table(measure(Path(folder), boards))}\n\n{machine()}")


def measure(folder: Path, boards: int) -> Times:
    parts = parts_of({name: source.read_bytes() for name, source in files().items()}, folder / "source")
    with Hub(folder / "mpremote", boards, baud=UART_BAUD) as hub:
        ports = [str(plugged.port) for plugged in hub.plugged]
        mpremote_first = [timed(lambda port=port: mpremote(port, parts)) for port in ports]  # type: ignore[misc]
        mpremote_again = [timed(lambda port=port: mpremote(port, parts)) for port in ports]  # type: ignore[misc]
    compiled = parts_of(compiled_files(), folder / "compiled")
    with Hub(folder / "mpremote-compiled", 1, baud=UART_BAUD) as hub:
        port = str(hub.plugged[0].port)
        compiled_first, compiled_again = (timed(lambda: mpremote(port, compiled)) for _ in range(2))
    with Hub(folder / "all", boards, baud=UART_BAUD):
        all_first = timed(lambda: rung_flash(folder / "all", boards))
        all_again = timed(lambda: rung_flash(folder / "all", boards))
    with Hub(folder / "one", 1, baud=UART_BAUD):
        one_first = timed(lambda: rung_flash(folder / "one", 1))
        one_again = timed(lambda: rung_flash(folder / "one", 1))
    return Times(
        mpremote_first, mpremote_again, all_first, all_again, one_first, one_again, compiled_first, compiled_again
    )


def parts_of(content: Mapping[str, bytes], folder: Path) -> list[str]:
    """The files in a folder, as mpremote is told to copy them."""
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return sorted(str(part) for part in folder.iterdir())


def compiled_files() -> dict[str, bytes]:
    """A board that has nothing else and these files starts its slot a."""
    slot = build().files
    outside = {name: slot[f"outside/{name}"] for name in OUTSIDE}
    return {**{f"a/{name}": data for name, data in slot.items()}, **outside, "slot": b"a\n"}


def timed(work: Callable[[], None]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def mpremote(port: str, parts: Sequence[str]) -> None:
    """What there is without Rung's own command, and a wait for the box. The watchdog would bite in mid-copy."""
    _run("-m", "mpremote", "connect", port, "exec", CALM, "+", "fs", "cp", "-r", *parts, ":", "+", "reset")
    link, line = HostLink({}), Port(port)
    end = time.monotonic() + HELLO_S
    try:
        while not any(event[0] == "hello" for event in link.receive(line.read(0.1), 0)):
            if time.monotonic() > end:
                raise TimeoutError(f"{port}: no HELLO within {HELLO_S:g} s")
    finally:
        line.close()


def rung_flash(ports: Path, boards: int) -> None:
    """The command ends after the HELLO of the last board."""
    said = _run("-m", "rung", "flash", "--all", "--yes", "--in", str(ports), "--fleet", str(ports / "fleet"))
    if f"{boards} of {boards} boards" not in said:
        raise RuntimeError(said)


def _run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stdout}{done.stderr}")
    return done.stdout


def table(times: Times) -> str:
    count = len(times.mpremote_first)
    one_first, one_again = (_middle(row) for row in (times.mpremote_first, times.mpremote_again))
    rows = [
        (f"mpremote, {count} boards one after another", sum(times.mpremote_first), sum(times.mpremote_again)),
        (f"rung flash --all, {count} boards", times.all_first, times.all_again),
        ("mpremote, one board (median)", one_first, one_again),
        ("mpremote, one board, the files compiled", times.compiled_first, times.compiled_again),
        ("rung flash, one board", times.one_first, times.one_again),
    ]
    goals = [
        (f"{count} boards, first flash", sum(times.mpremote_first) / times.all_first, FIRST_ALL),
        ("one board, first flash", one_first / times.one_first, FIRST_ONE),
        (f"{count} boards, nothing changed", sum(times.mpremote_again) / times.all_again, AGAIN_ALL),
    ]
    lines = [f"{'seconds':44}{'first':>8}{'again':>8}"]
    lines += [f"{name:44}{first:8.2f}{again:8.2f}" for name, first, again in rows]
    lines.append("")
    for name, ratio, goal in goals:
        lines.append(f"{name}: {ratio:.1f} times faster; goal {goal:g}: {met(ratio >= goal)}")
    lines.append(f"one board, nothing changed: {one_again / times.one_again:.1f} times faster")
    return "\n".join(lines)


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    main()
