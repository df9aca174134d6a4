"""Files for services: systemd itself says whether a unit is right."""

import shutil
import subprocess

import pytest
import yaml

from lakeward.core.settings import Settings
from lakeward.flows import write_service_files
from support.mqtt_plant import MqttPlant


@pytest.mark.parametrize("folder", ["plant", "hall 1/plant%d"])
def test_units_start_what_they_say(tmp_path, folder):
    (tmp_path / folder).parent.mkdir(exist_ok=True)
    plant = MqttPlant(tmp_path / folder, "mqtt://broker")
    collect, run, compose = write_service_files(Settings.load(plant.root), "line").files
    assert "collect line" in collect.read_text()
    assert "run line --follow" in run.read_text()
    services = yaml.safe_load(compose.read_text())["services"]
    assert services["line-run"]["command"][-2:] == ["line", "--follow"]
    if shutil.which("systemd-analyze"):
        for unit in (collect, run):
            done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
            assert unit.name not in done.stderr, done.stderr
