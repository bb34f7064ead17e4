"""Fixtures for the real peers.

Without its peer a test skips; RUNG_REQUIRE_PEERS=1 makes it fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.real.box_rig import COUNTER, PATIENCE, shows
from tests.real.peers import asterisk as pbx
from tests.real.peers import baresip

from rung.sim.box import VirtualBox

if TYPE_CHECKING:
    from tests.real.asterisk_rig import Played
    from tests.real.asterisk_stage import Housed


@pytest.fixture
def asterisk(tmp_path: Path) -> Iterator[pbx.Asterisk]:
    """A fresh Asterisk on free ports of 127.0.0.1, with endpoints agent, caller and sup."""
    with pbx.running(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """One Asterisk with its telephones for all tests of a file."""
    from tests.real.asterisk_rig import floor  # needs the SIP phone, which not every machine has

    with floor(tmp_path_factory.mktemp("asterisk")) as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Housed]:
    """One Asterisk for all stories of a file."""
    from tests.real.asterisk_stage import housed  # needs the SIP phone as well

    with housed(tmp_path_factory.mktemp("asterisk")) as made:
        yield made


@pytest.fixture
def debian_baresip(tmp_path: Path) -> Iterator[Callable[..., baresip.Baresip]]:
    """A factory of phones: debian_baresip(user, sip_port=None, registrar=None, password="")."""
    with ExitStack() as phones:

        def make(
            user: str, sip_port: int | None = None, registrar: int | None = None, password: str = ""
        ) -> baresip.Baresip:
            phone = baresip.running(user, tmp_path, sip_port, registrar, password)
            return phones.enter_context(phone)

        yield make


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    folder = tmp_path / "flash"
    folder.mkdir()
    return folder


@pytest.fixture
def box(flash: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    """A box with the counting program, whose interrupt is already attached."""
    (flash / "main.py").write_text(COUNTER)
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0") as running:
        running.wait_lamps(shows(1, 0, 1), PATIENCE)
        yield running
