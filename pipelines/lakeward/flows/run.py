"""One dataset, or all of them in the order in which they depend on each other."""

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.flows.curate import curate_dataset
from lakeward.flows.ingest import ingest_dataset
from lakeward.flows.report import RunReport
from lakeward.flows.workspace import open_workspace


def run_dataset(settings: Settings, name: str) -> RunReport:
    """Ingest a silver dataset, or curate a gold one.

    Raises:
        As `ingest_dataset` and `curate_dataset`.
    """
    contract = open_workspace(settings).project.contract(name)
    return curate_dataset(settings, name) if contract.layer is Layer.GOLD else ingest_dataset(settings, name)


def run_all(settings: Settings) -> list[RunReport]:
    """Run every dataset of the project, inputs before what is made of them."""
    project = open_workspace(settings).project
    return [run_dataset(settings, name) for name in in_order(project)]


def in_order(project: Project) -> list[str]:
    """Dataset names, every gold dataset after its inputs.

    Raises:
        ContractError: Gold datasets are made of each other in a circle.
    """
    inputs = {name: _inputs(project, name) for name in project.datasets()}
    ordered: list[str] = []
    while waiting := [name for name in inputs if name not in ordered]:
        ready = [name for name in waiting if inputs[name] <= set(ordered)]
        if not ready:
            raise ContractError("models_in_a_circle", datasets=", ".join(waiting))
        ordered += ready
    return ordered


def _inputs(project: Project, name: str) -> set[str]:
    model = project.contract(name).model
    return {table.name for table in model.inputs} & set(project.datasets()) if model else set()
