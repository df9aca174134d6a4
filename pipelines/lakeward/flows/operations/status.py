"""How the project stands: what ran last, what failed, what is late, and the command that helps next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeward.core.errors import ContractError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.freshness import is_late
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.halt import halted_batches
from lakeward.flows.grading.grade import waiting
from lakeward.flows.grading.records import Known, known
from lakeward.flows.quarantine.open_rows import open_count
from lakeward.flows.scoring.show import current_scores

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the governance tables say of all datasets: their latest run and score, their grades, and the batch at which one waits."""

    latest: Mapping[str, Mapping[str, Any]]
    grades: Known
    halted: Mapping[str, int]
    scores: Mapping[str, Mapping[str, Any]]


def project_status(settings: Settings) -> list[dict[str, Any]]:
    """How each dataset stands.

    Keys: `dataset, last_run, score, failed_rules, unknown_rules, quarantine, rejects, halted, late, waiting, next`.

    `halted` is the batch that waits for a steward's release, or None. `waiting` is the number of stored columns whose grade waits for a person. `late` is None where the contract promises no
    freshness, or is not valid. `next` is a list of message codes with facts.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        latest = {row["dataset"]: row for row in governance.rows(engine, "runs", order="finished_at")}
        recorded = Recorded(latest, known(engine), halted_batches(engine), current_scores(workspace, engine))
        return [_dataset(workspace, engine, name, recorded) for name in workspace.project.datasets()]


def _dataset(workspace: Workspace, engine: Engine, name: str, recorded: Recorded) -> dict[str, Any]:
    run, scored = recorded.latest.get(name), recorded.scores.get(name, {})
    try:
        contract = workspace.project.contract(name)
    except ContractError:
        contract = None
    row = {
        "dataset": name,
        "last_run": run["finished_at"].isoformat(timespec="seconds") if run else None,
        "score": float(scored["score"]) if scored.get("score") is not None else None,
        "failed_rules": scored.get("failed_rules"),
        "unknown_rules": scored.get("unknown_rules"),
        "quarantine": open_count(engine, name),
        "rejects": _rows(engine, TableName(Layer.REJECTS, name)),
        "halted": recorded.halted.get(name),
        "late": is_late(contract, run, workspace.clock.now()) if contract else None,
        "waiting": waiting(recorded.grades.current(contract)) if contract and engine.info(contract.table(contract.layer)) else 0,
    }
    return {**row, "next": _next(row) if contract else [{"code": "next_contract", "facts": {"dataset": name}}]}


def _rows(engine: Engine, table: TableName) -> int:
    found = engine.info(table)
    return found.rows if found else 0


def _next(row: dict[str, Any]) -> list[Step]:
    facts = {"dataset": row["dataset"], "columns": row["waiting"], "batch": row["halted"]}
    due = {
        "next_first_run": row["last_run"] is None and row["halted"] is None,
        "next_halted": row["halted"] is not None,
        "next_late": bool(row["late"]) and row["last_run"] is not None,
        "next_quarantine": bool(row["failed_rules"] and row["quarantine"]),
        "next_rejects": bool(row["rejects"]),
        "next_verdicts": bool(row["failed_rules"] and not row["quarantine"]),
        "next_unknown": bool(row["unknown_rules"]),
        "next_grades": bool(row["waiting"]),
    }
    return [{"code": code, "facts": facts} for code, needed in due.items() if needed]
