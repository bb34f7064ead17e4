"""Where the keys of a fleet stand: always one file for a box that is used, and none for a retired one.

    FLEET/keys/BOX.key           of a spare
    FLEET/DESK/keys/BOX.key      of the box at a desk: the very folder that `rung run` takes by itself for that desk
    FLEET/drafts/BOX.key         on its way to the box

So a desk's folder holds one key, that of its box, and a swap leaves no other in it. The inventory says where a key
belongs; `settle` brings the files there, as often as it is called, whatever an earlier command had come to. A new key
is a draft until the box has it: if that is cut off, the box's fingerprint tells which of the two it has.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rung.fleet.inventory import Box
from rung.link.keys import SUFFIX, KeysError, fingerprint, keep_key, read_keys
from rung_wire.seal import Key

KEYS = "keys"
DRAFTS = "drafts"


class Keyring:
    """The keys under a fleet's folder. Every method raises KeysError, in one line."""

    def __init__(self, fleet: Path) -> None:
        self._fleet = fleet

    def folder(self, desk: str) -> Path:
        """Where the key of a desk's box stands; of the spares, for no desk."""
        return self._fleet / desk / KEYS

    def files(self, box: str) -> list[Path]:
        """Every key of that box; more than one only after a command that was cut off."""
        name = f"{box}{SUFFIX}"
        places = [self._fleet / KEYS / name, *self._fleet.glob(f"*/{KEYS}/{name}")]
        return sorted((file for file in places if file.is_file()), key=lambda file: file.stat().st_mtime, reverse=True)

    def fingerprint(self, box: str) -> str:
        """Of the key that the box is known by here; empty where there is none."""
        files = self.files(box)
        return fingerprint(files[0].read_text().strip()) if files else ""

    def keys(self, box: str) -> dict[str, Key]:
        """What a link needs to hear that box: its key, if there is one."""
        files = self.files(box)
        return {name: key for name, key in read_keys(files[0].parent).items() if name == box} if files else {}

    def knows(self, box: str, shown: str) -> bool:
        """Whether the box's key, known by its fingerprint, stands here. One that was cut off in a re-key counts."""
        if shown and self.fingerprint(box) == shown:
            return True
        draft = self._draft(box)
        if not draft.is_file() or fingerprint(draft.read_text().strip()) != shown:
            return False
        self._promote(box, self.files(box)[0].parent if self.files(box) else self.folder(""))
        return True

    def draft(self, box: str, key: str) -> None:
        """Keep a new key beside the old one, until the box has it: `keep` follows."""
        keep_key(self._draft(box).parent, box, key)

    def keep(self, box: str, desk: str) -> None:
        """The box has taken its draft: from now on that is its key, and the only one."""
        self._promote(box, self.folder(desk))

    def settle(self, box: Box) -> None:
        """Bring the box's key to where the inventory says that it belongs, and nowhere else."""
        files = self.files(box.id)
        wanted = self.folder(box.desk) / f"{box.id}{SUFFIX}"
        if not box.retired and files and files[0] != wanted:
            with _explained(wanted):
                wanted.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                files[0].replace(wanted)
        self._drop(box.id, but=None if box.retired else wanted)

    def _draft(self, box: str) -> Path:
        return self._fleet / DRAFTS / f"{box}{SUFFIX}"

    def _promote(self, box: str, folder: Path) -> None:
        file = folder / f"{box}{SUFFIX}"
        with _explained(file):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._draft(box).replace(file)
        self._drop(box, but=file)

    def _drop(self, box: str, but: Path | None) -> None:
        for file in self.files(box):
            if file != but:
                with _explained(file):
                    file.unlink()


@contextlib.contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise KeysError(f"{file}: cannot be written: {error.strerror}") from None
