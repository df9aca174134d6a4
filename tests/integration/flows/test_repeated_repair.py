"""A repair that is asked for again, as after an error that came behind its commit, computes with each row once."""

from dataclasses import replace

import pytest

from lakeward.flows import repair_rows
from support.plant import Plant
from support.quarantine_line import BY, HOT_ROWS, TENTHS, QuarantinePlant, make_quarantine_plant


@pytest.fixture
def hot(copy_of, tmp_path):
    return QuarantinePlant(Plant(copy_of(make_quarantine_plant, tmp_path / "plant")))


def test_the_same_repair_counts_once(hot):
    assert [hot.repair(), hot.repair()] == [2, 2]
    hot.replay()
    assert hot.temperatures() == {0: 20.0, 1: 21.5, 2: 30.0}
    [events] = hot.fetch("SELECT count(DISTINCT event_id) AS n FROM governance.quarantine_events WHERE event = 'repair'")
    assert events == {"n": 1}


def test_another_reason_is_another_repair(hot):
    hot.repair()
    assert repair_rows(hot.settings, "press_line", HOT_ROWS, TENTHS, replace(BY, reason="and tenths of tenths")) == 2
    hot.replay()
    assert hot.temperatures() == {0: 20.0, 1: 2.15, 2: 3.0}
