"""Whoever plays stories may be killed at any instant; nobody is left behind."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")

PARENT = """
import asyncio, sys
from pathlib import Path
from rung.sim.bridge_process import BridgeProcess

async def main() -> None:
    bridge = await BridgeProcess.start([sys.executable, "-c", "import time; time.sleep(60)"], Path("x"), print)
    print(bridge.pid, flush=True)
    await bridge.ended()

asyncio.run(main())
"""


def test_a_bridge_ends_with_the_one_who_plays_the_story() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        bridge_fd = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    with os.fdopen(bridge_fd, "rb") as bridge:
        assert select.select([bridge], [], [], 30)[0], "the bridge has outlived it"
