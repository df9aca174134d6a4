"""Messages pushed by HTTP while collector and run are killed: none that was answered is missing, and none is there twice."""

import http.client
import random
import subprocess
import threading
import time

import pytest

from lakeward.core.settings import Settings
from support.http_door import CONTRACT, Sender, message, tokens, wait_for
from support.kafka_cluster import free_port
from support.mqtt_plant import MqttPlant, kill, stop

pytestmark = pytest.mark.slow


def send_all(sender, numbers, answered):
    """Send each message until it is answered, under its own id."""
    for number in numbers:
        while True:
            try:
                status, *_ = sender.post(f"/v1/line/{number % 7}", message(number), Idempotency_Key=f"id-{number}")
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 200:
                answered.append(number)
                break
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("count", "kills", "senders"),
    [
        pytest.param(400, 2, 2, id="few"),
        pytest.param(20_000, 20, 8, id="whole", marks=[pytest.mark.exhaustive, pytest.mark.timeout(1500)]),
    ],
)
def test_no_answered_message_is_lost_and_none_is_there_twice(tmp_path, count, kills, senders):
    dice = random.Random(20261130)
    url = f"http://127.0.0.1:{free_port()}"
    plant = MqttPlant(tmp_path / "plant", url, CONTRACT)
    token = tokens(Settings.load(plant.root))["gateway"]
    collector = plant.collect()
    settings = Settings.load(plant.root)
    wait_for(settings, "source_listening")
    answered: list[int] = []
    threads = [
        threading.Thread(target=send_all, args=(Sender(url, token), range(number, count, senders), answered))
        for number in range(senders)
    ]
    for thread in threads:
        thread.start()
    drain: subprocess.Popen | None = None
    for _ in range(kills):
        before = len(answered)
        while len(answered) < min(before + dice.randint(20, max(40, count // kills // 2)), count - 20):
            time.sleep(0.01)
        kill(collector)
        if drain and drain.poll() is None:
            kill(drain)
        collector, drain = plant.collect(), plant.drain()
    for thread in threads:
        thread.join()
    assert stop(collector) == 0
    if drain:
        drain.wait(120)
    assert plant.drain().wait(120) == 0
    assert sorted(answered) == list(range(count))
    [bronze] = plant.fetch(
        "SELECT count(*) AS n, count(DISTINCT number) AS numbers, count(DISTINCT (_file_seq, _row)) AS places FROM bronze.line"
    )
    assert bronze == {"n": count, "numbers": count, "places": count}
