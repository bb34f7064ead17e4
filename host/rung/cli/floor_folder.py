"""Where the floor is kept, unless a command says otherwise."""

import os
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path | None, typer.Option(help="The floor's folder; left out: in the user's state folder.")]


def default_folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "rung" / "floor"
