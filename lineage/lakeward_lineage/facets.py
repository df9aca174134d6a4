"""Converts values of `model` to OpenLineage's generated classes, and those to JSON.

The only module that uses facets; the classes write each facet's schema URL. Imported at first use, by `events`.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    BaseFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    output_statistics_output_dataset,
    ownership_dataset,
    parent_run,
    processing_engine_run,
    schema_dataset,
    symlinks_dataset,
    tags_dataset,
)

from lakeward_lineage.errors import LineageError
from lakeward_lineage.facet_values import plain_values
from lakeward_lineage.model import PRODUCER, Assertion, AssertionOutcome, ColumnLineage, Dataset, Origin, Step, Tag

Facets = dict[str, Any]


def run_event(step: Step, event_type: str, time: str, error: str | None) -> dict[str, Any]:
    """The event as JSON-ready dict; `time` is RFC 3339 in UTC.

    Raises:
        LineageError: Column lineage names a table that is not an input of the step.
    """
    event = RunEvent(
        eventType=RunState(event_type),
        eventTime=time,
        producer=PRODUCER,
        run=Run(step.run_id, facets=_run_facets(step, error)),
        job=Job(step.namespace, step.job, facets={"jobType": _job_type()}),
        inputs=[_input(step, dataset) for dataset in step.inputs],
        outputs=[_output(step, dataset) for dataset in step.outputs],
    )
    return dict(plain_values(event))


def _run_facets(step: Step, error: str | None) -> Facets:
    facets: Facets = {}
    if step.parent:
        facets["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(step.parent.run_id),
            job=parent_run.Job(step.parent.namespace or step.namespace, step.parent.job),
            producer=PRODUCER,
        )
    if step.processor:
        facets["processing_engine"] = processing_engine_run.ProcessingEngineRunFacet(
            version=step.processor.version, name=step.processor.name, producer=PRODUCER
        )
    if error is not None:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=error, programmingLanguage="PYTHON", producer=PRODUCER
        )
    return facets


def _job_type() -> job_type_job.JobTypeJobFacet:
    return job_type_job.JobTypeJobFacet(processingType="BATCH", integration="LAKEWARD", jobType="TASK", producer=PRODUCER)


def _input(step: Step, dataset: Dataset) -> InputDataset:
    facets: Facets = {}
    if dataset.statistics:
        facets["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=dataset.statistics.rows, size=dataset.statistics.size, fileCount=dataset.statistics.files, producer=PRODUCER
        )
    if dataset.assertions:
        facets["dataQualityAssertions"] = _assertions(dataset.assertions)
    return InputDataset(dataset.namespace or step.namespace, dataset.name, facets=_facets(dataset), inputFacets=facets)


def _output(step: Step, dataset: Dataset) -> OutputDataset:
    facets = _facets(dataset)
    written: Facets = {}
    if dataset.lineage:
        facets["columnLineage"] = _column_lineage(step, dataset.name, dataset.lineage)
    if dataset.assertions:
        # The facet is specified for inputs; on an output it is a facet of the dataset, where consumers read it.
        facets["dataQualityAssertions"] = _assertions(dataset.assertions)
    if dataset.statistics:
        written["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=dataset.statistics.rows, size=dataset.statistics.size, fileCount=dataset.statistics.files, producer=PRODUCER
        )
    return OutputDataset(dataset.namespace or step.namespace, dataset.name, facets=facets, outputFacets=written)


def _facets(dataset: Dataset) -> Facets:
    facets: dict[str, BaseFacet] = {}
    if dataset.fields:
        facets["schema"] = _schema(dataset)
    if dataset.path:
        facets["symlinks"] = symlinks_dataset.SymlinksDatasetFacet(identifiers=[_location(dataset.path)], producer=PRODUCER)
    if dataset.version is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(str(dataset.version), producer=PRODUCER)
    if dataset.owners:
        owners = [ownership_dataset.Owner(owner.name, owner.role) for owner in dataset.owners]
        facets["ownership"] = ownership_dataset.OwnershipDatasetFacet(owners=owners, producer=PRODUCER)
    if dataset.tags:
        facets["tags"] = _tags(dataset.tags)
    return facets


def _tags(tags: Iterable[Tag]) -> tags_dataset.TagsDatasetFacet:
    fields = [tags_dataset.TagsDatasetFacetFields(tag.key, tag.value, "LAKEWARD", tag.column or None) for tag in tags]
    return tags_dataset.TagsDatasetFacet(tags=fields, producer=PRODUCER)


def _schema(dataset: Dataset) -> schema_dataset.SchemaDatasetFacet:
    fields = [
        schema_dataset.SchemaDatasetFacetFields(field.name, field.type, field.description, ordinal_position=position)
        for position, field in enumerate(dataset.fields, start=1)
    ]
    return schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)


def _location(path: str) -> symlinks_dataset.Identifier:
    url = urlsplit(path)
    if url.scheme in ("", "file"):
        return symlinks_dataset.Identifier(namespace="file", name=url.path, type="LOCATION")
    return symlinks_dataset.Identifier(namespace=f"{url.scheme}://{url.netloc}", name=url.path.lstrip("/"), type="LOCATION")


def _assertions(assertions: Iterable[Assertion]) -> data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet:
    stated = [
        data_quality_assertions_dataset.Assertion(
            assertion=assertion.check,
            success=assertion.outcome is AssertionOutcome.PASS,
            column=assertion.column,
            severity=assertion.severity,
            name=assertion.rule,
            params={"outcome": assertion.outcome, "evaluated": assertion.evaluated, "failed": assertion.failed},
        )
        for assertion in assertions
    ]
    return data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(stated, producer=PRODUCER)


def _column_lineage(step: Step, output: str, lineage: ColumnLineage) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    namespaces = {dataset.name: dataset.namespace or step.namespace for dataset in step.inputs}
    origins = [origin for column in lineage.columns.values() for origin in column] + list(lineage.rows)
    for origin in origins:
        if origin.table not in namespaces:
            raise LineageError("origin_not_an_input", output=output, table=origin.table, job=step.job)
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            column: column_lineage_dataset.Fields(_input_fields(origins, namespaces))
            for column, origins in lineage.columns.items()
        },
        dataset=_input_fields(lineage.rows, namespaces),
        producer=PRODUCER,
    )


def _input_fields(origins: Iterable[Origin], namespaces: dict[str, str]) -> list[column_lineage_dataset.InputField]:
    by_column = groupby(sorted(origins), key=lambda origin: (origin.table, origin.column))
    return [
        column_lineage_dataset.InputField(
            namespaces[table],
            table,
            column,
            [
                column_lineage_dataset.Transformation("DIRECT" if origin.kind.direct else "INDIRECT", origin.kind.value)
                for origin in same
            ],
        )
        for (table, column), same in by_column
    ]
