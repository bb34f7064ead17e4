"""The box stays alive: watchdog, what it keeps of a failure, safe mode, maintenance, presses that a reset caught."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.box_rig import mpremote, wait_for
from tests.real.host_end import PATIENCE_S, HostEnd

from rung import firmware
from rung.link.keys import keep_key
from rung.sim.box import Pixels, VirtualBox
from rung.sim.flash import KEY, SLOT, install
from rung.sim.rom import Cause
from rung_wire import codes

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

HEAP = "64wK"
DARK = ((0, 0, 0),) * 3
RELEASE = 2
KEPT = ["ValueError--4", "ValueError--3", "ValueError--2"]
# So that nobody waits for long: what follows is about the order of things.
HASTE = {
    ("rung_box/watchdog.py", "WATCHDOG_MS = 8000"): "WATCHDOG_MS = 1500",
    ("rung_box/watchdog.py", "FEED_MS = 1000"): "FEED_MS = 300",
    ("rung_box/failure.py", "SHOWN_MS = 3000"): "SHOWN_MS = 400",
}
FOR_EVER = "__import__('time').sleep(1000)"


def change(flash: Path, file: str, old: str, new: str) -> None:
    """Break a part of the firmware in a box's flash: its source is loaded before what was compiled."""
    broken = flash / SLOT / file
    text = (broken if broken.exists() else firmware.files()[file]).read_text()
    assert old in text, f"{file} has no {old!r}"
    broken.write_text(text.replace(old, new))


def mend(flash: Path, file: str) -> None:
    """Take back what `change` did to it."""
    (flash / SLOT / file).unlink()


@pytest.fixture
def flash(flash: Path) -> Path:
    install(flash)
    for (file, old), new in HASTE.items():
        change(flash, file, old, new)
    return flash


@pytest.fixture
def box(flash: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP) as box:
        yield box


def _reset(box: VirtualBox, cause: Cause = "pin") -> None:
    life = box.life
    box.reset(cause)
    box.wait_life(life + 1, PATIENCE_S)


def _wanders(pixels: Pixels) -> bool:
    """One amber light: safe mode."""
    return sorted(pixels) == [(0, 0, 0), (0, 0, 0), (90, 45, 0)]


# -- the watchdog ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self._contacts.service(now)\n            self._turn", "{for_ever}\n            self._turn"),
        ("data = self._line.read()", "data = {for_ever}"),
        ("signals = self._panel.signals(now)", "signals = {for_ever}"),
        ("self._line.wait(", "while True:\n                pass\n            ("),
    ],
    ids=["buttons", "line", "lamps", "a loop without end"],
)
def test_whatever_hangs_starves_the_watchdog(flash: Path, tmp_path: Path, old: str, new: str) -> None:
    change(flash, "rung_box/app.py", old, new.format(for_ever=FOR_EVER))
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP) as box, HostEnd(box.port) as host:
        wait_for(lambda: host.turn() or box.life > 1)
        assert box.lives()[1].cause == "watchdog"


def test_a_box_at_work_or_at_rest_is_not_bitten(box: VirtualBox) -> None:
    with HostEnd(box.port) as host:
        host.wait("up")
        host.is_still("lost", 2.0)
    time.sleep(2.0)  # nobody has the port open
    assert box.life == 1


def test_a_lone_ctrl_c_costs_the_box_a_reset_and_nothing_more(box: VirtualBox) -> None:
    with HostEnd(box.port) as host:
        host.wait("up")
        host.write(b"\x03")
        assert host.wait("hello")[5] == codes.BY_WATCHDOG
        host.wait("up")
        assert [life.cause for life in box.lives()] == ["power", "watchdog"]
        assert "trouble" not in [event[0] for event in host.events], "nothing has failed"


# -- failures ----------------------------------------------------------------------------------------------------------


def test_a_failure_is_kept_and_told_until_a_bridge_has_heard_it(box: VirtualBox, flash: Path) -> None:
    change(flash, "rung_box/app.py", "signals = self._panel.signals(now)", "raise ValueError('a bit, fallen over')")
    _reset(box)
    box.wait_life(3, PATIENCE_S)
    mend(flash, "rung_box/app.py")
    with HostEnd(box.port) as host:
        _, unique_id, trouble, what, trust = host.wait("trouble")
        assert (unique_id, trouble, trust) == (box.unique_id, codes.RESTARTED, "paired")
        assert what.startswith("ValueError-app.py-")
        host.wait("up")
        host.show(7, "lll")
        kept = (flash / "crashes").read_text()
        assert kept.startswith(what) and "Traceback" in kept and "a bit, fallen over" in kept
        box.reset("software")
        host.wait("hello")
        host.wait("up")
        assert "trouble" not in [event[0] for event in host.events]


