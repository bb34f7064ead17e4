# mypy: ignore-errors
"""Inside the VM: one life of the box, from reset to the REPL's prompt, as ESP32's main.c has it.

boot.py always runs, main.py only when the REPL is friendly. Then the VM's own REPL takes over.
"""

import io
import json
import os
import sys

import micropython
import vfs

micropython.kbd_intr(-1)  # as on silicon: not before boot.py

_config = json.loads(os.getenv("RUNG_LIFE"))
_here, _raw_mark = _config["here"], _config["raw"] and _config["raw_mark"]
unique_id = bytes(_config["unique_id"])
reset_cause = _config["reset_cause"]
rtc = bytes(_config["rtc"])


def _run(name):
    """Run a file as `__main__`; say whether the REPL may follow (no: it asked for a soft reset)."""
    try:
        micropython.kbd_intr(3)
        execfile(name, __import__("__main__").__dict__)  # noqa: F821
        micropython.kbd_intr(-1)
    except SystemExit:
        micropython.kbd_intr(-1)
        return False
    except BaseException as error:
        micropython.kbd_intr(-1)
        _print_traceback(error)
    return True


def _print_traceback(error):
    """Print it without the frames of this folder, which no box has."""
    text = io.StringIO()
    sys.print_exception(error, text)
    for line in text.getvalue().splitlines():
        if _here not in line and '"/rom/' not in line:
            print(line)


def run():
    """After the import: what that has needed is garbage by then."""
    if not _is_mounted:
        _flash.complain()
    for name in ("boot.py", "main.py"):
        if name == "main.py" and _raw_mark:
            break
        try:
            os.stat(name)
        except OSError:
            continue
        if not _run(name):
            _wires.send(b"S")
            while True:  # the board ends this life
                _wires.time.sleep_ms(100)
    if _raw_mark:
        sys.stdout.write(_raw_mark)


# What stands in for the chip's own modules. It can be had after the flash is mounted, too.
vfs.mount(vfs.VfsPosix(_here), "/rom")
sys.path[:] = ["/rom"]

import _wires  # noqa: E402
import machine  # noqa: E402, F401
import neopixel  # noqa: E402, F401

_wires.replace("time", "ticks_ms", _wires.ticks_ms)

_flash = __import__("_folder" if os.stat(_config["flash"])[0] & 0x4000 else "_flash")
_wires.attach(_config["fd"], _config["levels"])
_is_mounted = _flash.mount(_config["flash"])
sys.path[:] = ["", ".frozen", "/lib"]
sys.argv[:] = [""]
del _config
_wires.send(b"B")
