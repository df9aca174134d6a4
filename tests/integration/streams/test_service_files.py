"""Files for services: systemd itself says whether a unit is right."""

import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml

from lakeward.core.settings import Settings
from lakeward.flows import write_service_files
from support import http_door, kafka_cluster
from support.mqtt_plant import MqttPlant


@pytest.mark.parametrize("folder", ["plant", "hall 1/plant%d"])
def test_units_start_what_they_say(tmp_path, folder):
    (tmp_path / folder).parent.mkdir(exist_ok=True)
    plant = MqttPlant(tmp_path / folder, "mqtt://broker")
    settings = replace(Settings.load(plant.root), lake=str(tmp_path / "lake"))  # tables can't lie below a folder with %
    collect, run, compose = write_service_files(settings, "line").files
    assert "collect line" in collect.read_text()
    assert "run line --follow" in run.read_text()
    services = yaml.safe_load(compose.read_text())["services"]
    assert services["line-run"]["command"][-2:] == ["line", "--follow"]
    if shutil.which("systemd-analyze"):
        for unit in (collect, run):
            done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
            assert unit.name not in done.stderr, done.stderr


def test_datasets_behind_one_door_are_collected_in_one_process(tmp_path):
    plant = MqttPlant(tmp_path / "plant", "http://127.0.0.1:0", http_door.CONTRACT)
    other = plant.root / "expectations" / "datasets" / "other"
    other.mkdir()
    (other / "contract.odcs.yaml").write_text(http_door.CONTRACT.replace("name: line", "name: other"))
    collect, _, compose = write_service_files(Settings.load(plant.root), "line").files
    assert "collect line other\n" in collect.read_text()
    assert yaml.safe_load(compose.read_text())["services"]["line-collect"]["command"][-3:] == ["collect", "line", "other"]
    assert "lakeward[http]" in compose.read_text()


@pytest.mark.parametrize(("payload", "ending"), [("avro", "avsc"), ("protobuf", "proto")])
def test_payloads_with_a_schema_need_their_extra_too(tmp_path, payload, ending):
    keys = f"payload: {payload}\n      schemaFile: reading.{ending}"
    contract = kafka_cluster.CONTRACT.replace("payload: json", keys)
    plant = MqttPlant(tmp_path / "plant", "kafka://127.0.0.1:1", contract)
    _, compose = write_service_files(Settings.load(plant.root), "line").files
    assert f"lakeward[kafka,{payload}]" in compose.read_text()


def test_a_source_that_runs_read_themselves_has_no_collector(tmp_path):
    plant = MqttPlant(tmp_path / "plant", "kafka://127.0.0.1:1", kafka_cluster.CONTRACT)
    run, compose = write_service_files(Settings.load(plant.root), "line").files
    assert "run line --follow" in run.read_text()
    assert list(yaml.safe_load(compose.read_text())["services"]) == ["line-run"]
