"""Which columns of governance tables hold names of datasets, and SQL that translates them where datasets were renamed.

A log whose entries carry a hash of themselves is written as it is; people's own words are never touched.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto

from lakeward.core.dataset_names import NameHistory
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import identifier, literal

# Layers in names of tables, and the landing, which lineage names as one.
_LAYERS = (*(layer for layer in Layer if layer is not Layer.GOVERNANCE), "landing")


class Holds(Enum):
    """How a column holds names of datasets."""

    NAME = auto()  # the name itself
    TABLES = auto()  # `layer.name`, with a column or inside a longer text
    COMPARISONS = auto()  # as TABLES, and `dataset = 'name'` of SQL, `"dataset": "name"` of JSON
    KEYS = auto()  # a key of JSON
    JOBS = auto()  # the second part of a job's name: `ingest.name.silver`
    BATCHES = auto()  # JSON of applications of batches: `lakeward/name`


# Column -> what it holds, in every governance table that has it.
_COLUMNS: Mapping[str, Holds] = {
    "dataset": Holds.NAME,
    **dict.fromkeys(
        (
            *("asset", "left_asset", "right_asset", "left_column", "right_column", "column_name", "from_table", "to_table"),
            *(
                "changed",
                "affected",
                "table_name",
                "object",
                "objects",
                "inputs",
                "versions",
                "sources",
                "indirect",
                "parameters",
            ),
        ),
        Holds.TABLES,
    ),
    **dict.fromkeys(("sql", "facts"), Holds.COMPARISONS),
    "job": Holds.JOBS,
}
# The same of one table alone.
_OF_TABLES: Mapping[tuple[str, str], Holds | None] = {
    ("keys", "column"): Holds.TABLES,
    ("access_log", "columns"): Holds.TABLES,
    ("reviews", "subject"): Holds.NAME,
    ("risk_assessments", "subject"): Holds.NAME,
    ("filings", "entries"): Holds.KEYS,
    ("transform_checks", "data"): Holds.BATCHES,
    ("foreign_edges", "job"): None,
}
# Each entry holds the hash of its other columns.
_HASHED = frozenset({"access_log"})


def as_current(names: NameHistory, table: TableName, column: str) -> str:
    """The column of relation `recorded`, with names of now."""
    return _item(names.former(), table, column)


def as_stored(names: NameHistory, table: TableName, column: str) -> str:
    """The column of relation `recorded`, with names under which records lie."""
    return _item({} if table.name in _HASHED else names.stored_names(), table, column)


def current_name(names: NameHistory, value: str) -> str:
    """SQL of the name now of the dataset whose name is `value`."""
    return _translate(value, Holds.NAME, names.former())


def _item(names: Mapping[str, str], table: TableName, column: str) -> str:
    value = f"recorded.{identifier(column)}"
    return f"{_translate(value, _OF_TABLES.get((table.name, column), _COLUMNS.get(column)), names)} AS {identifier(column)}"


def _translate(value: str, holds: Holds | None, names: Mapping[str, str]) -> str:
    """SQL that both engines run alike, and that grows by a line per name."""
    return _FORMS[holds](value, names) if holds and names else value


def _name(value: str, names: Mapping[str, str]) -> str:
    cases = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in names.items())
    return f"CASE {value} {cases} ELSE {value} END"


def _tables(value: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        for layer in _LAYERS:
            word, put = rf"\b{layer}[.]{old}\b", f"{layer}.{new}"
            value = f"regexp_replace({value}, {literal(word)}, {literal(put)}, 'g')"
    return value


def _texts(*forms: str) -> Callable[[str, Mapping[str, str]], str]:
    """Replace the name in each of these texts, where it stands as `{}`."""

    def replace_all(value: str, names: Mapping[str, str]) -> str:
        for old, new in names.items():
            for form in forms:
                value = f"replace({value}, {literal(form.replace('{}', old))}, {literal(form.replace('{}', new))})"
        return value

    return replace_all


def _comparisons(value: str, names: Mapping[str, str]) -> str:
    return _texts("dataset = '{}'", "\"dataset\" = '{}'", '"dataset": "{}"')(_tables(value, names), names)


def _jobs(value: str, names: Mapping[str, str]) -> str:
    first, second = (f"split_part({value}, '.', {part})" for part in (1, 2))
    rest = f"substr({value}, length({first}) + length({second}) + 2)"
    return f"CASE WHEN {second} = '' THEN {value} ELSE concat({first}, '.', {_name(second, names)}, {rest}) END"


_FORMS: Mapping[Holds, Callable[[str, Mapping[str, str]], str]] = {
    Holds.NAME: _name,
    Holds.TABLES: _tables,
    Holds.COMPARISONS: _comparisons,
    Holds.KEYS: _texts('"{}":'),
    Holds.JOBS: _jobs,
    Holds.BATCHES: _texts('lakeward/{}"', "lakeward/{}#"),
}
