"""What a rule speaks of: a row, or a table as a whole (docs/decisions/0015-scopes-of-rules.md)."""

from lakeward.quality.catalogue import Form, expectations
from lakeward.quality.rule import Rule

# Edition of what rules speak of. Before, it was 1: rules of a gold table spoke of the windows that a run computed.
SCOPE_EDITION = 2
# Judged by Great Expectations, over the whole table.
_WHOLE_BY_GX = frozenset(
    (
        "expect_column_kl_divergence_to_be_less_than",
        "expect_query_results_to_match_comparison",
        "expect_table_row_count_to_equal_other_table",
    )
)


def is_of_table(rule: Rule) -> bool:
    """Whether the rule speaks of many rows together: a mean, a share, a count, a set of values. Some rows of them say nothing of it."""
    known = expectations().get(rule.type)
    return known is not None and (known.form is Form.AGGREGATE or rule.type in _WHOLE_BY_GX)
