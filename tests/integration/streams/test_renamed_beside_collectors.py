"""A dataset is renamed while its collector runs: senders go on under the name that they know, and each message counts once."""

from threading import Event

import pytest

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows import collect, rename_dataset, run_dataset
from support.http_door import Sender, message, opened, tokens, wait_for
from support.line_contracts import line_contract
from support.mqtt_plant import MqttPlant
from support.object_stores import free_port

pytestmark = pytest.mark.exhaustive
CONTRACT = line_contract(
    "http",
    *("senders: [gateway]", "payload: json", "segmentSeconds: 1"),
    columns=(
        "{name: machine, logicalType: string, required: true}",
        "{name: number, logicalType: integer, required: true}",
        "{name: place, physicalName: $topic, logicalType: string}",
    ),
)
LANDED = (200, {"landed": 1, "known": 0})


def post(sender, path, number):
    status, _, answer = sender.post(path, message(number))
    return status, answer


def test_senders_go_on_and_nothing_is_lost_or_doubled(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    plant = MqttPlant(tmp_path / "plant", url, CONTRACT)
    settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})
    token = tokens(settings)["gateway"]
    with opened(settings, "line") as said:
        sender = Sender(wait_for(settings, "source_listening").address, token)
        assert post(sender, "/v1/line", 1) == LANDED
        run_dataset(settings, "line")
        assert post(sender, "/v1/line", 2) == LANDED
        assert rename_dataset(settings, "line", "line_a").is_written
        assert post(sender, "/v1/line", 3) == LANDED
        run_dataset(settings, "line_a")
    assert said["failed"] == {}
    with opened(settings, "line_a"):
        sender = Sender(wait_for(settings, "source_listening").address, token)
        assert post(sender, "/v1/line", 4) == LANDED
        assert post(sender, "/v1/line_a", 5) == LANDED
        assert post(sender, "/v1/line_b", 6)[0] == 404
    run_dataset(settings, "line_a")
    assert run_dataset(settings, "line_a").batches == 0
    rows = plant.fetch("SELECT number, place FROM silver.line_a ORDER BY number")
    assert [(row["number"], row["place"]) for row in rows] == [(1, "line"), (2, "line"), (3, "line"), (4, "line"), (5, "line_a")]
    with pytest.raises(UsageError) as refused:
        collect(settings, ["line"], Event(), lambda *_: None)
    assert refused.value.code == "dataset_renamed"
