"""Problems of the files beside a contract: `series.csv`, the registers of devices, and the schemas of payloads."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lakeward.contracts.collected_source import ModbusSource, OpcUaSource
from lakeward.contracts.model import Contract
from lakeward.contracts.opcua_address import check_node_mapping
from lakeward.contracts.payload_schemas import SchemaSet
from lakeward.contracts.project import DATASETS
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.register_map import REGISTERS_FILE, check_register_map
from lakeward.contracts.series_file import SERIES_FILE, check_series_file
from lakeward.contracts.source import OpcUaHistorySource
from lakeward.core.errors import DefinitionError, LakewardError
from lakeward.core.messages import Phrase
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import FileProblem, Notice
from lakeward.flows.base.workspace import Workspace, landing_of, open_workspace
from lakeward.flows.batch.series_limits import RANGES_DIFFER, unjudged_notes
from lakeward.sources.segments.schemas import read_project_schemas
from lakeward.sources.segments.series import series_versions


def lint_mappings(workspace: Workspace, contract: Contract) -> list[FileProblem]:
    """Every problem of the dataset's mappings and schemas, in the order of their lines."""
    return [_problem(workspace, contract, fault) for fault in _faults(workspace, contract)]


def mapping_warnings(settings: Settings, name: str | None = None) -> list[Notice]:
    """What a run would warn of in the mappings of one dataset or of all: nothing of it is a problem.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    found = (_warnings(workspace, each) for each in ([name] if name else workspace.project.datasets()))
    return [
        Notice("lint_warning", {"dataset": facts["dataset"], "note": Phrase(code, **facts)})
        for each in found
        for code, facts in each
    ]


def _warnings(workspace: Workspace, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Those that are no problems of lint; none where the contract or the mapping is not valid."""
    try:
        notes = unjudged_notes(workspace, workspace.project.contract(name))
    except DefinitionError:
        return []
    return [(code, facts) for code, facts in notes if code == RANGES_DIFFER]


def _faults(workspace: Workspace, contract: Contract) -> Iterator[LakewardError]:
    if contract.record_format.format is not FileFormat.MESSAGES:
        return
    folder = workspace.project.root / DATASETS / contract.name
    series = folder / SERIES_FILE
    found: Iterable[DefinitionError] = ()
    if isinstance(contract.source, OpcUaSource | OpcUaHistorySource):
        found = check_node_mapping(series)[1]
    elif series.is_file():
        found = check_series_file(series)[1]
    else:
        found = _gone(workspace, contract, series)
    yield from found
    if isinstance(contract.source, ModbusSource):
        yield from check_register_map(folder / REGISTERS_FILE)[1]
    if contract.record_format.payload:
        try:
            read_project_schemas(folder, contract.record_format.payload, SchemaSet())
        except LakewardError as error:
            yield error


def _gone(workspace: Workspace, contract: Contract, series: Path) -> Iterator[DefinitionError]:
    """That there is no mapping any more, though there was one."""
    kept = series_versions(landing_of(workspace, contract.name) / "series")
    if kept and kept[-1][1].stat().st_size:
        yield DefinitionError("series_file_gone", file=series, line=1, column="address", kept=kept[-1][1])


def _problem(workspace: Workspace, contract: Contract, fault: LakewardError) -> FileProblem:
    found = fault.facts.get("file", workspace.project.contract_path(contract.name))
    path = found if isinstance(found, Path) else workspace.project.root / DATASETS / contract.name / str(found)
    facts = {**fault.facts, "file": workspace.project.label(path)}
    line, column = facts.get("line"), facts.get("column")
    return FileProblem(
        file=workspace.project.label(path),
        line=line if isinstance(line, int) else None,
        column=column if isinstance(column, int | str) else None,
        code=fault.code,
        facts=facts,
    )
