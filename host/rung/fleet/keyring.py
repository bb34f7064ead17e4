"""Where the keys of a fleet stand: always one file for a box that is used, and none for a retired one.

    FLEET/keys/BOX.key           of a spare
    FLEET/DESK/keys/BOX.key      of the box at a desk: the very folder that `rung run` takes by itself for that desk
    FLEET/drafts/BOX.key         on its way to the box

So a desk's folder holds one key, that of its box, and a swap leaves no other in it. The inventory says where a key
belongs, and which boxes have moved; `follow` brings their files there, whatever an earlier command had come to. A new
key is a draft until the box has it: if that is cut off, the box's fingerprint tells which of the two it has.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rung.fleet.inventory import Inventory
from rung.link.keys import SUFFIX, KeysError, fingerprint, keep_key, read_key
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
        """Every key of that box, the newest first; more than one only after a command that was cut off."""
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
        return {box: read_key(files[0])} if files else {}

    def knows(self, box: str, desk: str, shown: str) -> bool:
        """Whether the key that a box shows the fingerprint of stands here. A draft does count, and is kept by that."""
        if shown and self.fingerprint(box) == shown:
            return True
        draft = self._draft(box)
        if not draft.is_file() or fingerprint(draft.read_text().strip()) != shown:
            return False
        self.keep(box, desk)
        return True

    def draft(self, box: str, key: str) -> None:
        """Keep a new key beside the old one, until the box has it: `keep` follows."""
        keep_key(self._draft(box).parent, box, key)

    def keep(self, box: str, desk: str) -> None:
        """The box has taken its draft: from now on that is its key, and the only one."""
        file = self.folder(desk) / f"{box}{SUFFIX}"
        with _explained(file):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._draft(box).replace(file)
        self._drop(box, but=file)

    def desk_of(self, box: str) -> str:
        """The desk in whose folder the box's key stands, whoever has put it there; empty for none."""
        files = self.files(box)
        return "" if not files or files[0].parent == self.folder("") else files[0].parents[1].name

    def follow(self, inventory: Inventory) -> None:
        """Bring the keys of boxes that changed their place to where they belong now, and nowhere else."""
        for box in inventory.unsettled():
            files = self.files(box.id)
            wanted = self.folder(box.desk) / f"{box.id}{SUFFIX}"
            if not box.retired and files and files[0] != wanted:
                with _explained(wanted):
                    wanted.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    files[0].replace(wanted)
            self._drop(box.id, but=None if box.retired else wanted)
            if box.retired:
                self._draft(box.id).unlink(missing_ok=True)
            inventory.settled(box.id)

    def _draft(self, box: str) -> Path:
        return self._fleet / DRAFTS / f"{box}{SUFFIX}"

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
