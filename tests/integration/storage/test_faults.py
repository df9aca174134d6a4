"""Faults of the store and the network, over a flow: it ends as undisturbed, or in an error with a next step, and then as undisturbed."""

from contextlib import suppress

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import ingest_dataset
from support.fault_proxy import KINDS, proxy, schedules
from support.remote_plant import contents, drop_first, drop_second, make_remote_plant

# Seeds of the schedules: those of every change, and the others.
SAMPLE, REST = range(1), range(1, 200)


@pytest.fixture(scope="module")
def store(endpoint):
    with proxy(endpoint) as found:
        yield found


@pytest.fixture(scope="module")
def undisturbed(store, tmp_path_factory):
    """What the flow leaves, and how many requests it makes."""
    address, faults = store
    plant = make_remote_plant(tmp_path_factory.mktemp("undisturbed") / "plant", address, "undisturbed")
    faults.reset()
    receive_both(plant)
    requests = len(faults.seen)
    return contents(plant), requests


def receive_both(plant):
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    drop_second(plant)
    ingest_dataset(plant.settings, "press_line")


def check_schedule(store, undisturbed, tmp_path, schedule):
    address, faults = store
    expected, _ = undisturbed
    plant = make_remote_plant(tmp_path / "plant", address, f"faults-{tmp_path.name}")
    faults.reset(*schedule)
    with suppress(LakewardError):
        receive_both(plant)
    faults.reset()
    receive_both(plant)
    assert contents(plant) == expected


@pytest.mark.parametrize("seed", SAMPLE)
def test_a_fault_leaves_no_trace(store, undisturbed, tmp_path, seed):
    (schedule,) = schedules(seed, 1, undisturbed[1])
    check_schedule(store, undisturbed, tmp_path, schedule)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", REST)
def test_another_fault_leaves_no_trace(store, undisturbed, tmp_path, seed):
    (schedule,) = schedules(seed, 1, undisturbed[1])
    check_schedule(store, undisturbed, tmp_path, schedule)


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_every_request_leaves_no_trace(store, undisturbed, tmp_path, kind):
    for number in range(1, undisturbed[1] + 1):
        folder = tmp_path / f"{kind.replace(' ', '-')}-{number}"
        check_schedule(store, undisturbed, folder, (number, kind, 1))
