"""The model of a gold dataset: one SELECT, its inputs and its windows."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from lakeward.contracts.document import safe_repr
from lakeward.contracts.model import Column, GoldModel, Grain, Kind
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.names import Layer, TableName
from lakeward.core.spelling import did_you_mean

KEYS: Mapping[str, KeyDoc] = {
    "sql": KeyDoc("file", "The model's SELECT, relative to the dataset's folder: `models/oee_hourly.sql`.", required=True),
    "inputs": KeyDoc("list of tables", "Silver and gold tables that the SELECT reads: `silver.press_line`.", required=True),
    "window": KeyDoc("column", "Column of the result that holds the start of a row's window.", required=True),
    "grain": KeyDoc(
        "`hour`, `day` or `month`", "Length of a window. New rows recompute the windows that they touch.", required=True
    ),
    "timezone": KeyDoc("IANA zone", "Zone in which windows are cut.", required=True),
    "times": KeyDoc(
        "mapping",
        "Input table -> the column that places its rows in a window; at least one. An input that is left out touches every window.",
        required=True,
    ),
}
# Layers that a model can read: judged tables.
READABLE = (Layer.SILVER, Layer.GOLD)


def read_model(view: View, name: str, columns: tuple[Column, ...]) -> GoldModel:
    """The model in the custom property `model`."""
    view.allow_only(KEYS)
    inputs = _inputs(view, TableName(Layer.GOLD, name))
    return GoldModel(
        sql=_sql(view),
        inputs=inputs,
        window=timestamp_column(view, "window", columns),
        grain=view.choice("grain", (Grain.HOUR, Grain.DAY, Grain.MONTH)),
        zone=view.zone("timezone"),
        times=_times(view, inputs),
    )


def timestamp_column(view: View, key: str, columns: tuple[Column, ...]) -> str:
    """The name at `key` of a timestamp column."""
    name = view.text(key)
    kinds = {column.name: column.type.kind for column in columns}
    if name and name not in kinds:
        view.fail(key, "contract_unknown_column", key=key, found=safe_repr(name), close=did_you_mean(name, kinds))
    elif name and kinds[name] is not Kind.TIMESTAMP:
        view.fail(key, "contract_no_instant", key=key, name=name, found=str(kinds[name]))
    return name


def _sql(view: View) -> PurePosixPath:
    path = PurePosixPath(view.text("sql"))
    if path.is_absolute() or ".." in path.parts or "\0" in str(path):
        view.fail("sql", "contract_path_outside", key="sql")
    return path


def _inputs(view: View, own_table: TableName) -> tuple[TableName, ...]:
    inputs = tuple(_table(view, "inputs", text) for text in view.texts("inputs"))
    if not inputs or own_table in inputs:
        view.fail_value("inputs", Phrase("phrase_input_tables", example="silver.press_line"))
    return tuple(table for table in inputs if table)


def _times(view: View, inputs: tuple[TableName, ...]) -> tuple[tuple[TableName, str], ...]:
    given = view.mapping("times")
    if not given.values:
        view.fail_value("times", Phrase("phrase_input_time", table=inputs[0] if inputs else "silver.press_line"))
    times = [(_table(given, text, text), given.text(text)) for text in given.values]
    for table, _ in times:
        if table and table not in inputs:
            given.fail(str(table), "contract_unknown_input", found=str(table), close=did_you_mean(str(table), map(str, inputs)))
    return tuple((table, column) for table, column in times if table)


def _table(view: View, key: str, text: str) -> TableName | None:
    try:
        table = TableName.parse(text)
    except ValueError:
        table = None
    if table is None or table.layer not in READABLE:
        view.fail(key, "contract_table_name", found=safe_repr(text))
        return None
    return table
