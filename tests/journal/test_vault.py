"""Keys are on the disk before they are used, and gone from every byte once they are erased."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest
from tests.journal.test_power_cut import at_every_step, cuts_of

from rung import words as w
from rung.journal.format import JournalError
from rung.journal.vault import Vault
from rung.sim.disk import Disk, FileLayer, Files

FILE = "/desk.vault"
NOTE = w.NotesKept(matter="a refund")


@contextmanager
def on(disk: Disk) -> Iterator[Vault]:
    layer = FileLayer(disk)
    with closing(Vault(FILE, vfs=layer.name)) as vault:
        yield vault


def secret_of(vault: Vault, key: str) -> bytes:
    return bytes(vault._db.execute("SELECT secret FROM key WHERE name = ?", (key,)).get)


def test_what_was_sealed_is_read_by_the_next_one_and_not_after_erasing(tmp_path: Path) -> None:
    with closing(Vault(tmp_path / "v")) as vault:
        vault.begin("a", "+49 151 1", 1)
        sealed = vault.seal("case/a", NOTE, 1)
        assert sealed != NOTE
    with closing(Vault(tmp_path / "v")) as vault:
        assert vault.unseal(sealed) == NOTE == vault.opened(sealed)
        assert vault.cases_of("0049 1511") == ["a"]
        vault.erase(["case/a"])
        assert vault.unseal(sealed) is None and vault.opened(sealed) == sealed
        assert vault.cases_of("+491511") == []
        vault.seal("case/a", NOTE, 2)  # the same name again is another key
        assert vault.unseal(sealed) is None
    assert (tmp_path / "v").stat().st_mode & 0o777 == 0o600


def test_one_text_is_kept_apart_from_its_case(tmp_path: Path) -> None:
    with closing(Vault(tmp_path / "v")) as vault:
        vault.begin("a", "+491511", 1)
        locked = vault.lock_up("block/a", "+491511", 1)
        vault.erase(["case/a", "refused/a"])
        assert vault.unlock("block/a", locked) == "+491511"
        vault.erase(["block/a"])
        assert vault.unlock("block/a", locked) is None


def test_desks_with_one_secret_know_the_same_caller(tmp_path: Path) -> None:
    with closing(Vault(tmp_path / "a", site=bytes(32))) as a, closing(Vault(tmp_path / "b", site=bytes(32))) as b:
        assert a.index("+49 1511") == b.index("00491511") != ""
        assert a.index("anonymous") == ""
    with closing(Vault(tmp_path / "c")) as other, closing(Vault(tmp_path / "d")) as one:
        assert other.index("+491511") != one.index("+491511")
        one.begin("a", "+491511", 1)
    with closing(Vault(tmp_path / "d", site=bytes(32))) as now:
        assert now.unindexed and now.cases_of("+491511") == []


def test_another_file_is_not_taken_for_keys(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"no database at all, and longer than a header of a hundred bytes " * 4)
    with pytest.raises(JournalError, match=r"keys .*/v: "):
        Vault(tmp_path / "v")
    with closing(apsw.Connection(str(tmp_path / "w"))) as db:
        db.execute("CREATE TABLE t (x)")
    with pytest.raises(JournalError, match="no file of keys"):
        Vault(tmp_path / "w")


@pytest.mark.parametrize("cases", [3, 400])
def test_an_erased_key_is_in_no_byte(tmp_path: Path, cases: int, seed: int) -> None:
    """Among many, so that SQLite has split pages and moved rows; searched while the file is open, and after."""
    rng = random.Random(seed)
    path = tmp_path / "v"
    with closing(Vault(path)) as vault:
        names = [f"case/{rng.randrange(10**9)}" for _ in range(cases)]
        for name in names:
            vault.seal(name, NOTE, 1)
        secrets = {name: secret_of(vault, name) for name in names}
        assert all(secret in everything(tmp_path) for secret in secrets.values())
        gone = rng.sample(names, cases // 2 + 1)
        vault.erase(gone)
        assert not [
            name for name in gone if secrets[name] in everything(tmp_path) or name.encode() in everything(tmp_path)
        ]
        assert all(secrets[name] in everything(tmp_path) for name in set(names) - set(gone))
    assert not [name for name in gone if secrets[name] in everything(tmp_path)]


def everything(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in folder.iterdir())


def test_power_cut_at_every_step_loses_no_key_that_was_used_and_keeps_none_that_was_erased(seed: int) -> None:
    disk = Disk()
    used: list[tuple[int, str, w.Event]] = []  # since which step of the disk: key, and what is sealed with it
    erased: dict[str, tuple[int, int, bytes]] = {}  # from which step to which: its secret
    with on(disk) as vault:
        for n in range(6):
            key = f"case/{n}"
            sealed = vault.seal(key, NOTE, n)
            used.append((len(disk.log), key, sealed))
            if n % 2:
                secret, begun = secret_of(vault, key), len(disk.log)
                vault.erase([key])
                erased[key] = (begun, len(disk.log), secret)
    cuts = 0
    for files, done in cuts_of(disk.log, random.Random(seed), at_every_step):
        cuts += 1
        try:
            check(files, done, used, erased)
        except BaseException as error:
            error.add_note(f"RUNG_SEED={seed}: power cut after step {done} of {len(disk.log)}")
            raise
    print(f"{cuts} power cuts, {len(disk.log)} steps")
    assert cuts > 300


def check(
    files: Files, done: int, used: list[tuple[int, str, w.Event]], erased: dict[str, tuple[int, int, bytes]]
) -> None:
    for _, ended, secret in erased.values():
        if ended <= done:
            assert not [name for name, data in files.items() if secret in data], "an erased key is still on the disk"
    with on(Disk(files)) as vault:
        for since, key, sealed in used:
            if since <= done and (key not in erased or done < erased[key][0]):
                assert vault.unseal(sealed) == NOTE, f"{key} is lost"
            if key in erased and erased[key][1] <= done:
                assert vault.unseal(sealed) is None, f"{key} is back"
