"""Profiles of real files, in every dialect and encoding that plants send; each draft passes our own lint."""

import json
from decimal import Decimal

import pytest

from lakeward.contracts.load import load_contract
from lakeward.contracts.record_format import FileFormat
from lakeward.core.errors import UsageError
from lakeward.engines.factory import open_engine
from lakeward.profiling import draft, profile_file
from lakeward.quality.suite import load_rules
from support.real_data import DATA

HEADER = ("时间", "machine", "Temp_degC", "state", "note")
NOTES = ("正常", "停机，检修", "换班", "")


@pytest.fixture
def engine(tmp_path):
    opened = open_engine("embedded", str(tmp_path / "lake"))
    yield opened
    opened.close()


def records(count=120):
    """Readings of two machines every minute: days first, decimals with a point, some without a temperature."""
    for place in range(count):
        day, minute = 11 + place // 60, place % 60
        for machine in ("M-01", "M-02"):
            temperature = "NA" if place % 10 == 3 else f"{20 + place % 7}.5"
            yield (f"{day}/03/2026 06:{minute:02}", machine, temperature, ("RUN", "STOP")[place % 2], NOTES[place % 4])


def table(delimiter=",", *, decimal=".", end="\n"):
    rows = [HEADER, *((*one[:2], one[2].replace(".", decimal), *one[3:]) for one in records())]
    return end.join(delimiter.join(row) for row in rows) + end


def profile_text(engine, path, content):
    path.write_bytes(content)
    return profile_file(engine, path)


def parse_drafts(profile, tmp_path, name="press_line"):
    """The contract and the rules that the drafts come to."""
    contract_text, suite_text = draft(profile, name, "Asia/Shanghai")
    path = tmp_path / "contract.odcs.yaml"
    path.write_text(contract_text, encoding="utf-8")
    contract = load_contract(path, "contract.odcs.yaml", ())
    return contract, load_rules(contract, suite_text, "suite.json"), contract_text, json.loads(suite_text)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", ","), ("\t", "."), ("|", ".")])
def test_every_dialect_and_encoding_gives_the_same_findings(engine, tmp_path, encoding, delimiter, decimal):
    profile = profile_text(engine, tmp_path / "a.csv", table(delimiter, decimal=decimal, end="\r\n").encode(encoding))
    assert (profile.record_format.delimiter, profile.record_format.decimal, profile.rows, profile.rejects) == (
        delimiter,
        decimal,
        240,
        0,
    )
    assert [(column.name, str(column.type)) for column in profile.columns] == [
        ("时间", "timestamp"),
        ("machine", "string"),
        ("temp_degc", "double"),
        ("state", "string"),
        ("note", "string"),
    ]
    assert (profile.column("temp_degc").filled, profile.column("temp_degc").unit) == (216, "Cel")


def test_a_draft_is_a_contract_and_a_suite(engine, tmp_path):
    profile = profile_text(engine, tmp_path / "readings.tsv", table("\t").encode("gb18030"))
    contract, rules, _, _ = parse_drafts(profile, tmp_path)
    source, found = contract.source, contract.record_format
    assert (source.pattern, found.delimiter, found.encoding, found.nulls) == ("**/*.tsv", "\t", "gb18030", ("", "NA"))
    assert (contract.proposed_key, contract.time_column, contract.series) == (("machine", "时间"), "时间", ("machine",))
    assert contract.sla.period_seconds == Decimal(60)
    assert {rule.type for rule in rules} >= {"expect_column_values_to_be_between", "expect_column_values_to_be_in_set"}


def test_each_finding_carries_its_evidence(engine, tmp_path):
    profile = profile_text(engine, tmp_path / "a.csv", table().encode())
    _, _, contract_text, suite = parse_drafts(profile, tmp_path)
    assert "216 of 216 values convert, 7 different; 24 of 240 are missing (10.0%)" in contract_text
    assert "machine and 时间: 240 different in 240 records" in contract_text
    assert "no other format fits as many values" not in contract_text
    between = next(one for one in suite["expectations"] if one["type"] == "expect_column_values_to_be_between")
    assert between["kwargs"] == {"column": "temp_degc", "min_value": 19.9, "max_value": 27.1}
    assert between["severity"] == "warning"


