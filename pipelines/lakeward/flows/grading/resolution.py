"""Resolves the names in a choice: its category, its transform with version, and the grade that follows from an impact."""

from dataclasses import replace
from importlib import resources

from lakeward.contracts.model import Column, Contract
from lakeward.core.errors import UsageError
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.choices import NO_CATEGORY, GradeChoice, check_name
from lakeward.flows.grading.run import workspace_rules
from lakeward.flows.grading.transform_checks import find_transform
from lakeward.grading.catalogue import GradingRules, read_scheme, read_sensitivity


def resolve_choice(workspace: Workspace, contract: Contract, column: Column, choice: GradeChoice) -> GradeChoice:
    """The choice with the version of its transform, and with the grade of its impact.

    Raises:
        UsageError: Its category, transform or impact does not exist, or it names a grade beside an impact.
        DefinitionError: The project's rules or transforms are not valid.
    """
    rules = workspace_rules(workspace).rules
    if choice.category is not None:
        check_name("category", choice.category, (NO_CATEGORY, *rules.categories))
    if choice.impact is not None:
        choice = _graded_by_impact(rules, choice, choice.impact)
    if choice.transform is None:
        return choice
    return replace(choice, transform=find_transform(workspace, choice.transform, f"{contract.name}.{column.name}").id)


def _graded_by_impact(rules: GradingRules, choice: GradeChoice, impact: str) -> GradeChoice:
    """Several impacts, between commas, give the highest grade of all (就高从严)."""
    scheme = read_scheme(resources.files("lakeward") / "expectations" / "catalogues", rules)
    known = {f"{harmed}:{degree}" for harmed in scheme["matrix"] for degree in scheme["degrees"]}
    if choice.grade or choice.level:
        raise UsageError("grade_impact_and_grade")
    parts = [check_name("impact", part.strip(), tuple(sorted(known))) for part in impact.split(",")]
    found = [
        read_sensitivity(scheme, {"impact": {"object": harmed, "degree": int(degree)}})
        for harmed, _, degree in (part.partition(":") for part in parts)
    ]
    highest = max(found, key=lambda each: each.rank)
    return replace(choice, grade=str(highest.grade), level=highest.level, impact=", ".join(parts))
