"""Master data of the machines, as a spreadsheet saves it: UTF-8 with a byte order mark. Nothing is wrong in it."""

from lakeward.simulator.plant import MACHINES
from lakeward.simulator.randomness import seeded_random

ENCODING = "utf-8-sig"
HEADER = "machine_id,line,type,ideal_cycle_s,commissioned_on,serial_number,manufacturer"


def lines() -> list[str]:
    """One line of CSV per machine; the same in every plant-day, so that it is taken in once."""
    return [
        f"{machine.name},{machine.line},{machine.type},{machine.cycle_s},{machine.commissioned},{_serial(machine.name)},{machine.maker}"
        for machine in MACHINES
    ]


def _serial(machine: str) -> str:
    # From the name alone: a serial number does not change with the seed of a day.
    return f"SN-{seeded_random('serial', machine).randrange(10**8):08d}"