def test_json_lines_are_read_in_the_order_of_their_keys(engine, tmp_path):
    lines = (json.dumps({"ts": f"2026-03-01T06:00:{n:02}+08:00", "machine": "M1", "a": n, "ok": n % 2 == 0}) for n in range(40))
    profile = profile_text(engine, tmp_path / "a.jsonl", "\n".join(lines).encode())
    assert profile.record_format.format is FileFormat.JSONL
    assert [(c.name, str(c.type)) for c in profile.columns] == [
        ("ts", "timestamp"),
        ("machine", "string"),
        ("a", "integer"),
        ("ok", "boolean"),
    ]
    assert profile.times.offsets == 40
    contract, _, contract_text, _ = parse_drafts(profile, tmp_path)
    assert (contract.primary_key, contract.proposed_key) == ((), ("ts",))
    assert "40 of 40 do" in contract_text


def test_parquet_keeps_its_own_types(engine, tmp_path):
    path = tmp_path / "a.parquet"
    rows = "SELECT TIMESTAMPTZ '2026-03-01 06:00:00Z' + to_seconds(10 * n) AS ts, n::INTEGER AS id, n / 3 AS flow_m3_h FROM range(100) t(n)"
    engine.export(rows, path)
    profile = profile_file(engine, path)
    assert [(c.name, str(c.type)) for c in profile.columns] == [("ts", "timestamp"), ("id", "integer"), ("flow_m3_h", "double")]
    contract, _, _, _ = parse_drafts(profile, tmp_path)
    assert (contract.proposed_key, contract.sla.period_seconds) == (("id",), Decimal(10))


def test_month_first_is_told_from_day_first_by_the_order_of_the_file(engine, tmp_path):
    days = [f"{month:02}/{day:02}/2026 06:00" for month in (3, 4) for day in range(1, 13)]
    profile = profile_text(engine, tmp_path / "a.csv", "\n".join(["ts,v", *(f"{day},1" for day in days)]).encode())
    assert (profile.column("ts").time_format, profile.column("ts").rival_formats) == ("%m/%d/%Y %H:%M", ("%d/%m/%Y %H:%M",))
    assert (
        'CHECK: "%d/%m/%Y %H:%M" fits as well; of these, by this one the file is most in order'
        in parse_drafts(profile, tmp_path)[2]
    )


def test_of_two_orders_the_one_with_the_shorter_span_is_proposed(engine, tmp_path):
    days = [f"03/{day:02}/2026 06:00" for day in range(1, 6)]
    profile = profile_text(engine, tmp_path / "a.csv", "\n".join(["ts,v", *(f"{day},1" for day in days)]).encode())
    assert (profile.column("ts").time_format, profile.column("ts").rival_formats) == ("%m/%d/%Y %H:%M", ("%d/%m/%Y %H:%M",))


def test_what_is_about_a_person_is_no_key(engine, tmp_path):
    people = [f"1380013{n:04},{n % 7}" for n in range(60)]
    profile = profile_text(engine, tmp_path / "a.csv", "\n".join(["电话,level", *people]).encode())
    assert (profile.key.columns, profile.key.others) == ((), ())


def test_an_order_that_nobody_can_tell_is_said(engine, tmp_path):
    profile = profile_text(engine, tmp_path / "a.csv", b"ts,v\n01/01/2026 06:00,1\n02/02/2026 06:00,2\n03/03/2026 06:00,3\n")
    assert profile.column("ts").rival_formats == ("%m/%d/%Y %H:%M",)
    assert 'CHECK: "%m/%d/%Y %H:%M" fits as well' in parse_drafts(profile, tmp_path)[2]


def test_a_value_that_does_not_convert_is_counted_not_hidden(engine, tmp_path):
    values = [*map(str, range(99)), "l2"]
    profile = profile_text(engine, tmp_path / "a.csv", "\n".join(["id,v", *(f"{n},{v}" for n, v in enumerate(values))]).encode())
    column = profile.column("v")
    assert (str(column.type), column.filled, column.converted) == ("integer", 100, 99)
    assert "99 of 100 values convert" in parse_drafts(profile, tmp_path)[2]


