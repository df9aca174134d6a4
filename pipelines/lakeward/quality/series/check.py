"""A sensor rule among the checks of a suite."""

from dataclasses import dataclass

from lakeward.quality.checks import ForeignCheck


@dataclass(frozen=True, slots=True)
class SeriesCheck(ForeignCheck):
    """Judged by the query of the sensor rules (`series.plan`), not by the one of all others."""
