"""Collectors of a plant whose lake lies in an object store, as processes of their own."""

import time

from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import open_workspace
from lakeward.sources.collectors.state import CONNECTED, read_state
from support.mqtt_plant import stop


def landing_of(root):
    """Where collectors of this machine land."""
    return open_workspace(Settings.load(root, environ={})).files / "landing" / "line"


def wait_until(condition, seconds=60):
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def start_collector(plant, state=CONNECTED):
    """A collector that says so: by default, that it is connected."""
    process = plant.collect()
    wait_until(lambda: (found := read_state(landing_of(plant.root))) and (found.pid, found.state) == (process.pid, state))
    return process


def stop_after(process, plant, messages):
    """Stop a collector that has taken so many messages; returns its exit code."""
    wait_until(lambda: read_state(landing_of(plant.root)).messages >= messages)
    return stop(process)


def settings_of(plant, root):
    """Settings of a machine of the plant."""
    return Settings.load(
        root, environ={name: value for name, value in plant.environ.items() if name.startswith("LAKEWARD_CONN_")}
    )
