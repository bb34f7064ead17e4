# mypy: ignore-errors
"""Stand-in for MicroPython's `machine`: as much of the ESP32's as the firmware uses."""

import asyncio
import io
import select
import sys
import time

import _life
import _wires

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def unique_id():
    return bytes(_life.unique_id)


def reset_cause():
    return _life.reset_cause


def reset():
    _wires.send(b"R")
    while True:  # the board takes the power away
        time.sleep_ms(100)


def soft_reset():
    sys.exit()


def bitstream(pin, encoding, timing, data):
    """Shift `data` out of a pin; the lamps on it latch what arrives."""
    _wires.send(b"L", bytes([pin.number]) + bytes(data))


class Pin:
    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2

    _all = {}

    def __new__(cls, number, *args, **kwargs):
        """One object a pin, as on the ESP32."""
        if not 0 <= number < _wires.PINS:
            raise ValueError("invalid pin")
        if number not in cls._all:
            cls._all[number] = object.__new__(cls)
            cls._all[number].number = number
            cls._all[number]._is_output = False
        return cls._all[number]

    def __init__(self, number, mode=None, pull=-1, *, value=None):
        self.init(mode, pull, value=value)

    def init(self, mode=None, pull=-1, *, value=None):
        if mode is not None:
            self._is_output = mode != Pin.IN
        if pull != -1:
            _wires.pulled[self.number] = pull == Pin.PULL_UP
        if value is not None:
            self.value(value)

    def value(self, new=None):
        if new is None:
            return _wires.level(self.number)
        if self._is_output:
            _wires.driven[self.number] = bool(new)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING):
        _let_poll_tick()
        _wires.listeners[self.number] = (trigger, handler, self) if handler else None

    def __repr__(self):
        return "Pin(%d)" % self.number


class PWM:
    """The board is told what comes out of the pin: the frequency in Hz and the duty of 65535."""

    def __init__(self, pin, freq=0, duty_u16=0):
        self._pin = pin
        self._freq = freq
        self._duty = duty_u16
        self._tell()

    def freq(self, new=None):
        if new is None:
            return self._freq
        self._freq = new
        self._tell()

    def duty_u16(self, new=None):
        if new is None:
            return self._duty
        self._duty = new
        self._tell()

    def _tell(self):
        payload = bytes([self._pin.number]) + self._freq.to_bytes(4, "little") + self._duty.to_bytes(2, "little")
        _wires.send(b"D", payload)


class WDT:
    """The counter itself is the board's, and it outlives a soft reset."""

    def __init__(self, id=0, timeout=5000):
        _wires.send(b"W", timeout.to_bytes(4, "little"))

    def feed(self):
        _wires.send(b"F")


class RTC:
    """Only its memory; the board keeps it from life to life, as long as there is power."""

    def memory(self, data=None):
        if data is None:
            return _life.rtc
        _life.rtc = bytes(data)
        _wires.send(b"M", _life.rtc)


class _Tick(io.IOBase):
    """Never ready, and without a file descriptor: so poll() looks around each millisecond."""

    def ioctl(self, request, argument):
        return 0 if request == 3 else -1  # 3 asks whether it is ready


class _TickingQueue(asyncio.core.IOQueue):
    def __init__(self):
        super().__init__()
        self.poller.register(_tick, select.POLLIN)


def _let_poll_tick():
    """Let asyncio's poll notice a scheduled handler: on the ESP32 an interrupt wakes it."""
    if asyncio.core.IOQueue is not _TickingQueue:
        asyncio.core.IOQueue = _TickingQueue  # for loops yet to be made
        asyncio.core._io_queue.poller.register(_tick, select.POLLIN)


_tick = _Tick()
