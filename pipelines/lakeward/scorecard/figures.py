"""Figures with evidence: a family is one query whose cells are figures, and the evidence of a figure is this query for its cell.

So the displayed number and the result of its evidence are the same by construction. A family without a table
is unknown and has no figures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, unquote

from lakeward.core.evidence import Evidence
from lakeward.core.sql import identifier, literal

Value = Decimal | int | str | None
# Characters that JavaScript's encodeURIComponent keeps, so that page and program write the same id.
_UNQUOTED = "!*'()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Figures from one query.

    Args:
        tables: Every table of the lake that `sql` names, as `layer.name`.
        keys: Columns, as text, that identify a row; empty if there is one row.
        numbers: Columns whose cells are figures.
        sql: A SELECT of the keys, the numbers and texts.
    """

    name: str
    tables: tuple[str, ...]
    keys: tuple[str, ...]
    numbers: tuple[str, ...]
    sql: str

    def figure_query(self, key: tuple[str, ...], column: str) -> str:
        """The SELECT of one cell, as `value`."""
        if column not in self.numbers or len(key) != len(self.keys):
            raise KeyError(column)
        named = " AND ".join(f"{identifier(name)} = {literal(value)}" for name, value in zip(self.keys, key, strict=True))
        return f"SELECT {identifier(column)} AS value FROM (\n{self.sql}\n) AS figures" + (f" WHERE {named}" if named else "")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the scorecard.

    Args:
        id: Id of the figure: the family, the key of the row and the column.
        value: The number; None means unknown, never zero.
        evidence: The query of the number.
    """

    id: str
    value: Value
    evidence: Evidence

    def as_dict(self) -> dict[str, object]:
        """`id, value, sql, versions`; a decimal as text, to its last digit."""
        evidence = self.evidence.as_dict()
        return {"id": self.id, **{key: evidence[key] for key in ("value", "sql", "versions")}}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One row of a result: its key, and its columns by name."""

    key: tuple[str, ...]
    cells: Mapping[str, Value]

    def __getitem__(self, column: str) -> Value:
        return self.cells[column]

    def number(self, column: str) -> int | Decimal | None:
        """The cell as a number, for drawing."""
        value = self.cells[column]
        assert not isinstance(value, str)
        return value

    def word(self, column: str) -> str:
        """The cell as text; empty for NULL."""
        value = self.cells[column]
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class FamilyResult:
    """The result of a family's query, with the table versions."""

    family: Family
    versions: Mapping[str, int]
    rows: tuple[FigureRow, ...]

    @classmethod
    def from_rows(cls, family: Family, versions: Mapping[str, int], rows: list[dict[str, Value]]) -> "FamilyResult":
        """The result from fetched rows."""
        return cls(family, versions, tuple(FigureRow(tuple(str(row[key]) for key in family.keys), row) for row in rows))

    @property
    def single_row(self) -> FigureRow:
        """The row of a family without keys."""
        return self.rows[0]

    def rows_under(self, *head: str) -> tuple[FigureRow, ...]:
        """The rows whose key begins with `head`."""
        return tuple(row for row in self.rows if row.key[: len(head)] == head)

    def figures(self) -> Iterator[Figure]:
        """Every number of the result, with its evidence."""
        for row in self.rows:
            for column in self.family.numbers:
                evidence = Evidence(self.family.figure_query(row.key, column), self.versions, row[column])
                yield Figure(figure_id(self.family.name, row.key, column), row[column], evidence)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The figures of the scorecard.

    Args:
        results: Family name -> result; None if not measured yet, because its tables do not exist.
    """

    results: Mapping[str, FamilyResult | None]

    def figures(self) -> Iterator[Figure]:
        """Every number of the scorecard."""
        for reading in self.results.values():
            if reading:
                yield from reading.figures()

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward scorecard build --json`.

        Returns:
            unmeasured: Names of the families that are not measured yet.
            figures: Every number with its query and the table versions to run it at.
        """
        unmeasured = [name for name, reading in self.results.items() if reading is None]
        return {"unmeasured": unmeasured, "figures": [figure.as_dict() for figure in self.figures()]}


def figure_id(family: str, key: tuple[str, ...], column: str) -> str:
    """`family/key/…/column`, each part as in a URL."""
    return "/".join(quote(part, safe=_UNQUOTED) for part in (family, *key, column))


def parse_figure_id(name: str) -> tuple[str, tuple[str, ...], str]:
    """The family, key and column of a figure's id.

    Raises:
        ValueError: It has fewer than two parts.
    """
    family, *key, column = (unquote(part) for part in name.split("/"))
    return family, tuple(key), column
