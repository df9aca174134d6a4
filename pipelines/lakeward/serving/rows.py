"""The result of a checked query: columns, and rows in several forms.

It hides DuckDB's relation on purpose: its `filter`, `project` and `query` take unchecked SQL. To continue from
a result, use the query as a subquery or a common table.
"""

import json
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from operator import itemgetter
from typing import Any, TypeVar

import duckdb

from lakeward.core.clock import with_instants
from lakeward.core.errors import LakewardError, MachineError, ProtectionError
from lakeward.serving.answer import Answer
from lakeward.serving.faults import run_faults

T = TypeVar("T")
# Called with the answer, or the failure, before rows are returned: without a log entry nothing is served.
AccessReport = Callable[[Answer, LakewardError | None], None]

# Name of `Rows.aggregated` in what other libraries get.
AGGREGATED = "lakeward.aggregated"
# Shows rows as a table for people; with the number of rows.
Display = Callable[[duckdb.DuckDBPyRelation], tuple[str, int]]
# Number of rows displayed in a notebook; the total is unknown without reading all.
SHOWN = 20
_INSTANT = "TIMESTAMP WITH TIME ZONE"


def _check_installed(package: str, extra: str) -> None:
    if find_spec(package) is None:
        raise MachineError("extra_missing", extra=extra)


class Rows:
    """Rows of one query; each call that fetches them runs it, and is written to the access log.

    Examples:
        >>> import lakeward
        >>> con = lakeward.connect(role="analyst")
        >>> rows = con.sql("SELECT machine, max(temp_degc) AS hottest FROM silver.press_line GROUP BY machine ORDER BY machine")
        >>> rows.columns, rows.types
        (('machine', 'hottest'), ('VARCHAR', 'DOUBLE'))
        >>> rows.fetchall()
        [('M1', 21.5), ('M2', 24.0)]
        >>> rows.limit(1).fetchone()
        ('M1', 21.5)
        >>> con.close()
    """

    def __init__(
        self,
        relation: duckdb.DuckDBPyRelation,
        check: Callable[[], None],
        report: AccessReport,
        aggregated: Mapping[str, str],
        display: Display,
    ) -> None:
        self.__relation = relation
        self.__check = check
        self.__report = report
        self.__aggregated = dict(aggregated)
        self.__display = display

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(self.__relation.columns)

    @property
    def types(self) -> tuple[str, ...]:
        """DuckDB's types, in order."""
        return tuple(map(str, self.__relation.types))

    @property
    def aggregated(self) -> dict[str, str]:
        """By `layer.table.column`, what is done to the values (`mask`, `generalise`, …) that figures of this query may rest on.

        Such figures are of what is shown, not of the values: no average of bands is the average.
        """
        return dict(self.__aggregated)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows; times are aware UTC datetimes."""
        instants = [at for at, type_ in enumerate(self.types) if type_ == _INSTANT]
        items = (f"epoch_us(#{at + 1})" if at in instants else f"#{at + 1}" for at in range(len(self.types)))
        rows = self._fetch(lambda rel: (rel.project(", ".join(items)) if instants else rel).fetchall(), len)
        return [with_instants(row, instants) for row in rows] if instants else rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row; None if there is none."""
        found = self.limit(1).fetchall()
        return found[0] if found else None

    def limit(self, rows: int) -> "Rows":
        """The first `rows` rows."""
        return Rows(self.__relation.limit(int(rows)), self.__check, self.__report, self.__aggregated, self.__display)

    def df(self) -> Any:
        """A pandas DataFrame; its `attrs` have `aggregated` under `lakeward.aggregated`.

        Raises:
            MachineError: pandas is not installed.
        """
        _check_installed("pandas", "analyst")
        frame = self._fetch(lambda rel: rel.df(), len)
        if self.__aggregated:
            frame.attrs[AGGREGATED] = self.aggregated
        return frame

    def pl(self) -> Any:
        """A polars DataFrame.

        Raises:
            MachineError: polars is not installed.
        """
        _check_installed("polars", "analyst")
        return self._fetch(lambda rel: rel.pl(), len)

    def arrow(self) -> Any:
        """A PyArrow table; the metadata of its schema have `aggregated`, as JSON, under `lakeward.aggregated`.

        Raises:
            MachineError: PyArrow is not installed.
        """
        _check_installed("pyarrow", "analyst")
        table = self._fetch(lambda rel: rel.to_arrow_table(), lambda table: int(table.num_rows))
        if not self.__aggregated:
            return table
        return table.replace_schema_metadata({**(table.schema.metadata or {}), AGGREGATED: json.dumps(self.__aggregated)})

    def __repr__(self) -> str:
        text, _ = self._fetch(lambda rel: self.__display(rel.limit(SHOWN)), itemgetter(1))
        return text

    def _fetch(self, read: Callable[[duckdb.DuckDBPyRelation], T], count: Callable[[T], int]) -> T:
        self.__check()
        start = time.perf_counter_ns()
        failure: LakewardError | None = ProtectionError("query_failed", kind="Interrupt")  # unless another one is caught
        try:
            with run_faults():
                rows = read(self.__relation)
                number = count(rows)
            failure = None
        except LakewardError as error:
            error.__context__ = None  # DuckDB's error, which can quote a value
            failure = error
            raise
        finally:
            if failure:
                self.__report(Answer(elapsed_us=_microseconds_since(start)), failure)
        self.__report(Answer(rows=number, elapsed_us=_microseconds_since(start), content=rows), None)
        return rows


def _microseconds_since(start: int) -> int:
    return (time.perf_counter_ns() - start) // 1000
