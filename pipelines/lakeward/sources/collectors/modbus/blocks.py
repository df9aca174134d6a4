"""Reads many registers with few requests: those that follow each other are one block."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from lakeward.contracts.register_map import Register

# Registers and bits of one request (Modbus Application Protocol V1.1b3, 6.1 and 6.3).
MOST = {"holding": 125, "input": 125, "coil": 2000, "discrete": 2000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Registers of one table of one device that one request reads.

    Args:
        start: First register.
        count: Registers, or bits.
    """

    device: int
    function: str
    start: int
    count: int
    registers: tuple[Register, ...]


def blocks_of(registers: Iterable[Register]) -> list[Block]:
    """The blocks of a map. What lies between two lines is never read: a device may refuse it."""

    def table(one: Register) -> tuple[int, str]:
        return one.device, one.function

    found: list[Block] = []
    ordered = sorted(registers, key=lambda one: (*table(one), one.register, one.size))
    for (device, function), group in groupby(ordered, table):
        found += [_block(device, function, part) for part in _runs(list(group), MOST[function])]
    return found


def _runs(registers: Sequence[Register], most: int) -> list[list[Register]]:
    runs: list[list[Register]] = []
    end = -1
    for one in registers:
        if runs and one.register <= end and max(end, one.register + one.size) - runs[-1][0].register <= most:
            runs[-1].append(one)
        else:
            runs.append([one])
            end = one.register
        end = max(end, one.register + one.size)
    return runs


def _block(device: int, function: str, registers: Sequence[Register]) -> Block:
    start = registers[0].register
    end = max(one.register + one.size for one in registers)
    return Block(device=device, function=function, start=start, count=end - start, registers=tuple(registers))
