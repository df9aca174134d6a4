"""Quotas and keys of columns, over a lake in an object store that several machines use."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec

import pytest

from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.storage.probe import check_conditional_replace
from lakeward.flows import KeyAuthor, create_key_file, destroy_key, list_keys, rewrap_keys, rotate_key
from lakeward.flows.base.column_keys import open_column_keys
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.quota_counts import counts_of
from support.careless_store import careless_store
from support.object_stores import BUCKET, lake_at, versitygw
from support.remote_plant import move_to_store, other_machine
from support.served_lake import connect_as, make_lake

COLUMN = "silver.orders.phone"
LI = KeyAuthor(by="li.wei", reason="contract ended")
needs_protect = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")), reason="needs the extra protect"
)


def test_counts_of_many_at_once_lose_none(endpoint, tmp_path):
    counts = [counts_of(lake_at(endpoint, tmp_path / name, tmp_path.name), ".access") for name in ("first", "second")]

    def add_one(content):
        return b'{"n": %d}' % (json.loads(content or b'{"n": 0}')["n"] + 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: counts[number % 2].change("li", add_one), range(40)))
    found = []
    counts[0].change("li", found.append)
    assert b'"n": 40' in found[0]


def test_a_store_that_ignores_if_match_counts_nothing(tmp_path):
    with careless_store() as address, pytest.raises(MachineError) as caught:
        check_conditional_replace(lake_at(address, tmp_path))
    assert caught.value.code == "quota_store_unsafe"


@pytest.mark.exhaustive
def test_a_quota_holds_over_machines(endpoint, tmp_path):
    settings = make_lake(tmp_path / "first")
    with (settings.start / "expectations" / "project.yaml").open("a") as file:
        file.write("quotas: {rows_per_day: 7}\n")
    settings = move_to_store(settings.start, endpoint, f"quota-{tmp_path.name}")
    other = replace(settings, start=other_machine(settings.start, tmp_path / "other"))
    for machine in (settings, other):
        with connect_as(machine) as con:
            assert len(con.sql("from silver.orders").fetchall()) == 3
    for machine in (settings, other):
        with connect_as(machine) as con, pytest.raises(LakewardError) as refused:
            con.sql("from silver.orders").fetchall()
        assert refused.value.code == "quota_exceeded"


@needs_protect
@pytest.mark.exhaustive
def test_keys_of_columns_lie_in_the_store_and_are_destroyed_there(tmp_path):
    pytest.importorskip("obstore")
    (tmp_path / "store").mkdir()
    (tmp_path / "versions").mkdir()
    with versitygw(tmp_path / "store", tmp_path / "versions") as endpoint:
        make_versioned(endpoint)
        create_key_file(tmp_path / "kek", "key-wrap")
        create_key_file(tmp_path / "next", "key-wrap")
        settings = make_lake(tmp_path / "first")
        rotate_key(replace(settings, wrapping_key_file=tmp_path / "kek"), COLUMN, "sm4", LI)
        settings = replace(move_to_store(settings.start, endpoint, "keys"), wrapping_key_file=tmp_path / "kek")
        other = replace(settings, start=other_machine(settings.start, tmp_path / "other"))
        rotate_key(other, COLUMN, "aes", LI)
        rewrap_keys(settings, tmp_path / "next", LI)
        for machine in (settings, other):
            assert len(opened(replace(machine, wrapping_key_file=tmp_path / "next"))) == 2
        settings = replace(settings, wrapping_key_file=tmp_path / "next")
        first = list_keys(settings)[0].key_id
        destroy_key(settings, first, LI)
        assert len(opened(settings)) == 1
        assert not [path for path in tmp_path.rglob(f"*{first}*") if "store" in str(path) or "versions" in str(path)]


def opened(settings):
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        return open_column_keys(workspace, engine, COLUMN)


def make_versioned(endpoint):
    """Let the bucket keep versions of its objects."""
    from lakeward.core.storage.signed_requests import SignedRequests
    from support.object_stores import options

    body = (
        b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status>'
        b"</VersioningConfiguration>"
    )
    store = SignedRequests(f"s3://{BUCKET}", options(endpoint))
    store.check(*store.ask("PUT", "", "versioning=", body))
