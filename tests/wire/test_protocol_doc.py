"""PROTOCOL.md and the code say the same, in both directions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.wire.pair import new_box

import rung_wire
from rung_wire import box, codes, host, names
from rung_wire.frame import encode, pack, text_of
from rung_wire.host import HostLink

TEXT = (Path(rung_wire.__file__).parents[1] / "PROTOCOL.md").read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """The text under every heading, by "chapter/heading"."""
    found, chapter = {}, ""
    for level, title, body in re.findall(r"^(##+) (.+?)$(.*?)(?=^##|\Z)", TEXT, re.M | re.S):
        chapter = title if level == "##" else chapter
        found[title if level == "##" else f"{chapter}/{title}"] = body
    return found


SECTIONS = sections()


def table(section: str) -> list[list[str]]:
    """The rows of a section's table, without its head."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize(
    ("chapter", "frames"), [("From the box", names.BOX_FRAMES), ("From the bridge", names.HOST_FRAMES)]
)
def test_frames_and_fields(chapter: str, frames: dict[str, Any]) -> None:
    told = {name: [tuple(row[:3]) for row in table(name)] for name in SECTIONS if name.startswith(f"{chapter}/")}
    coded = {}
    for kind, (name, fields) in frames.items():
        rows = [
            (field, form, str(max(map(len, rule)) if form == names.ONE_OF else rule)) for field, form, rule in fields
        ]
        coded[f"{chapter}/{name} `{kind}`"] = rows
    assert told == coded


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("Buttons", names.BUTTONS),
        ("Next buttons", names.NEXT_BUTTONS),
        ("Gestures", names.GESTURES),
        ("Lamp states", names.LAMP_STATES),
        ("Lamp marks", names.LAMP_MARKS),
        ("Verdicts", names.VERDICTS),
        ("Reset causes", names.RESET_CAUSES),
    ],
)
def test_values(section: str, values: tuple[str, ...]) -> None:
    rows = table(f"Codes/{section}")
    assert tuple(row[0] for row in rows) == values
    assert all({**vars(codes), **vars(names)}[name] == code for code, name, _ in rows)


def test_every_list_of_codes_is_told() -> None:
    listed = {
        rule
        for frames in (names.BOX_FRAMES, names.HOST_FRAMES)
        for _, fields in frames.values()
        for _, form, rule in fields
        if form == names.ONE_OF
    }
    told = {tuple(row[0] for row in table(name)) for name in SECTIONS if name.startswith("Codes/")}
    assert told == listed | {names.LAMP_STATES, names.LAMP_MARKS}


UNITS = {"MS": "ms", "BYTES": "bytes", "CHARS": "characters"}


def test_limits_and_timers() -> None:
    rows = table("Limits") + table("Timers")
    numbers = {
        name: value
        for name, value in (*vars(codes).items(), *vars(host).items())
        if isinstance(value, int) and name.isupper() and name[0] != "_"
    }
    del numbers["PROTOCOL"], numbers["TYPE_CHECKING"]
    assert {name: int(value) for name, value, _, _ in rows} == numbers
    assert len(rows) == len(numbers)
    for name, _, unit, reason in rows:
        assert unit == UNITS.get(name.rsplit("_", 1)[1], unit) and unit and reason
    assert all(name.endswith("_MS") for name, *_ in table("Timers"))


@pytest.mark.parametrize(
    ("section", "handlers", "frames"),
    [
        ("States/States of the box", box.HANDLERS, names.HOST_FRAMES),
        ("States/States of the bridge", host.HANDLERS, names.BOX_FRAMES),
    ],
)
def test_states(section: str, handlers: dict[Any, Any], frames: dict[str, Any]) -> None:
    module = box if handlers is box.HANDLERS else host
    states = {value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)}
    rows = table(section)
    assert {row[0] for row in rows} == states
    told = {(state, name) for state, handled, _ in rows for name in handled.split()}
    assert told == {(state, frames[kind][0]) for state, kind in handlers}


def test_precedence() -> None:
    rows = table("What a lamp shows")
    assert tuple(row[0] for row in rows) == codes.PRECEDENCE
    assert all(all(row) for row in rows)


def test_counters() -> None:
    ends = {"box": new_box(), "bridge": HostLink({})}
    told = {(end, name) for name, ends_of, _ in table("Counters") for end in (ends if ends_of == "both" else [ends_of])}
    coded = {
        (end, name)
        for end, link in ends.items()
        for name in dir(link)
        if not name.startswith("_") and isinstance(getattr(link, name), int) and name != "session"
    }
    assert told == coded


def test_the_frame_in_the_diagram_is_a_frame() -> None:
    drawn = SECTIONS["Frame"].split("```")[1].strip().splitlines()[0].replace("........", "").split()
    assert "".join(drawn[:-1]).encode() + b"\n" == encode(text_of("P", 0, 1, pack("P", (1, "E", "t", 3, 0x19))))


def test_sequences_speak_of_frames_that_exist() -> None:
    known = {name for frames in (names.BOX_FRAMES, names.HOST_FRAMES) for name, _ in frames.values()}
    arrows = re.findall(r"^ +(Box|Bridge)-[-x>]+(Box|Bridge): ([A-Z]+)", TEXT, re.M)
    assert len(arrows) > 20
    for sender, _, name in arrows:
        frames = names.BOX_FRAMES if sender == "Box" else names.HOST_FRAMES
        assert name in known and name in {one for one, _ in frames.values()}
