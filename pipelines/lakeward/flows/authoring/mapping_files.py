"""Problems of the files beside a contract that map addresses: `series.csv`, and the registers of devices."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from lakeward.contracts.collected_source import ModbusSource, OpcUaSource
from lakeward.contracts.model import Contract
from lakeward.contracts.opcua_address import check_node_mapping
from lakeward.contracts.project import DATASETS
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.register_map import REGISTERS_FILE, check_register_map
from lakeward.contracts.series_file import SERIES_FILE, check_series_file
from lakeward.core.errors import DefinitionError
from lakeward.flows.base.answers import FileProblem
from lakeward.flows.base.workspace import Workspace


def lint_mappings(workspace: Workspace, contract: Contract) -> list[FileProblem]:
    """Every problem of the dataset's mappings, in the order of their lines."""
    return [_problem(workspace, fault) for fault in _faults(workspace, contract)]


def _faults(workspace: Workspace, contract: Contract) -> Iterator[DefinitionError]:
    if contract.record_format.format is not FileFormat.MESSAGES:
        return
    folder = workspace.project.root / DATASETS / contract.name
    series = folder / SERIES_FILE
    found: Iterable[DefinitionError] = ()
    if isinstance(contract.source, OpcUaSource):
        found = check_node_mapping(series)[1]
    elif series.is_file():
        found = check_series_file(series)[1]
    yield from found
    if isinstance(contract.source, ModbusSource):
        yield from check_register_map(folder / REGISTERS_FILE)[1]


def _problem(workspace: Workspace, fault: DefinitionError) -> FileProblem:
    path = fault.facts["file"]
    assert isinstance(path, Path)
    file = workspace.project.label(path)
    facts = {**fault.facts, "file": file}
    line, column = facts.get("line"), facts.get("column")
    return FileProblem(
        file=file,
        line=line if isinstance(line, int) else None,
        column=column if isinstance(column, str) else None,
        code=fault.code,
        facts=facts,
    )
