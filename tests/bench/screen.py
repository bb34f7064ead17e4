"""What the benches of pages share: stamps that a page makes when something is on its screen, and a floor for them."""

import time

from nicegui import Client

# Browser and bench have the wall clock in common; a frame after the change is when a person sees it.
NOW = """
window.bench = { seen: [], pressed: [], now: () => performance.timeOrigin + performance.now(),
  frame: () => new Promise((done) => requestAnimationFrame(() => done(bench.now()))) };
"""


def now_ms() -> float:
    return time.time() * 1000


async def bare(client: Client) -> int:
    """In ns: a script to the page, and its next frame, which is what line and browser take anyway."""
    at_ms = now_ms()
    return int((await client.run_javascript("bench.frame()", timeout=5) - at_ms) * 1e6)
