"""Freshness of a dataset against its contract."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project
from lakeward.contracts.sla import DAY


def is_late(contract: Contract, project: Project, run: Mapping[str, Any] | None, now: datetime) -> bool | None:
    """Whether the newest data is older than the contract, or else the project, allows; None before the first run."""
    if run is None:
        return None
    allowed = contract.sla.freshness_seconds or project.latency_days * DAY
    return bool((now - run["finished_at"]).total_seconds() > allowed)
