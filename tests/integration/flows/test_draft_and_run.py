"""What `lakeward new` drafts of a file, `lakeward run` takes: every record of it, with the right values, whatever the file's shape."""

import re
from pathlib import Path

import pytest

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows import create_project, draft_dataset, ingest_dataset
from lakeward.flows.base.workspace import open_workspace

FILES = Path(__file__).parents[2] / "fixtures" / "layouts"

# File -> rows of silver, rejects, and what the drafted contract must say.
CASES = {
    "sep_line.csv": (5, 0, ['name: "temp"\n        logicalType: number']),
    "preamble_cams.csv": (5, 0, ['comment: "#"', "headerRow: 8", 'physicalName: "GHI"\n        logicalType: number']),
    "preamble_influx.csv": (2, 0, ['comment: "#"', 'physicalName: "_time"\n        logicalType: timestamp']),
    "preamble_labview.lvm": (5, 0, ["headerRow: 10", 'decimal: ","', 'physicalName: "Press"\n        logicalType: number']),
    "preamble_logger.dat": (5, 0, ["headerRow: 2", "skipAfterHeader: 2", 'value: "Cel"', 'value: "m"']),
    "preamble_scope.csv": (3, 0, ['comment: "#"', 'value: "s"', 'value: "V"']),
    "preamble_station.csv": (5, 0, ["headerRow: 4", 'joins, value: ["Date", "Time"]', 'timeColumn, value: "date_time"']),
    "units_row.csv": (5, 0, ["skipAfterHeader: 1", 'value: "Cel"', 'value: "m3/h"']),
    "json_array.json": (4, 0, ["format: jsonl", 'name: "v"\n        logicalType: number']),
    "json_array_one_line.json": (4, 0, ["format: jsonl", 'name: "v"\n        logicalType: number']),
    "blank_separated.txt": (4, 0, ['delimiter: "whitespace"', 'names: ["column_1", "column_2"']),
    "signal_with_bad_text.csv": (18, 0, ['name: "value"\n        logicalType: integer', 'nulls, value: ["Bad"]}      # CHECK']),
    "sentinel.csv": (60, 0, ['nulls, value: ["-200"]}      # CHECK']),
    "inch_marks.csv": (9, 0, []),
    "quote_inside_field.csv": (4, 1, []),
    "gbk_one_character.csv": (5, 0, ["encoding: gb18030", 'physicalName: "Temp(℃)"', 'value: "Cel"']),
    "thousands_points.csv": (6, 0, ['thousands: "."', 'name: "kwh"\n        logicalType: number']),
    "thousands_quoted.csv": (6, 0, ['thousands: ","', 'name: "kwh"\n        logicalType: integer']),
    "names_apart_by_case.csv": (6, 0, ['physicalName: "Temp"', 'physicalName: "TEMP"']),
    "names_apart_by_case.jsonl": (5, 0, ['physicalName: "TS"']),
    "header_messages_trailing.csv": (5, 0, ['name: "temp"\n        logicalType: number']),
    "header_messages_twice.csv": (5, 0, ["numberDuplicates: true", 'name: "temp_2"\n']),
    "merged_title.xlsx": (12, 0, ['name: "日期"', "headerRow: 2", 'footer: "合计"']),
    "no_key.csv": (4, 0, ["ts repeats: 3 different in 4 records"]),
    "times_blanks.csv": (6, 0, ['"%d %m %Y %H:%M"}      # CHECK', 'timeColumn, value: "date_time"']),
    "times_epoch_ms.csv": (6, 0, ['"epoch_ms"}      # CHECK', 'timeColumn, value: "timestamp"']),
    "times_epoch_ns.csv": (6, 0, ['"epoch_ns"}      # CHECK', 'timeColumn, value: "timestamp"']),
    "times_german_ms.csv": (6, 0, ['"%d.%m.%Y %H:%M:%S.%f"', 'timeColumn, value: "zeit"']),
    "times_iso_comma.csv": (6, 0, ['"%Y-%m-%dT%H:%M:%S,%f"', 'timeColumn, value: "ts"']),
    "times_pi.csv": (6, 0, ['"%d-%b-%y %H:%M:%S.%f"', 'timeColumn, value: "timestamp"']),
    "times_us_short.csv": (6, 0, ['"%m/%d/%y %I:%M:%S %p"}      # CHECK', 'timeColumn, value: "ts"']),
}
# File -> SELECT over its silver, and what it gives.
VALUES = {
    "sep_line.csv": ("sum(temp)", 358.5),
    "preamble_labview.lvm": ("max(x_value)", 0.4),
    "preamble_station.csv": ("min(date_time) AT TIME ZONE 'Asia/Shanghai' || ''", "2026-03-01 06:00:00"),
    "signal_with_bad_text.csv": ("count(value)", 17),
    "sentinel.csv": ("min(co)", 0.5),
    "inch_marks.csv": ("count_if(pipe = '2\" pipe')", 3),
    "quote_inside_field.csv": ("count_if(price LIKE '%Gloves%' OR name LIKE '%blue%')", 0),
    "thousands_points.csv": ("min(kwh)", 1000.5),
    "thousands_quoted.csv": ("max(kwh)", 1035),
    "names_apart_by_case.csv": ("sum(temp)::INT || ' ' || sum(temp_2)::INT || ' ' || sum(temp_3)::INT", "430 431 431"),
    "blank_separated.txt": ("sum(column_3)", -0.0007 + 0.0019 - 0.0043 + 0.0011),
    "times_epoch_ms.csv": ("min(timestamp)::VARCHAR", "2026-03-01 06:00:00+00"),
    "times_epoch_ns.csv": ("min(timestamp)::VARCHAR", "2026-03-01 06:00:00+00"),
    "times_german_ms.csv": ("min(zeit)::VARCHAR", "2026-02-28 22:00:00.25+00"),
    "times_iso_comma.csv": ("max(ts)::VARCHAR", "2026-02-28 22:00:05.08+00"),
    "times_pi.csv": ("max(timestamp)::VARCHAR", "2026-02-28 22:00:50.185+00"),
    "times_us_short.csv": ("max(ts)::VARCHAR", "2026-03-05 22:00:00+00"),
    "times_blanks.csv": ("min(date_time)::VARCHAR", "2026-02-28 16:00:00+00"),
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(start=create_project(tmp_path_factory.mktemp("layouts") / "plant"))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("file", sorted(CASES))
def test_a_draft_is_run_on_the_file_that_it_came_from(settings, file):
    rows, rejects, told = CASES[file]
    name = re.sub(r"\W", "_", file)
    contract = (draft_dataset(settings, name, FILES / file) / "contract.odcs.yaml").read_text(encoding="utf-8")
    assert [text for text in told if text not in contract] == []
    counts = ingest_dataset(settings, name).counts
    assert (counts.rows_in, counts.silver, counts.rejects, counts.quarantine) == (rows + rejects, rows, rejects, 0)
    if file in VALUES:
        select, expected = VALUES[file]
        with open_workspace(settings).engine() as engine:
            found = engine.fetch(f"SELECT {select} AS found FROM silver.{name}")[0]["found"]
        assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_no_column_of_a_plain_file_carries_a_doubt(settings, tmp_path):
    lines = (f"2026-03-01 06:{n:02}:00,M{n % 3},{n}.5,{n},{n * 7},{-n},{n / 8},{n % 2},RUN,ok {n}\n" for n in range(60))
    (tmp_path / "a.csv").write_text("ts,machine,a,b,c,d,e,f,state,note\n" + "".join(lines))
    contract = (draft_dataset(settings, "plain", tmp_path / "a.csv") / "contract.odcs.yaml").read_text(encoding="utf-8")
    columns = contract[contract.index("schema:") : contract.index("property: source")]
    assert [line for line in columns.splitlines() if line.startswith("        ") and "CHECK" in line] == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("blanks", "M0 0.5 ok\nM1 1.5 ok\nM2 2.5 bad\n", "3 4.5"),
        ("caret", "m^v^s\nM0^0.5^ok\nM1^1.5^ok\n", "2 2.0"),
        ("unit_separator", "m\x1fv\x1fs\nM0\x1f0.5\x1fok\nM1\x1f1.5\x1fok\n", "2 2.0"),
    ],
)
def test_a_file_with_a_rare_delimiter_keeps_every_record(settings, tmp_path, name, text, found):
    (tmp_path / "a.txt").write_text(text)
    draft_dataset(settings, name, tmp_path / "a.txt")
    counts = ingest_dataset(settings, name).counts
    assert (counts.rejects, counts.quarantine) == (0, 0)
    with open_workspace(settings).engine() as engine:
        number = "column_2" if name == "blanks" else "v"
        assert engine.fetch(f"SELECT count(*) || ' ' || sum({number}) AS found FROM silver.{name}")[0]["found"] == found


