"""Landed messages of each kind on both engines: the same rows, rejects and records, also after a renaming and a replay."""

import pytest

from support.engine_comparison import two_lakes
from support.message_kinds import KINDS, cases, live_on_both, plant_maker

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("kind", KINDS)
def test_messages_are_the_same_rows_on_both_engines(tmp_path, kind):
    case = cases(tmp_path)[kind]
    lakes = two_lakes(tmp_path / "plants", plant_maker(case))
    live_on_both(lakes, case, kind)
    assert lakes.differences() == {}
