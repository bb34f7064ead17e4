"""The end of a slot's trial: a host has answered the box. boot.py has the rest of it, and the format of the pointer."""

import os

POINTER = "/slot"


def passed() -> None:
    """The slot that runs starts from now on, whatever happens."""
    try:
        with open(POINTER) as file:
            words = file.read().split()
        if len(words) == 3:
            with open(POINTER + ".new", "w") as file:
                file.write(words[0] + "\n")
            os.rename(POINTER + ".new", POINTER)
    except OSError:  # no slots, or a full flash: the next answer is another chance
        pass
