"""Datasets beside each other: what goes wrong in one ends no other."""

from threading import Event

import pytest

from lakeward.flows.batch.parallel import run_beside


def test_error_of_one_is_raised_when_all_others_are_done():
    done, stop = [], Event()

    def run(name):
        if name == "b":
            raise ZeroDivisionError
        done.append(name)

    with pytest.raises(ZeroDivisionError):
        run_beside(["b", "a", "c", "d"], run, 2, stop)
    assert sorted(done) == ["a", "c", "d"]
    assert not stop.is_set()
