"""Reads the files of one batch on executors into `staged_rows` and `staged_rejects`, whatever their format.

No row passes through the driver: it reads only headers, footers and counts.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark.sql import SparkSession

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.core.errors import MachineError
from lakeward.engines.spark.staging.csv_files import CsvReader
from lakeward.engines.spark.staging.file_heads import open_text
from lakeward.engines.spark.staging.json_files import read_json
from lakeward.engines.spark.staging.lines import SparkTextFile
from lakeward.engines.spark.staging.parquet_files import ParquetReader, reads_like_duckdb
from lakeward.engines.spark.staging.text_sql import SPARK
from lakeward.engines.tables import NO_STORED_TYPES
from lakeward.engines.text.decoding import OtherEncodingError
from lakeward.engines.text.likely_encodings import reports_in_order
from lakeward.engines.text.staging_queries import NO_REJECTS, STAGED_REJECTS, STAGED_ROWS, StagingQueries, no_rows_select


def is_for_executors(inputs: Sequence[BatchInput], columns: Sequence[Column]) -> bool:
    """Whether executors read all of these files like the embedded engine; otherwise the driver's engine reads them.

    Declared exceptions: workbooks, landed messages, and Parquet types that Spark lacks (times of day, nanoseconds, UUIDs, maps).
    """

    def reads(file: BatchInput) -> bool:
        if file.fault or file.format is not FileFormat.PARQUET:
            return bool(file.fault) or file.format not in {FileFormat.XLSX, FileFormat.MESSAGES}
        return reads_like_duckdb(file, columns)

    return all(map(reads, inputs))


def stage(
    session: SparkSession,
    inputs: Sequence[BatchInput],
    record_format: RecordFormat,
    columns: Sequence[Column],
    scratch: Path,
    stored: Mapping[str, DataType] = NO_STORED_TYPES,
) -> tuple[FileReport, ...]:
    """Read the inputs into two relations of the session; shape and meaning as in `QueryEngine.stage`.

    Args:
        session: Both relations become views of it.
        inputs: The files, of any format except Excel, in folders that executors can read.
        record_format: Format of all text files among them.
        columns: The contract's columns, in its order.
        scratch: An existing folder for working copies, also visible to executors; it must exist as long as the views.
        stored: Types that columns must have.

    Returns:
        One report per input, in their order.

    Raises:
        MachineError: A landed file can't be opened, or the scratch folder can't take a working copy.
    """
    try:
        readings = _read_formats(
            session, inputs, record_format, columns, scratch=_empty_folder(scratch / "staging_spark"), stored=stored
        )
    except OSError as error:
        raise MachineError("staging_impossible", file=error.filename or str(scratch), found=error.strerror) from error
    rejects = " UNION ALL ".join(select for queries in readings for select in queries.rejects) or NO_REJECTS
    session.sql(rejects).createOrReplaceTempView(STAGED_REJECTS.name)
    rows = " UNION ALL ".join(select for queries in readings for select in queries.rows) or no_rows_select(SPARK, columns)
    session.sql(rows).createOrReplaceTempView(STAGED_ROWS.name)
    return reports_in_order(readings, inputs, record_format.encoding)


def _read_formats(
    session: SparkSession,
    inputs: Sequence[BatchInput],
    record_format: RecordFormat,
    columns: Sequence[Column],
    scratch: Path,
    stored: Mapping[str, DataType],
) -> tuple[StagingQueries, ...]:
    """The queries of each format, and the unreadable files."""
    faulty = StagingQueries(SPARK)
    texts: dict[FileFormat, list[SparkTextFile]] = {FileFormat.CSV: [], FileFormat.JSONL: []}
    parquet: list[BatchInput] = []
    for file in inputs:
        if file.fault:
            faulty.reject_file(file, file.fault)
        elif file.format is FileFormat.PARQUET:
            parquet.append(file)
        else:
            try:
                text = open_text(file, record_format, scratch)
            except OtherEncodingError:
                faulty.reject_encoding(file, record_format.encoding)
                continue
            if isinstance(text, str):
                faulty.reject_file(file, text)
            else:
                texts[file.format].append(text)
    return (
        faulty,
        CsvReader(session, record_format, columns, scratch).read(texts[FileFormat.CSV]),
        read_json(session, texts[FileFormat.JSONL], columns, record_format.columns_found),
        ParquetReader(session, columns, stored, record_format).read(parquet),
    )


def _empty_folder(folder: Path) -> Path:
    """The folder, without the working copies of the previous batch."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder
