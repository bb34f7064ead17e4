"""Where the floor is kept, unless a command says otherwise."""

from pathlib import Path
from typing import Annotated

import typer

from rung.link.keys import state_home

Folder = Annotated[Path | None, typer.Option(help="The floor's folder; left out: in the user's state folder.")]


def default_folder() -> Path:
    return state_home() / "floor"
