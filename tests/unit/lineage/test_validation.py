"""Events of other programs: the core and the known facets are checked by OpenLineage's model, unknown facets are kept."""

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from lakeward_lineage import LineageError, check_event
from support.foreign_events import column_lineage, dataset, event, facet

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parent / "openlineage-2-0-2.schema.json").read_text()))
GOOD = event(
    inputs=[dataset("orders", schema=facet("SchemaDatasetFacet", fields=[{"name": "id", "type": "int"}]))],
    outputs=[dataset("daily", columnLineage=column_lineage(n=("s3://erp", "orders", "id")))],
)


def changed(*path, value):
    """`GOOD` with one value replaced; `...` removes it."""
    found = copy.deepcopy(GOOD)
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return found


def without_facets(value):
    """The core of an event: the schema beside this file knows only our own facets, and run events."""
    if isinstance(value, list):
        return [without_facets(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without_facets(item) for key, item in value.items() if key != "facets"}


@pytest.mark.parametrize(
    "good",
    [
        GOOD,
        event("START"),
        event("OTHER", at="2026-03-01T07:00:00.123+08:00"),
        changed("eventType", value=...),
        changed("inputs", value=...),
        changed("run", "facets", value={"spark_conf": facet("SparkConf", anything=[1, {"a": None}])}),
        changed("outputs", 0, "facets", value={"columnLineage": facet("ColumnLineageDatasetFacet", _deleted=True)}),
        {key: value for key, value in GOOD.items() if key not in {"run", "eventType"}},
        {
            **{key: GOOD[key] for key in ("eventTime", "producer", "schemaURL")},
            "dataset": {"namespace": "s3://erp", "name": "orders"},
        },
    ],
)
def test_what_the_standard_allows_is_taken(good):
    if "run" in good:
        assert list(SCHEMA.iter_errors(without_facets(good))) == []
    check_event(good)


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (None, "event"),
        ([], "event"),
        ({}, "eventTime"),
        (changed("eventTime", value="yesterday"), "eventTime"),
        (changed("eventTime", value="2026-03-01T07:00:00"), "eventTime"),
        (changed("eventTime", value="0001-01-01T00:00:00+14:00"), "eventTime"),
        (changed("eventTime", value="9999-12-31T23:59:59-01:00"), "eventTime"),
        (changed("eventTime", value=5), "eventTime"),
        (changed("producer", value=...), "producer"),
        (changed("schemaURL", value=...), "schemaURL"),
        (changed("eventType", value="DONE"), "eventType"),
        (changed("run", "runId", value="run-1"), "run.runId"),
        (changed("run", value=None), "run"),
        (changed("job", "name", value=...), "job.name"),
        (changed("job", value=...), "job"),
        (changed("inputs", value={}), "inputs"),
        (changed("inputs", 0, "name", value=7), "inputs[0].name"),
        (changed("inputs", 0, "name", value="a\0b"), "inputs[0].name"),
        (changed("inputs", 0, "name", value="a\ud800b"), "inputs[0].name"),
        (changed("inputs", 0, "facets", "schema", "fields", value="id"), "inputs[0].facets.schema.fields"),
        (changed("inputs", 0, "facets", "schema", "_producer", value=...), "inputs[0].facets.schema._producer"),
        (changed("inputs", 0, "facets", "mine", value=3), "inputs[0].facets.mine"),
        (
            changed("outputs", 0, "facets", "columnLineage", "fields", "n", "inputFields", 0, "field", value=...),
            "outputs[0].facets.columnLineage.fields.n.inputFields[0].field",
        ),
        (
            changed("outputs", 0, "facets", "columnLineage", "fields", "n", value={"inputFields": None}),
            "outputs[0].facets.columnLineage.fields.n.inputFields",
        ),
    ],
)
def test_what_it_does_not_allow_is_refused_with_its_place_and_without_its_value(bad, place):
    with pytest.raises(LineageError) as found:
        check_event(bad)

    assert (found.value.code, found.value.facts["place"]) == ("event_not_valid", place)
    assert not {"yesterday", "DONE", "run-1"} & set(map(str, found.value.facts.values()))
