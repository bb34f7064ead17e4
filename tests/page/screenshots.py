"""`make screenshots`: both pages in each of their main states, light and dark, out of real Chromium.

python -m tests.page.screenshots [FOLDER]
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from PIL import Image
from tests.page import agent_shots, console_shots
from tests.page.browser import chromium

COLOURS = 128  # of a picture: enough for a page, at a third of the size


async def shoot(where: str, folder: Path) -> None:
    await agent_shots.shoot(where, folder)
    await console_shots.shoot(where, folder)
    for file in folder.glob("*.png"):
        Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "host/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rung-chromium-") as profile, chromium(Path(profile)) as where:
        asyncio.run(shoot(where, folder))


if __name__ == "__main__":
    main()
