"""Writes values of Spark's types as JSON, in the same way as DuckDB. Maps and bytes have no JSON form."""

import json

from pyspark.sql import types as t

from lakeward.engines.spark.staging.text_sql import SPARK

_JAVA_NUMBER = SPARK.literal(r"^-?[0-9.]+E-?[0-9]+\z")


def json_value(value: str, type_: t.DataType) -> str:
    """Text: JSON of the value; NULL for NULL."""
    if isinstance(type_, t.ArrayType):
        items = f"transform({value}, e -> coalesce({json_value('e', type_.elementType)}, 'null'))"
        return f"CASE WHEN {value} IS NOT NULL THEN '[' || array_join({items}, ',') || ']' END"
    if isinstance(type_, t.StructType):
        return f"CASE WHEN {value} IS NOT NULL THEN {_struct_json(value, type_)} END"
    if isinstance(type_, t.FloatType | t.DoubleType | t.DecimalType):
        return _fraction_json(value, type_)
    if isinstance(type_, t.IntegralType | t.BooleanType):
        return f"CAST({value} AS STRING)"
    zone = " || '+00'" if isinstance(type_, t.TimestampType) else ""
    return json_text(f"CAST({value} AS STRING){zone}")


def json_text(text: str) -> str:
    """The text as JSON."""
    return f"CASE WHEN {text} IS NOT NULL THEN {SPARK.strip_ends(f'to_json(array({text}))')} END"


def json_key(name: str) -> str:
    """The name as a key, with its colon."""
    return json.dumps(name, ensure_ascii=False) + ":"


def json_number(text: str) -> str:
    """A number that Java wrote with an exponent: plain digits from 1e-6 to 1e21, as in ECMAScript; beyond, without `.0`."""
    exponent = f"CAST(substring_index({text}, 'E', -1) AS INT)"

    def plain(scale: int) -> str:
        digits = f"regexp_replace(CAST(CAST({text} AS DECIMAL(38, {scale})) AS STRING), '0+\\\\z', '')"
        return f"regexp_replace({digits}, '[.]\\\\z', '.0')"

    return (
        f"CASE WHEN {exponent} BETWEEN 0 AND 20 THEN {plain(10)} WHEN {exponent} BETWEEN -6 AND -1 THEN {plain(24)} "
        f"ELSE lower(replace({text}, '.0E', 'E')) END"
    )


def _struct_json(value: str, type_: t.StructType) -> str:
    members = [
        f"{SPARK.literal(json_key(field.name))} || "
        f"coalesce({json_value(f'{value}.{SPARK.identifier(field.name)}', field.dataType)}, 'null')"
        for field in type_.fields
    ]
    return f"'{{' || array_join(array({', '.join(members)}), ',') || '}}'"


def _fraction_json(value: str, type_: t.DataType) -> str:
    """A decimal that a double holds is written as a double; unsigned 64-bit integers are decimals without a fraction."""
    if isinstance(type_, t.DecimalType) and (type_.scale == 0 or type_.precision > 15):
        return f"CAST({value} AS STRING)"
    text = f"CAST(CAST({value} AS DOUBLE) AS STRING)"
    return f"CASE WHEN {text} RLIKE {_JAVA_NUMBER} THEN {json_number(text)} ELSE {text} END"
