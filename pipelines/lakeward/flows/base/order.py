"""The order in which datasets depend on each other: inputs before what is made of them."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError


def dependency_order(project: Project, names: Sequence[str] | None = None) -> list[str]:
    """Dataset names (None: of all datasets), every gold dataset after those of its inputs that are among them.

    Raises:
        ContractError: Gold datasets are made of each other in a circle.
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
