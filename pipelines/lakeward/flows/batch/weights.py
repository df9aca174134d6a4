"""Checks the weights of a project against its rules."""

from collections.abc import Iterable

from lakeward.flows.base.workspace import WEIGHTS_FILE, Workspace
from lakeward.flows.batch.judge import suite_label
from lakeward.quality.batch_rules import DIMENSIONS
from lakeward.quality.rule import Rule
from lakeward.quality.suite import load_rules
from lakeward.quality.weights import check_rules


def check_dataset_weights(workspace: Workspace, dataset: str, rules: Iterable[Rule]) -> None:
    """Check that every weighted rule exists in the dataset's suite.

    Raises:
        DefinitionError: A weighted rule does not exist.
    """
    check_rules(workspace.weights, dataset, {*(rule.id for rule in rules), *DIMENSIONS}, WEIGHTS_FILE)


def check_all_weights(workspace: Workspace) -> None:
    """The same for every dataset that has weights of rules.

    Raises:
        DefinitionError: A weighted rule does not exist, or a contract or suite is not valid.
    """
    for name in sorted({dataset for dataset, _ in workspace.weights.rules}):
        contract = workspace.project.contract(name)
        check_dataset_weights(workspace, name, load_rules(contract, workspace.suite(name), suite_label(name)))
