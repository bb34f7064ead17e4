"""The host's half of the floor: write the moment (monotonic ns) at which each of the floor program's bytes is here.

A process of its own with nothing else to do, so that the floor is as low as this computer can make it.
"""

import os
import sys
import time
import tty


def main(port: str) -> None:
    line = os.open(port, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    while data := os.read(line, 1):
        at_ns = time.monotonic_ns()
        if data == b"!":
            os.write(sys.stdout.fileno(), b"%d\n" % at_ns)


if __name__ == "__main__":
    main(sys.argv[1])
