"""Every declared gap is one: the day that Spark does as the embedded engine, its line goes."""

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import DefinitionError
from lakeward.core.names import Layer, TableName
from lakeward.engines.gaps import GAPS
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from support.both_engines import open_engine_named

SPEC = TableSpec(
    TableName(Layer.SILVER, "gaps"),
    (
        TableColumn("i", DataType(Kind.INTEGER)),
        TableColumn("d", DataType(Kind.DOUBLE)),
        TableColumn("s", DataType(Kind.STRING)),
    ),
)
ROWS = "SELECT i::BIGINT AS i, (0.1 * i)::DOUBLE AS d, CASE i WHEN 0 THEN 'ß' ELSE '1_000' END AS s FROM range(3) AS t(i)"
# Name of a gap: what is asked; None where one machine can't show it, or one engine's answers may differ among themselves.
ASKED = {
    "temporary files of hidden columns": None,
    "hash": "SELECT max(hash(i)) AS x FROM silver.gaps",
    "order of floating-point sums": None,
    "numbers of unordered rows": None,
    "texts that only DuckDB takes for numbers": "SELECT TRY_CAST(s AS BIGINT) AS x FROM silver.gaps WHERE i = 1",
    "upper case of ß": "SELECT upper(s) AS x FROM silver.gaps WHERE i = 0",
    "values in logs of executors": None,
    "workbooks and rows with odd types": None,
    "cost of a batch": None,
    "landed messages": None,
    "lakes in Azure": None,
    "new files of lakes in object stores": None,
    "text that is not UTF-8": None,
    "lengths below zero": "SELECT right(s, -1) AS x FROM silver.gaps WHERE i = 1",
    "functions without a rule": "SELECT bar(i, 0, 10) AS x FROM silver.gaps",
    "lists in descending order": "SELECT list(i ORDER BY i DESC) AS x FROM silver.gaps",
}
REFUSED = {"functions without a rule", "lists in descending order"}


def test_each_gap_is_asked_for():
    assert {gap.name for gap in GAPS} == ASKED.keys()


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    engines = [open_engine_named(name, str(tmp_path_factory.mktemp(name))) for name in ("embedded", "spark")]
    for engine in engines:
        engine.append(SPEC, ROWS, Txn("gaps", 1))
    yield engines
    for engine in engines:
        engine.close()


@pytest.mark.sampled(2)
@pytest.mark.spark
@pytest.mark.parametrize("name", [name for name, query in ASKED.items() if query and name not in REFUSED])
def test_a_gap_is_a_difference(both, name):
    embedded, spark = (engine.fetch(ASKED[name]) for engine in both)
    assert embedded != spark


@pytest.mark.spark
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_has_no_rule_is_refused(both, name):
    embedded, spark = both
    assert embedded.fetch(ASKED[name])
    with pytest.raises(DefinitionError):
        spark.fetch(ASKED[name])