def test_columns_that_tell_rows_apart_together_are_a_key(engine, tmp_path):
    shifts = [f"2026-03-{1 + n // 6:02},{'ABC'[n % 3]},{1 + n // 3 % 2},{50 + n * 7 % 31}" for n in range(120)]
    profile = profile_text(engine, tmp_path / "a.csv", "\n".join(["day,shift,line,output", *shifts]).encode())
    assert (profile.column("line").distinct, profile.key.columns) == (2, ("day", "shift", "line"))
    assert "day and shift and line: 120 different in 120 records" in parse_drafts(profile, tmp_path)[2]


def test_columns_that_tell_rows_apart_by_accident_are_no_key(engine, tmp_path):
    rows = [f"2026-03-{1 + n:02},tool {n % 13}" for n in range(14)] + ["2026-03-01,tool 7"]
    profile = profile_text(engine, tmp_path / "a.csv", "\n".join(["day,tool", *rows]).encode())
    assert profile.key.columns == ()


def test_numbers_that_stand_for_something_are_listed_and_others_bounded(engine, tmp_path):
    rows = [f"{n},{(0, 1, 4)[n % 3]},{n % 5}" for n in range(60)]
    profile = profile_text(engine, tmp_path / "a.csv", "\n".join(["id,status_code,parts", *rows]).encode())
    suite = parse_drafts(profile, tmp_path)[3]
    rules = {(one["kwargs"]["column"], one["type"]): one["kwargs"] for one in suite["expectations"]}
    assert rules["status_code", "expect_column_values_to_be_in_set"]["value_set"] == [0, 1, 4]
    assert ("status_code", "expect_column_values_to_be_between") not in rules
    assert ("parts", "expect_column_values_to_be_between") in rules


def test_no_value_about_a_person_is_in_a_draft(engine, tmp_path):
    people = [f"{n},王小明,1380013{n:04},2026-03-{1 + n % 28:02}" for n in range(60)]
    profile = profile_text(engine, tmp_path / "a.csv", "\n".join(["id,technician,contact,day", *people]).encode())
    _, _, contract_text, suite = parse_drafts(profile, tmp_path)
    assert [profile.column(name).personal for name in ("technician", "contact", "day")] == [True, True, False]
    assert "王小明" not in contract_text + json.dumps(suite, ensure_ascii=False)
    assert "1380" not in contract_text + json.dumps(suite)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 xl/workbook.xml", "can't be read .The workbook"),
        (b"\x1f\x8b\x08\0rest", "can't be profiled: The file is packed, and can't be unpacked"),
        (b"a,b\n1,2,3\n4,5,6\n", "has 2 names"),
        (b'<?xml version="1.0"?>\n<a/>\n', "XML or HTML"),
        (b'{"data": [{"a": 1}, {"a": 2}]}', "holds the records"),
        (b"a,b,c\n", "no readable record; unreadable records: 0"),
        (b"PAR1 and then nothing", "can't be profiled: The file begins as Parquet, but its end is missing"),
    ],
)
def test_a_sample_that_shows_nothing_says_why(engine, tmp_path, content, message):
    with pytest.raises(UsageError, match=message):
        profile_text(engine, tmp_path / "a.csv", content)


@pytest.mark.exhaustive
@pytest.mark.real_data
def test_steel_energy_is_day_first_every_quarter_of_an_hour(engine, tmp_path):
    profile = profile_file(engine, DATA / "steel_energy" / "Steel_industry_data.csv")
    contract, rules, _, suite = parse_drafts(profile, tmp_path)
    assert (profile.rows, profile.rejects, profile.record_format.encoding) == (35040, 0, "utf-8-sig")
    assert (profile.column("date").time_format, contract.sla.period_seconds) == ("%d/%m/%Y %H:%M", Decimal(900))
    assert contract.column("usage_kwh").unit == "kW.h"
    sets = {one["kwargs"]["column"] for one in suite["expectations"] if "value_set" in one["kwargs"]}
    assert sets == {"weekstatus", "day_of_week", "load_type"}
    assert len(rules) > 20


@pytest.mark.real_data
def test_skab_has_semicolons_and_a_second_between_rows(engine, tmp_path):
    profile = profile_file(engine, DATA / "skab" / "valve1" / "1.csv")
    contract, _, contract_text, _ = parse_drafts(profile, tmp_path)
    assert (contract.record_format.delimiter, contract.proposed_key) == (";", ("datetime",))
    assert contract.column("volume_flow_raterms").source_name == "Volume Flow RateRMS"
    assert "1,088 of 1,144 steps have it" in contract_text
