"""Keys: kept privately, whole or not at all, and never told."""

import os
import stat
from pathlib import Path

import pytest

from rung.link.keys import KeysError, keep_key, new_key, read_keys
from rung_wire.seal import Key

BOX = "24dcc3a1b2c3"
needs_modes = pytest.mark.skipif(os.name != "posix", reason="needs the modes of POSIX files")


def test_a_key_that_is_kept_is_read_again(tmp_path: Path) -> None:
    key, folder = new_key(), tmp_path / "desk" / "keys"
    file = keep_key(folder, BOX, key)
    assert file == folder / f"{BOX}.key"
    [(box, read)] = read_keys(folder).items()
    assert box == BOX
    assert read.tag("x") == Key(bytes.fromhex(key)).tag("x")
    assert list(folder.iterdir()) == [file]


def test_keys_are_never_the_same_and_a_new_one_replaces_the_old(tmp_path: Path) -> None:
    first, second = new_key(), new_key()
    assert first != second
    keep_key(tmp_path, BOX, first)
    keep_key(tmp_path, BOX, second)
    assert read_keys(tmp_path)[BOX].tag("x") == Key(bytes.fromhex(second)).tag("x")


@needs_modes
def test_only_the_owner_can_read_it_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        file = keep_key(tmp_path / "keys", BOX, new_key())
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@needs_modes
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_none(tmp_path: Path, mode: int) -> None:
    file = keep_key(tmp_path, BOX, new_key())
    file.chmod(mode)
    with pytest.raises(KeysError, match=f"^{file}: can be read by others.*chmod 600") as caught:
        read_keys(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "secretsecret", "5a" * 31, "5a" * 33, "5g" * 32, "\xff" * 64])
def test_what_is_no_key_is_one_line_that_does_not_tell_it(tmp_path: Path, text: str) -> None:
    file = keep_key(tmp_path, BOX, new_key())
    file.write_text(text, encoding="latin-1")
    with pytest.raises(KeysError, match="rung pair") as caught:
        read_keys(tmp_path)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("box", ["", "../../etc/passwd", "my box", "24DC"])
def test_only_a_boxs_id_names_a_file(tmp_path: Path, box: str) -> None:
    with pytest.raises(KeysError):
        keep_key(tmp_path, box, new_key())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_has_no_keys(tmp_path: Path) -> None:
    assert read_keys(tmp_path / "none") == {}


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(KeysError, match="cannot be written"):
        keep_key(tmp_path / "keys", BOX, new_key())


def test_nothing_that_is_printed_shows_a_key() -> None:
    key = new_key()
    held = Key(bytes.fromhex(key))
    session = held.session(1, "00c0ffee", "0123456789", "0123456789ab")
    for thing in (held, session, {BOX: held}):
        assert key[:8] not in f"{thing!r}{thing}"
