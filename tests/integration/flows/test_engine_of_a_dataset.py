"""Datasets of one project on different engines: each runs on its own, and the lake's own tables are the same."""

import json

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import list_runs, list_tables
from support.both_engines import CONF
from support.command_line import run_command
from support.plant import CONTRACT, csv_line, make_plant

ON_SPARK = "  - {property: engine, value: spark}\n"


@pytest.fixture
def plant(tmp_path):
    """`press_line` works on the project's engine, `oven_line` on Spark."""
    made = make_plant(tmp_path / "plant")
    made.drop("a.csv", csv_line("M1", 0, "20.5"), csv_line("M1", 1, "999"))
    oven = made.dataset.with_name("oven_line")
    oven.mkdir()
    (oven / "contract.odcs.yaml").write_text(
        CONTRACT.format(version="1.0.0", columns="").replace("press_line", "oven_line") + ON_SPARK
    )
    (oven / "suite.json").write_text((made.dataset / "suite.json").read_text().replace("press_line", "oven_line"))
    (made.root / "inbox" / "oven_line").mkdir()
    (made.root / "inbox" / "oven_line" / "a.csv").write_bytes((made.root / "inbox" / "press_line" / "a.csv").read_bytes())
    return made


def processors(root):
    events = map(json.loads, (root / "lake" / "lineage" / "events.jsonl").read_text().splitlines())
    return {(e["job"]["name"].split(".")[1], e["run"]["facets"]["processing_engine"]["name"]) for e in events}


@pytest.mark.exhaustive
@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_run_takes_in_both_each_on_its_own_engine(plant, capsys, monkeypatch):
    spark = Settings.load().spark
    java = {"JAVA_HOME": str(spark.java_home)} if spark.java_home else {}
    conf = ";".join(f"{name}={value}" for name, value in CONF.items())
    words = {"LAKEWARD_SPARK_JARS": str(spark.jars), "LAKEWARD_SPARK_MASTER": "local[2]", "LAKEWARD_SPARK_CONF": conf, **java}
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    done = run_command(capsys, plant.root, "run", "--json")
    one, other = json.loads(done.out)
    ids = {"dataset", "run_id"}
    assert {k: v for k, v in one.items() if k not in ids} == {k: v for k, v in other.items() if k not in ids}
    assert {row.dataset for row in list_runs(plant.settings)} == {"oven_line", "press_line"}
    rows = {str(table.table): table.rows for table in list_tables(plant.settings)}
    assert rows["silver.oven_line"] == rows["silver.press_line"] == 1
    assert processors(plant.root) == {("oven_line", "spark"), ("press_line", "duckdb")}
