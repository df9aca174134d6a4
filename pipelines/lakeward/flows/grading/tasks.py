"""Tasks to grade a data set again: opened by a grading run or by a person, open until a later decision about the data set."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.inheritance import indirect_columns
from lakeward.flows.grading.records import DECISIONS
from lakeward.flows.grading.run import GradingRun
from lakeward.grading.grade import Grade
from lakeward.grading.proposal import Reason
from lakeward.grading.triggers import BY_PERSON, GradedState, Triggered, shipped_triggers, thresholds_reached, triggers_since

TASKS, BASELINES = "regrading_tasks", "grade_baselines"
# Who opens tasks that a run finds.
RUN = "lakeward"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegradingTask:
    """One reason to grade a data set again.

    Args:
        dataset: Name of the dataset.
        trigger: Trigger of the catalogue.
        item: Item of GB/T 43697-2024 annex J.
        direction: `up`, `down` or `both`: where the grade may go.
        found, before: What is now; and what was at the last decision, or the threshold.
        may_be: Grade that the data set may have; None if none is said.
        opened_by: Who opened it: a person, or `lakeward`.
        reason: Why, in a person's words; None without.
        opened_at: When.
    """

    dataset: str
    trigger: str
    item: int
    direction: str
    found: str
    before: str
    may_be: str | None
    opened_by: str
    reason: str | None
    opened_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward grade tasks --json`; the time to the second."""
        return {**fields_of(self), "opened_at": self.opened_at.isoformat(timespec="seconds")}


def list_tasks(settings: Settings, name: str | None = None) -> list[RegradingTask]:
    """The open tasks of a dataset, or of all.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    if name:
        workspace.project.contract(name)
    with workspace.engine() as engine:
        rows = open_tasks(engine)
    return [_task(row) for row in rows if name in (None, row["dataset"])]


def reopen_grading(settings: Settings, name: str, trigger: str, reason: str, by: str = "") -> RegradingTask:
    """Open a task that no query can see: an incident, a demand of an authority, or another reason.

    Raises:
        UsageError: There is no such dataset or trigger, or no name or reason is given.
        ProtectionError: The token is not valid or belongs to another name.
    """
    workspace = open_workspace(settings)
    contract = workspace.project.contract(name)
    identity = identify(workspace, by)
    check_decision_role(identity, "grade")
    if trigger not in BY_PERSON:
        raise UsageError(
            "grade_name_unknown", kind="trigger", found=did_you_mean(trigger, BY_PERSON) or trigger, expected=", ".join(BY_PERSON)
        )
    if not identity.name or not reason.strip():
        raise UsageError("grade_reason_missing", column=name)
    found = Triggered(trigger=shipped_triggers()[trigger], found="-", before="-")
    with workspace.engine() as engine:
        newest = _newest_decisions(engine).get(contract.name)
        row = _row(workspace, contract.name, found, newest["seq"] if newest else 0)
        _append(engine, [{**row, "opened_by": identity.name, "reason": reason}])
    return _task({**row, "opened_by": identity.name, "reason": reason})


def open_tasks(engine: Engine) -> list[Row]:
    """Rows of the tasks without a later decision about their data set."""
    newest = _newest_decisions(engine)
    rows = governance.read_rows(engine, TASKS, order="seq")
    return [row for row in rows if row["decision"] == (newest[row["dataset"]]["seq"] if row["dataset"] in newest else 0)]


def open_regrading_tasks(run: GradingRun, contracts: Iterable[Contract]) -> None:
    """Open the tasks of what has happened since the newest decisions, and note what the data sets with a new decision are now."""
    engine, at = run.engine, run.workspace.clock.now()
    newest = _newest_decisions(engine)
    baselines = {row["dataset"]: row for row in governance.read_rows(engine, BASELINES, order="decision")}
    known = {(row["dataset"], row["trigger"], row["found"].partition(" ")[0]) for row in open_tasks(engine)}
    rows, fresh = [], []
    for contract in contracts:
        name, decision = contract.name, newest.get(contract.name)
        found = list(thresholds_reached(run.record.measures.get(name, {}), run.rules))
        if decision:
            now = _state(run, contract, decision)
            before = baselines.get(name)
            if before is None or before["decision"] != decision["seq"]:
                fresh.append(_baseline_row(name, now, at))
            else:
                found += (*triggers_since(_stored_state(before), now, at), *_withdrawn_transforms(run, name))
        new = [each for each in found if (name, each.trigger.id, each.found.partition(" ")[0]) not in known]
        rows += [_row(run.workspace, name, each, decision["seq"] if decision else 0) for each in new]
    _append(engine, rows)
    for row in fresh:
        app = f"baseline/{row['dataset']}"
        governance.append_rows(engine, BASELINES, [row], Txn(app, int(row["decision"])))


def _withdrawn_transforms(run: GradingRun, name: str) -> Iterator[Triggered]:
    for column, cited in run.record.transforms(name).items():
        if run.record.withdrawal(name, column) is Reason.TRANSFORM_WITHDRAWN:
            yield Triggered(trigger=shipped_triggers()["deidentified"], found=column, before=cited)


def _state(run: GradingRun, contract: Contract, decision: Row) -> GradedState:
    table = contract.table(contract.layer)
    stored = run.engine.info(table)
    return GradedState(
        decision=decision["seq"],
        decided_at=decision["decided_at"],
        rows=stored.rows if stored else 0,
        sources={source: tuple(sorted(kinds)) for source, kinds in run.edges.kinds.get(str(table), {}).items()},
        indirect=indirect_columns(run, table),
        rules=run.rules.id,
    )


def _baseline_row(name: str, state: GradedState, at: datetime) -> Row:
    return {
        "dataset": name,
        "decision": state.decision,
        "decided_at": state.decided_at,
        "rows": state.rows,
        "sources": json.dumps({table: list(kinds) for table, kinds in state.sources.items()}, sort_keys=True),
        "indirect": json.dumps(list(state.indirect)),
        "rules": state.rules,
        "recorded_at": at,
    }


def _stored_state(row: Row) -> GradedState:
    return GradedState(
        decision=row["decision"],
        decided_at=row["decided_at"],
        rows=row["rows"],
        sources={table: tuple(kinds) for table, kinds in json.loads(row["sources"]).items()},
        indirect=tuple(json.loads(row["indirect"])),
        rules=row["rules"],
    )


def _newest_decisions(engine: Engine) -> dict[str, Row]:
    return {row["dataset"]: row for row in governance.read_rows(engine, DECISIONS, order="seq")}


def _row(workspace: Workspace, name: str, found: Triggered, decision: int) -> Row:
    return {
        "dataset": name,
        "trigger": found.trigger.id,
        "item": found.trigger.item,
        "direction": found.trigger.direction,
        "found": found.found,
        "before": found.before,
        "grade": str(Grade(found.grade)) if found.grade else "",
        "decision": decision,
        "opened_by": RUN,
        "reason": None,
        "opened_at": workspace.clock.now(),
    }


def _append(engine: Engine, rows: list[Row]) -> None:
    app = "regrading"
    while rows:
        seq = engine.txn(governance.table_name(TASKS), app) + 1
        if governance.append_rows(engine, TASKS, [{**row, "seq": seq} for row in rows], Txn(app, seq)):
            return


def _task(row: Row) -> RegradingTask:
    same = ("dataset", "trigger", "item", "direction", "found", "before", "opened_by", "reason", "opened_at")
    return RegradingTask(may_be=row["grade"] or None, **{key: row[key] for key in same})
