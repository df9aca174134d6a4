"""Builds a contract from a parsed document and collects every fault, in document order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lakeward.contracts.columns import collect_unjudged, read_columns
from lakeward.contracts.cube import read_cube
from lakeward.contracts.document import Document, Fault, safe_repr
from lakeward.contracts.gold import read_model, timestamp_column
from lakeward.contracts.limits import read_limits
from lakeward.contracts.model import Column, Contract, Grain
from lakeward.contracts.payload_keys import check_message_columns
from lakeward.contracts.record_format import DELIVERED_FORMATS, TYPED_ROWS, FileFormat, RecordFormat
from lakeward.contracts.sla import SCHEDULE, read_schedule, read_sla_properties
from lakeward.contracts.source_kinds import read_source
from lakeward.contracts.status_edit import RETIRED
from lakeward.contracts.view import View, custom_properties
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.names import DATASET_NAME, Layer, sha256
from lakeward.core.spelling import did_you_mean

EDITIONS = r"v3\.[12]\.0"
# Keys of the standard that Lakeward reads.
KEYS: Mapping[str, KeyDoc] = {
    "apiVersion": KeyDoc("text", "Edition of the standard: `v3.2.0` or `v3.1.0`.", required=True),
    "kind": KeyDoc("text", "`DataContract`.", required=True),
    "id": KeyDoc("text", "A text that names this contract alone, such as `urn:plant:press_line`.", required=True),
    "name": KeyDoc(
        "text",
        "Name of the dataset and of its folder: lower-case letters, digits and `_`, beginning with a letter, at most 63.",
        required=True,
    ),
    "version": KeyDoc("text", "`major.minor.patch`. A change that breaks the promise needs a new major version.", required=True),
    "status": KeyDoc(
        "text", "`retired`: the dataset is not run any more, and its tables stay. Other words of ODCS change nothing.", "`active`"
    ),
    "description": KeyDoc("mapping", "Its `purpose` is what readers find in the catalogue.", "none"),
    "domain": KeyDoc("text", "Business domain.", "none"),
    "team": KeyDoc(
        "mapping",
        "`members`, each with `username` and `role`: the owner is the one whose role is `owner`; without one, it is the team's `name`.",
        "no owner",
    ),
    "schema": KeyDoc(
        "list",
        "One object, whose `properties` are the columns; its `businessName` is the dataset's name for people, as a column's.",
        required=True,
    ),
    "slaProperties": KeyDoc("list", "Items of `property`, `value` and `unit`, by the names below.", "none"),
    "customProperties": KeyDoc("list", "Items of `property` and `value`, by the names below.", required=True),
}
# Custom properties of a contract; one of `source` and `model` is required.
CUSTOM: Mapping[str, KeyDoc] = {
    "source": KeyDoc("mapping", "Where batches come from; the dataset is of the layer silver."),
    "model": KeyDoc("mapping", "How the rows are computed from other tables; the dataset is of the layer gold."),
    "timeColumn": KeyDoc("column", "Timestamp that says when a row happened.", "none"),
    "proposedKey": KeyDoc(
        "list of columns",
        "Columns that may be the key, as `lakeward new` found them in a sample. It replaces nothing until `lakeward contract confirm-key` makes it the `primaryKey`.",
        "none",
    ),
    "series": KeyDoc("list of columns", "Columns that name a series of readings.", "none: all rows are one series"),
    "partition": KeyDoc("`none`, `day` or `month`", "Partition of tables by `timeColumn`.", "`none`"),
    "duplicates": KeyDoc(
        "`exact`", "Without a key: rows that are equal in every column are duplicates.", "no row is a duplicate"
    ),
    "dataClass": KeyDoc(
        "text",
        "Class of data that gives columns their default grade; see below.",
        "none: columns that no detector knows stay ungraded",
    ),
    "limits": KeyDoc("mapping", "How much of one batch may go wrong before it is stopped; see below.", "the limits' defaults"),
    "rowFilters": KeyDoc(
        "mapping",
        "Name -> SQL condition over the table's columns, such as `supplier = $party`; the serving policy says for whom only these rows are there. `$party` and `$account` stand for the reader's.",
        "none",
    ),
    "cube": KeyDoc("mapping", "Groups of the table that readers may get in place of its rows; see below.", "none"),
    "schedule": SCHEDULE,
    "engine": KeyDoc("`embedded` or `spark`", "Engine of this dataset.", "`engine` in `project.yaml`"),
}
# At most six digits per part.
VERSION = r"(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5})){2}"


def build_contract(document: Document, roots: Sequence[Path] | None) -> tuple[Contract | None, list[Fault]]:
    """Build the contract of a document; None and its faults if it has any.

    Args:
        roots: Allowed drop folders outside the project; None if the project is unknown.
    """
    faults: list[Fault] = []
    if not isinstance(document.data, dict):
        return None, [Fault((), "contract_not_a_mapping")]
    contract = _contract(View(document.data, (), faults), document, roots)
    return (None if faults else contract), faults


def _contract(top: View, document: Document, roots: Sequence[Path] | None) -> Contract:
    name, version = _header(top)
    table = _table(top)
    columns, key = read_columns(table)
    properties = custom_properties(top, CUSTOM)
    promises = read_sla_properties(top)
    origin = _origin(properties)
    source, record_format = (
        read_source(properties.mapping("source"), name, promises.retention_days, roots)
        if origin == "source"
        else (None, TYPED_ROWS)
    )
    _check_source_names(table, columns, record_format)
    return Contract(
        name=name,
        version=version,
        layer=Layer.GOLD if origin == "model" else Layer.SILVER,
        columns=columns,
        primary_key=key,
        proposed_key=_proposed_key(properties, columns, key),
        time_column=timestamp_column(properties, "timeColumn", columns) if "timeColumn" in properties.values else None,
        series=_column_list(properties, "series", columns),
        partition=_partition(properties),
        duplicates_exact=_duplicates(properties, key),
        owner=_owner(top),
        domain=top.text("domain", ""),
        business_name=table.text("businessName", ""),
        description=top.mapping("description").text("purpose", ""),
        data_class=properties.text("dataClass", "") or None,
        source=source,
        record_format=record_format,
        model=read_model(properties.mapping("model"), name, columns) if origin == "model" else None,
        engine=properties.engine(),
        sla=replace(promises.sla, run_seconds=read_schedule(properties, has_source=origin == "source")),
        limits=read_limits(properties.mapping("limits")),
        cube=read_cube(properties.mapping("cube"), columns) if properties.values.get("cube") is not None else None,
        row_filters=_row_filters(properties.mapping("rowFilters")),
        retired=top.values.get("status") == RETIRED,
        text=document.text,
        sha256=sha256(document.text.encode()),
    )


def _row_filters(filters: View) -> dict[str, str]:
    """The conditions are checked where a session or `lakeward policy lint` can parse them."""
    return {name: filters.text(name, expected=Phrase("phrase_sql_condition")) for name in filters.values}


def _check_source_names(table: View, columns: tuple[Column, ...], record_format: RecordFormat) -> None:
    """That columns are made of others' texts in no Parquet, whose columns engines read as they are."""
    if record_format.payload:
        check_message_columns(table.mappings("properties"), columns, record_format.payload)
    for view, column in zip(table.mappings("properties"), columns, strict=False):
        if (column.joined_names or column.quality_of or column.delay_of) and record_format.format is FileFormat.PARQUET:
            expected = ", ".join(form for form in DELIVERED_FORMATS if form is not FileFormat.PARQUET)
            key = "qualityOf" if column.quality_of else "delayOf" if column.delay_of else "joins"
            view.fail("name", "contract_key_of_other_format", key=key, found=record_format.format, expected=expected)


