"""One dataset, or all of them in the order in which they depend on each other."""

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, LakewardError
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.flows.base.order import in_order
from lakeward.flows.base.report import RunReport
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.curate import curate_dataset
from lakeward.flows.batch.ingest import ingest_dataset, rebuild_dataset


def run_dataset(settings: Settings, name: str) -> RunReport:
    """Ingest a silver dataset, or curate a gold one.

    Raises:
        As `ingest_dataset` and `curate_dataset`.
    """
    contract = open_workspace(settings).project.contract(name)
    return curate_dataset(settings, name) if contract.layer is Layer.GOLD else ingest_dataset(settings, name)


def rebuild(settings: Settings, name: str) -> RunReport:
    """Make silver anew from bronze, or gold from its inputs, by the contract, suite and model as they are now.

    Raises:
        As `rebuild_dataset` and `curate_dataset`.
    """
    contract = open_workspace(settings).project.contract(name)
    return curate_dataset(settings, name, anew=True) if contract.layer is Layer.GOLD else rebuild_dataset(settings, name)


def run_all(settings: Settings) -> tuple[list[RunReport], dict[str, LakewardError]]:
    """Run every dataset of the project, inputs before what is made of them; one that can't run does not keep the others from it.

    Returns:
        What ran, in that order; and why each of the others did not.
    """
    project = open_workspace(settings).project
    failed = _not_valid(project)
    done = []
    for name in in_order(project, [name for name in project.datasets() if name not in failed]):
        try:
            done.append(run_dataset(settings, name))
        except LakewardError as error:
            failed[name] = error
    return done, failed


def _not_valid(project: Project) -> dict[str, LakewardError]:
    found: dict[str, LakewardError] = {}
    for name in project.datasets():
        try:
            project.contract(name)
        except ContractError as error:
            found[name] = error
    return found