def test_a_file_whose_records_nothing_divides_is_refused_by_line_and_keys(settings, tmp_path):
    (tmp_path / "a.txt").write_text("data\nM0||0.5\nM1||1.5\nM2||2.5\n")
    with pytest.raises(UsageError, match=r"from line 2 on.*\"\|\|\"") as refusal:
        draft_dataset(settings, "undivided", tmp_path / "a.txt")
    assert refusal.value.code == "sample_undivided"


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("name", "times", "drafted", "found"),
    [
        ("chinese", "2026年3月{}日 6时5分", '"%Y年%m月%d日 %H时%M分"}      # no other', "2026-02-28 22:05:00+00"),
        (
            "half_days",
            "2026-03-0{} 01:00:00 下午",
            "# CHECK: its texts look like times, and stay texts: a timeFormat reads AM and PM",
            None,
        ),
        (
            "named_zone",
            "2026-03-0{} 06:00:00 CET",
            "# CHECK: its texts look like times, and stay texts: a timeFormat reads no name",
            None,
        ),
    ],
)
def test_a_time_has_a_format_or_a_doubt(settings, tmp_path, name, times, drafted, found):
    (tmp_path / "a.csv").write_text("ts,v\n" + "".join(f"{times.format(day)},{day}.5\n" for day in range(1, 8)), encoding="utf-8")
    assert drafted in (draft_dataset(settings, name, tmp_path / "a.csv") / "contract.odcs.yaml").read_text(encoding="utf-8")
    counts = ingest_dataset(settings, name).counts
    assert (counts.silver, counts.rejects, counts.quarantine) == (7, 0, 0)
    with open_workspace(settings).engine() as engine:
        assert engine.fetch(f"SELECT min(ts)::VARCHAR AS found FROM silver.{name}")[0]["found"] == (found or times.format(1))
