"""The built-in plant: a seeded day of files in the drop folders, with the truth of every defect; and deliveries of important data."""

from lakeward.simulator.day import write_plant_day
from lakeward.simulator.important import write_important_deliveries
from lakeward.simulator.truth import InjectedDefect, Truth

__all__ = ["InjectedDefect", "Truth", "write_important_deliveries", "write_plant_day"]
