"""`rung demo`: live in a terminal, else stories with their timelines. Exit code 0 only if all came out as told."""

import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from rung.cli.ends import NO_DEMO, need, stop
from rung.cli.timeline import Timeline
from rung.policy import Times, load
from rung.policy.library import shipped

SIDE_BY_SIDE = 3  # stories; most of each is waiting
FIRST = "warm-transfer"  # the policy of the stories on a desk of its own
ON_ITS_OWN = "real SIP phones, a bridge in a process of its own, the real firmware on a virtual box"


class Item(Struct, frozen=True):
    """A story that can be played, whatever its stage."""

    policy: str
    name: str
    about: str
    play: Callable[[Timeline], Awaitable[None]]
    default: bool  # whether `rung demo` without a word plays it


def demo(story: str | None, policy: str | None, json: bool, list_: bool, all_: bool) -> int:
    """The exit code."""
    for module in ("baresip", "micropython_run", "nicegui"):
        need(module, NO_DEMO)
    if policy is not None and policy not in shipped():
        own = "; a floor's own has no stories, but drills: --drill" if policy.endswith(".toml") else ""
        stop(f"no policy {policy!r}; there are: {', '.join(shipped())}{own}")
    items = [item for item in stories() if policy in (None, item.policy)]
    if list_:
        _list(items)
        return 0
    if not (story or policy or json or all_) and sys.stdin.isatty() and sys.stdout.isatty():
        from rung.cli.live import live

        return live()
    if story is not None:
        items = [_find(items, story)]
    elif policy is None and not all_:
        items = [item for item in items if item.default]
    return 0 if asyncio.run(_play_all(items, json)) else 1


def stories() -> list[Item]:
    """Every story there is, by policy."""
    from rung.sim.duty_stories import DUTIES
    from rung.sim.floor_stage import Parts
    from rung.sim.floor_stories import FLOOR_STORIES
    from rung.sim.stories import STORIES

    alone = [Item(FIRST, name, play.__doc__ or "", partial(_on_a_desk, name), True) for name, play in STORIES.items()]
    firsts = {s.policy: s for s in reversed(FLOOR_STORIES) if s.parts == Parts.REAL}
    floor = [Item(s.policy, s.name, s.about, partial(_on_a_floor, s), firsts[s.policy] is s) for s in FLOOR_STORIES]
    after = [Item(s.policy, s.name, s.about, partial(_on_a_floor, s), False) for s in DUTIES.values()]
    return sorted([*alone, *floor, *after], key=lambda item: item.policy)


def _find(items: list[Item], story: str) -> Item:
    found = [item for item in items if item.name == story]
    if not found:
        stop(f"no story {story!r}; there are: {', '.join(dict.fromkeys(item.name for item in items))}")
    if len(found) > 1:
        stop(f"{story!r} is a story of several policies: add --policy {' or '.join(item.policy for item in found)}")
    return found[0]


def _list(items: list[Item]) -> None:
    from rung.sim.drills import DRILLS

    for policy in dict.fromkeys(item.policy for item in items):
        print(f"{policy}: {load(policy).title}")
        for item in items:
            if item.policy == policy:
                print(f"  {item.name:22} {item.about.strip()}")
        print()
    print("drills:")
    for name, drill in DRILLS.items():
        print(f"  {name:22} {drill.about} ({drill.policy}, unless --policy says another)")


async def _play_all(items: list[Item], json: bool) -> bool:
    """One story is told as it happens; of several each is told when it is over."""
    if len(items) == 1:
        return await _play(items[0], Timeline(json))
    turn = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(item: Item) -> bool:
        async with turn:
            out = io.StringIO()
            came_out = await _play(item, Timeline(json, out))
            print(out.getvalue(), end="", flush=True)
            return came_out

    return all(await asyncio.gather(*(one(item) for item in items)))


async def _play(item: Item, timeline: Timeline) -> bool:
    from rung.floor.base import FloorError
    from rung.phone.base import PhoneError
    from rung.sim.handset import StageError

    try:
        await item.play(timeline)
    except (StageError, PhoneError, FloorError) as error:
        timeline.end(item.name, str(error))
        return False
    timeline.end(item.name, "")
    return True


async def _on_a_desk(name: str, timeline: Timeline) -> None:
    from rung.sim.stage import Stage
    from rung.sim.stories import STORIES, TIMES, Player

    timeline.title(name, STORIES[name].__doc__ or "", shortened(Times(), TIMES), ON_ITS_OWN, FIRST)
    with tempfile.TemporaryDirectory(prefix="rung-demo-") as folder:
        async with Stage(Path(folder), TIMES, timeline.happened) as stage:
            stage.on_edge = timeline.edge
            await STORIES[name](Player(stage, timeline.told))


async def _on_a_floor(story: object, timeline: Timeline) -> None:
    from rung.sim.floor_stage import FloorStage
    from rung.sim.scene import Scene, Story

    assert isinstance(story, Story)
    rules = story.rules()
    timeline.title(story.name, story.about, shortened(load(story.policy).times, rules.times), story.parts, story.policy)
    with tempfile.TemporaryDirectory(prefix="rung-demo-") as folder:
        async with FloorStage(
            Path(folder),
            rules,
            story.parts,
            lambda desk, happening: timeline.happened(happening, desk),
            lambda desk, at_ns, text: timeline.edge(at_ns, text, desk),
            trained=story.trained,
        ) as stage:
            await story.play(Scene(stage, timeline.told))


def shortened(usual: Times, times: Times) -> str:
    """What a story shortened of the policy's times, in words."""
    pairs = zip(msgspec.structs.asdict(usual).items(), msgspec.structs.asdict(times).items(), strict=True)
    return ", ".join(f"{key} {long:g} → {short:g} s" for (key, long), (_, short) in pairs if long != short)
