"""Private files: for the owner alone, in whatever folder, whole or not at all."""

import stat
from pathlib import Path

import pytest

from rung.private import make_folder, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_in_anybodys_folder(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    for folder_mode in (0o777, 0o1777, 0o755):
        shared.chmod(folder_mode)
        for content in (b"once", b"twice"):
            write_private(shared / "control", content)
            assert (shared / "control").read_bytes() == content
        assert (mode(shared), mode(shared / "control")) == (folder_mode, 0o600)
    assert [p.name for p in shared.iterdir()] == ["control"]


def test_folders_made_on_the_way_are_for_the_owner_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "a" / "b" / "control", b"")
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]
    make_folder(tmp_path / "a" / "b")


def test_what_cannot_be_written_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "control").mkdir()
    with pytest.raises(OSError):
        write_private(tmp_path / "control", b"")
    assert [p.name for p in tmp_path.iterdir()] == ["control"]
    with pytest.raises(OSError):
        write_private(Path("/dev/null/control"), b"")
