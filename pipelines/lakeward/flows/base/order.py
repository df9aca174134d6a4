"""The dependency order of datasets: inputs before gold datasets."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError


def dependency_order(project: Project, names: Sequence[str] | None = None) -> list[str]:
    """Dataset names (None: of all datasets), every gold dataset after its inputs.

    Raises:
        ContractError: Gold datasets depend on each other in a cycle.
    """
    graph = TopologicalSorter[str]()
    selected = project.datasets() if names is None else names
    for name in sorted(selected):
        model = project.contract(name).model
        graph.add(name, *(table.name for table in model.inputs if table.name in selected) if model else ())
    try:
        return list(graph.static_order())
    except CycleError as error:
        raise ContractError("models_in_a_circle", datasets=", ".join(sorted(set(error.args[1])))) from error
