"""One dataset, or all of them in the order in which they depend on each other."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.flows.curate import curate_dataset
from lakeward.flows.ingest import ingest_dataset, rebuild_dataset
from lakeward.flows.report import RunReport
from lakeward.flows.workspace import open_workspace


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


def run_all(settings: Settings) -> list[RunReport]:
    """Run every dataset of the project, inputs before what is made of them."""
    project = open_workspace(settings).project
    return [run_dataset(settings, name) for name in in_order(project)]


def in_order(project: Project, names: Sequence[str] = ()) -> list[str]:
    """Dataset names (none: of all datasets), every gold dataset after those of its inputs that are among them.

    Raises:
        ContractError: Gold datasets are made of each other in a circle.
    """
    graph = TopologicalSorter[str]()
    wanted = names or project.datasets()
    for name in sorted(wanted):
        model = project.contract(name).model
        graph.add(name, *(table.name for table in model.inputs if table.name in wanted) if model else ())
    try:
        return list(graph.static_order())
    except CycleError as error:
        raise ContractError("models_in_a_circle", datasets=", ".join(sorted(set(error.args[1])))) from error
