"""What every source keeps, whatever it reads: the same inputs at every call, in one unbroken row, each once."""

import multiprocessing
import os
import signal

import pytest

from lakeward.sources import BatchLimit, Source
from lakeward.sources.file_copy import copy_bytes
from support.opcua_plant import NodeServer
from support.source_cases import CASES, NodeHistory

FOREVER = BatchLimit(bytes=1 << 40)


class DyingCopy:
    """Copies so many files, then kills its process before the next manifest."""

    def __init__(self, copies: int) -> None:
        self.left = copies

    def __call__(self, origin, target):
        copied = copy_bytes(origin, target)
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return copied


@pytest.fixture(scope="session")
def node_history(tmp_path_factory):
    server = NodeServer(tmp_path_factory.mktemp("server"), 1)
    yield NodeHistory(server)
    server.stop()


# Of these each delivery takes a connection.
SLOW = [pytest.param(name, marks=pytest.mark.exhaustive) for name in ("kafka", "opcua-history")]


@pytest.fixture(params=[*(name for name in CASES if name != "kafka"), *SLOW])
def case(request):
    return CASES.get(request.param) or request.getfixturevalue("node_history")


@pytest.fixture(params=[CASES["files"]], ids=["files"])
def receiving_case(request):
    """Sources whose `receive` brings the inputs; a collector lands those of the others."""
    return request.param


def everything(source: Source):
    return source.inputs(0, source.plan(0, FOREVER))


def receive_in_child(open_source, root, **collaborators):
    child = multiprocessing.get_context("fork").Process(target=lambda: open_source(root, **collaborators).receive())
    child.start()
    return child


def test_a_source_that_received_nothing_is_idle(case, tmp_path):
    case.deliver(tmp_path, 1, 0)
    source = case.open(tmp_path)
    assert source.receive().landed == 0
    assert source.plan(0, FOREVER) == 0
    assert source.inputs(0, 0) == ()


def test_inputs_are_the_same_at_every_call(case, tmp_path):
    case.deliver(tmp_path, 1, 5)
    case.open(tmp_path).receive()
    first = everything(case.open(tmp_path))
    case.deliver(tmp_path, 6, 7)
    case.open(tmp_path).receive()
    assert case.open(tmp_path).inputs(0, 5) == first
    assert [one.path.read_bytes() for one in first]


def test_two_halves_name_what_the_whole_names(case, tmp_path):
    case.deliver(tmp_path, 1, 7)
    source = case.open(tmp_path)
    source.receive()
    assert source.inputs(0, 3) + source.inputs(3, 7) == source.inputs(0, 7)
    assert [one.seq for one in source.inputs(0, 7)] == [1, 2, 3, 4, 5, 6, 7]


def test_a_second_look_lands_nothing_new(receiving_case, tmp_path):
    receiving_case.deliver(tmp_path, 1, 4)
    source = receiving_case.open(tmp_path)
    assert source.receive().landed == 4
    again = source.receive()
    assert (again.landed, again.known, again.unsettled) == (0, 4, ())
    assert source.plan(4, FOREVER) == 4


def test_a_plan_is_bounded_and_moves_on(case, tmp_path):
    case.deliver(tmp_path, 1, 5)
    source = case.open(tmp_path)
    source.receive()
    size = sum(one.size for one in source.inputs(0, 2))
    assert source.plan(0, BatchLimit(bytes=size)) == 2
    assert source.plan(2, BatchLimit(bytes=1)) == 3


def test_a_kill_between_copy_and_manifest_converges(receiving_case, tmp_path):
    receiving_case.deliver(tmp_path, 1, 4)
    child = receive_in_child(receiving_case.open, tmp_path, copy=DyingCopy(3))
    child.join(30)
    assert child.exitcode == -signal.SIGKILL
    source = receiving_case.open(tmp_path)
    assert source.receive().landed == 4
    assert [one.seq for one in everything(source)] == [1, 2, 3, 4]


def test_two_processes_at_once_lose_and_double_nothing(receiving_case, tmp_path):
    receiving_case.deliver(tmp_path, 1, 40)
    children = [receive_in_child(receiving_case.open, tmp_path) for _ in range(4)]
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    found = everything(receiving_case.open(tmp_path))
    assert [one.seq for one in found] == list(range(1, 41))
    assert len({one.name for one in found}) == 40


def test_release_is_idempotent_and_names_stay(case, tmp_path):
    case.deliver(tmp_path, 1, 3)
    source = case.open(tmp_path)
    source.receive()
    named = source.inputs(0, 3)
    source.discard(2)
    source.discard(2)
    assert source.inputs(0, 3) == named
