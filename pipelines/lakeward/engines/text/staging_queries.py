"""The result of reading files of one format: SELECTs to be united, and a report per file. Runs no query."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lakeward.contracts.batch import OTHER_ENCODING, BatchInput, FileReport
from lakeward.contracts.column_match import OTHER_COLUMNS, ColumnMatch
from lakeward.contracts.model import Column
from lakeward.core.names import Relation
from lakeward.engines.text.text_sql import TextSqlDialect

# Relations of a batch's files in a session.
STAGED_ROWS, STAGED_REJECTS = Relation("staged_rows"), Relation("staged_rejects")
# An empty SELECT, for batches without rows or rejects.
NO_REJECTS = (
    "SELECT CAST(NULL AS STRING) AS _file, CAST(NULL AS BIGINT) AS _file_seq, CAST(NULL AS BIGINT) AS _row, "
    "CAST(NULL AS STRING) AS reason, CAST(NULL AS STRING) AS detail, CAST(NULL AS BINARY) AS raw WHERE false"
)


@dataclass(slots=True)
class StagingQueries:
    """SELECTs of rows and of rejects, with the columns of `QueryEngine.stage`, collected file by file.

    Rows are the records that are not in `staged_rejects`: each record is judged once.
    """

    sql: TextSqlDialect
    rows: list[str] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)
    reports: list[FileReport] = field(default_factory=list)

    def reject_file(self, file: BatchInput, reason: str, found: str = "") -> None:
        """Make the whole file one reject, kept in landing under its sha256.

        Args:
            found: What stands in the way, without data values; the reject's detail has it behind the landed file's name.
        """
        literal = self.sql.literal
        detail = f"{file.sha256}; {found}" if found else file.sha256
        self.rejects.append(
            f"SELECT {literal(file.name)} AS _file, CAST({file.seq} AS BIGINT) AS _file_seq, CAST(0 AS BIGINT) AS _row, "
            f"{literal(reason)} AS reason, {literal(detail)} AS detail, CAST(NULL AS BINARY) AS raw"
        )
        self.reports.append(FileReport(file.seq, file.name, records=1, fault=reason))

    def reject_encoding(self, file: BatchInput, declared: str) -> None:
        """Make a UTF-8 file, for which another encoding is declared, one reject."""
        self.reject_file(file, OTHER_ENCODING, f"expected {declared}, found UTF-8")

    def reject_columns(self, file: BatchInput, names: Sequence[str]) -> None:
        """Make a file without a record, whose header is another's, one reject."""
        self.reject_file(file, OTHER_COLUMNS)
        self.reports[-1] = replace(self.reports[-1], names=tuple(names))


def rejects_select(records: str, reason: str, detail: str, raw: str) -> str:
    """SELECT of the rejects among `records` (`file, seq, n`, and the columns of the three expressions): those with a reason."""
    return (
        f"SELECT file AS _file, seq AS _file_seq, n AS _row, reason, {detail} AS detail, {raw} AS raw "
        f"FROM (SELECT *, {reason} AS reason FROM ({records})) WHERE reason IS NOT NULL"
    )


def rows_select(sql: TextSqlDialect, records: str, columns: Sequence[Column], values: Sequence[str], extra: str) -> str:
    """SELECT of the rows: values, row id (`file, seq, n` of the records) and unknown columns."""
    named = "".join(f"{value} AS {sql.identifier(column.name)}, " for column, value in zip(columns, values, strict=True))
    return f"SELECT {named}file AS _file, seq AS _file_seq, n AS _row, {extra} AS _extra FROM ({records})"


def no_rows_select(sql: TextSqlDialect, columns: Sequence[Column]) -> str:
    """An empty SELECT."""
    named = "".join(f"CAST(NULL AS STRING) AS {sql.identifier(column.name)}, " for column in columns)
    row_id_items = "CAST(NULL AS STRING) AS _file, CAST(NULL AS BIGINT) AS _file_seq, CAST(NULL AS BIGINT) AS _row"
    return f"SELECT {named}{row_id_items}, CAST(NULL AS STRING) AS _extra WHERE false"


def match_fault_detail(sql: TextSqlDialect, match: ColumnMatch) -> str:
    """Text: the columns that a file lacks. Its own names may be values and are left out."""
    lacking = match.missing if match.fault != OTHER_COLUMNS else (*match.missing, *match.absent)
    return sql.literal("missing: " + ", ".join(lacking))
