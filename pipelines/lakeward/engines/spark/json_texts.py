"""JSON that stays text: members of objects, lists of objects, and back."""

import json
from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.building import Key, Rule, Types, call, spark


def _to_json(node: exp.Expr, _types: Types) -> exp.Expr:
    """With its members that are NULL, which Spark leaves out unless told."""
    return call("to_json", node.expressions[0] if node.expressions else node.this, spark("map('ignoreNullFields', 'false')"))


def _transform(node: exp.Expr, _types: Types) -> exp.Expr:
    """Of the form `[{"name": "VARCHAR", …}]`: every member as text."""
    given, form = node.expressions
    names = json.loads(form.name)[0]
    fields = ", ".join(f"`{name.replace('`', '``')}`: STRING" for name in names)
    return call("from_json", given, f"ARRAY<STRUCT<{fields}>>")


def _valid(node: exp.Expr, _types: Types) -> exp.Expr:
    return spark("try_parse_json({0}) IS NOT NULL", node.expressions[0])


RULES: Mapping[Key, Rule] = {
    "to_json": _to_json,
    exp.JSONFormat: _to_json,
    "json_transform": _transform,
    "json_valid": _valid,
}
