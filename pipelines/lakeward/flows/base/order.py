"""The dependency order of datasets: inputs before gold datasets."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, UsageError


def dependency_order(project: Project, names: Sequence[str] | None = None) -> list[str]:
    """Names of these datasets (None: of all) that are not retired, every gold dataset after its inputs.

    Raises:
        ContractError: Gold datasets depend on each other in a cycle.
    """
    contracts = {name: project.contract(name) for name in sorted(project.datasets() if names is None else names)}
    return contract_order({name: contract for name, contract in contracts.items() if not contract.retired})


def active_contract(project: Project, name: str) -> Contract:
    """The contract of a dataset that is to be run.

    Raises:
        UsageError: The project has no such dataset, or it is retired.
        ContractError: Its contract is not valid.
    """
    contract = project.contract(name)
    if contract.retired:
        raise UsageError("dataset_retired", dataset=name)
    return contract


def contract_order(contracts: Mapping[str, Contract]) -> list[str]:
    """The names of these contracts, every gold dataset after its inputs.

    Raises:
        ContractError: Gold datasets depend on each other in a cycle.
    """
    graph = TopologicalSorter[str]()
    for name in sorted(contracts):
        model = contracts[name].model
        graph.add(name, *(table.name for table in model.inputs if table.name in contracts) if model else ())
    try:
        return list(graph.static_order())
    except CycleError as error:
        raise ContractError("models_in_a_circle", datasets=", ".join(sorted(set(error.args[1])))) from error
