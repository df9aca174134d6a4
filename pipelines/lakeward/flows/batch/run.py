"""Runs one dataset, or all in dependency order."""

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, LakewardError
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.flows.base.order import dependency_order
from lakeward.flows.base.report import RunReport
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.curate import curate_dataset
from lakeward.flows.batch.ingest import ingest_dataset, rebuild_silver


def run_dataset(settings: Settings, name: str) -> RunReport:
    """Ingest a silver dataset, or curate a gold one.

    Raises:
        As `ingest_dataset` and `curate_dataset`.
    """
    contract = open_workspace(settings).project.contract(name)
    return curate_dataset(settings, name) if contract.layer is Layer.GOLD else ingest_dataset(settings, name)


def rebuild(settings: Settings, name: str) -> RunReport:
    """Rebuild silver from bronze, or gold from its inputs, by the current contract, suite and model.

    Raises:
        As `rebuild_silver` and `curate_dataset`.
    """
    contract = open_workspace(settings).project.contract(name)
    return curate_dataset(settings, name, full_refresh=True) if contract.layer is Layer.GOLD else rebuild_silver(settings, name)


def run_all(settings: Settings) -> tuple[list[RunReport], dict[str, LakewardError]]:
    """Run every dataset of the project, inputs before gold; a failed dataset does not stop the others.

    Returns:
        The reports of datasets that ran, in that order; and the error of each of the others.
    """
    project = open_workspace(settings).project
    errors = _invalid_contracts(project)
    reports = []
    for name in dependency_order(project, [name for name in project.datasets() if name not in errors]):
        try:
            reports.append(run_dataset(settings, name))
        except LakewardError as error:
            errors[name] = error
    return reports, errors


def _invalid_contracts(project: Project) -> dict[str, LakewardError]:
    found: dict[str, LakewardError] = {}
    for name in project.datasets():
        try:
            project.contract(name)
        except ContractError as error:
            found[name] = error
    return found
