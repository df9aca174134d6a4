"""Which proposals the contract or suite already covers, and which existing rules fail too often."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lakeward.core.evidence import Evidence
from lakeward.core.sql import equals
from lakeward.flows.base import governance
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.proposal import Finding, RuleProposal
from lakeward.quality.kwargs import columns_of
from lakeward.quality.rule import Rule

# A rule that fails in a larger share of its batches is wrong or ignored.
TOO_OFTEN = 0.2
# Arguments that limit a rule to some rows.
DOMAIN = ("row_condition", "series_regex")
# With fewer batches it can be chance.
BATCHES = 5
# If a suite already has a list, pattern or share for a column, its author knew more than the history shows.
EQUIVALENT_TYPES = (
    frozenset({"expect_column_values_to_be_in_set", "expect_column_distinct_values_to_be_in_set"}),
    frozenset({"expect_column_values_to_match_regex", "expect_column_values_to_match_regex_list"}),
    frozenset(
        {
            "expect_column_values_to_match_regex",
            "expect_column_value_lengths_to_equal",
            "expect_column_value_lengths_to_be_between",
        }
    ),
    frozenset({"expect_column_values_to_not_be_null", "expect_column_proportion_of_non_null_values_to_be_between"}),
    frozenset({"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}),
)


def is_covered(proposal: RuleProposal, rules: Iterable[Rule]) -> bool:
    """Whether an existing rule has its id, or is at least as strict on the same columns."""
    return any(rule.id == proposal.id or _covers(rule, proposal) for rule in rules)


def _covers(rule: Rule, proposal: RuleProposal) -> bool:
    condition = rule.kwargs.get("row_condition")
    if set(columns_of(rule.kwargs)) != set(columns_of(proposal.kwargs)) or condition not in (
        None,
        proposal.kwargs.get("row_condition"),
    ):
        return False
    if any({rule.type, proposal.type} <= equivalent for equivalent in EQUIVALENT_TYPES):
        return True
    return rule.type == proposal.type and is_as_strict(rule.kwargs, proposal.kwargs)


def is_as_strict(existing: Mapping[str, Any], proposed: Mapping[str, Any]) -> bool:
    """Whether bounds `existing` allow no more than `wanted`."""
    if existing.get("mostly", 1) < proposed.get("mostly", 1):
        return False
    pairs = [(existing.get(side), proposed.get(side)) for side in ("min_value", "max_value")]
    if any(isinstance(bound, str) for pair in pairs for bound in pair):
        return False
    (low, least), (high, most) = pairs
    above = least is None or (low is not None and low >= least)
    below = most is None or (high is not None and high <= most)
    return above and below


def find_failing_rules(history: History, rules: Sequence[Rule]) -> Iterator[Finding]:
    """Rules of the suite that fail in too many of the batches judged by their current version."""
    table = governance.table_spec("verdicts").name
    info = history.engine.info(table)
    if info is None:
        return
    sql = (
        "SELECT rule_id, rule_version, count(*) AS value, count_if(outcome = 'FAIL') AS fired, sum(evaluated) AS evaluated, "
        f"sum(failed) AS failed FROM {table} WHERE {equals(dataset=history.contract.name)} AND outcome <> 'UNKNOWN' "
        "GROUP BY 1, 2 ORDER BY 1"
    )
    versions = {(rule.id, rule.version) for rule in rules}
    for row in history.engine.fetch(sql):
        is_current = (row["rule_id"], row["rule_version"]) in versions
        if is_current and row["value"] >= BATCHES and row["fired"] > TOO_OFTEN * row["value"]:
            facts = {"rule": row["rule_id"], "fired": row["fired"], "batches": row["value"], "failed": row["failed"] or 0}
            rule_query = f"SELECT * FROM ({sql}) WHERE {equals(rule_id=row['rule_id'])}"
            yield Finding("suggest_rule_fires", facts, Evidence(rule_query, {str(table): info.version}, row["value"]))
