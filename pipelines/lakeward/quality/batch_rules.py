"""Two rules on a batch as a whole, judged against what is stored: no suite writes them, and no scan of the batch can tell them.

They speak of a batch only where it replaces rows. Their verdict is one element, as that of an aggregate: the replaced rows are no
failing rows, and a feed that sends its whole state again would score zero for it.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Limits
from lakeward.quality.rule import Dimension, Outcome, Rule, Severity, Verdict, rule_version

BATCH = "batch"
REPLACED_SHARE = "batch:replaced_share"
MISSING_COLUMNS = "batch:missing_columns"
DIMENSIONS: Mapping[str, Dimension] = {REPLACED_SHARE: Dimension.CONSISTENCY, MISSING_COLUMNS: Dimension.COMPLETENESS}


def judge_replaced_share(limits: Limits, severity: Severity, *, rows: int, replaced: int) -> Verdict:
    """FAIL where more than the contract's share of the rows replaces a stored row with other values.

    Args:
        rows: Good rows of the batch, without those for which a later row of the batch stands.
        replaced: Of these, rows that replace a stored one.
    """
    rule = _rule(REPLACED_SHARE, severity, (), {"share": limits.replaced_share})
    # By the digits that the contract writes: 0.29 of 100 rows are 29.
    within = replaced <= Decimal(str(limits.replaced_share)) * rows
    return Verdict(rule, Outcome.PASS if within else Outcome.FAIL, evaluated=rows, observed=str(replaced))


def judge_missing_columns(severity: Severity, *, rows: int, values: int, columns: tuple[str, ...]) -> Verdict:
    """FAIL: values would be replaced by NULL, since the files that bring the rows have no value of a column at all.

    Args:
        rows: As above.
        values: Values that would be lost, of stored rows or of earlier files of the batch.
        columns: The columns that the files lack.
    """
    rule = _rule(MISSING_COLUMNS, severity, columns, {})
    return Verdict(rule, Outcome.FAIL, evaluated=rows, observed=str(values))


def restore_verdict(row: Mapping[str, Any], columns: tuple[str, ...]) -> Verdict:
    """The verdict that a row of `governance.verdicts` holds."""
    rule = Rule(
        id=row["rule_id"],
        version=row["rule_version"],
        type=row["expectation"],
        kwargs={},
        severity=Severity(row["severity"]),
        dimension=Dimension(row["dimension"]),
        columns=columns,
    )
    return Verdict(rule, Outcome(row["outcome"]), evaluated=row["evaluated"], observed=row["observed"])


def _rule(id_: str, severity: Severity, columns: tuple[str, ...], kwargs: Mapping[str, Any]) -> Rule:
    return Rule(
        id=id_,
        version=rule_version(id_, kwargs, severity),
        type=BATCH,
        kwargs=kwargs,
        severity=severity,
        dimension=DIMENSIONS[id_],
        columns=columns,
    )
