"""Exports rows as one file. One task writes it, without collecting rows on the driver."""

import shutil
import uuid
from pathlib import Path

from pyspark.sql import DataFrame

from lakeward.engines.spark.footers import count_rows


def write_single_file(frame: DataFrame, file: Path) -> int:
    """Write the rows as one file, by one task; returns their number."""
    folder = file.with_name(f"{file.name}.{uuid.uuid4()}")
    frame.coalesce(1).write.parquet(str(folder))
    (written,) = folder.glob("*.parquet")
    written.rename(file)
    shutil.rmtree(folder)
    return count_rows(file)