def test_the_ring_keeps_the_last_few(box: VirtualBox, flash: Path) -> None:
    keep = "from rung_box import crashes\nfor n in range(6): crashes.keep(ValueError(str(n) + '.' * 3000))"
    mpremote(box, "exec", keep)
    kept = (flash / "crashes").read_text()
    assert re.findall(r"^(?:untold )?ValueError--\d", kept, re.M) == ["untold ValueError--5", *KEPT]
    assert len(kept) < 4000


def test_three_failures_in_a_row_are_safe_mode_and_it_can_be_mended(
    box: VirtualBox, flash: Path, tmp_path: Path
) -> None:
    change(flash, "rung_box/panel.py", "from rung_box", "from rung_bux")
    _reset(box)
    box.wait_lamps(_wanders, PATIENCE_S)
    with HostEnd(box.port) as host:
        assert host.wait("trouble")[1:4] == (box.unique_id, codes.SAFE, "ImportError-panel.py-6-no-module-named")
    first = box.lamps()
    box.wait_lamps(lambda pixels: _wanders(pixels) and pixels != first, PATIENCE_S)
    keep_key(tmp_path / "desk" / "keys", box.unique_id, KEY)
    code, said = _rung(box, tmp_path, "doctor")
    assert code == 1 and f"{box.port}: box {box.unique_id} is in safe mode" in said and "ImportError-panel.py" in said
    life = box.life
    time.sleep(2)
    assert box.life == life, "no watchdog bites while it is mended"
    mend(flash, "rung_box/panel.py")
    mpremote(box, "reset")
    with HostEnd(box.port) as host:
        host.wait("up")


def test_taking_the_power_away_is_another_try(box: VirtualBox, flash: Path) -> None:
    change(flash, "rung_box/start.py", "App(setup", "Upp(setup")
    _reset(box)
    box.wait_lamps(_wanders, PATIENCE_S)
    box.unplug()
    mend(flash, "rung_box/start.py")
    box.plug()
    with HostEnd(box.port) as host:
        host.wait("up")


# -- maintenance -------------------------------------------------------------------------------------------------------


def _rung(box: VirtualBox, folder: Path, command: str) -> tuple[int, str]:
    config = folder / "rung.toml"
    config.write_text(
        f'[desk]\nstate = "{folder / "desk"}"\nperson = "agent-17"\n[box]\nport = "{box.port}"\n'
        '[phone]\nuser = "agent"\nsupervisors = "sip:s@127.0.0.1"\nlisten = "127.0.0.1:0"\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "rung", command, "-c", str(config)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def test_maintenance_leaves_the_board_to_mpremote_for_longer_than_the_watchdog(box: VirtualBox, tmp_path: Path) -> None:
    keep_key(tmp_path / "desk" / "keys", box.unique_id, KEY)
    code, said = _rung(box, tmp_path, "maintain")
    assert code == 0 and f"box {box.unique_id} is at the prompt" in said
    box.wait_lamps(lambda pixels: pixels == DARK, PATIENCE_S)
    assert mpremote(box, "exec", "import time; time.sleep(2); print('still here')").strip() == "still here"
    assert "watchdog" not in [life.cause for life in box.lives()]
    mpremote(box, "reset")
    with HostEnd(box.port) as host:
        host.wait("up")


def test_maintenance_is_for_those_who_have_the_key(box: VirtualBox, tmp_path: Path) -> None:
    keep_key(tmp_path / "desk" / "keys", box.unique_id, "00" * 32)
    code, said = _rung(box, tmp_path, "maintain")
    assert code != 0 and "has another key" in said
    with HostEnd(box.port) as host:
        host.wait("up")
    assert box.life == 1


# -- presses that a reset caught ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cause", "caught"), [("software", 1), ("watchdog", 1), ("pin", 0)])
def test_a_press_that_a_reset_caught_is_shown_as_refused_told_and_never_sent(
    box: VirtualBox, cause: Cause, caught: int
) -> None:
    """By the pin its memory is lost, as the virtual chip has it."""
    with HostEnd(box.port) as host:
        host.acks = False
        host.wait("up")
        host.show(7, "lll")
        box.press("release")
        time.sleep(0.15)
        box.let_go("release")
        host.wait("press")
        box.reset(cause)
        host.acks = True
        while (hello := host.wait("hello"))[3:6][-1] == codes.BY_POWER and cause != "pin":
            pass
        assert hello[9] == caught
        host.wait("up")
        host.show(7, "lll")
        if caught:
            box.wait_lamps(lambda pixels: pixels[RELEASE][0] > 0 == pixels[RELEASE][1], PATIENCE_S)
        assert host.is_still("press")
        box.reset("software")
        assert host.wait("hello")[9] == 0, "it has been told"
