"""The page of suites: what a suite may say of a rule beside Great Expectations' own words."""

from generate.markdown import code, keys, page, table
from lakeward.core.messages import Lang
from lakeward.quality.indicators import indicator_name, indicators
from lakeward.quality.rule import SEVERITIES, Dimension, Severity
from lakeward.quality.suite import META_KEYS

INTRODUCTION = """\
`expectations/datasets/<name>/suite.json` is a plain suite of Great Expectations: a `name`, a list `expectations` of `{type, kwargs, meta}`,
and `meta`. Types and arguments are in [Expectations](expectations.md). Lakeward adds the keys below to the `meta` of an expectation."""
EXAMPLE = """\
```json
{
  "type": "expect_column_values_to_be_between",
  "kwargs": {"column": "temp", "min_value": -50, "max_value": 200},
  "meta": {"lakeward": {"id": "temp_in_range", "severity": "quarantine"}}
}
```"""
DERIVED = """\
## Rules that follow from the contract

They stand in no suite and are always there, with severity `quarantine`: `type:<column>` (every value converts to the column's type),
`required:<column>` (a required column has a value) and `key:<column>` (so has each column of the key). Two more are judged from counts, and no
row by them: `received:records` (as few records are rejects as `limits.rejectedShare` allows), and with severity `warn` `nulls:<column>` (from the second batch on: a column that may be
empty is not far emptier than in earlier batches). Two speak of batches that replace stored rows, with severity `halt`: `batch:replaced_share` (no more than
`limits.replacedShare`) and `batch:missing_columns` (no stored value becomes NULL because the files lack its column). How: [Quality and scores](../explanation/quality.md#what-arrived)."""
DIMENSIONS = """\
## Dimensions and indicators

Each expectation speaks of an indicator of GB/T 36344-2018, and its verdict counts for that indicator's dimension."""


def suite() -> str:
    """The page, in Markdown."""
    severities = table(("severity", "a failure"), [(code(one), SEVERITIES[one]) for one in Severity])
    parts = (INTRODUCTION, EXAMPLE, "## `meta.lakeward`", keys(META_KEYS), "## Severities", severities, DERIVED, DIMENSIONS)
    return page(
        "Suite", "`lakeward/quality/`", *parts, table(("dimension", "indicators of expectations"), map(_dimension, Dimension))
    )


def _dimension(dimension: Dimension) -> tuple[str, str]:
    place = f"{list(Dimension).index(dimension) + 1:02d}"
    listed = sorted({indicator for indicator in indicators().values() if indicator.startswith(place)})
    return code(dimension), "\n".join(f"{one} {indicator_name(one, Lang.EN)} · {indicator_name(one, Lang.ZH)}" for one in listed)
