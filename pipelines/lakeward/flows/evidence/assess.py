"""Assesses readiness: first the evidence that no batch leaves (accounts, protection, shared values), then the indicators over all tables."""

from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.evidence.identities import record_identities
from lakeward.flows.evidence.policy_bindings import record_policy_bindings
from lakeward.flows.evidence.sketches import sketch_columns
from lakeward.flows.scorecard.assess import Assessment, assess_lake, read_assessor_answers
from lakeward.flows.scorecard.editions import find_edition


def assess_readiness(settings: Settings, edition: str = "") -> Assessment:
    """Assess the current lake.

    Args:
        edition: Year of the edition of GB/T 36073; empty for the default one.

    Raises:
        UsageError: There is no such edition.
        DefinitionError: The assessor's answers are not valid, or belong to another edition.
        ContractError: A contract of the project is not valid.
        PolicyError: The serving policy is not valid.
        ProtectionError: The register of accounts, or the key of hashes, is not stored safely.
    """
    workspace, catalogue = open_workspace(settings), find_edition(edition)
    answers = read_assessor_answers(workspace, catalogue)
    with workspace.engine() as engine:
        if engine.tables():
            record_identities(workspace, engine)
            record_policy_bindings(workspace, engine)
            sketch_columns(workspace, engine)
        return assess_lake(workspace, engine, catalogue, answers)
