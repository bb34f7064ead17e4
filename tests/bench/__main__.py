"""`python -m tests.bench`: print the figures of a press and of the floor under it, measured in turns in one run."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.desk import BenchDesk, Samples
from tests.bench.floor import floor
from tests.bench.report import goals, machine, table

from rung.sim.handset import StageError
from rung.sim.stage import Stage

WARM_UP = 3  # calls before the first that counts: caches, imports, the first growth of a heap
TELL_EVERY = 20
SECONDS_A_CALL = 1.9
BAUD = 115_200  # what a UART brings; the virtual port alone is far quicker


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--presses", type=int, default=200, metavar="N", help="calls to end by the box (200)")
    presses = parser.parse_args().presses
    if presses < 1:
        parser.error("--presses: at least 1")
    minutes = 2 * presses * SECONDS_A_CALL / 60
    print(f"Twice, ending {presses} calls by the box, two presses each: about {minutes:.1f} minutes.", flush=True)
    print(machine(), flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rung-bench-") as folder:
        try:
            samples = asyncio.run(measure(Path(folder) / "full", presses))
            print(f"\nas fast as the port goes\n{table(samples)}\n\n{goals(samples)}", flush=True)
            slow = asyncio.run(measure(Path(folder) / "slow", presses, BAUD))
            print(f"\nat {BAUD:,} baud, but the floor's one byte\n{table(slow)}", flush=True)
        except StageError as error:
            sys.exit(f"not measured: {error}")
    print(f"\n{time.monotonic() - begun:.0f} s; {machine()}")


async def measure(folder: Path, presses: int, baud: int | None = None) -> Samples:
    folder.mkdir()
    async with floor(folder / "floor") as the_floor, Stage(folder, baud=baud) as stage:
        samples = Samples()
        desk = BenchDesk(stage, the_floor, Samples())
        await desk.begin()
        for index in range(-WARM_UP, presses):
            if index == 0:
                desk.samples = samples
            await desk.release()
            await desk.hang_up_alone()
            if index > 0 and index % TELL_EVERY == 0:
                print(f"{index} of {presses}", file=sys.stderr, flush=True)
        desk.close()
    return samples


if __name__ == "__main__":
    main()
