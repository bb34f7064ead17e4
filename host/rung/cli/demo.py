"""`rung demo`: live in a terminal, else every story with its timeline. Exit code 0 only if all came out as told."""

import asyncio
import sys
import tempfile
from pathlib import Path

import msgspec

from rung.cli.ends import NO_DEMO, need, stop
from rung.cli.timeline import Timeline
from rung.policy import Times


def demo(story: str | None, json: bool, list_: bool) -> int:
    """The exit code."""
    for module in ("baresip", "micropython_run"):
        need(module, NO_DEMO)
    from rung.sim.stories import STORIES

    if list_:
        for name, play in STORIES.items():
            print(f"{name:14} {(play.__doc__ or '').strip()}")
        return 0
    if story is not None and story not in STORIES:
        stop(f"no story {story!r}; there are: {', '.join(STORIES)}")
    if story is None and not json and sys.stdin.isatty() and sys.stdout.isatty():
        from rung.cli.live import live

        return live()
    came_out = [asyncio.run(_play(name, json)) for name in ([story] if story else STORIES)]
    return 0 if all(came_out) else 1


async def _play(name: str, json: bool) -> bool:
    from rung.sim.handset import StageError
    from rung.sim.stage import Stage
    from rung.sim.stories import STORIES, TIMES, Player

    timeline = Timeline(json)
    timeline.title(name, STORIES[name].__doc__ or "", shortened(TIMES))
    with tempfile.TemporaryDirectory(prefix="rung-demo-") as folder:
        try:
            async with Stage(Path(folder), TIMES, timeline.happened) as stage:
                stage.on_edge = timeline.edge
                await STORIES[name](Player(stage, timeline.told))
        except StageError as error:
            timeline.end(name, str(error))
            return False
    timeline.end(name, "")
    return True


def shortened(times: Times) -> str:
    """What a story shortened of the policy's times, in words."""
    pairs = zip(msgspec.structs.asdict(Times()).items(), msgspec.structs.asdict(times).items(), strict=True)
    return ", ".join(f"{key} {usual:g} → {short:g} s" for (key, usual), (_, short) in pairs if usual != short)
