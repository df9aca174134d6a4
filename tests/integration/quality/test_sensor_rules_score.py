"""The sensor rules on the simulated day, where every defect is known: what each kind finds, and what it flags for nothing."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lakeward.contracts.load import parse_contract
from lakeward.quality.suite import load_rules
from lakeward.simulator import write_plant_day
from support.sensor_truth import LOOKS_FOR, SUITE, Defect, flag_readings, load_readings, read_defects, score_detection

pytestmark = pytest.mark.slow
CONTRACT = Path(__file__).parents[3] / "expectations/datasets/plant_telemetry/contract.odcs.yaml"
# Found of each kind by the rule that looks for it, at least; what is below 1 is told in docs/reference/sensor-rules.md.
RECALL = {
    **dict.fromkeys(("gap", "stuck", "stuck_smooth", "saturation", "sentinel", "unit_fahrenheit", "unit_kilopascal"), 1.0),
    **dict.fromkeys(("counter_reset", "counter_rollover", "clock_ahead", "clock_reset", "unknown_unit", "drift"), 1.0),
    **dict.fromkeys(("contradiction", "bad_status"), 1.0),
    "duplicate": 0.98,
    "late": 0.98,
    "spike": 0.65,
    "uncertain_status": 0.3,
}
# Of the readings that a rule flags, those that lie in a defect it looks for, at least.
PRECISION = {
    **dict.fromkeys(("frozen", "too_smooth", "heat_jumps", "pressure_jumps", "counts_down", "clock", "unit", "quality"), 1.0),
    "silent": 0.99,
    "spike": 0.8,
    "late": 0.99,
    "twice": 0.99,
    "contradiction": 0.99,
    "vibration": 0.95,
}
ONCE_1970 = Defect("", datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """Flags by rule, and the true defects by kind."""
    root = tmp_path_factory.mktemp("day")
    write_plant_day(root, seed=7, day=date(2026, 3, 2))
    contract = parse_contract(CONTRACT.read_text(encoding="utf-8"), "contract")
    rules = load_rules(contract, SUITE.read_text(encoding="utf-8"), "suite")
    con = load_readings(
        sorted((root / "inbox/plant_telemetry").iterdir()), items="series, ts, value, value_text, status, quality, unit"
    )
    defects = read_defects(root / "truth/injected.csv")
    reset = {one.series for one in defects["clock_reset"]}
    # A reading of a clock that was reset is one of 1970, and the first of the day comes 56 years after it.
    defects["clock_reset"] += [Defect(name, ONCE_1970.start, ONCE_1970.end) for name in reset]
    defects["clock_reset"] += [Defect(name, _midnight(), _midnight() + timedelta(minutes=1)) for name in reset]
    return flag_readings(con, contract, rules, "series", "ts"), defects


def _midnight():
    return datetime(2026, 3, 1, 16, tzinfo=UTC)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", RECALL)
def test_a_kind_of_defect_is_found_by_the_rule_that_looks_for_it(day, kind):
    flags, defects = day
    seen = [flag for rule, kinds in LOOKS_FOR.items() if kind in kinds for flag in flags[rule]]
    wanted = [one for one in defects[kind] if one.start.year > 1970 and one.end - one.start != timedelta(minutes=1)]
    assert wanted
    assert score_detection(seen, wanted).recall >= RECALL[kind]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("rule", PRECISION)
def test_what_a_rule_flags_lies_in_a_defect_that_it_looks_for(day, rule):
    flags, defects = day
    assert flags[rule]
    assert score_detection(flags[rule], [one for kind in LOOKS_FOR[rule] for one in defects[kind]]).precision >= PRECISION[rule]


@pytest.mark.parametrize("rule", ["heart_stopped", "frozen_reporter"])
def test_legitimate_silence_is_not_flagged(day, rule):
    flags, _ = day
    assert flags[rule] == []
