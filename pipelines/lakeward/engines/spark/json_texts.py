"""JSON as text: members of objects, lists of objects, and back."""

import json
from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.expressions import OperandTypes, RewriteRule, RuleKey, spark_call, spark_expression


def _to_json(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`to_json` with NULL members, which Spark omits by default."""
    return spark_call(
        "to_json", node.expressions[0] if node.expressions else node.this, spark_expression("map('ignoreNullFields', 'false')")
    )


def _json_transform(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`json_transform` of the form `[{"name": "VARCHAR", …}]`: every member as text."""
    text, form = node.expressions
    names = json.loads(form.name)[0]
    fields = ", ".join(f"`{name.replace('`', '``')}`: STRING" for name in names)
    return spark_call("from_json", text, f"ARRAY<STRUCT<{fields}>>")


def _valid(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_expression("try_parse_json({0}) IS NOT NULL", node.expressions[0])


RULES: Mapping[RuleKey, RewriteRule] = {
    "to_json": _to_json,
    exp.JSONFormat: _to_json,
    "json_transform": _json_transform,
    "json_valid": _valid,
}
