"""How lamps are drawn where there are none, in a terminal and on a page: colour is never the only signal."""

from rung.words import LampState

SIGNS = {
    LampState.OFF: "○",
    LampState.LIT: "●",
    LampState.BREATHING: "◉",
    LampState.BLINKING: "◌",
    LampState.REFUSED: "✖",
    LampState.DONE: "✔",
}
