"""What a run says of failed rules of severity `warn`: they set no row aside, and are read by name and share."""

from collections.abc import Sequence

from lakeward.core.shares import percent
from lakeward.flows.base.report import Warnings
from lakeward.quality.arrivals import NULLS
from lakeward.quality.rule import Outcome, Severity, Verdict

# Rules that are named; the worst come first.
MAX_NAMED = 10


def warn_notes(dataset: str, verdicts: Sequence[Verdict]) -> Warnings:
    """One note on the rules of severity `warn` that failed in some batch; those on NULLs have notes of their own.

    Args:
        verdicts: Those of all batches of the run: a rule's share is over all rows that it was evaluated on.
    """
    failed = {v.rule.id for v in verdicts if _is_warning(v)}
    if not failed:
        return ()
    shares = {id_: _share([v for v in verdicts if v.rule.id == id_]) for id_ in sorted(failed)}
    worst = sorted(shares, key=lambda id_: -(shares[id_] or 0))
    named = [id_ if (share := shares[id_]) is None else f"{id_} ({percent(share)})" for id_ in worst[:MAX_NAMED]]
    more = [f"… +{len(worst) - MAX_NAMED}"] if len(worst) > MAX_NAMED else []
    return (("warn_rules_failed", {"dataset": dataset, "rules": ", ".join([*named, *more])}),)


def _is_warning(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.FAIL and verdict.rule.severity is Severity.WARN and verdict.rule.type != NULLS


def _share(verdicts: Sequence[Verdict]) -> float | None:
    """Failing rows of those evaluated; None of a rule on the whole batch."""
    counted = [(v.failed, v.evaluated) for v in verdicts if v.failed is not None and v.evaluated]
    return sum(failed for failed, _ in counted) / sum(rows for _, rows in counted) if counted else None
