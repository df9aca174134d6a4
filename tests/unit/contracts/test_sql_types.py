"""Types of contracts as SQL names them (`contracts.types`)."""

import duckdb
import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import sql_type

TYPES = [DataType(kind) for kind in Kind if kind is not Kind.DECIMAL] + [DataType(Kind.DECIMAL, 12, 4)]


@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_duckdb_knows_the_type_by_the_name_that_it_prints(type_):
    assert duckdb.sql(f"SELECT CAST(NULL AS {sql_type(type_)}) AS x").types[0] == sql_type(type_)
