"""Why a port cannot be opened, in words that mend it."""

import errno
import os
import sys
from pathlib import Path

_BUSY = (errno.EAGAIN, errno.EBUSY)  # another program holds the port's lock, or has asked for it alone
_PROCESSES = Path("/proc")
RULE = Path(__file__).with_name("60-rung.rules")  # of udev


def why(port: str, error: Exception) -> str:
    """One line."""
    number = getattr(error, "errno", None)
    is_denied = number == errno.EACCES or "PermissionError" in str(error)
    if number in _BUSY or (is_denied and sys.platform == "win32"):
        return f"another program holds it{_holder(port)}; end that program (a bridge, mpremote, a terminal)"
    if is_denied and sys.platform == "linux":
        return f"you may not open it: sudo cp {RULE} /etc/udev/rules.d/ and plug the box in anew"
    if is_denied:
        return "you may not open it; see host/README.md, Ports"
    if number == errno.ENOENT or (sys.platform == "win32" and "FileNotFoundError" in str(error)):
        return 'it is not there; plug the box in, or name its port in rung.toml (box.port = "auto" finds it)'
    if "://" in port:
        return f"{error}; is what serves it running, and free?"
    return f"{error}; plug the box in anew, or name another port in rung.toml"


def _holder(port: str) -> str:
    """Who has the port open, where one may see that (Linux, and one's own programs)."""
    try:
        device = Path(port).stat().st_rdev
        for process in _PROCESSES.iterdir():
            if process.name.isdigit() and process.name != str(os.getpid()) and _has_open(process, device):
                return f" ({(process / 'comm').read_text().strip()}, process {process.name})"
    except OSError:
        pass
    return ""


def _has_open(process: Path, device: int) -> bool:
    try:
        return any(_device(opened) == device for opened in (process / "fd").iterdir())
    except OSError:  # not one's own, or it has ended
        return False


def _device(opened: Path) -> int:
    try:
        return opened.stat().st_rdev
    except OSError:
        return 0
