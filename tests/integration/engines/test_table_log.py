"""The log that a table in a folder gets: as deltalake would have written it, and kept short by it."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from deltalake import DeltaTable
from deltalake.transaction import CommitProperties, Transaction, create_table_with_add_actions

from lakeward.contracts.model import DataType, Kind
from lakeward.core.names import TableName
from lakeward.engines.delta.commits import commit, commit_actions
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.schemas import to_schema
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from support.small_tables import NAME, SPEC, append_in_process, folder, ids, live_files, rows, txn

TYPES = (*(DataType(kind) for kind in Kind if kind is not Kind.DECIMAL), DataType(Kind.DECIMAL, 18, 4))
WIDE = TableSpec(
    TableName.parse("silver.wide"),
    (
        TableColumn("key", TYPES[0], nullable=False, comment='温度 [℃] "quoted" \\ and / more'),
        *(TableColumn(f"c{at}", type_) for at, type_ in enumerate(TYPES)),
        TableColumn("_day", DataType(Kind.DATE)),
    ),
    ("_day",),
)
FILE = DataFile(
    path="_day=2026-03-01/part 1%é.parquet",
    size=7,
    rows=2,
    partition={"_day": "2026-03-01"},
    stats='{"numRecords":2,"minValues":{"key":"甲"},"maxValues":{"key":"\\"x\\\\"},"nullCount":{"key":0}}',
)
NO_DAY = DataFile(
    path="_day=__HIVE_DEFAULT_PARTITION__/a.parquet", size=7, rows=1, partition={"_day": None}, stats='{"numRecords":1}'
)
# What differs between two tables of the same content, or is told by deltalake of itself alone.
OWN = {"id", "createdTime", "modificationTime", "lastUpdated"}


def actions(root, version):
    """What a commit does, without its times and its head; a value of None is none."""
    found = (action for action in commit_actions(root, version) if "commitInfo" not in action)
    return [
        {
            kind: {name: value for name, value in members.items() if name not in OWN and value is not None}
            for kind, members in action.items()
        }
        for action in found
    ]


def made_by_deltalake(root):
    """The table that `commit` makes, made by deltalake."""
    own = CommitProperties(app_transactions=[Transaction("a", 1)])
    settings = {"delta.enableDeletionVectors": "false"}
    create_table_with_add_actions(
        str(root), to_schema(WIDE), [FILE.add()], "error", ["_day"], configuration=settings, commit_properties=own
    )
    later = CommitProperties(app_transactions=[Transaction("a", 2), Transaction("lease/wide", 9)])
    table = DeltaTable(str(root))
    table.create_write_transaction([NO_DAY.add()], "append", table.schema(), ["_day"], commit_properties=later)


@pytest.mark.parametrize("version", [0, 1])
def test_a_commit_is_as_deltalake_writes_it(tmp_path, version):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    commit(None, ours, WIDE, [FILE], (), [Txn("a", 1)])
    commit(DeltaTable(str(ours)), ours, WIDE, [NO_DAY], (), [Txn("a", 2), Txn("lease/wide", 9)])
    theirs.mkdir()
    made_by_deltalake(theirs)
    assert actions(ours, version) == actions(theirs, version)
    heads = [commit_actions(root, version) for root in (ours, theirs)]
    assert len({next(a["commitInfo"]["operation"] for a in found if "commitInfo" in a) for found in heads}) == 1
    assert DeltaTable(str(ours), version=version).history(1)[0]["version"] == version


def test_checkpoints_are_written_as_often_as_before(embedded, lake):
    for at in range(101):
        embedded.append(SPEC, rows(at, at + 1), txn(at + 1))
    names = sorted(path.name for path in (folder(lake) / "_delta_log").glob("*.checkpoint.parquet"))
    assert names == [f"{version:020}.checkpoint.parquet" for version in (99,)]
    assert (len(ids(embedded)), embedded.txn(NAME, txn(1).app), len(live_files(lake))) == (101, 101, 101)


@pytest.mark.exhaustive
def test_processes_that_append_at_once_to_a_table_all_land(embedded, lake):
    embedded.append(SPEC, rows(0, 10), txn(1))
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        outcomes = list(pool.map(append_in_process, [lake] * 3, [10, 20, 30], [1, 1, 1], ["a", "b", "c"]))
    assert outcomes == ["landed"] * 3
    assert ids(embedded) == list(range(40))
