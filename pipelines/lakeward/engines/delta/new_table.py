"""Creates a Delta table outside a lake from one Parquet file in its folder. Its log holds the number of rows, and no bounds of values."""

import json
from collections.abc import Mapping
from pathlib import Path

from deltalake import Field, Schema
from deltalake.schema import PrimitiveType
from deltalake.transaction import create_table_with_add_actions

from lakeward.contracts.model import DataType
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.types import delta_type


def create_table(folder: Path, types: Mapping[str, DataType], file: str, rows: int) -> None:
    """Create the table.

    Args:
        folder: Folder of the table, with the file.
        types: Types of its columns, in order.
        file: Name of the file.
        rows: Number of its rows.
    """
    size = (folder / file).stat().st_size
    data = DataFile(path=file, size=size, rows=rows, partition={}, stats=json.dumps({"numRecords": rows}))
    schema = Schema([Field(name, PrimitiveType(delta_type(type_))) for name, type_ in types.items()])
    create_table_with_add_actions(str(folder), schema, [data.add()], "error", [])
