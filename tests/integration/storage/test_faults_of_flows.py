"""Faults of the store and the network over every flow: it ends as undisturbed, or in an error and after a rerun as undisturbed."""

import pytest

from support.fault_proxy import proxy
from support.fault_trials import FlowTrial
from support.faulty_flows import FLOWS
from support.object_stores import BUCKET

# Schedules per flow, at least: each of its requests meets a fault.
SEEDS = 200


@pytest.fixture(scope="module")
def trials(endpoint, store_folder, tmp_path_factory):
    """Prepares the flow of a name, once."""
    made = {}
    with proxy(endpoint) as (address, faults):

        def trial(name):
            if name not in made:
                made[name] = FlowTrial(name, tmp_path_factory.mktemp("flow"), store_folder / BUCKET, endpoint, address, faults)
            return made[name]

        yield trial


def check_seed(trial, seed):
    for is_cold, schedule in trial.schedules(seed, SEEDS):
        left, ended = trial.left_after(schedule, is_cold=is_cold)
        assert left == trial.expected[is_cold], (is_cold, schedule, ended)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("name", FLOWS)
def test_a_fault_leaves_no_trace(trials, name, seed):
    check_seed(trials(name), seed)
