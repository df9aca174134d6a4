"""The serving policy of a project: loads and lints it, and runs its tests."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from lakeward.contracts.project import Project
from lakeward.core.errors import PolicyError, ProtectionError
from lakeward.core.messages import Lang
from lakeward.core.messages import text as message
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.policy_file import read_policy_file
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.grading.grade import Grade
from lakeward.protection.cases import PolicyCase, read_cases
from lakeward.protection.load import policy_text, read_policy
from lakeward.protection.masking import Treatment
from lakeward.protection.matrix import MatrixBreach, find_breaches
from lakeward.protection.policy import Action, Policy
from lakeward.serving.example import mask_example
from lakeward.serving.row_conditions import check_row_filter

# Broken expectations of the matrix that are reported, at most: one slip of a rule can break hundreds.
MAX_BREACHES = 20
TESTS_FILE = Path("expectations/policies/serving.tests.yaml")


def load_policy(workspace: Workspace) -> Policy:
    """The project's policy, or the policy of the package if it has none.

    Raises:
        PolicyError: The policy is not valid; the first problem is reported.
    """
    policy, problems = _read(workspace.project)
    if problems:
        raise problems[0]
    return policy


def served_policy(workspace: Workspace) -> Policy:
    """As `load_policy`, for decisions about columns of the lake: none above the highest grade that it may hold is shown."""
    return replace(load_policy(workspace), highest_grade=Grade(workspace.project.highest_grade))


# Policies that were valid, by project and text.
_CHECKED: dict[tuple[Path, str], Policy] = {}


def checked_policy(workspace: Workspace) -> Policy:
    """As `load_policy`, but one text is checked against the names of all contracts once in a process: for what is asked often.

    Raises:
        PolicyError: As `load_policy`.
    """
    key = (workspace.project.root, read_policy_file(workspace.project)[0])
    if key not in _CHECKED:
        _CHECKED[key] = load_policy(workspace)
    return _CHECKED[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTrial:
    """The result of one test of the policy; of the generated matrix only what fails.

    Args:
        test: Name of the test; of the matrix, the expectation that is broken.
        role: Role that the test asks for.
        column: `layer.table.column`; `*` for every column that no rule names.
        expected: Action that the test expects.
        found: Action that the policy decides.
        rule: Id of the rule that decided; None if no rule did.
        why: Reason of this rule, or a message code if no rule decided.
        passed: Whether action, rule and shown value are those of the test.
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
        PolicyError: One of the files is not YAML.
    """
    workspace = open_workspace(settings)
    project = workspace.project
    policy, problems = _read(project)
    _, of_cases = _read_policy_tests(workspace, policy)
    return [*(Notice(problem.code, problem.facts) for problem in (*problems, *of_cases)), *_filter_problems(project)]


def run_policy_tests(settings: Settings) -> list[PolicyTrial]:
    """The result of each test of the policy, and what its matrix breaks: see `find_breaches`. Format 1 has no such expectations.

    Raises:
        PolicyError: The policy or its tests are not valid.
    """
    workspace = open_workspace(settings)
    policy = load_policy(workspace)
    cases, problems = _read_policy_tests(workspace, policy)
    if problems:
        raise problems[0]
    trials = [_run_case(workspace.project, policy, case) for case in cases]
    breaches = find_breaches(policy, workspace.clock.now()) if policy.format > 1 else ()
    return [*trials, *(_breach_trial(breach, settings.lang) for breach in islice(breaches, MAX_BREACHES))]


def contract_columns(project: Project) -> frozenset[str]:
    """Every `layer.dataset.column` of the project's contracts."""
    contracts = project.valid_contracts().values()
    return frozenset(f"{c.table(c.layer)}.{column.name}" for c in contracts for column in c.columns)


def contract_names(project: Project) -> dict[str, frozenset[str]]:
    """What a policy may name of the project's contracts, as the arguments of `read_policy`."""
    contracts = project.valid_contracts()
    return {
        "columns": contract_columns(project),
        "filters": frozenset(name for contract in contracts.values() for name in contract.row_filters),
        "unread": frozenset(project.datasets()) - contracts.keys(),
    }


def _run_case(project: Project, policy: Policy, case: PolicyCase) -> PolicyTrial:
    decision = policy.decide(case.request, case.table, case.column, case.grade)
    column = project.contract(case.table.name).column(case.column)
    treatment = Treatment(band=column.band, unit=column.unit)
    shown = None if case.value is None else mask_example(case.value, column.type, decision, treatment)
    expected_value = ((case.action, decision.action), (case.rule, decision.rule), (case.expected, shown))
    return PolicyTrial(
        test=case.name,
        role=case.request.role,
        column=f"{case.table}.{case.column}",
        expected=case.action,
        found=decision.action,
        rule=decision.rule,
        why=decision.why,
        passed=all(expected is None or expected == found for expected, found in expected_value),
    )


def _breach_trial(breach: MatrixBreach, lang: Lang) -> PolicyTrial:
    cell, other = breach.cell, breach.other
    facts = {"category": cell.category, "purpose": cell.purpose, "party": cell.party, "grade": cell.grade_name}
    return PolicyTrial(
        test=message(breach.code, lang, **facts, lower=other.grade_name),
        role=cell.role,
        column=cell.column,
        expected=breach.expected.action,
        found=breach.found.action,
        rule=breach.found.rule,
        why=breach.found.why,
        passed=False,
    )


def _filter_problems(project: Project) -> Iterator[Notice]:
    """Row filters of valid contracts that are no condition over their columns."""
    for name, contract in project.valid_contracts().items():
        for filter_name, condition in contract.row_filters.items():
            try:
                check_row_filter(condition, {column.name: column.type for column in contract.columns})
            except ProtectionError as error:
                place = {"file": str(project.contract_path(name).relative_to(project.root)), "line": None, "column": None}
                reason = error.render(Lang.EN).splitlines()[0]
                yield Notice("row_filter_invalid", {**place, "dataset": name, "filter": filter_name, "reason": reason})


def _read(project: Project) -> tuple[Policy, tuple[PolicyError, ...]]:
    text, file = read_policy_file(project)
    return read_policy(text, file, zone=project.zone, **contract_names(project))


def _read_policy_tests(workspace: Workspace, policy: Policy) -> tuple[tuple[PolicyCase, ...], tuple[PolicyError, ...]]:
    file = workspace.project.root / TESTS_FILE
    if not file.is_file():
        return (), ()
    text, columns = policy_text(file, str(TESTS_FILE)), contract_columns(workspace.project)
    return read_cases(text, str(TESTS_FILE), policy, columns, workspace.clock.now())
