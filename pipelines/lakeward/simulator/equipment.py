"""Master data of the machines, as a spreadsheet saves it: UTF-8 with a byte order mark. Nothing is wrong in it."""

from lakeward.simulator.chance import chance
from lakeward.simulator.plant import MACHINES

ENCODING = "utf-8-sig"
HEADER = "machine_id,line,type,ideal_cycle_s,commissioned_on,serial_number,manufacturer"


def lines() -> list[str]:
    """One line of CSV per machine; the same in every plant-day, so that it is taken in once."""
    return [
        f"{one.name},{one.line},{one.type},{one.cycle_s},{one.commissioned},{_serial(one.name)},{one.maker}" for one in MACHINES
    ]


def _serial(machine: str) -> str:
    # From the name alone: a serial number does not change with the seed of a day.
    return f"SN-{chance('serial', machine).randrange(10**8):08d}"
