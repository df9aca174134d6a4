"""A date in one column and the time of day in another: one instant. A file that has timestamps keeps them."""

import itertools
import re
from collections.abc import Mapping
from types import MappingProxyType

from lakeward.contracts.record_format import FileFormat
from lakeward.profiling.naming import sql_names
from lakeward.profiling.times import DATE, TIMESTAMP, fitting_formats
from lakeward.profiling.type_candidates import MIN_TYPE_SHARE
from lakeward.profiling.type_trials import StagedRecords, sample_texts
from lakeward.quality.convert import ISO_DATE, ISO_TIME

NONE_JOINED: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?[AP]M)?", re.IGNORECASE)
_ISO_DATE, _ISO_TIME = re.compile(ISO_DATE), re.compile(ISO_TIME)


def find_date_and_time(staged: StagedRecords, names: Mapping[str, str], rows: int) -> tuple[str, tuple[str, str]] | None:
    """The name in SQL of a column that joins the two, and their names in the file; None where there are none.

    Args:
        names: Each column's name in SQL, and in the file.
    """
    if staged.record_format.format is FileFormat.PARQUET:
        return None
    kinds = {column: _kind(texts) for column, texts in sample_texts(staged, list(names), ("",), rows).items()}
    columns = list(names)
    if "timestamp" in kinds.values() or "date" not in kinds.values() or "clock" not in kinds.values():
        return None
    for date, clock in itertools.pairwise(columns):
        pair = (date, clock) if kinds[date] == "date" else (clock, date)
        if {kinds[date], kinds[clock]} == {"date", "clock"}:
            headers = (names[pair[0]], names[pair[1]])
            return sql_names([*names.values(), f"{headers[0]} {headers[1]}"])[-1], headers
    return None


def _kind(texts: tuple[str, ...]) -> str | None:
    """`date`, `clock` or `timestamp`, if nearly all texts are."""
    needed = MIN_TYPE_SHARE * len(texts)
    if not texts:
        return None
    if sum(1 for text in texts if _CLOCK.fullmatch(text)) >= needed:
        return "clock"
    if sum(1 for text in texts if _ISO_DATE.match(text)) >= needed:
        return "date"
    if sum(1 for text in texts if _ISO_TIME.match(text)) >= needed:
        return "timestamp"
    formats = fitting_formats(texts, MIN_TYPE_SHARE)
    return {DATE: "date", TIMESTAMP: "timestamp"}[formats[0][0]] if formats else None
