"""Publishes grades as metadata of Delta columns and as OpenLineage tags."""

from collections.abc import Mapping
from datetime import datetime

from lakeward.contracts.model import Contract
from lakeward.engines.protocols import Engine
from lakeward.flows.base.lineage_events import table_dataset
from lakeward.flows.base.workspace import Workspace
from lakeward.grading.grade import ColumnGrade
from lakeward_lineage import Dataset, Processor, Step, Tag, complete, start

# Prefix of our keys in Delta metadata and in tags; other keys stay unchanged.
PREFIX = "lakeward."
# A single key can't be removed from Delta's metadata, so "nothing" is a text.
NO_VALUE = "-"


def annotate_columns(engine: Engine, contract: Contract, grades: Mapping[str, ColumnGrade]) -> None:
    """Write the grades into the metadata of the dataset's table, if it exists and differs."""
    table = contract.table(contract.layer)
    if engine.exists(table):
        texts = {column: _tag_texts(grade) for column, grade in grades.items()}
        engine.annotate(table, {c: {PREFIX + key: text for key, text in each.items()} for c, each in texts.items()})


def send_tags(
    workspace: Workspace, engine: Engine, contract: Contract, grades: Mapping[str, ColumnGrade], cause: str, at: datetime
) -> None:
    """Put the grades into the outbox as tags of the dataset's columns; once per `cause`."""
    table = tagged_dataset(engine, contract, grades)
    step = Step(
        project=workspace.project.name,
        job=f"grade.{contract.name}",
        batch=cause,
        inputs=(),
        outputs=(table,),
        processor=Processor(*engine.product),
    )
    workspace.outbox.append(start(step, at))
    workspace.outbox.append(complete(step, at))


def tagged_dataset(engine: Engine, contract: Contract, grades: Mapping[str, ColumnGrade]) -> Dataset:
    """The dataset's table with its grades as tags, and without counts: grading writes no rows."""
    table = table_dataset(engine, contract.table(contract.layer), 0, contract.owner)
    tags = tuple(
        Tag(PREFIX + key, text, column)
        for column, grade in grades.items()
        for key, text in _tag_texts(grade).items()
        if text != NO_VALUE
    )
    return Dataset(
        table.name, namespace=None, path=table.path, fields=table.fields, version=table.version, owners=table.owners, tags=tags
    )


def _tag_texts(grade: ColumnGrade) -> dict[str, str]:
    return {
        "grade": str(grade.grade or NO_VALUE),
        "level": str(grade.level or NO_VALUE),
        "category": grade.category or NO_VALUE,
        "state": str(grade.state),
        "rules": grade.rule_version or NO_VALUE,
    }
