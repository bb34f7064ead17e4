"""What an operation leaves on a chip, whole or torn."""

from __future__ import annotations

import random

from rung.sim.chip import BLOCK_BYTES, Operation, perform

OLD, NEW = b"\xf0", b"\x3c"


def done(operation: Operation, torn: str | None = None) -> bytearray:
    flash = bytearray(OLD * BLOCK_BYTES * 2)
    perform(flash, operation, torn, random.Random(3))  # type: ignore[arg-type]
    return flash


def test_a_program_clears_bits_and_sets_none() -> None:
    flash = done(Operation(100, NEW * 8))
    assert flash[100:108] == b"\x30" * 8
    assert flash[:100] + flash[108:] == OLD * (2 * BLOCK_BYTES - 8)


def test_an_erase_sets_every_bit_of_its_block_alone() -> None:
    flash = done(Operation(BLOCK_BYTES, b""))
    assert flash == OLD * BLOCK_BYTES + b"\xff" * BLOCK_BYTES


def test_half_an_operation_is_its_first_half() -> None:
    assert done(Operation(0, NEW * 8), "half")[:9] == b"\x30" * 4 + OLD * 5
    half = BLOCK_BYTES // 2
    assert done(Operation(0, b""), "half")[:BLOCK_BYTES] == b"\xff" * half + OLD * half


def test_an_operation_that_lost_its_power_at_once_leaves_nothing() -> None:
    for operation in (Operation(0, NEW * 8), Operation(0, b"")):
        assert done(operation, "none") == OLD * BLOCK_BYTES * 2


def test_torn_bits_only_change_as_the_operation_would_change_them() -> None:
    program = done(Operation(0, NEW * 64), "bits")[:64]
    assert {byte & 0x30 for byte in program} == {0x30}
    assert {byte & ~0xF0 for byte in program} == {0}
    assert set(program) == {0x30, 0x70, 0xB0, 0xF0}
    erase = done(Operation(0, b""), "bits")[:BLOCK_BYTES]
    assert {byte & 0xF0 for byte in erase} == {0xF0}
    assert len(set(erase)) == 16
