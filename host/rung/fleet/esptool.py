"""Write an image with esptool, in a process of its own: it prints, and ends, as it likes."""

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

from msgspec import Struct

from rung.fleet.image import Image, ImageError
from rung.link.port import Port, PortError

BAUD = 460_800
CONNECT_ATTEMPTS = 4
SAID_MAX = 2000  # lines

_DONE = re.compile(r"Writing at .* (\d+(?:\.\d+)?)%")
_MAC = re.compile(r"MAC:\s+([0-9a-f:]{17})\s")
_OTHER_CHIP = re.compile(r"This chip is (\S+), not (\S+)\.")
_FATAL = re.compile(r"fatal error occurred: (.*)")

NO_ESPTOOL = "writing an image needs esptool: install rung with its extra `flash`"


class Written(Struct, frozen=True):
    """What esptool has seen and done."""

    id: str  # of the chip, as MicroPython will call it


def write_image(port: str, image: Image, progress: Callable[[int, int], None]) -> Written:
    """Write the image and have the chip check it. ``progress``: of a hundred. Raises ImageError."""
    if find_spec("esptool") is None:
        raise ImageError(f"{port}: {NO_ESPTOOL}")
    said, code = _run(port, image, progress)
    text = "\n".join(said)
    if code or "Hash of data verified" not in text:
        raise ImageError(f"{port}: {_reason(port, image, text)}")
    mac = _MAC.search(text + "\n")
    return Written(mac[1].replace(":", "") if mac else "")


def _run(port: str, image: Image, progress: Callable[[int, int], None]) -> tuple[list[str], int]:
    # A socket has no lines that could reset a chip: it must be in its bootloader already.
    before, after = ("no-reset", "no-reset") if "://" in port else ("default-reset", "hard-reset")
    options = ["--chip", image.chip.lower().replace("-", ""), "--port", port, "--baud", str(BAUD)]
    options += ["--before", before, "--after", after, "--connect-attempts", str(CONNECT_ATTEMPTS)]
    command = [sys.executable, "-m", "esptool", *options, "write-flash", hex(image.offset), str(image.path)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    assert process.stdout is not None
    said: list[str] = []
    with process:
        for line in process.stdout:
            said = [*said[-SAID_MAX:], line.rstrip()]
            if done := _DONE.search(line):
                progress(round(float(done[1])), 100)
    return said, process.returncode


def _reason(port: str, image: Image, said: str) -> str:
    if other := _OTHER_CHIP.search(said):
        return f"the chip is {other[1]}, and {image.path} is for {image.chip}; take the image of that chip"
    if "busy or doesn't exist" in said:
        try:
            Port(port).close()
        except PortError as error:
            return str(error).removeprefix(f"{port}: ")
    if "Failed to connect" in said:
        return "no chip answers in its bootloader; hold BOOT (or GPIO0 to ground) while you plug it in, then try again"
    if "MD5" in said or "Hash" in said:
        return f"what stands in the flash is not {image.path}; write it again, and if that goes on the flash is worn"
    fatal = _FATAL.search(said)
    what = fatal[1] if fatal else said.strip().rpartition("\n")[2] or "it said nothing"
    return f"{image.path} was not written: {what.rstrip('.')}; try again"
