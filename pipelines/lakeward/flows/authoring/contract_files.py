"""Contract files: their problems, and the differences between two of them."""

from pathlib import Path

from lakeward.contracts.diff import Change, diff
from lakeward.contracts.document import read_text
from lakeward.contracts.lint import Problem, lint, lint_glossary
from lakeward.contracts.load import parse_contract
from lakeward.contracts.model import Contract
from lakeward.contracts.words import GLOSSARY_FILE
from lakeward.core.errors import LakewardError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows.authoring.mapping_files import lint_mappings
from lakeward.flows.base.answers import FileProblem
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.judge import suite_label
from lakeward.quality.suite import load_rules


def lint_contracts(settings: Settings, name: str | None = None) -> list[FileProblem]:
    """Every problem of one contract or of all, of their suites, and of the glossary.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    names = [name] if name else list(workspace.project.datasets())
    glossary = [_located(problem, GLOSSARY_FILE) for problem in lint_glossary(workspace.project)]
    return [*glossary, *(problem for each in names for problem in _lint_dataset(workspace, each))]


def compare_contracts(old: Path, new: Path) -> list[Change]:
    """The differences from `old` to `new`.

    Raises:
        UsageError: One of them does not exist.
        ContractError: One of them is not a valid contract.
    """
    before, after = (_read_contract(path) for path in (old, new))
    return list(diff(before, after))


def _read_contract(path: Path) -> Contract:
    try:
        return parse_contract(read_text(path, str(path)), str(path))
    except FileNotFoundError as error:
        raise UsageError("contract_not_found", file=path) from error


def _lint_dataset(workspace: Workspace, name: str) -> list[FileProblem]:
    path = workspace.project.contract_path(name)
    file = workspace.project.label(path)
    problems = lint(path, workspace.project)
    if problems:
        return [_located(problem, file) for problem in problems]
    return [*_lint_suite(workspace, name), *lint_mappings(workspace, workspace.project.contract(name))]


def _located(problem: Problem, file: str) -> FileProblem:
    place = {"file": file, "line": problem.line, "column": problem.column}
    facts = {**place, **problem.facts}
    return FileProblem(
        file=file, line=problem.line, column=problem.column, code=problem.code, facts=facts, standard=problem.standard
    )


def _lint_suite(workspace: Workspace, name: str) -> list[FileProblem]:
    """The first problem of the suite. Rules can be read only with a valid contract."""
    try:
        load_rules(workspace.project.contract(name), workspace.suite(name), suite_label(name))
    except LakewardError as error:
        line, column = error.facts.get("line"), error.facts.get("column")
        return [
            FileProblem(
                file=suite_label(name),
                line=line if isinstance(line, int) else None,
                column=column if isinstance(column, int | str) else None,
                code=error.code,
                facts=error.facts,
            )
        ]
    return []
