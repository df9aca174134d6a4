"""What the server can do, as `GetSqlInfo` answers it: one table of number -> value, in the kind that clients cast it to.

A client casts hard: number 563 as a number instead of a truth value ends in a ClassCastException of the JDBC driver.
"""

from collections.abc import Collection, Mapping
from importlib import metadata

import pyarrow as pa

_STRING, _BOOL, _BIGINT, _BITMASK, _LIST, _MAP = range(6)
# Children of the union, in the order of the specification.
_CHILDREN = (
    pa.field("string_value", pa.string()),
    pa.field("bool_value", pa.bool_()),
    pa.field("bigint_value", pa.int64()),
    pa.field("int32_bitmask", pa.int32()),
    pa.field("string_list", pa.list_(pa.field("item", pa.string()))),
    pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.int32()))),
)
SQL_INFO_SCHEMA = pa.schema(
    [pa.field("info_name", pa.uint32(), nullable=False), pa.field("value", pa.dense_union(_CHILDREN), nullable=False)]
)
# Case of names: upper and lower case are the same. Nulls come last. GROUP BY beyond the selection. SQL-92 entry level.
_CASE_INSENSITIVE, _NULLS_AT_END, _GROUP_BEYOND, _ENTRY = 1, 3, 2, 1
_CORE_GRAMMAR, _ALL_JOINS, _ALL_SUBQUERIES, _BOTH_UNIONS = 2, 0b110, 0b1111, 0b11
# Number of `SqlInfo` in `FlightSql.proto` -> kind and value.
INFO: Mapping[int, tuple[int, object]] = {
    0: (_STRING, "Lakeward"),
    1: (_STRING, metadata.version("lakeward")),
    2: (_STRING, pa.__version__),
    3: (_BOOL, True),  # read only
    4: (_BOOL, True),  # SQL
    5: (_BOOL, False),  # Substrait
    8: (_BITMASK, 0),  # transactions: none
    9: (_BOOL, False),  # the action CancelQuery: a call itself can be cancelled
    10: (_BOOL, False),  # bulk ingestion
    11: (_BOOL, False),
    100: (_BITMASK, 0),
    101: (_BITMASK, 0),
    500: (_BOOL, False),
    501: (_BOOL, False),
    502: (_BOOL, False),
    503: (_BITMASK, _CASE_INSENSITIVE),
    504: (_STRING, '"'),
    505: (_BITMASK, _CASE_INSENSITIVE),
    506: (_BOOL, True),
    507: (_BITMASK, _NULLS_AT_END),
    508: (_LIST, []),
    509: (_LIST, ["abs", "ceil", "floor", "round", "sqrt", "power", "ln", "log10", "exp", "sign", "mod"]),
    510: (_LIST, ["length", "lower", "upper", "substring", "replace", "trim", "ltrim", "rtrim", "concat", "left", "right"]),
    511: (_LIST, ["coalesce", "ifnull"]),
    512: (_LIST, ["now", "current_date", "date_trunc", "date_part", "year", "month", "day", "hour", "minute", "second"]),
    513: (_STRING, "\\"),
    514: (_STRING, ""),
    515: (_BOOL, True),
    516: (_BOOL, True),
    517: (_MAP, []),
    518: (_BOOL, True),
    519: (_BOOL, False),
    520: (_BOOL, True),
    521: (_BOOL, True),
    522: (_BITMASK, _GROUP_BEYOND),
    523: (_BOOL, True),
    524: (_BOOL, True),
    525: (_BITMASK, _CORE_GRAMMAR),
    526: (_BITMASK, _ENTRY),
    527: (_BOOL, False),
    528: (_BITMASK, _ALL_JOINS),
    529: (_STRING, "schema"),
    530: (_STRING, ""),
    531: (_STRING, "catalog"),
    532: (_BOOL, True),
    533: (_BITMASK, 0),
    534: (_BITMASK, 0),
    535: (_BITMASK, 0),
    536: (_BOOL, False),
    537: (_BOOL, False),
    538: (_BITMASK, _ALL_SUBQUERIES),
    539: (_BOOL, True),
    540: (_BITMASK, _BOTH_UNIONS),
    **dict.fromkeys(range(541, 556), (_BIGINT, 0)),  # largest sizes: no limit, or none that is known
    556: (_BOOL, True),
    557: (_BIGINT, 1_000_000),
    558: (_BIGINT, 0),
    559: (_BIGINT, 0),
    560: (_BIGINT, 0),
    561: (_BIGINT, 0),
    562: (_BIGINT, 0),
    563: (_BOOL, False),
    564: (_BITMASK, 0),
    565: (_BOOL, False),
    566: (_BOOL, True),
    567: (_BITMASK, 0),
    568: (_BITMASK, 0),
    569: (_BITMASK, 0),
    570: (_BITMASK, 0),
    571: (_BITMASK, 0),
    572: (_BOOL, False),
    573: (_BOOL, False),
    574: (_BOOL, False),
    575: (_BOOL, False),
    576: (_BOOL, False),
}


def sql_info(numbers: Collection[int] = ()) -> pa.Table:
    """The values of these numbers that are known; without numbers all.

    Args:
        numbers: Numbers of `SqlInfo`.
    """
    wanted = [number for number in (numbers or INFO) if number in INFO]
    values: list[list[object]] = [[] for _ in _CHILDREN]
    places = []
    for number in wanted:
        kind, value = INFO[number]
        places.append(len(values[kind]))
        values[kind].append(value)
    children = [pa.array(found, field.type) for found, field in zip(values, _CHILDREN, strict=True)]
    union = pa.UnionArray.from_dense(
        pa.array([INFO[number][0] for number in wanted], pa.int8()),
        pa.array(places, pa.int32()),
        children,
        [field.name for field in _CHILDREN],
    )
    return pa.Table.from_arrays(
        [pa.array(wanted, pa.uint32()), union.cast(SQL_INFO_SCHEMA.field(1).type) if wanted else union], schema=SQL_INFO_SCHEMA
    )
