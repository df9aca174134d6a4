"""Freshness of a dataset against its contract."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract


def is_late(contract: Contract, run: Mapping[str, Any] | None, now: datetime) -> bool | None:
    """Whether the newest data is older than the contract allows; None if the contract sets no limit."""
    promised = contract.sla.freshness_seconds
    if promised is None:
        return None
    return run is None or (now - run["finished_at"]).total_seconds() > promised
