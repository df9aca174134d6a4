"""Confirms the grades of several columns at once: each by a decision of its own, and one that is refused stops no other."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.answers import GradedColumn, GradeEffect, grade_mark
from lakeward.flows.grading.choices import GradeChoice, find_column, make_decision
from lakeward.flows.grading.decide import commit_decision, decision_effects, pass_on, who_and_what
from lakeward.flows.grading.publication import annotate_columns
from lakeward.flows.grading.records import read_checks
from lakeward.flows.grading.run import GradingRun, open_run


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPreview:
    """A column with its grade as it is, and what a confirmation would change.

    Args:
        graded: The column with its grade and evidence.
        mark: `grade_mark` of this grade.
        effects: What would change, the column itself first.
    """

    graded: GradedColumn
    mark: str
    effects: tuple[GradeEffect, ...]

    def as_dict(self) -> dict[str, object]:
        """`graded, mark, effects`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedDecision:
    """A decision that was not made.

    Args:
        column: `dataset.column`.
        code: Message code of why.
        facts: Values that fill the message.
    """

    column: str
    code: str
    facts: Mapping[str, object]

    def as_dict(self) -> dict[str, object]:
        """`column, code, facts`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDecision:
    """What became of several decisions.

    Args:
        decided: The columns with their new grades.
        refused: The decisions that were not made; the others stand.
    """

    decided: tuple[GradedColumn, ...]
    refused: tuple[RefusedDecision, ...]

    def as_dict(self) -> dict[str, object]:
        """`decided, refused`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPreview:
    """What confirmations of several columns would change.

    Args:
        previews: The columns that can be confirmed.
        refused: The columns that can't.
    """

    previews: tuple[ConfirmationPreview, ...]
    refused: tuple[RefusedDecision, ...]

    def as_dict(self) -> dict[str, object]:
        """`previews, refused`."""
        return fields_of(self)


def preview_confirmations(settings: Settings, names: Iterable[str]) -> BulkPreview:
    """What a confirmation of each column, `dataset.column`, would change by itself, and the columns that can't be confirmed."""
    workspace = open_workspace(settings)
    previews, refused = [], []
    with workspace.engine() as engine:
        run = open_run(workspace, engine)
        for name in dict.fromkeys(names):
            try:
                previews.append(_preview(run, name))
            except LakewardError as error:
                refused.append(RefusedDecision(column=name, code=error.code, facts=error.facts))
    return BulkPreview(previews=tuple(previews), refused=tuple(refused))


def decide_grades(settings: Settings, choices: Mapping[str, GradeChoice]) -> BulkDecision:
    """Decide about several columns, `dataset.column` -> choice; each is a decision of its own, with its own number, reason and signature.

    Raises:
        MachineError, StoreConflictError: What is made of the columns could not be graded again; the decisions stand.
    """
    workspace = open_workspace(settings)
    decided: list[GradedColumn] = []
    refused: list[RefusedDecision] = []
    with workspace.engine() as engine:
        for _, names in groupby(sorted(choices), key=lambda name: name.rpartition(".")[0]):
            of_dataset = {name: choices[name] for name in names}
            decided += _decide_dataset(workspace, engine, of_dataset, refused)
    workspace.deliver_lineage()
    return BulkDecision(decided=tuple(decided), refused=tuple(refused))


def _preview(run: GradingRun, name: str) -> ConfirmationPreview:
    contract, column = find_column(run.workspace, name)
    trial = replace(run, record=copy.deepcopy(run.record))
    now = run.record.current(contract)[column.name]
    decision = make_decision(trial.record, contract, column, GradeChoice("", "-"), identify(run.workspace))
    effects = decision_effects(trial, contract, decision)
    return ConfirmationPreview(graded=GradedColumn(contract.name, column.name, now), mark=grade_mark(now), effects=tuple(effects))


def _decide_dataset(
    workspace: Workspace, engine: Engine, choices: Mapping[str, GradeChoice], refused: list[RefusedDecision]
) -> list[GradedColumn]:
    """The decisions about columns of one dataset, whose grades are passed on once."""
    columns, record, contract = [], None, None
    for name, given in choices.items():
        try:
            contract, column, identity, choice = who_and_what(workspace, name, given)
            record = commit_decision(workspace, engine, contract, column, (choice, identity))
            columns.append(column.name)
        except LakewardError as error:
            refused.append(RefusedDecision(column=name, code=error.code, facts=error.facts))
    if record is None or contract is None:
        return []
    read_checks(engine, record)
    grades = record.current(contract)
    annotate_columns(engine, contract, grades)
    pass_on(workspace, engine, contract.name)
    return [GradedColumn(contract.name, column, grades[column]) for column in columns]
