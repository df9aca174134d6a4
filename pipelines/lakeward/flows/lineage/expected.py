"""The edges that a dataset must have by its contract or its model, and how the recorded ones differ from them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project
from lakeward.core.errors import LakewardError
from lakeward.core.names import Layer
from lakeward.engines.protocols import Engine
from lakeward.flows.base.lineage_events import query_lineage
from lakeward.flows.lineage.findings import FindingKind, LineageFinding
from lakeward_lineage import Edge, Field

# Column of bronze that holds the values of columns which the contract did not know when they came.
EXTRA_VALUES = "_extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedEdges:
    """The current edges of one dataset's jobs, by job."""

    by_job: Mapping[str, frozenset[Edge]]

    def of(self, job: str) -> frozenset[Edge]:
        """The edges of one job."""
        return self.by_job.get(job, frozenset())


def dataset_jobs(name: str) -> frozenset[str]:
    """The jobs of a dataset that record edges."""
    return frozenset(
        (
            *(f"{flow}.{name}.{layer}" for flow in ("ingest", "decode") for layer in (Layer.BRONZE, Layer.SILVER)),
            *(f"{flow}.{name}.{Layer.SILVER}" for flow in ("replay", "release")),
            f"repair.{name}",
            f"curate.{name}.{Layer.GOLD}",
        )
    )


def edge_findings(engine: Engine, project: Project, contract: Contract, recorded: ObservedEdges) -> Iterator[LineageFinding]:
    """How the recorded edges of a dataset differ from those that its contract, or its model, promise."""
    if contract.layer is Layer.GOLD:
        yield from _gold_findings(engine, project, contract, recorded)
    else:
        yield from _silver_findings(engine, contract, recorded)


def _silver_findings(engine: Engine, contract: Contract, recorded: ObservedEdges) -> Iterator[LineageFinding]:
    silver, bronze = contract.table(Layer.SILVER), contract.table(Layer.BRONZE)
    job = f"ingest.{contract.name}.{Layer.SILVER}"
    found = recorded.of(job)
    if not found:
        yield _job_missing(contract, job, f"{bronze}", f"{silver}")
        return
    columns = {column.name for column in contract.columns}
    with_origin = {edge.target.column for edge in found if edge.target.table == str(silver) and edge.source.column}
    missing = columns - with_origin
    # A column that no batch has brought yet is not in the table either.
    stored = set(engine.types(silver)) if missing and engine.info(silver) else columns
    for column in sorted(missing & stored):
        yield _missing(contract, job, Field(str(bronze), column), Field(str(silver), column))
    for edge in sorted(found):
        if edge.source.table != str(bronze) or not _is_promised(edge.target, str(silver), columns):
            yield _extra(contract, edge)
    yield from _bronze_findings(contract, recorded, found)


def _is_promised(field: Field, silver: str, columns: set[str]) -> bool:
    """Whether it is a column of the contract, of the row's provenance, the table as a whole, or in another table of the step."""
    return field.table != silver or field.column in columns or field.column[:1] in {"", "_"}


def _bronze_findings(contract: Contract, recorded: ObservedEdges, silver: frozenset[Edge]) -> Iterator[LineageFinding]:
    """What silver takes from a column of bronze must have come from a column of the files."""
    bronze, landing = contract.table(Layer.BRONZE), f"landing.{contract.name}"
    job = f"ingest.{contract.name}.{Layer.BRONZE}"
    found = recorded.of(job)
    if not found:
        yield _job_missing(contract, job, landing, f"{bronze}")
        return
    received = {edge.target.column for edge in found if edge.target.table == str(bronze)}
    read = {edge.source.column for edge in silver if edge.source.table == str(bronze)} - {"", EXTRA_VALUES}
    own = {column.name for column in contract.columns}
    for column in sorted(read & own - received):
        yield _missing(contract, job, Field(landing, column), Field(str(bronze), column))
    for edge in sorted(found):
        if edge.source.table != landing:
            yield _extra(contract, edge)


def _gold_findings(engine: Engine, project: Project, contract: Contract, recorded: ObservedEdges) -> Iterator[LineageFinding]:
    assert contract.model is not None
    job, table = f"curate.{contract.name}.{Layer.GOLD}", str(contract.table(Layer.GOLD))
    found = recorded.of(job)
    if not found:
        yield _job_missing(contract, job, ", ".join(map(str, contract.model.inputs)), table)
        return
    try:
        sql = project.model_path(contract.name, contract.model.sql).read_text(encoding="utf-8")
        lineage = query_lineage(engine, contract, sql, contract.model.inputs)
    except LakewardError as error:
        yield _finding(FindingKind.MISSING, contract, error.code, job=job, **error.facts)
        return
    expected = {
        Edge(Field(origin.table, origin.column), Field(table, column), job, str(origin.kind))
        for column, origins in {**lineage.columns, "": lineage.rows}.items()
        for origin in origins
    }
    for edge in sorted(expected - found):
        yield _missing(contract, job, edge.source, edge.target)
    for edge in sorted(found - expected):
        yield _extra(contract, edge)


def _job_missing(contract: Contract, job: str, source: str, target: str) -> LineageFinding:
    return _finding(FindingKind.MISSING, contract, "lineage_job_missing", job=job, source=source, target=target)


def _missing(contract: Contract, job: str, source: Field, target: Field) -> LineageFinding:
    return _finding(FindingKind.MISSING, contract, "lineage_edge_missing", job=job, source=str(source), target=str(target))


def _extra(contract: Contract, edge: Edge) -> LineageFinding:
    ends = {"source": str(edge.source), "target": str(edge.target)}
    return _finding(FindingKind.EXTRA, contract, "lineage_edge_extra", job=edge.job, **ends)


def _finding(kind: FindingKind, contract: Contract, code: str, **facts: object) -> LineageFinding:
    ends = {key: str(facts[key]) for key in ("job", "source", "target") if key in facts}
    return LineageFinding(
        kind=kind,
        dataset=contract.name,
        code=code,
        repair=f"lakeward rebuild {contract.name}",
        owner=contract.owner or None,
        job=ends.get("job"),
        source=ends.get("source"),
        target=ends.get("target"),
        facts={"dataset": contract.name, **facts},
    )
