"""What the desks' records, as the floor has them, come to: reviews, complaints, blocks, training."""

import asyncio
import json
from typing import Annotated, Any

import msgspec
import typer

from rung import words as w
from rung.cli.ends import NO_FLOOR, need, stop
from rung.cli.floor_folder import Folder, default_folder
from rung.clock import wall_ms
from rung.desk.afterwards import PASSED_OVER
from rung.floor.base import Line
from rung.journal.after.blocks import Standing, block_of, blocks
from rung.journal.after.files import Files
from rung.journal.after.open_duties import complaints, finding, open_duties, upheld

UPHELD_MS = 365 * 86_400_000  # an incident that a review has upheld counts so long after its call
LATELY_MS = 30 * 86_400_000  # so long a case is shown at other desks, once nothing is due on it
_EVENT = msgspec.json.Decoder(w.Event)


class FloorFold:
    """A `rung.floor.nats_views.Fold`."""

    def __init__(self) -> None:
        self.files = Files()
        self._policies: dict[str, Line] = {}  # by version: an entry that has it

    def take(self, record: str, line: Line) -> tuple[str, bool]:
        if line.kind in PASSED_OVER:
            return "", False
        try:
            event = _EVENT.decode(line.body)
        except msgspec.MsgspecError:
            return "", False  # of a release that records what this one does not know
        if isinstance(event, w.PolicyKept):
            self._policies.setdefault(event.version, line)
        case = self.files.take(record, event, line.wall_ms)
        return case, bool(case) and not isinstance(event, w.Attended)

    def filed(self, case: str) -> bytes:
        """What is still due, and what was done or ended lately."""
        file, now = self.files.cases.get(case), wall_ms()
        if file is None or not (file.over and file.incident):
            return b""
        lately = max((file.closed_ms, *(done.wall_ms for done in file.done))) > now - LATELY_MS
        return msgspec.json.encode(file) if lately or open_duties(self.files, file, now) else b""

    def beside(self, case: str) -> list[Line]:
        file = self.files.cases.get(case)
        return [self._policies[file.version]] if file is not None and file.version in self._policies else []

    def blocked(self) -> list[tuple[str, int, bool]]:
        """A block that whoever proposed it has decided too is none: that takes a second person."""
        live = [
            block for block in blocks(self.files, wall_ms()) if block.live and block.decided_by != block.proposed_by
        ]
        return [(block.case, block.until_ms, block.standing == Standing.GRANTED) for block in live]

    def upheld(self, case: str) -> bool:
        file = self.files.cases.get(case)
        return file is not None and upheld(file) and wall_ms() < file.closed_ms + UPHELD_MS

    def training(self, person: str) -> w.Training:
        return self.files.training(person)

    def views(self) -> dict[str, Any]:
        """As data; the same records give the same, in whichever order they came."""
        files, now = self.files, wall_ms()
        due = [each for case in sorted(files.cases) for each in open_duties(files, files.cases[case], now)]
        unseen = {each.case for each in due if each.duty == "review"}
        cases = [files.cases[case] for case in sorted(files.cases)]
        people = sorted(files.trainings)
        return {
            "reviews": {
                file.case: "open" if found is None else str(found.finding)
                for file in cases
                if (found := finding(file)) is not None or file.case in unseen
            },
            "complaints": {
                each.reference: {"case": file.case, "side": "open" if each.found is None else each.found.side}
                for file in cases
                for each in complaints(file)
            },
            "blocks": {
                block.case: {"standing": str(block.standing), "until": block.until_ms}
                for file in cases
                if (block := block_of(file, now)) is not None
            },
            "training": {person: files.training(person).holds(now) for person in people},
            "open": [[each.case, each.duty] for each in due],
        }


def views(
    as_json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
    folder: Folder = None,
) -> None:
    """Fold all desks' records, as the floor has them, anew: reviews, complaints, blocks, training, and what is due."""
    need("nats", NO_FLOOR)
    from rung.floor.base import FloorError
    from rung.floor.nats_views import rebuilt
    from rung.floor.site import SiteFolder

    fold = FloorFold()
    try:
        asyncio.run(rebuilt(SiteFolder(folder or default_folder()).steward()[0], fold))
    except FloorError as error:
        stop(str(error))
    found = fold.views()
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for name, rows in found.items():
        print(f"{name}: {len(rows)}")
        for row in rows if isinstance(rows, list) else rows.items():
            print("  " + "  ".join(_plain(cell) for cell in row))


def _plain(cell: Any) -> str:
    return "  ".join(f"{key} {value}" for key, value in cell.items()) if isinstance(cell, dict) else str(cell)
