"""Times that no timestamp of a table holds, such as `infinity` or years before 1: their column becomes text, in which nothing is lost.

Rows of such times are then judged by the contract like any text that is no time.
"""

from typing import Any

from lakeward.sources.sql.server import FAR


def with_far_times(table: Any) -> Any:
    """The Arrow table without the columns of far times; where a column has one, it is text."""
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    import pyarrow.compute as pc  # noqa: PLC0415 -- as above

    for name in [name for name in table.column_names if name.endswith(FAR)]:
        far = table[name]
        table = table.drop_columns([name])
        if far.null_count < len(far):
            own = name.removesuffix(FAR)
            at = table.schema.get_field_index(own)
            table = table.set_column(at, own, pc.coalesce(table[own].cast(pa.string()), far.cast(pa.string())))
    return table
