"""The built-in plant: a seeded day of files in the drop folders, with the truth of every defect that was put into them."""

from lakeward.simulator.day import write_plant_day
from lakeward.simulator.truth import InjectedDefect, Truth

__all__ = ["InjectedDefect", "Truth", "write_plant_day"]
