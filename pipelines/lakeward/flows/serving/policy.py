"""The serving policy of a project: read, linted, and tried against the tests that lie beside it."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lakeward.contracts.project import Project
from lakeward.core.errors import PolicyError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.protection.cases import Case, read_cases
from lakeward.protection.load import policy_text, read_policy
from lakeward.protection.policy import Action, Policy
from lakeward.serving.trial import shown_as

POLICY = Path("expectations/policies/serving.yaml")
CASES = Path("expectations/policies/serving.tests.yaml")


def policy_of(workspace: Workspace) -> Policy:
    """The project's policy; where it has none, the one that travels in the package.

    Raises:
        PolicyError: The first of its problems.
    """
    policy, problems = read_policy(*_policy_file(workspace.project), promised(workspace.project))
    if problems:
        raise problems[0]
    return policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTrial:
    """What became of one test of the policy.

    Args:
        test: Its name.
        column: `layer.table.column`.
        rule: Id of the rule that decided; None where none did.
        why: That rule's reason, or a message code where none decided.
        passed: Action, rule and shown value are those that the test names.
    """

    test: str
    role: str
    column: str
    expected: Action
    found: Action
    rule: str | None
    why: str
    passed: bool

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward policy test --json`."""
        return fields_of(self)


def lint_policy(settings: Settings) -> list[Notice]:
    """Every problem of the policy and of its tests, with `file, line, column` among the facts.

    Raises:
        PolicyError: One of the files is no YAML.
    """
    project = open_workspace(settings).project
    known = promised(project)
    policy, problems = read_policy(*_policy_file(project), known)
    _, of_cases = _cases(project, policy, known)
    return [Notice(problem.code, problem.facts) for problem in (*problems, *of_cases)]


def try_policy(settings: Settings) -> list[PolicyTrial]:
    """What becomes of each test of the policy.

    Raises:
        PolicyError: The policy or its tests are not valid.
    """
    workspace = open_workspace(settings)
    policy = policy_of(workspace)
    cases, problems = _cases(workspace.project, policy, promised(workspace.project))
    if problems:
        raise problems[0]
    return [_tried(workspace.project, policy, case) for case in cases]


def promised(project: Project) -> frozenset[str]:
    """Every `layer.dataset.column` of the project's contracts."""
    contracts = [project.contract(name) for name in project.datasets()]
    return frozenset(f"{c.table(c.layer)}.{column.name}" for c in contracts for column in c.columns)


def _tried(project: Project, policy: Policy, case: Case) -> PolicyTrial:
    decision = policy.decide(case.role, case.table, case.column, case.grade)
    type_ = project.contract(case.table.name).column(case.column).type
    shown = None if case.value is None else shown_as(case.value, type_, decision)
    wanted = ((case.action, decision.action), (case.rule, decision.rule), (case.shown, shown))
    return PolicyTrial(
        test=case.name,
        role=case.role,
        column=f"{case.table}.{case.column}",
        expected=case.action,
        found=decision.action,
        rule=decision.rule,
        why=decision.why,
        passed=all(expected is None or expected == found for expected, found in wanted),
    )


def _policy_file(project: Project) -> tuple[str, str]:
    own = project.root / POLICY
    if own.is_file():
        return policy_text(own, str(POLICY)), str(POLICY)
    shipped = resources.files("lakeward") / POLICY
    return shipped.read_text(encoding="utf-8"), str(POLICY)


def _cases(project: Project, policy: Policy, known: frozenset[str]) -> tuple[tuple[Case, ...], tuple[PolicyError, ...]]:
    file = project.root / CASES
    if not file.is_file():
        return (), ()
    return read_cases(policy_text(file, str(CASES)), str(CASES), policy, known)
