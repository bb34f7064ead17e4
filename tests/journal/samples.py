"""Events to fill a journal with."""

from rung.words import (
    Answer,
    Button,
    CaseClosed,
    CaseOpened,
    EndedBy,
    Event,
    Gesture,
    PressAnswered,
    Pressed,
    PressRecorded,
    Verdict,
)


def press(number: int, box: str = "b0x", boot: str = "b1") -> list[Event]:
    """What the desk records for one press."""
    pressed = Pressed(
        box=box, boot=boot, number=number, buttons=(Button.WARN,), gesture=Gesture.TAP, epoch=1, age_ms=12
    )
    answer = Answer(verdict=Verdict.TAKEN, why="warned")
    return [PressRecorded(pressed, "ann"), PressAnswered(number, answer)]


def opened(case: str) -> CaseOpened:
    return CaseOpened(case=case, epoch=1, call="c1", direction="in", policy="warm-transfer", version="1")


def closed(case: str) -> CaseClosed:
    return CaseClosed(case=case, how="caller_left", by=EndedBy.THEM)
