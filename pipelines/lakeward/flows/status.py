"""How the project stands: what ran last, what failed, what is late, and the command that helps next."""

from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows import governance
from lakeward.flows.workspace import Workspace, open_workspace

Step = dict[str, Any]


def project_status(settings: Settings) -> list[dict[str, Any]]:
    """One row per dataset: `dataset, last_run, score, failed_rules, unknown_rules, quarantine, rejects, late, next`.

    `late` is None where the contract promises no freshness. `next` is a list of message codes with facts.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        latest = {row["dataset"]: row for row in governance.rows(engine, "runs", order="finished_at")}
        return [_dataset(workspace, engine, name, latest.get(name)) for name in workspace.project.datasets()]


def _dataset(workspace: Workspace, engine: Engine, name: str, run: dict[str, Any] | None) -> dict[str, Any]:
    contract = workspace.project.contract(name)
    row = {
        "dataset": name,
        "last_run": run["finished_at"].isoformat(timespec="seconds") if run else None,
        "score": float(run["score"]) if run and run["score"] is not None else None,
        "failed_rules": run["failed_rules"] if run else None,
        "unknown_rules": run["unknown_rules"] if run else None,
        "quarantine": _rows(engine, contract, Layer.QUARANTINE),
        "rejects": _rows(engine, contract, Layer.REJECTS),
        "late": is_late(contract, run, workspace.clock.now()),
    }
    return {**row, "next": _next(row)}


def _rows(engine: Engine, contract: Contract, layer: Layer) -> int:
    found = engine.info(contract.table(layer))
    return found.rows if found else 0


def is_late(contract: Contract, run: dict[str, Any] | None, now: datetime) -> bool | None:
    """Whether the dataset is older than its contract promises; None where it promises nothing."""
    promised = contract.sla.freshness_seconds
    if promised is None:
        return None
    return run is None or (now - run["finished_at"]).total_seconds() > promised


def _next(row: dict[str, Any]) -> list[Step]:
    facts = {"dataset": row["dataset"]}
    due = {
        "next_first_run": row["last_run"] is None,
        "next_late": bool(row["late"]) and row["last_run"] is not None,
        "next_quarantine": bool(row["failed_rules"] and row["quarantine"]),
        "next_verdicts": bool(row["failed_rules"] and not row["quarantine"]),
        "next_unknown": bool(row["unknown_rules"]),
    }
    return [{"code": code, "facts": facts} for code, needed in due.items() if needed]
