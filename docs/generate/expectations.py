"""The page of expectations: each one, how it is judged, its arguments, and where it differs from Great Expectations."""

from collections.abc import Mapping
from typing import Any

import yaml

from generate.markdown import code, page, table
from generate.sources import CATALOGUES
from lakeward.core.messages import Lang
from lakeward.quality.catalogue import SENSOR_RULES, Expectation, Form, expectations, gx_differences
from lakeward.quality.indicators import indicator_name, indicators

FORMS = {
    Form.ROW: "rows",
    Form.UNIQUE: "rows, by key",
    Form.AGGREGATE: "whole batch",
    Form.SCHEMA: "columns",
    Form.SERIES: "series",
    Form.GX: "Great Expectations",
}
# What its class takes and a table has no room for: the same for all that speak of rows.
CONDITION = frozenset(("row_condition", "condition_parser"))
INTRODUCTION = """\
Every expectation of Great Expectations Core 1.24 is accepted, with all its arguments, and so are the sensor rules (`expect_series_…`).
*Judged by* says how:

- **rows**, **rows, by key**: in the one query of the batch; every failing row is known, and can be quarantined.
- **whole batch**: in the same query; a number or a set, and no row fails.
- **columns**: by the contract, without a query.
- **series**: in one more query for all sensor rules together, with the state that earlier batches left.
- **Great Expectations**: by Great Expectations itself on the same rows (`pip install '/path/to/the/clone[gx]'`; without it the verdict is UNKNOWN).

A rule that is compiled goes to Great Expectations all the same where its SQL would not be certain to say the same: patterns that RE2 has
not (look-around, back-references), patterns and lengths of values that are no texts, aggregates and order of types that have none, forms
of time with names or zones in them, and a `row_condition` of more than comparisons, `in`, `and`, `or`, `not` and tests for missing values.
What has `condition` takes `row_condition` and `condition_parser`: Great Expectations' condition objects, or a text in the language of
pandas, Spark or Great Expectations. An argument in bold is required. A verdict over nothing is UNKNOWN; `lakeward check --json` gives what
Great Expectations answers there."""
HEAD = ("expectation", "judged by", "arguments", "indicator of GB/T 36344-2018", "differs")
DIFFERENCES = """\
## Where a compiled expectation differs from Great Expectations on pandas

Each line is tried by a test: that it differs, and that nothing else does."""
SERIES = """\
## Sensor rules

What each looks for, and what its arguments mean; how they work, what they find and what they cost is in [Sensor rules](sensor-rules.md)."""


def vocabulary() -> str:
    """The page, in Markdown."""
    rows = [_row(name, known) for name, known in sorted(expectations().items())]
    differences = table(("name", "expectations", "theirs", "reason"), map(_difference, gx_differences()))
    ours = yaml.safe_load((CATALOGUES / SENSOR_RULES).read_text(encoding="utf-8"))
    rules = table(
        ("expectation", "a reading passes when"), [(code(name), _both(entry)) for name, entry in ours["expectations"].items()]
    )
    arguments = table(
        ("argument", "value", "meaning"),
        [(code(name), entry["shape"].replace("_", " "), _both(entry)) for name, entry in ours["arguments"].items()],
    )
    parts = (INTRODUCTION, table(HEAD, rows), SERIES, rules, arguments, DIFFERENCES, differences)
    return page("Expectations", "the catalogues in `expectations/catalogues/`", *parts)


def _both(entry: Mapping[str, Any]) -> str:
    return f"{entry['en']}\n{entry['zh']}"


def _row(name: str, known: Expectation) -> tuple[str, ...]:
    indicator = indicators()[name]
    differs = [f"[{each['id']}](#{each['id']})" for each in gx_differences() if name.removeprefix("expect_") in each["types"]]
    return (
        code(name),
        FORMS[known.form],
        _arguments(known),
        f"{indicator} {indicator_name(indicator, Lang.EN)}",
        ", ".join(differs),
    )


def _arguments(known: Expectation) -> str:
    optional = [code(name) for name in sorted(known.optional - CONDITION)]
    condition = ["condition"] if known.optional >= CONDITION else []
    return ", ".join([*(f"**`{name}`**" for name in sorted(known.required)), *optional, *condition])


def _difference(known: Mapping[str, Any]) -> tuple[str, ...]:
    types = "any" if "*" in known["types"] else ", ".join(map(code, known["types"]))
    return f'<a id="{known["id"]}"></a>{known["id"]}', types, known["theirs"], known["reason"]
