"""Delimited text files on executors: a scan that counts, then one that reads."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pyspark.sql import SparkSession

from lakeward.contracts.batch import BatchInput, FileReport, OmittedLines
from lakeward.contracts.column_match import OTHER_COLUMNS, ColumnMatch, holds_values, match_columns
from lakeward.contracts.model import Column
from lakeward.contracts.record_format import RecordFormat
from lakeward.engines.connections import connect
from lakeward.engines.reading.csv_headers import CsvHeader, FileFault
from lakeward.engines.reading.footers import read_footer
from lakeward.engines.reading.text_lines import MAX_LINE_BYTES
from lakeward.engines.spark.results import collect_rows
from lakeward.engines.spark.staging.file_heads import read_csv_header
from lakeward.engines.spark.staging.lines import FileSplit, SparkTextFile, TextLines, escape_path
from lakeward.engines.spark.staging.text_sql import SPARK
from lakeward.engines.text.csv_files import CsvGroup, CsvLayout, multiline_records_select
from lakeward.engines.text.csv_records import CsvRecordSql, reject_reason
from lakeward.engines.text.repeated_headers import OTHER_HEADER, HeaderLike
from lakeward.engines.text.staging_queries import StagingQueries


class CsvReader:
    """Reads delimited files, all under the contract's dialect.

    Args:
        scratch: An existing folder for records of several lines; it must exist as long as the session's relations.
    """

    def __init__(self, session: SparkSession, record_format: RecordFormat, columns: Sequence[Column], scratch: Path) -> None:
        self._session = session
        self._record_format = record_format
        self._columns = columns
        self._scratch = scratch
        self._reading = StagingQueries(SPARK)

    def read(self, files: Iterable[SparkTextFile]) -> StagingQueries:
        """The rows, rejects and reports of the files."""
        known: list[tuple[SparkTextFile, CsvHeader]] = []
        with connect() as con:
            for file in files:
                found = read_csv_header(con, file, self._record_format, self._columns, self._scratch)
                if isinstance(found, FileFault):
                    self._reading.reject_file(file.text.input, *found)
                else:
                    known.append((self._open_below_header(file, found), found))
        known.sort(key=lambda opened_file: repr(_layout_key(opened_file)))
        for number, (_, group) in enumerate(itertools.groupby(known, key=_layout_key)):
            alike = tuple(group)
            self._read(number, [file for file, _ in alike], alike[0][1])
        return self._reading

    def _open_below_header(self, file: SparkTextFile, header: CsvHeader) -> SparkTextFile:
        """The file, with what of it are no records."""
        return replace(
            file,
            text=replace(file.text, skip=header.last_line),
            footer=read_footer(file.text.view, self._record_format),
            header_line=header.last_line,
            uncounted=header.lines,
        )

    def _read(self, number: int, files: Sequence[SparkTextFile], header: CsvHeader) -> None:
        """Add files with the same header and layout to the reading."""
        match = match_columns(self._columns, header.names, self._record_format.columns_found if header.names else 0)
        if match.fault == OTHER_COLUMNS and holds_values(header.names):
            files = [replace(file, text=replace(file.text, skip=0), uncounted=file.uncounted - header.lines) for file in files]
        lines = TextLines(self._session, f"staged_csv_{number}", files)
        dialect = CsvRecordSql.of(self._record_format, files[0].text.view.newline, SPARK)
        parts = lines.splits_of(self._measure_splits(lines, dialect, header))
        good = {file.text.input.seq: parts(file) for file in files if _longest_line(parts(file)) <= MAX_LINE_BYTES}
        for file in (file for file in files if file.text.input.seq not in good):
            self._reading.reject_file(file.text.input, "reject_unreadable")
        kind = _layout(header, lines, dialect, itertools.chain(*good.values()))
        self._cache_multiline_records(f"staged_spans_{number}", kind, lines.data_lines_select(good, undecoded=kind.undecoded))
        open_group = partial(self._open_group, number=number, lines=lines, good=good, match=match)
        group = open_group(kind)
        if _repeats_header(header, match, good):
            group = open_group(self._find_headers(group, files, good))
        counts = {seq: self._count_single(file, good[seq]) for file in files if (seq := file.text.input.seq) in good}
        if kind.has_multiline_records:
            counts = self._count_records(group)
        omitted = self._omitted_lines(group, files, good)
        for file in (file for file in files if file.text.input.seq in good):
            seq = file.text.input.seq
            self._report(file.text.input, counts.get(seq, 0), header, match)
            self._reading.reports[-1] = replace(self._reading.reports[-1], omitted=omitted.get(seq, ()))
        if header.names:
            group.read(self._reading)

    def _open_group(
        self, kind: CsvLayout, *, number: int, lines: TextLines, good: Mapping[int, tuple[FileSplit, ...]], match: ColumnMatch
    ) -> CsvGroup:
        lined = lines.data_lines_select(good, undecoded=kind.undecoded)
        seqs = ", ".join(map(str, good)) or "-1"
        return CsvGroup(kind, lined, self._columns, match, f"SELECT * FROM staged_spans_{number} WHERE seq IN ({seqs})")

    def _measure_splits(self, lines: TextLines, dialect: CsvRecordSql, header: CsvHeader) -> tuple[FileSplit, ...]:
        undecoded, holds = lines.undecoded_condition(), dialect.is_record_line()
        bad = f"{reject_reason(dialect, len(header.names), header.least, undecoded=False)} IS NOT NULL"
        counts = {
            "longest": "max(octet_length(value))",
            "records": f"count_if({holds})",
            "undecoded": f"count_if({undecoded})",
            "odd": f"count_if({dialect.has_odd_quotes('text')} AND {dialect.has_text_outside_fields('text', 'f')})",
            "bad": f"count_if({undecoded} OR {holds} AND {bad})",
            "header_like": f"count_if({holds} AND {header.rows.is_like(dialect, 'text', 'f')})",
        }
        return lines.measure_splits(f"{dialect.split_fields('text')} AS f", counts)

    def _find_headers(self, group: CsvGroup, files: Sequence[SparkTextFile], good: dict[int, tuple[FileSplit, ...]]) -> CsvLayout:
        """The layout with its headers that come again; files with that of another table are rejected, and taken out of `good`."""
        rows = collect_rows(self._session.sql(group.header_like_lines()))
        kind, others = group.find_headers([HeaderLike(row["seq"], row["line"], row["text"], row["fields"]) for row in rows])
        for file in files:
            if (line := others.get(file.text.input.seq)) is not None:
                self._reading.reject_file(file.text.input, OTHER_HEADER, f"line {line}")
                del good[file.text.input.seq]
        return kind

    def _cache_multiline_records(self, name: str, layout: CsvLayout, lined: str) -> None:
        """Make a view of the cached records of several lines, if there are some."""
        if not layout.has_multiline_records:
            return
        folder = str(self._scratch.absolute() / name)
        self._session.sql(multiline_records_select(layout, lined)).write.parquet(folder)
        self._session.read.parquet(escape_path(Path(folder))).createOrReplaceTempView(name)

    def _count_single(self, file: SparkTextFile, parts: Sequence[FileSplit]) -> int:
        """Number of records of a file, each of one line."""
        footer = file.footer_below_header(_count_lines(parts)).count_records(self._record_format.comment)
        return max(_sum_counts(parts, "records") - file.uncounted - footer, 0)

    def _omitted_lines(
        self, group: CsvGroup, files: Sequence[SparkTextFile], parts: Mapping[int, Sequence[FileSplit]]
    ) -> dict[int, tuple[OmittedLines, ...]]:
        """Comments and footer of each file that can be read, by number."""
        rows = collect_rows(self._session.sql(group.comment_lines())) if self._record_format.comment else []
        found: dict[int, tuple[OmittedLines, ...]] = {
            row["seq"]: (OmittedLines("comment", row["lines"], row["first"]),) for row in rows
        }
        for file in files:
            if (seq := file.text.input.seq) in parts:
                total = _count_lines(parts[seq])
                found[seq] = (*found.get(seq, ()), *file.footer_below_header(total).omitted_lines(total))
        return found

    def _count_records(self, group: CsvGroup) -> dict[int, int]:
        """Number of records of each file with records of several lines."""
        rows = collect_rows(self._session.sql(f"SELECT seq, count(*) AS records FROM ({group.records()}) GROUP BY seq"))
        return {row["seq"]: row["records"] for row in rows}

    def _report(self, file: BatchInput, records: int, header: CsvHeader, match: ColumnMatch) -> None:
        if match.fault == OTHER_COLUMNS and not records:
            self._reading.reject_columns(file, header.names)
        else:
            self._reading.reports.append(FileReport.of_match(file, records, header.names, match))


def _layout_key(opened_file: tuple[SparkTextFile, CsvHeader]) -> tuple[object, ...]:
    """Properties that files must share to be read by one SELECT; an empty file has no header."""
    file, header = opened_file
    return file.scan_key, header.names, header.least, header.rows


def _layout(header: CsvHeader, lines: TextLines, dialect: CsvRecordSql, splits: Iterable[FileSplit]) -> CsvLayout:
    parts = tuple(splits)
    odd, bad, undecoded = (_sum_counts(parts, name) for name in ("odd", "bad", "undecoded"))
    return CsvLayout(
        header=header.names,
        least=header.least,
        dialect=dialect,
        mixed=lines.mixed,
        undecoded=undecoded > 0,
        has_multiline_records=odd > 0,
        has_bad_lines=odd + bad > 0,
        head=header.rows,
    )


def _repeats_header(header: CsvHeader, match: ColumnMatch, good: Mapping[int, Sequence[FileSplit]]) -> bool:
    """Whether a file has more lines that are like the header than those of the header, and this is one."""
    return (
        bool(match.sources)
        and not match.fault
        and any(_sum_counts(parts, "header_like") > header.like for parts in good.values())
    )


def _longest_line(parts: Sequence[FileSplit]) -> int:
    return max((part.counts["longest"] for part in parts), default=0)


def _count_lines(parts: Iterable[FileSplit]) -> int:
    return sum(part.lines for part in parts)


def _sum_counts(parts: Iterable[FileSplit], name: str) -> int:
    return sum(part.counts[name] for part in parts)
