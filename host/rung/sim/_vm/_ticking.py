# mypy: ignore-errors
"""Inside the VM, for programs that wait with asyncio: its poll notices a scheduled handler within a millisecond.

On the ESP32 an interrupt wakes the poll. Here one that has a stream without a file descriptor looks around by itself.
"""

import asyncio
import io
import select


class _Tick(io.IOBase):
    """Never ready."""

    def ioctl(self, request, argument):
        return 0 if request == 3 else -1  # 3 asks whether it is ready


class _TickingQueue(asyncio.core.IOQueue):
    def __init__(self):
        super().__init__()
        self.poller.register(_tick, select.POLLIN)


_tick = _Tick()
asyncio.core.IOQueue = _TickingQueue  # for loops yet to be made
asyncio.core._io_queue.poller.register(_tick, select.POLLIN)
