"""Build costs: what the batches of a process cost sums to what the system counted of it, and gold carries its share of its sources."""

import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import pytest
from deltalake import DeltaTable

from lakeward.core.errors import DefinitionError, UsageError
from lakeward.core.names import RunId
from lakeward.flows import curate_dataset, dataset_costs, ingest_dataset
from lakeward.flows.assets.costs import carried_shares
from lakeward.flows.base.run_costs import BatchShare, CostAccount
from lakeward.flows.base.workspace import open_workspace
from support.gold_plant import make_gold_plant
from support.plant import csv_line

PRICES = "currency: CNY\ncpu_hour: 3600\ngib_month: 1073741824\n"


@pytest.fixture
def plant(tmp_path):
    made = make_gold_plant(tmp_path)
    made.drop("a.csv", *(csv_line("M1", minute, 70 + minute) for minute in range(30)))
    return made


def run_in_process(project):
    """Processor seconds of a whole `lakeward run`, as the system counts them."""
    command = [sys.executable, "-c", "from lakeward.cli.main import main; main()", "--project", str(project), "run"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def by_name(settings, name=None):
    return {each.dataset: each for each in dataset_costs(settings, name)}


def test_the_parts_of_a_process_sum_to_what_the_system_counted(plant):
    whole = run_in_process(plant.root)
    found = by_name(plant.settings)
    parts = sum(each.cpu_seconds for each in found.values())
    assert {name: (each.batches, each.unmeasured) for name, each in found.items()} == {
        "press_line": (1, 0),
        "temp_hourly": (1, 0),
    }
    assert 0.2 < parts <= Decimal(whole)
    assert whole - float(parts) < 0.8  # what comes after the last measure: lineage, the printed report, the end of the process
    assert all(each.peak_memory > 50 << 20 and each.bytes_read > 0 and each.stored_bytes > 0 for each in found.values())


def test_gold_carries_the_cost_of_its_source_and_prices_make_it_money(plant):
    ingest_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")
    (plant.root / "expectations" / "policies").mkdir(exist_ok=True)
    (plant.root / "expectations" / "policies" / "prices.yaml").write_text(PRICES)
    found = by_name(plant.settings, "temp_hourly")
    source, gold = found["press_line"], found["temp_hourly"]
    assert (gold.source_cpu_seconds, source.source_cpu_seconds, source.readers) == (source.cpu_seconds, None, 1)
    assert gold.build_cost == gold.cpu_seconds.quantize(Decimal("0.0001"))
    assert gold.source_build_cost == source.build_cost
    assert (gold.storage_cost_month, gold.currency) == (Decimal(gold.stored_bytes).quantize(Decimal("0.0001")), "CNY")
    assert list(by_name(plant.settings, "press_line")) == ["press_line"]


def test_a_batch_of_before_is_unmeasured_and_never_free(plant):
    ingest_dataset(plant.settings, "press_line")
    DeltaTable(plant.root / "lake" / "governance" / "run_costs").delete()
    (cost,) = dataset_costs(plant.settings, "press_line")
    assert (cost.batches, cost.unmeasured, cost.cpu_seconds, cost.bytes_read, cost.build_cost) == (1, 1, None, None, None)


def test_no_runs_cost_nothing_and_an_unknown_dataset_is_named(plant):
    assert {(each.batches, each.cpu_seconds, each.stored_bytes) for each in dataset_costs(plant.settings)} == {(0, None, 0)}
    with pytest.raises(UsageError) as refused:
        dataset_costs(plant.settings, "press_lin")
    assert refused.value.code == "dataset_not_found"


@pytest.mark.parametrize(
    "text",
    ["currency: yuan\n", "currency: CNY\ncpu_hour: -1\n", "currency: CNY\ncpu: 1\n", "- 1\n", "currency: CNY\ngib_month: .nan\n"],
)
def test_a_price_that_is_none_is_refused_at_its_place(plant, text):
    (plant.root / "expectations" / "policies").mkdir(exist_ok=True)
    (plant.root / "expectations" / "policies" / "prices.yaml").write_text(text)
    with pytest.raises(DefinitionError) as refused:
        dataset_costs(plant.settings)
    assert refused.value.facts["file"].endswith("prices.yaml")


def test_the_costs_of_what_no_other_reads_sum_to_all():
    inputs = {"a": [], "b": [], "c": ["a", "b"], "d": ["a"], "e": ["c", "d"], "f": ["c"]}
    carried = carried_shares(inputs)
    read = {source for sources in inputs.values() for source in sources}
    for each in inputs:
        held = {end: carried[end].get(each, Fraction()) + (end == each) for end in inputs if end not in read}
        assert sum(held.values()) == 1, each


def test_what_another_process_did_is_not_measured_and_takes_no_share(plant):
    account = CostAccount()
    account.shares += [_share("a", 1.0), _share("b", 3.0), _share("c", None)]
    workspace = open_workspace(plant.settings)
    with workspace.engine() as engine:
        account.settle(engine, workspace.clock)
        rows = {row["dataset"]: row for row in engine.fetch("SELECT * FROM governance.run_costs")}
        account.settle(engine, workspace.clock)
        assert engine.fetch("SELECT count(*) AS n FROM governance.run_costs") == [{"n": 3}]
    assert [rows["c"][key] for key in ("cpu_seconds", "bytes_read", "bytes_written", "peak_memory")] == [None] * 4
    assert abs(rows["b"]["cpu_seconds"] - 3 * rows["a"]["cpu_seconds"]) < Decimal("0.00001")


def _share(dataset, seconds):
    return BatchShare(run_id=RunId("r"), dataset=dataset, flow="ingest", batch_seq=1, thread_seconds=seconds)