def _header(top: View) -> tuple[str, str]:
    _text_matching(top, "apiVersion", EDITIONS, Phrase("phrase_either", first="v3.2.0", second="v3.1.0"))
    _text_matching(top, "kind", r"DataContract", "DataContract")
    top.text("id", expected=Phrase("phrase_contract_id"))
    name = _text_matching(top, "name", DATASET_NAME.pattern, Phrase("phrase_lower_name", most=63))
    return name, _text_matching(top, "version", VERSION, Phrase("phrase_version", example="1.0.0"))


def _text_matching(top: View, key: str, pattern: str, expected: str | Phrase) -> str:
    return top.entry(key, expected, lambda v: v if isinstance(v, str) and re.fullmatch(pattern, v) else None) or ""


def _table(top: View) -> View:
    tables = top.mappings("schema")
    if len(tables) != 1:
        top.fail("schema", "contract_one_table", found=len(tables))
        return View({"properties": [{"name": "_", "logicalType": "string"}]}, (), [])
    collect_unjudged(tables[0])
    return tables[0]


def _origin(properties: View) -> str | None:
    origins = [key for key in ("source", "model") if properties.values.get(key) is not None]
    if len(origins) == 1:
        return origins[0]
    properties.fail(
        origins[-1] if origins else "customProperties",
        "contract_source_or_model",
        found=Phrase("phrase_both" if origins else "phrase_neither"),
    )
    return None


def _column_list(properties: View, key: str, columns: tuple[Column, ...]) -> tuple[str, ...]:
    listed, names = properties.texts(key), [column.name for column in columns]
    for name in listed:
        if name not in names:
            properties.fail(key, "contract_unknown_column", key=key, found=safe_repr(name), close=did_you_mean(name, names))
    return listed


def _proposed_key(properties: View, columns: tuple[Column, ...], key: tuple[str, ...]) -> tuple[str, ...]:
    proposed = _column_list(properties, "proposedKey", columns)
    if "proposedKey" in properties.values and len(set(proposed)) != max(len(proposed), 1):
        properties.fail_value("proposedKey", Phrase("phrase_columns_once"))
    if proposed and key:
        properties.fail("proposedKey", "contract_proposal_with_key")
    return proposed


def _partition(properties: View) -> Grain:
    grain = properties.choice("partition", (Grain.NONE, Grain.DAY, Grain.MONTH), Grain.NONE)
    if grain is not Grain.NONE and not properties.values.get("timeColumn"):
        properties.fail("partition", "contract_partition_without_time", found=str(grain))
    return grain


def _duplicates(properties: View, key: tuple[str, ...]) -> bool:
    exact = properties.entry("duplicates", "exact", lambda v: True if v == "exact" else None, default=False)
    if exact and key:
        properties.fail("duplicates", "contract_duplicates_with_key")
    return bool(exact)


def _owner(top: View) -> str:
    """The member whose role is owner, else the team's name. Version 3.1 may have a bare list of members."""
    team = top.values.get("team")
    bare = isinstance(team, list)
    members = top.mappings("team") if bare else top.mapping("team").mappings("members")
    owners = [member.text("username", "") for member in members if member.values.get("role") == "owner"]
    return next(iter(owners), "" if bare else top.mapping("team").text("name", ""))
