"""Files that decode as UTF-8, as declared, and read like Chinese text in GB18030: a few characters of it can be both."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.record_format import FileFormat
from lakeward.core.chinese_pairs import reads_as_pairs
from lakeward.engines.text.staging_queries import StagingQueries

# Bytes of a file that are looked at: a driver of executors reads no whole file.
_LIMIT = 16 << 20
_UTF8 = frozenset(("utf-8", "utf8", "utf-8-sig", "utf_8", "utf_8_sig"))


def reports_in_order(readings: Iterable[StagingQueries], inputs: Sequence[BatchInput], encoding: str) -> tuple[FileReport, ...]:
    """The reports by the numbers of their files, each with the encoding that its file more likely has.

    Args:
        encoding: The declared one.

    Raises:
        OSError: A file can't be read.
    """
    texts = {file.seq: file for file in inputs if file.format in {FileFormat.CSV, FileFormat.JSONL} and encoding.lower() in _UTF8}
    reports = sorted((report for queries in readings for report in queries.reports), key=lambda report: report.seq)
    return tuple(
        replace(report, likely_encoding="gb18030")
        if not report.fault and report.seq in texts and reads_as_pairs(texts[report.seq].path, _LIMIT)
        else report
        for report in reports
    )
