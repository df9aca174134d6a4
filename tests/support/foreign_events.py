"""OpenLineage events as other programs send them."""

from typing import Any

FACET = {"_producer": "https://spark.example/1", "_schemaURL": "https://openlineage.io/spec/facets/1-2-0/{}.json#/$defs/{}"}
RUN = "3f5e83fa-3480-44ff-99c5-ff943904e5e8"
NAMESPACE = "spark://erp"


def facet(kind: str, **values: Any) -> dict[str, Any]:
    return {"_producer": FACET["_producer"], "_schemaURL": FACET["_schemaURL"].format(kind, kind), **values}


def dataset(name: str, namespace: str = "s3://erp", **facets: Any) -> dict[str, Any]:
    return {"namespace": namespace, "name": name, "facets": facets}


def column_lineage(**columns: tuple[str, str, str]) -> dict[str, Any]:
    """Output column -> (namespace, dataset, column) that it comes from."""
    fields = {
        column: {
            "inputFields": [
                {
                    "namespace": origin[0],
                    "name": origin[1],
                    "field": origin[2],
                    "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}],
                }
            ]
        }
        for column, origin in columns.items()
    }
    return facet("ColumnLineageDatasetFacet", fields=fields)


def event(kind: str = "COMPLETE", run: str = RUN, at: str = "2026-03-01T07:00:00Z", **values: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at,
        "producer": "https://spark.example/1",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run, "facets": {}},
        "job": {"namespace": NAMESPACE, "name": "orders", "facets": {}},
        "inputs": [],
        "outputs": [],
        **values,
    }
