"""How often a run asks an object store: what it has seen once is not asked again."""

from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from lakeward.flows import assess_readiness, ingest_dataset
from support.fault_proxy import proxy
from support.plant import csv_line, make_plant
from support.remote_plant import RemotePlant, contents, fill, make_remote_plant

# Of a batch of 1,000 rows: 24 objects are written.
MOST_REQUESTS, WRITES = 60, 24
# Of an assessment of one dataset, whose tables of records are some twenty.
MOST_OF_ASSESSMENT = 130


def drop_batch(plant, batch, rows=1000):
    lines = (csv_line(f"M{batch}-{number // 60}", number % 60, 20 + number % 50 / 10) for number in range(rows))
    plant.drop(f"{batch}.csv", *lines)


def kinds(seen):
    return Counter("LIST" if "list-type" in parse_qs(urlsplit(path).query) else method for method, path in seen)


@pytest.mark.exhaustive
def test_a_batch_of_1000_rows_makes_fewer_than_60_requests(endpoint, tmp_path):
    with proxy(endpoint) as (address, faults):
        plant = make_remote_plant(tmp_path / "plant", address, "requests")
        for batch in range(4):
            drop_batch(plant, batch)
            faults.reset()
            ingest_dataset(plant.settings, "press_line")
        found = kinds(faults.seen)
        assert found["PUT"] == WRITES
        assert found.total() < MOST_REQUESTS, found
        faults.reset()
        assert ingest_dataset(plant.settings, "press_line").batches == 0
        assert kinds(faults.seen).total() < MOST_REQUESTS / 2


@pytest.mark.exhaustive
def test_an_assessment_reads_no_log_that_this_machine_wrote(endpoint, tmp_path):
    """Its thirty queries read the same tables, each at a version that is known."""
    with proxy(endpoint) as (address, faults):
        plant = make_remote_plant(tmp_path / "plant", address, "assessed")
        fill(plant)
        faults.reset()
        assess_readiness(plant.settings)
        assert [
            path for method, path in faults.seen if method == "GET" and "_delta_log" in path and "list-type" not in path
        ] == []
        assert len(faults.seen) < MOST_OF_ASSESSMENT


@pytest.mark.exhaustive
def test_a_machine_without_copies_sees_what_one_with_copies_wrote(endpoint, tmp_path):
    """Over several checkpoints, and with both writing in turns."""
    first = make_remote_plant(tmp_path / "first" / "plant", endpoint, "turns")
    for batch in range(45):
        drop_batch(first, batch, rows=3)
        ingest_dataset(first.settings, "press_line")
    second = RemotePlant(make_plant(tmp_path / "second" / "plant").root, endpoint, "turns")
    assert contents(second) == contents(first)
    for batch in range(45, 49):
        plant = (second, first)[batch % 2]
        drop_batch(plant, batch, rows=3)
        assert ingest_dataset(plant.settings, "press_line").batches == 1
    assert contents(second) == contents(first)
    assert len(contents(first)["silver.press_line"]) == 49 * 3
