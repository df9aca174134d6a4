"""Reading the files of one batch into `staged_rows` and `staged_rejects`, whatever their format.

Refuses to type, trim or judge a value, and to let a fault in one record or file cost another.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import Column, FileFormat, FileSource
from lakeward.engines.embedded.csv_files import read_csv
from lakeward.engines.embedded.decoding import utf8_view
from lakeward.engines.embedded.quoting import identifier
from lakeward.engines.embedded.reading import Reading
from lakeward.engines.embedded.text_lines import TextFile

_NO_REJECTS = (
    "SELECT NULL::VARCHAR AS _file, NULL::BIGINT AS _file_seq, NULL::BIGINT AS _row, NULL::VARCHAR AS reason, "
    "NULL::VARCHAR AS detail, NULL::BLOB AS raw WHERE false"
)


def stage(
    con: duckdb.DuckDBPyConnection, inputs: Sequence[BatchInput], source: FileSource, columns: Sequence[Column], scratch: Path
) -> tuple[FileReport, ...]:
    """Read the inputs into two relations of the session; shape and meaning as in `QueryEngine.stage`.

    Args:
        con: The session; `staged_rows` becomes a view of it, `staged_rejects` a table.
        inputs: The files, of any of the formats.
        source: The dialect of all text files among them.
        columns: The contract's columns, in its order.
        scratch: An existing folder for working copies, which must outlive the view.

    Returns:
        One report per input, in their order.
    """
    reading = Reading()
    readable = []
    for file in inputs:
        if file.fault:
            reading.refuse(file, file.fault)
        else:
            readable.append(file)
    csv = [TextFile(f, utf8_view(f.path, source.encoding, scratch)) for f in readable if f.format is FileFormat.CSV]
    found = [reading, read_csv(con, csv, source, columns)]
    rejects = " UNION ALL ".join([_NO_REJECTS, *(part for one in found for part in one.rejects)])
    con.execute(f"CREATE OR REPLACE TEMP TABLE staged_rejects AS {rejects}")
    rows = " UNION ALL BY NAME ".join(part for one in found for part in one.rows) or _no_rows(columns)
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged_rows AS {rows}")
    return tuple(sorted((report for one in found for report in one.reports), key=lambda report: report.seq))


def _no_rows(columns: Sequence[Column]) -> str:
    named = "".join(f"NULL::VARCHAR AS {identifier(column.name)}, " for column in columns)
    return f"SELECT {named}NULL::VARCHAR AS _file, NULL::BIGINT AS _file_seq, NULL::BIGINT AS _row, NULL::VARCHAR AS _extra WHERE false"
