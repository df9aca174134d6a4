"""Whether a dataset is as fresh as its contract promises."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract


def is_late(contract: Contract, run: Mapping[str, Any] | None, now: datetime) -> bool | None:
    """Whether the dataset is older than its contract promises; None where it promises nothing."""
    promised = contract.sla.freshness_seconds
    if promised is None:
        return None
    return run is None or (now - run["finished_at"]).total_seconds() > promised
