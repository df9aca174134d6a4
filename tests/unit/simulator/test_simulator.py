"""The simulated plant-day: the same bytes every time, and every defect it names is in the files."""

import csv
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from lakeward.simulator import InjectedDefect, Truth, write_plant_day
from lakeward.simulator.people import check_digit
from lakeward.simulator.physics import simulate

SEED, DAY = 7, date(2026, 3, 1)
# A message with another value, a defect of its own, may lie within any other defect.
CONTRADICTIONS = 2
TELEMETRY_KINDS = {
    *("drift", "stuck", "stuck_smooth", "spike", "saturation", "sentinel", "unit_fahrenheit", "unit_kilopascal"),
    *("counter_reset", "counter_rollover", "bad_status", "uncertain_status", "unknown_unit", "decimal_comma", "clock_ahead"),
    *("clock_reset", "torn_row", "gap", "gap_replayed", "duplicate", "contradiction", "late", "new_tag", "deadband"),
    "extra_column",
}
ORDER_KINDS = {
    *("closed_before_opened", "missing_machine", "negative_cost", "decimal_comma", "unknown_fault", "correction", "duplicate"),
}


@dataclass
class Written:
    root: Path
    truth: Truth
    seconds: float
    sent: dict[str, list[list[str]]]  # messages per series in order of arrival, hourly files only
    replayed: dict[str, list[list[str]]]

    def of(self, kind: str) -> list[InjectedDefect]:
        return [one for one in self.truth.injected if one.kind == kind and one.dataset == "plant_telemetry"]

    def within(self, one: InjectedDefect) -> list[list[str]]:
        return [message for message in self.sent[one.key] if one.start <= message[1] <= one.end]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("plant")
    before = time.perf_counter()
    truth = write_plant_day(root, seed=SEED, day=DAY)
    seconds = time.perf_counter() - before
    files = sorted((root / "inbox/plant_telemetry").iterdir())
    return Written(root, truth, seconds, by_series(files[:-1]), by_series(files[-1:]))


def by_series(files):
    found = defaultdict(list)
    for path in files:
        with path.open(encoding="utf-8", newline="") as text:
            for message in csv.reader(text):
                found[message[0]].append(message)
    return found


@pytest.fixture(scope="module")
def faultless():
    """The value that each series would have had, by time."""
    stamps = [f"{DAY}T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}+08:00" for s in range(0, 86400, 10)]
    return {series: dict(zip(stamps, signal.values, strict=True)) for series, signal in simulate(SEED, DAY).items()}


def orders(written, name):
    with (written.root / f"inbox/maintenance_orders/{name}.csv").open(encoding="gb18030", newline="") as text:
        return {row["工单号"]: row for row in csv.DictReader(text)}


def test_same_seed_and_day_give_the_same_bytes(written, tmp_path):
    write_plant_day(tmp_path, seed=SEED, day=DAY)
    assert contents(tmp_path) == contents(written.root)


@pytest.mark.exhaustive
def test_another_seed_gives_another_day(written, tmp_path):
    write_plant_day(tmp_path, seed=SEED + 1, day=DAY)
    name = f"inbox/plant_telemetry/{DAY}T08.csv"
    assert (tmp_path / name).read_bytes() != (written.root / name).read_bytes()
    name = "inbox/equipment/equipment.csv"
    assert (tmp_path / name).read_bytes() == (written.root / name).read_bytes()


def test_files_that_are_there_already_are_left_alone(written):
    before = {path: path.stat().st_mtime_ns for path in written.root.rglob("*.csv")}
    write_plant_day(written.root, seed=SEED, day=DAY)
    assert {path: path.stat().st_mtime_ns for path in written.root.rglob("*") if path.is_file()} == before


