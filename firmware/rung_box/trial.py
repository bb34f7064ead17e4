"""The trial of a slot, as its own firmware sees it. boot.py has the rest of it, and the format of the pointer."""

import os

POINTER = "/slot"
PROMPT_MS = 600_000


def passed() -> None:
    """A host has answered the box: this slot starts from now on, whatever happens."""
    try:
        words = _words()
        if len(words) == 3:
            with open(POINTER + ".new", "w") as file:
                file.write(words[0] + "\n")
            os.rename(POINTER + ".new", POINTER)
    except OSError:  # no slots, or a full flash: the next answer is another chance
        pass


def interrupted() -> None:
    """Somebody is at the prompt: a bite of the watchdog there would end the trial and say nothing of the firmware."""
    if len(_words()) == 3:
        import machine

        machine.WDT(timeout=PROMPT_MS)


def _words() -> "list[str]":
    with open(POINTER) as file:
        return file.read().split()
