"""Reading the files of one batch into `staged_rows` and `staged_rejects`, whatever their format.

Values are not typed, trimmed or judged here. A fault in one record or file does not affect others.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.core.errors import MachineError
from lakeward.engines.embedded.csv_files import read_csv
from lakeward.engines.embedded.excel_files import read_excel
from lakeward.engines.embedded.json_files import read_json, split_json
from lakeward.engines.embedded.messages.reader import read_messages
from lakeward.engines.embedded.parquet_files import read_parquet
from lakeward.engines.reading.text_lines import TextFile
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.tables import NO_STORED_TYPES
from lakeward.engines.text.decoding import OtherEncodingError, utf8_view
from lakeward.engines.text.likely_encodings import reports_in_order
from lakeward.engines.text.staging_queries import NO_REJECTS, STAGED_REJECTS, STAGED_ROWS, StagingQueries, no_rows_select


def stage(
    con: duckdb.DuckDBPyConnection,
    inputs: Sequence[BatchInput],
    record_format: RecordFormat,
    columns: Sequence[Column],
    scratch: Path,
    stored: Mapping[str, DataType] = NO_STORED_TYPES,
) -> tuple[FileReport, ...]:
    """Read the inputs into two relations of the session; shape and meaning as in `QueryEngine.stage`.

    Args:
        con: The session; `staged_rows` becomes a view of it, `staged_rejects` a table.
        inputs: The files, of any of the formats.
        record_format: Format of all text files among them.
        columns: The contract's columns, in its order.
        scratch: An existing folder for working copies; it must exist as long as the view.
        stored: Types that columns must have.

    Returns:
        One report per input, in their order.

    Raises:
        MachineError: A landed file can't be opened, or the scratch folder can't take a working copy.
    """
    try:
        readings = _read_formats(con, inputs, record_format, columns, scratch=_empty_folder(scratch / "staging"), stored=stored)
    except OSError as error:
        raise MachineError("staging_impossible", file=error.filename or str(scratch), found=error.strerror) from error
    rejects = " UNION ALL ".join([NO_REJECTS, *(select for queries in readings for select in queries.rejects)])
    con.execute(f"CREATE OR REPLACE TEMP TABLE {STAGED_REJECTS} AS {rejects}")
    rows = " UNION ALL BY NAME ".join(select for queries in readings for select in queries.rows) or no_rows_select(
        DUCKDB, columns
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW {STAGED_ROWS} AS {rows}")
    return reports_in_order(readings, inputs, record_format.encoding)


def _read_formats(
    con: duckdb.DuckDBPyConnection,
    inputs: Sequence[BatchInput],
    record_format: RecordFormat,
    columns: Sequence[Column],
    scratch: Path,
    stored: Mapping[str, DataType],
) -> tuple[StagingQueries, ...]:
    """The queries of each format, and the files already known to be unreadable."""
    faulty = StagingQueries(DUCKDB)
    for file in inputs:
        if file.fault:
            faulty.reject_file(file, file.fault)
        else:
            file.path.open("rb").close()
    readable = {kind: [file for file in inputs if file.format is kind and not file.fault] for kind in FileFormat}

    def text(kind: FileFormat) -> list[TextFile]:
        return list(_open_texts(readable[kind], record_format.encoding, scratch, faulty))

    lines, faulty_json = split_json(con, text(FileFormat.JSONL), scratch)
    return (
        faulty,
        read_csv(con, text(FileFormat.CSV), record_format, columns),
        faulty_json,
        read_json(con, lines, columns, record_format.columns_found),
        read_parquet(con, readable[FileFormat.PARQUET], columns, stored, record_format),
        read_excel(readable[FileFormat.XLSX], record_format, columns, scratch),
        read_messages(con, readable[FileFormat.MESSAGES], record_format, columns),
    )


def _open_texts(files: Sequence[BatchInput], encoding: str, scratch: Path, faulty: StagingQueries) -> Iterator[TextFile]:
    """The files as DuckDB reads them; those in another encoding become rejects of `faulty`."""
    for file in files:
        try:
            yield TextFile(file, utf8_view(file.path, encoding, scratch))
        except OtherEncodingError:
            faulty.reject_encoding(file, encoding)


def _empty_folder(folder: Path) -> Path:
    """The folder, without the working copies of the previous batch."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder
