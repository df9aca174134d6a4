"""What there is to notify of, from what the lake says now: halted batches, late data, and deliveries that were rejected."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.contracts.sla import DAY
from lakeward.core.errors import ContractError
from lakeward.core.sql import instant
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.freshness import is_late
from lakeward.flows.base.newest_runs import newest_runs
from lakeward.flows.base.report import FAILING_NOTES
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.batch.halted import halted_batches
from lakeward.flows.notices.notice import DatasetNotice, NoticeKind

# Warnings of a run that say that files have another form than the contract.
SCHEMA_NOTES = frozenset(("file_missing_columns", "file_other_columns", "file_other_encoding", "file_without_header"))
# Runs that ended before are not looked at: a subscription is no archive.
LOOK_BACK = timedelta(days=2)


def find_notices(workspace: Workspace, engine: Engine, datasets: Sequence[str]) -> list[DatasetNotice]:
    """What is to be said of these datasets now; one that is retired, or whose contract is not valid, has only halted batches."""
    now = workspace.clock.now()
    halted = halted_batches(engine)
    found = [_halted(name, halted[name]) for name in datasets if name in halted]
    newest, recent = newest_runs(engine), _runs_after(engine, now - LOOK_BACK)
    for name in datasets:
        run, contract = newest.get(name), _active_contract(workspace, name)
        if contract and run and is_late(contract, workspace.project, run, now):
            found.append(_late(workspace, contract, run))
        found += [notice for run in recent.get(name, ()) for notice in _rejected(name, run)]
    return found


def _runs_after(engine: Engine, time: datetime) -> dict[str, list[dict[str, Any]]]:
    runs: dict[str, list[dict[str, Any]]] = {}
    for row in governance.read_rows(engine, "runs", f"finished_at > {instant(time)}", order="finished_at"):
        runs.setdefault(row["dataset"], []).append(row)
    return runs


def _active_contract(workspace: Workspace, name: str) -> Contract | None:
    try:
        contract = workspace.project.contract(name)
    except ContractError:
        return None
    return None if contract.retired else contract


def _halted(name: str, batch: int) -> DatasetNotice:
    said = Notice("notice_halted", {"dataset": name, "batch": batch})
    return DatasetNotice(dataset=name, kind=NoticeKind.HALT, occasion=f"batch {batch}", said=said)


def _late(workspace: Workspace, contract: Contract, run: Mapping[str, Any]) -> DatasetNotice:
    allowed = contract.sla.freshness_seconds or workspace.project.latency_days * DAY
    last: datetime = run["finished_at"]
    facts = {"dataset": contract.name, "last": last.isoformat(timespec="seconds"), "allowed": timedelta(seconds=allowed)}
    return DatasetNotice(
        dataset=contract.name, kind=NoticeKind.LATE, occasion=f"since {last.isoformat()}", said=Notice("notice_late", facts)
    )


def _rejected(name: str, run: Mapping[str, Any]) -> Iterator[DatasetNotice]:
    codes = {code for code, _ in json.loads(run["warnings"] or "[]")}
    occasion = f"batch {run['batch_seq']} of generation {run['generation']}"
    facts = {"dataset": name, "batch": run["batch_seq"]}
    if codes & SCHEMA_NOTES:
        yield DatasetNotice(dataset=name, kind=NoticeKind.SCHEMA, occasion=occasion, said=Notice("notice_schema", facts))
    elif codes & FAILING_NOTES:
        yield DatasetNotice(dataset=name, kind=NoticeKind.FAILURE, occasion=occasion, said=Notice("notice_rejected", facts))
