"""A press line with a history: batches of clean readings in two states, with an operator's name and mobile number."""

from collections.abc import Mapping
from pathlib import Path

from lakeward.flows import grade_dataset, ingest_dataset
from support.plant import Plant, make_plant

COLUMNS = """\
      - {name: state, physicalName: State, logicalType: string, physicalType: string}
      - {name: load_kw, physicalName: Load, logicalType: number, physicalType: double}
      - {name: order, physicalName: Order, logicalType: string, physicalType: string}
      - {name: operator, physicalName: Operator, logicalType: string, physicalType: string}
      - {name: field7, physicalName: Field7, logicalType: string, physicalType: string}
      - {name: remark, physicalName: Remark, logicalType: string, physicalType: string}
"""
HEADER = "Machine,Time,Temp,State,Load,Order,Operator,Field7,Remark"
PEOPLE = ("Zhang Wei", "Li Qiang")
ROWS = 240


def reading(batch: int, row: int, **other: object) -> str:
    """One clean record; the same for the same numbers."""
    running = row % 3 > 0
    values = {
        "machine": f"M{row % 4}",
        "time": f"2026-03-{batch + 1:02d}T{row // 60:02d}:{row % 60:02d}:00Z",
        "temp": 20 + (row * 7 + batch) % 50 / 10,
        "state": "RUN" if running else "STOP",
        "load": 40 + (row * 13 + batch) % 70 / 10 if running else (row % 10) / 10,
        "order": f"WO{batch:03d}-{row:04d}",
        "operator": PEOPLE[row % 2],
        "field7": f"138{(row * 7_919_317 + batch * 1_047_291) % 10**8:08d}",
        "remark": "" if row % 10 == 0 else "checked; nothing to report" if row % 7 else "cleaned",
    }
    return ",".join(str(value) for value in (values | other).values())


def deliver(plant: Plant, batch: int, *lines: str) -> None:
    """Drop one file and ingest it as one batch."""
    plant.drop(f"{batch:03d}.csv", *lines, header=HEADER)
    ingest_dataset(plant.settings, "press_line")


def make_press_line_history(root: Path, batches: int = 5, rows: int = ROWS, suite: Mapping[str, object] | None = None) -> Plant:
    """A project whose dataset has this number of clean batches, judged by the suite."""
    plant = make_plant(root)
    if suite:
        plant.suite(suite)
    plant.contract(columns=COLUMNS)
    for batch in range(batches):
        deliver(plant, batch, *(reading(batch, row) for row in range(rows)))
    grade_dataset(plant.settings, "press_line")
    return plant
