"""Deliveries of important and core data, all invented: recipes, a plant map with coordinates, and a case each of steel and of circuits."""

from collections.abc import Sequence
from pathlib import Path

from lakeward.simulator.randomness import seeded_random

# Rows of the first delivery of each dataset; and of the second one of recipes, which is past the share that makes a filing due.
ROWS, MORE_ROWS = 100, 40
# The corner of an invented site, in degrees.
WEST, SOUTH = 121.4702, 31.2301

# A column: the mean of its values, their spread, and digits after the point.
Measure = tuple[float, float, int]
KEYS = {"recipes": "recipe_no", "plant_map": "facility", "rolling_steel": "pass_no", "circuit_masks": "layer"}
MEASURES: dict[str, dict[str, Measure]] = {
    "recipes": {"tapping_temp": (1650, 8, 0), "nickel_share": (8.1, 0.2, 2)},
    "plant_map": {"longitude": (WEST + 0.01, 0.004, 6), "latitude": (SOUTH + 0.01, 0.003, 6)},
    "rolling_steel": {"roll_force": (14_200, 350, 0), "exit_speed": (11.5, 0.4, 2)},
    "circuit_masks": {"line_width": (28.0, 0.3, 2), "overlay": (2.1, 0.15, 3)},
}


def write_important_deliveries(root: Path) -> None:
    """Write a file into the drop folder of each dataset; and below `samples` a second delivery of recipes."""
    for name in KEYS:
        _write(root / "inbox" / name / "day1.csv", name, range(1, ROWS + 1))
    _write(root / "samples" / "recipes_day2.csv", "recipes", range(ROWS + 1, ROWS + MORE_ROWS + 1))


def _write(file: Path, name: str, numbers: Sequence[int]) -> None:
    key, measures = KEYS[name], MEASURES[name]
    lines = [",".join((key, *measures))]
    for number in numbers:
        values = seeded_random(name, number)
        cells = (f"{values.gauss(mean, spread):.{digits}f}" for mean, spread, digits in measures.values())
        lines.append(",".join((f"{key[0].upper()}{number:03d}", *cells)))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
