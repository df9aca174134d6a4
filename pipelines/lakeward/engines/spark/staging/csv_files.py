"""Delimited text files on executors: a scan that counts, then one that reads."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
from pyspark.sql import SparkSession

from lakeward.contracts.batch import FileReport
from lakeward.contracts.model import Column
from lakeward.contracts.record_format import RecordFormat
from lakeward.engines.reading.csv_headers import Header
from lakeward.engines.reading.text_lines import MAX_LINE_BYTES
from lakeward.engines.spark.results import fetched
from lakeward.engines.spark.staging.heads import header
from lakeward.engines.spark.staging.lines import Lines, Part, SparkText, escaped
from lakeward.engines.spark.staging.words import SPARK
from lakeward.engines.text.csv_files import CsvGroup, CsvKind, not_blank, spanning
from lakeward.engines.text.csv_records import Dialect, reason
from lakeward.engines.text.reading import Reading


class CsvReader:
    """Reads delimited files, all under the contract's dialect.

    Args:
        scratch: An existing folder for records that go over several lines, which must outlive the session's relations.
    """

    def __init__(self, session: SparkSession, record_format: RecordFormat, columns: Sequence[Column], scratch: Path) -> None:
        self._session = session
        self._record_format = record_format
        self._columns = columns
        self._scratch = scratch
        self._reading = Reading(SPARK)

    def read(self, files: Iterable[SparkText]) -> Reading:
        """The rows, rejects and reports of the files."""
        known: list[tuple[SparkText, Header]] = []
        with duckdb.connect() as con:
            for file in files:
                found = header(con, file, self._record_format, self._scratch)
                if isinstance(found, str):
                    self._reading.refuse(file.text.input, found)
                else:
                    known.append((replace(file, text=replace(file.text, skip=found.last)), found))
        known.sort(key=lambda one: repr(_alike(one)))
        for number, (_, group) in enumerate(itertools.groupby(known, key=_alike)):
            alike = tuple(group)
            self._read(number, [file for file, _ in alike], alike[0][1])
        return self._reading

    def _read(self, number: int, files: Sequence[SparkText], header: Header) -> None:
        """Add files with one header, read alike, to the reading."""
        lines = Lines(self._session, f"staged_csv_{number}", files)
        dialect = Dialect.of(self._record_format, files[0].text.view.newline, SPARK)
        parts = lines.of(self._measured(lines, dialect, len(header.names)))
        good = {file.text.input.seq: parts(file) for file in files if _longest(parts(file)) <= MAX_LINE_BYTES}
        for file in files:
            if file.text.input.seq not in good:
                self._reading.refuse(file.text.input, "reject_unreadable")
        odd, bad, undecoded = (_sum(itertools.chain(*good.values()), name) for name in ("odd", "bad", "undecoded"))
        kind = CsvKind(
            header=header.names, dialect=dialect, mixed=lines.mixed, undecoded=undecoded > 0, joins=odd > 0, flawed=odd + bad > 0
        )
        lined = lines.numbered(good, undecoded=kind.undecoded)
        group = CsvGroup(kind, lined, self._columns, self._kept(f"staged_spans_{number}", kind, lined))
        self._report([file for file in files if file.text.input.seq in good], good, kind, group)
        if header.last:
            group.read(self._reading)

    def _measured(self, lines: Lines, dialect: Dialect, width: int) -> tuple[Part, ...]:
        undecoded = lines.undecoded()
        counts = {
            "longest": "max(octet_length(value))",
            "records": f"count_if({not_blank(SPARK.carriage)})",
            "undecoded": f"count_if({undecoded})",
            "odd": f"count_if({dialect.odd('text')})",
            "bad": f"count_if({undecoded} OR {not_blank(SPARK.carriage)} AND {reason(dialect, width, undecoded=False)} IS NOT NULL)",
        }
        return lines.measured(f"{dialect.fields('text')} AS f", counts)

    def _kept(self, name: str, kind: CsvKind, lined: str) -> str:
        """SELECT of the records of several lines, found once and kept."""
        if not kind.joins:
            return ""
        folder = str(self._scratch.absolute() / name)
        self._session.sql(spanning(kind, lined)).write.parquet(folder)
        self._session.read.parquet(escaped(Path(folder))).createOrReplaceTempView(name)
        return f"SELECT * FROM {name}"

    def _report(self, files: Sequence[SparkText], parts: dict[int, tuple[Part, ...]], kind: CsvKind, group: CsvGroup) -> None:
        counts = {seq: max(_sum(found, "records") - 1, 0) for seq, found in parts.items()}
        if kind.joins:
            rows = fetched(self._session.sql(f"SELECT seq, count(*) AS records FROM ({group.records()}) GROUP BY seq"))
            counts = {row["seq"]: row["records"] for row in rows}
        for file in files:
            one = file.text.input
            count = counts.get(one.seq, 0)
            self._reading.reports.append(
                FileReport(one.seq, one.name, count, unknown=group.unknown, missing=group.missing if count else ())
            )


def _alike(one: tuple[SparkText, Header]) -> tuple[object, ...]:
    """What files must share to be read by one SELECT; one that holds nothing has no header."""
    file, header = one
    return file.reading, header.names


def _longest(parts: Sequence[Part]) -> int:
    return max((part.counts["longest"] for part in parts), default=0)


def _sum(parts: Iterable[Part], name: str) -> int:
    return sum(part.counts[name] for part in parts)
