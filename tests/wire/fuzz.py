"""`make fuzz`: atheris looks for bytes that harm either end, guided by what they make the code do.

What it finds is written to the folder that is named, as a file that `python -m tests.wire.fuzz FILE` tries again.
"""

import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found]  # `make fuzz` fetches it

with atheris.instrument_imports(include=["rung_wire"]):
    from tests.wire.hostile import CORPUS, try_decoder, try_ends, try_script

CHOICE = [try_decoder] * 9 + [try_ends] * 6 + [try_script]  # a script takes ten times as long
FIRST = (0, 9, 15)


def try_all(data: bytes) -> None:
    """The first byte chooses, so that each has a corpus of its own."""
    if data:
        CHOICE[data[0] % len(CHOICE)](data[1:])


def seeds(folder: Path) -> Path:
    """The committed corpus, for each of the tries."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in CORPUS.iterdir():
        for number in FIRST:
            (folder / f"{number}-{file.name}").write_bytes(bytes((number,)) + file.read_bytes())
    return folder


if __name__ == "__main__":
    if len(sys.argv) == 2 and Path(sys.argv[1]).is_file():
        try_all(Path(sys.argv[1]).read_bytes())
    else:
        found, *options = sys.argv[1:]
        corpus = seeds(Path(found) / "corpus")
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={found}/", "-max_len=800", str(corpus)], try_all)
        atheris.Fuzz()
