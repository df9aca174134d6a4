"""What a step of the pipeline did, as values: which datasets it read and wrote, and which columns made which.

Nothing here knows OpenLineage's classes (`facets` does) or any file. A value holds names, types, counts and outcomes, never a
value of the data.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

PRODUCER = "urn:lakeward:lineage"
"""The `producer` of every event and facet: a name that stays valid wherever the product is hosted."""

_RUN_NAMESPACE = uuid5(NAMESPACE_URL, PRODUCER)


class TransformationKind(StrEnum):
    """How one column acts on another (OpenLineage ColumnLineageDatasetFacet 1-2-0, subtypes of a transformation)."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"
    JOIN = "JOIN"
    FILTER = "FILTER"
    GROUP_BY = "GROUP_BY"
    SORT = "SORT"
    WINDOW = "WINDOW"
    CONDITIONAL = "CONDITIONAL"

    @property
    def direct(self) -> bool:
        """Whether values flow into the output, rather than only decide about them."""
        return self in (TransformationKind.IDENTITY, TransformationKind.TRANSFORMATION, TransformationKind.AGGREGATION)


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """One column of an input, and what it does to the output; `table` is a dataset name such as `silver.press_line`."""

    table: str
    column: str
    kind: TransformationKind


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """Where the columns of one output come from.

    Args:
        columns: Every output column in order, each with its sorted origins; a constant has none.
        rows: Origins that decide which rows there are, and so act on all columns: joins, filters, grouping, sorting.
    """

    columns: Mapping[str, tuple[Origin, ...]]
    rows: tuple[Origin, ...] = ()


class AssertionOutcome(StrEnum):
    """What a rule said. OpenLineage knows only success or not, and an unknown outcome is never a success."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One rule's verdict about a dataset.

    Args:
        rule: Id of the rule, such as `key:series`.
        check: What it tests, such as `expect_column_values_to_not_be_null`.
        outcome: What it said.
        column: The column it is about; None for the whole dataset.
        severity: The rule's severity in the project's own words.
        evaluated: Rows it looked at; None where not counted.
        failed: Rows that failed it; None where not counted.
    """

    rule: str
    check: str
    outcome: AssertionOutcome
    column: str | None = None
    severity: str | None = None
    evaluated: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a step read from or wrote to a dataset; `size` in bytes. None is not known, which is not zero."""

    rows: int | None = None
    size: int | None = None
    files: int | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for a dataset; OpenLineage recommends names such as `user:li.wei` or `team:plant-data`."""

    name: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One column of a dataset, as its table has it."""

    name: str
    type: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a dataset, such as the grade of a column; an empty column stands for the dataset as a whole."""

    key: str
    value: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as one step saw it.

    Args:
        name: Such as `silver.press_line`.
        namespace: Where the name holds; None for the step's own project.
        path: Folder or URL of its files, for the symlinks facet.
        fields: Its columns in order.
        version: Its Delta version after the step (outputs) or as read (inputs).
        owners: Who answers for it.
        assertions: Verdicts about what was read from or written to it.
        statistics: What was read from or written to it.
        lineage: Where its columns come from; outputs only.
        tags: What is said of it and of its columns.
    """

    name: str
    _: KW_ONLY
    namespace: str | None = None
    path: str | None = None
    fields: tuple[SchemaField, ...] = ()
    version: int | None = None
    owners: tuple[Owner, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    statistics: Statistics | None = None
    lineage: ColumnLineage | None = None
    tags: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True)
class Parent:
    """The run that a step is a part of; `run_id` is a UUID."""

    job: str
    run_id: str
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Processor:
    """What computed a step, such as `spark` in version `4.2.0`."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step over one batch: an OpenLineage run of an OpenLineage job.

    Args:
        project: The project's name; the namespace is `lakeward://<project>`.
        job: Such as `ingest.plant_telemetry.silver`.
        batch: Id of the batch it handled.
        inputs: What it read.
        outputs: What it wrote.
        parent: The run it is a part of.
        processor: What computes it.
    """

    project: str
    job: str
    batch: str
    inputs: tuple[Dataset, ...] = ()
    outputs: tuple[Dataset, ...] = ()
    parent: Parent | None = None
    processor: Processor | None = None

    @property
    def namespace(self) -> str:
        """Where the names of the step's job and datasets hold."""
        return f"lakeward://{self.project}"

    @property
    def run_id(self) -> str:
        """The same for the same batch and job, whoever asks and however often."""
        return run_id(self.project, self.job, self.batch)


def run_id(project: str, job: str, batch: str) -> str:
    """The UUIDv5 (RFC 9562) of a run; `batch` may be any id that is unique within the project and job."""
    # A length before each part keeps ("a", "b/c") and ("a/b", "c") apart.
    return str(uuid5(_RUN_NAMESPACE, "".join(f"{len(part)}:{part}" for part in (project, job, batch))))


def event_id(run: str, event_type: str) -> str:
    """The UUIDv5 of the one event of a type that a run has; a receiver can work it out and drop what it has seen."""
    return str(uuid5(UUID(run), event_type))
