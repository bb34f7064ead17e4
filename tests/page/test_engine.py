"""What serving pages costs the desk that serves them."""

import asyncio
import gc
from pathlib import Path

from tests.page.floor import floor


def test_a_full_collection_stops_the_desk_for_what_is_new_alone(tmp_path: Path) -> None:
    async def run() -> None:
        async with floor(tmp_path):
            assert gc.get_freeze_count() > len(gc.get_objects())

    asyncio.run(run())