def contents(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_plant_day_has_the_promised_size(written):
    rows = {str(path): count for path, count in written.truth.rows}
    telemetry = [count for path, count in rows.items() if "plant_telemetry" in path]
    assert len(telemetry) == 25
    assert 660_000 < sum(telemetry) < 710_000
    assert rows[f"inbox/maintenance_orders/orders_{DAY}.csv"] == 300
    assert rows["inbox/equipment/equipment.csv"] == 8
    assert len([series for series in written.sent if "/" in series]) == 81


def test_row_counts_of_the_truth_are_those_of_the_files(written):
    for path, count in written.truth.rows:
        lines = (written.root / path).read_bytes().splitlines()
        assert len(lines) == count + 1
        assert all(lines)


def test_a_day_is_written_in_less_than_fifteen_seconds(written):
    assert written.seconds < 15


def test_truth_names_every_kind(written):
    assert {one.kind for one in written.truth.injected if one.dataset == "plant_telemetry"} == TELEMETRY_KINDS
    assert {one.kind for one in written.truth.injected if one.dataset == "maintenance_orders"} == ORDER_KINDS
    with (written.root / "truth/injected.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert list(rows[0]) == ["dataset", "key", "from", "to", "kind", "magnitude"]
    assert len(rows) == len(written.truth.injected)


def test_messages_without_a_defect_say_what_was_measured(written, faultless):
    sent = {tuple(message[1:3]) for message in written.sent["acme/suzhou/line1/cnc01/load_pct"] if len(message) == 7}
    same = {(at, f"{value:.2f}") for at, value in faultless["acme/suzhou/line1/cnc01/load_pct"].items()} & sent
    assert len(same) > 8000


# Per kind: does the message (fields of the line), given the faultless value and the magnitude, show the defect?
SHOWN: dict[str, Callable[[list[str], float, str], bool]] = {
    "stuck": lambda m, _, size: float(m[2]) == float(size),
    "spike": lambda m, was, size: float(m[2]) == pytest.approx(was + float(size), abs=0.02),
    "saturation": lambda m, _, size: float(m[2]) == float(size),
    "sentinel": lambda m, _, size: float(m[2]) == float(size),
    "unit_fahrenheit": lambda m, was, _: float(m[2]) == pytest.approx(was * 1.8 + 32, abs=0.02) and m[6] == "Cel",
    "unit_kilopascal": lambda m, was, size: float(m[2]) == pytest.approx(was * float(size), abs=0.02) and m[6] == "bar",
    "counter_reset": lambda m, was, size: float(m[2]) == 0 and was == float(size),
    "counter_rollover": lambda m, _, size: float(m[2]) < 0.1 * float(size),
    "bad_status": lambda m, _, size: (m[2], m[4], m[5]) == ("", size, "2"),
    "uncertain_status": lambda m, _, size: m[2] != "" and (m[4], m[5]) == (size, "1"),
    "unknown_unit": lambda m, _, size: m[6] == size,
    "decimal_comma": lambda m, _, __: "," in m[2],
    "torn_row": lambda m, _, size: len(m) == int(size),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_messages_of_the_defect_show_it(written, faultless, kind):
    for one in written.of(kind):
        messages = written.within(one)
        shown = [m for m in messages if SHOWN[kind](m, faultless[one.key][m[1]], one.magnitude)]
        assert len(shown) >= max(1, len(messages) - CONTRADICTIONS)


def test_drift_grows_with_time(written, faultless):
    for one in written.of("drift"):
        shifts = {message[1]: float(message[2]) - faultless[one.key][message[1]] for message in written.within(one)}
        hours = (tick(one.end) - tick(one.start)) / 360
        assert shifts[max(shifts)] == pytest.approx(float(one.magnitude) * hours, abs=0.02)


def tick(stamp):
    return int(stamp[11:13]) * 360 + int(stamp[14:16]) * 6 + int(stamp[17:18])


def test_smooth_series_has_lost_its_noise(written):
    values = [float(message[2]) for one in written.of("stuck_smooth") for message in written.within(one)]
    assert max(values) - min(values) < 1


def test_clock_ahead_says_the_same_hour_twice(written):
    for one in written.of("clock_ahead"):
        times = Counter(message[1] for message in written.sent[one.key])
        assert sum(count > 1 for count in times.values()) >= 340
        silent = [message for message in written.within(one) if message[1] < hour_later(one.start)]
        assert len(silent) <= CONTRADICTIONS


def hour_later(stamp):
    return f"{stamp[:11]}{int(stamp[11:13]) + 1:02d}{stamp[13:]}"


def test_clock_reset_writes_times_of_1970(written):
    for one in written.of("clock_reset"):
        lost = [message for message in written.sent[one.key] if message[1].startswith("1970-01-01T")]
        assert len({message[1] for message in lost}) == 240
        assert len(written.within(one)) <= CONTRADICTIONS


def test_a_gap_is_silent_and_half_of_the_gaps_come_later(written):
    for one in (*written.of("gap"), *written.of("gap_replayed")):
        assert not written.within(one)
        later = [message for message in written.replayed[one.key] if one.start <= message[1] <= one.end]
        assert (len(later) > 0) == (one.kind == "gap_replayed")


def test_duplicates_are_the_same_line_and_contradictions_are_not(written):
    for one in filter(of_steady_clock, written.of("duplicate")[:200]):
        assert max(Counter(map(tuple, written.within(one))).values()) >= 2
    for one in filter(of_steady_clock, written.of("contradiction")):
        assert len({message[2] for message in written.within(one)}) >= 2


def test_late_messages_arrive_after_younger_ones(written):
    for one in filter(of_steady_clock, [one for one in written.of("late") if int(one.magnitude) > 300][:40]):
        arrived = [message[1] for message in written.sent[one.key]]
        last = len(arrived) - 1 - arrived[::-1].index(one.start)
        assert max(arrived[:last]) > one.start
    assert sum(int(one.magnitude) > 300 for one in written.of("late")) > 500


def of_steady_clock(one):
    return one.key.split("/")[3] not in ("press03", "cnc02")


def test_new_tag_begins_at_noon_and_the_replay_has_a_column_more(written):
    (tag,) = written.of("new_tag")
    assert min(message[1] for message in written.sent[tag.key]) >= tag.start == f"{DAY}T12:00:00+08:00"
    (extra,) = written.of("extra_column")
    header = (written.root / "inbox/plant_telemetry" / extra.key).read_text(encoding="utf-8").splitlines()[0]
    assert header.endswith(f",unit,{extra.magnitude}")


def test_deadband_is_silent_but_has_a_heartbeat(written):
    for one in written.of("deadband"):
        ticks = sorted({tick(message[1]) for message in written.sent[one.key]})
        silences = [after - before for before, after in pairwise(ticks)]
        assert max(silences) <= 60
        assert sum(silences) / len(silences) > 30


def test_orders_show_their_defects(written):
    book = orders(written, f"orders_{DAY}")
    shown = {
        "closed_before_opened": lambda row: row["完工时间"] < row["报修时间"],
        "missing_machine": lambda row: row["设备编号"] == "",
        "negative_cost": lambda row: row["费用"].startswith("-"),
        "decimal_comma": lambda row: "," in row["费用"],
        "unknown_fault": lambda row: row["故障代码"] == "XXXX-99",
    }
    faults = [one for one in written.truth.injected if one.dataset == "maintenance_orders" and one.kind in shown]
    assert len(faults) == 7
    assert all(shown[one.kind](book[one.key]) for one in faults)


def test_corrections_come_in_a_file_of_their_own(written):
    first, later = orders(written, f"orders_{DAY}"), orders(written, f"orders_{DAY}_corrections")
    kinds = {one.key: one.kind for one in written.truth.injected if one.kind in ("correction", "duplicate")}
    for number, row in later.items():
        assert (row["费用"] != first[number]["费用"]) == (kinds[number] == "correction")


def test_people_are_well_formed_and_belong_to_no_region(written):
    for row in orders(written, f"orders_{DAY}").values():
        body, check = row["身份证号"][:17], row["身份证号"][17]
        assert body.startswith("990000")
        assert check == check_digit(body)
        assert row["联系电话"].startswith("1990000")
        assert len(row["联系电话"]) == 11


def test_check_digit_is_that_of_the_published_example():
    assert check_digit("11010519491231002") == "X"


def test_equipment_has_a_byte_order_mark(written):
    content = (written.root / "inbox/equipment/equipment.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfmachine_id,")


def test_import_of_the_simulator_is_light():
    heavy = "{'duckdb', 'deltalake', 'numpy', 'pandas', 'pyarrow', 'great_expectations', 'airflow'}"
    code = f"import sys, lakeward.simulator; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
