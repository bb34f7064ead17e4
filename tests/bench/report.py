"""Figures out of samples, with the goals beside them."""

import os
import platform
from collections.abc import Iterable
from math import ceil
from pathlib import Path

from tests.bench.desk import Samples

TIMES_FLOOR = 3.0  # goal: (a) within this many times the floor, at p99
KNOWN_TO_PHONE_MS = 10.0  # goal: (a) to (c) under this, at p99


def quantile(samples: list[int], part: float) -> float:
    """In ms, by nearest rank: a value that was measured."""
    return sorted(samples)[ceil(part * len(samples)) - 1] / 1e6


def table(samples: Samples) -> str:
    rows = [
        ("floor: one byte from the edge", samples.byte),
        ("floor: one write and its fsync", samples.sync),
        ("(a) press known to the bridge", samples.known),
        ("(b) durable record", samples.durable),
        ("(c) command at the phone", samples.at_phone),
        ("(d) caller's phone closed", samples.closed),
        ("(a) to (c)", samples.known_to_phone),
        ("floor: a phone's hang-up alone", samples.phone_alone),
        ("the bridge's command to (d)", samples.sent_to_closed),
    ]
    return figures(rows)


def figures(rows: Iterable[tuple[str, list[int]]], width: int = 32) -> str:
    """A line for each: how many, and in ms the median, p99 and the most."""
    lines = [f"{'ms':{width}}{'n':>5}{'median':>9}{'p99':>9}{'max':>9}"]
    for name, values in rows:
        found = "".join(f"{quantile(values, part):9.2f}" for part in (0.5, 0.99, 1))
        lines.append(f"{name:{width}}{len(values):5}{found}")
    return "\n".join(lines)


def goals(samples: Samples) -> str:
    times = quantile(samples.known, 0.99) / quantile(samples.byte, 0.99)
    ms = quantile(samples.known_to_phone, 0.99)
    medians = quantile(samples.known, 0.5) / quantile(samples.byte, 0.5)
    alone = quantile(samples.sent_to_closed, 0.99) / quantile(samples.phone_alone, 0.99)
    return "\n".join(
        [
            f"(a) is {times:.2f} times the floor at p99 ({medians:.2f} at the median); "
            f"goal {TIMES_FLOOR:g}: {met(times <= TIMES_FLOOR)}",
            f"(a) to (c) takes {ms:.2f} ms at p99; goal {KNOWN_TO_PHONE_MS:g}: {met(ms < KNOWN_TO_PHONE_MS)}",
            f"the bridge's command to (d) is {alone:.2f} times a phone's hang-up alone at p99",
            f"noise: the floor's p99 is {quantile(samples.byte, 0.99) / quantile(samples.byte, 0.5):.2f} times its "
            f"median, its middle 80 % span {quantile(samples.byte, 0.9) - quantile(samples.byte, 0.1):.2f} ms",
        ]
    )


def met(goal: bool) -> str:
    return "met" if goal else "MISSED"


def machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    load = ", ".join(f"{part:.2f}" for part in os.getloadavg())
    kernel = ".".join(platform.release().split(".")[:2])
    software = f"Linux {kernel}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores of {model}, {software}; load {load}"


def _lines(file: str) -> list[str]:
    return Path(file).read_text().splitlines()
