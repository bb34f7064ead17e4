"""The one mapping between words and wire codes. A word without a code, or a code without a word, fails a test."""

from rung.words import Answer, Button, Gesture, LampMark, Lamps, LampState, Pressed, Verdict
from rung_wire import codes, names

BUTTON = {Button.ESCALATE: names.ESCALATE, Button.WARN: names.WARN, Button.RELEASE: names.RELEASE}
GESTURE = {Gesture.TAP: codes.TAP, Gesture.HOLD: codes.HOLD, Gesture.CHORD: codes.CHORD}
STATE = {
    LampState.OFF: codes.OFF,
    LampState.LIT: codes.LIT,
    LampState.BREATHING: codes.BREATHING,
    LampState.BLINKING: codes.BLINKING,
    LampState.REFUSED: codes.REFUSED,
    LampState.DONE: codes.DONE,
}
MARK = {LampMark.NONE: codes.NO_MARK, LampMark.FILLING: codes.FILLING, LampMark.ALONE: codes.ALONE}
VERDICT = {
    Verdict.TAKEN: names.TAKEN,
    Verdict.REFUSED: codes.PRESS_REFUSED,
    Verdict.TOO_LATE: codes.TOO_LATE,
    Verdict.NOTHING: names.NOTHING,
}
_BUTTON_OF = {code: button for button, code in BUTTON.items()}
_GESTURE_OF = {code: gesture for gesture, code in GESTURE.items()}

WireLamps = tuple[int, tuple[tuple[str, str], ...], int]


def press_from_wire(box: str, boot: str, number: int, buttons: str, gesture: str, epoch: int, age_ms: int) -> Pressed:
    return Pressed(
        box=box,
        boot=boot,
        number=number,
        buttons=tuple(_BUTTON_OF[b] for b in buttons),
        gesture=_GESTURE_OF[gesture],
        epoch=epoch,
        age_ms=age_ms,
    )


def lamps_to_wire(lamps: Lamps, elapsed_ms: int = 0) -> WireLamps:
    """``elapsed_ms``: how long ago these lamps were decided; a countdown has gone on since."""
    shown = (lamps.escalate, lamps.warn, lamps.release)
    tenths = min(0xFFF, -(-max(0, lamps.fill_ms - elapsed_ms) // 100))
    return lamps.epoch, tuple((STATE[lamp.state], MARK[lamp.mark]) for lamp in shown), tenths


def result_to_wire(answer: Answer) -> tuple[str, str]:
    return VERDICT[answer.verdict], BUTTON[answer.next] if answer.next else codes.NO_BUTTON
