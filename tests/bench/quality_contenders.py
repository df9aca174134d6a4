"""What `quality.py` runs as processes: each judges one Parquet file by one suite and fails unless every rule passes."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What each must be able to import.
NEEDS = {
    "scan": ("duckdb",),
    "lakeward": ("lakeward",),
    "gx_pandas": ("great_expectations", "pandas", "pyarrow"),
    "gx_spark": ("great_expectations", "pyspark"),
    "pandera_polars": ("pandera.polars", "polars"),
}


def scan(data: Path, _: Path) -> None:
    """Read the columns that the rules look at: numbers summed, others hashed."""
    import duckdb

    types = {row[0]: row[1] for row in duckdb.sql(f"DESCRIBE FROM '{data}'").fetchall()}
    items = (f'sum("{name}")' if type_ in ("DOUBLE", "BIGINT") else f'bit_xor(hash("{name}"))' for name, type_ in types.items())
    duckdb.sql(f"SELECT {', '.join(items)} FROM '{data}'").fetchall()


def validate(batch: Any, context: Any, suite: Path) -> None:
    from great_expectations import ExpectationSuite

    content = json.loads(suite.read_text())
    judged = batch.validate(context.suites.add(ExpectationSuite(content["name"], content["expectations"])), result_format="BASIC")
    assert judged.success, [r.expectation_config.type for r in judged.results if not r.success]


def gx_pandas(data: Path, suite: Path) -> None:
    import great_expectations
    import pandas as pd

    context = great_expectations.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("data")
    frame = pd.read_parquet(data)
    validate(asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame}), context, suite)


def gx_spark(data: Path, suite: Path) -> None:
    import great_expectations
    from pyspark.sql import SparkSession

    local = {"spark.driver.memory": "8g", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    builder = SparkSession.builder.master("local[2]")
    for key, value in (local | {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "4"}).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    context = great_expectations.get_context(mode="ephemeral")
    asset = context.data_sources.add_spark("spark").add_dataframe_asset("data")
    frame = spark.read.parquet(str(data))
    validate(asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame}), context, suite)
    spark.stop()


def pandera_polars(data: Path, suite: Path) -> None:
    """The same rules as a schema; a share of nulls, a mean, a deviation and a count are checks of the frame."""
    import pandera.polars as pa
    import polars as pl

    rules = [(rule["type"].removeprefix("expect_"), rule["kwargs"]) for rule in json.loads(suite.read_text())["expectations"]]
    of_values = {
        "column_values_to_be_between": lambda kwargs: pa.Check.in_range(kwargs["min_value"], kwargs["max_value"]),
        "column_values_to_be_in_set": lambda kwargs: pa.Check.isin(kwargs["value_set"]),
        "column_values_to_match_regex": lambda kwargs: pa.Check.str_matches(kwargs["regex"]),
    }
    of_frame = {
        "column_values_to_not_be_null": lambda kwargs: pl.col(kwargs["column"]).is_not_null().mean() >= kwargs.get("mostly", 1),
        "column_mean_to_be_between": lambda kwargs: (
            pl.col(kwargs["column"]).mean().is_between(kwargs["min_value"], kwargs["max_value"])
        ),
        "column_stdev_to_be_between": lambda kwargs: (
            pl.col(kwargs["column"]).std().is_between(kwargs["min_value"], kwargs["max_value"])
        ),
        "table_row_count_to_be_between": lambda kwargs: pl.len().is_between(kwargs["min_value"], kwargs["max_value"]),
    }
    named = dict.fromkeys(kwargs["column"] for _, kwargs in rules if "column" in kwargs)
    columns = {
        name: pa.Column(
            nullable=True, checks=[of_values[kind](kw) for kind, kw in rules if kind in of_values and kw["column"] == name]
        )
        for name in named
    }
    wholes = [of_frame[kind](kwargs) for kind, kwargs in rules if kind in of_frame]
    checks = [pa.Check(lambda frame, whole=whole: frame.lazyframe.select(whole)) for whole in wholes]
    unique = next((kwargs["column_list"] for kind, kwargs in rules if kind == "compound_columns_to_be_unique"), None)
    pa.DataFrameSchema(columns, checks=checks, unique=unique).validate(pl.read_parquet(data), lazy=True)


CONTENDERS: dict[str, Callable[[Path, Path], None]] = {
    "scan": scan,
    "gx_pandas": gx_pandas,
    "gx_spark": gx_spark,
    "pandera_polars": pandera_polars,
}

if __name__ == "__main__":
    CONTENDERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
