"""`lint` reads the files beside a contract: every line of `series.csv` and `registers.csv` that is not valid is named with its place."""

import pytest

from lakeward.contracts.series_file import read_series_file
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings
from lakeward.flows import lint_contracts, mapping_warnings
from support.mapped_line import HEAD, MappedLine
from support.modbus_plant import CONTRACT as MODBUS
from support.mqtt_plant import CONTRACT as MQTT
from support.mqtt_plant import MqttPlant
from support.opcua_plant import CONTRACT as OPCUA

SERIES = "address,series,unit,type,low,high\n"


def _lint(root, contract, **files):
    plant = MqttPlant(root, "", contract)
    for name, content in files.items():
        (plant.root / "expectations" / "datasets" / "line" / f"{name}.csv").write_text(content, newline="")
    found = lint_contracts(Settings.load(plant.root), "line")
    assert all(one.file.endswith(("line/series.csv", "line/registers.csv")) for one in found)
    return [(one.code, one.line, one.column, str(one.facts.get("expected")), str(one.facts.get("found"))) for one in found]


def test_a_mapping_that_is_valid_has_no_problem(tmp_path):
    assert _lint(tmp_path / "plant", MQTT, series=SERIES + "a,line/a,Cel,number,-40,150\n\nb,line/b,,,,\n") == []
    assert _lint(tmp_path / "other", MQTT) == []


def test_every_line_that_is_not_valid_is_named(tmp_path):
    lines = (
        "a,line/a,Cel,number,-40,150\n"
        "a,line/b,,,,\n"
        ",line/c,,,,\n"
        "d,line/d,degC,,,\n"
        "e,line/e,,float,,\n"
        "f,line/f,,,cold,\n"
        "g,line/g,,,nan,\n"
        "h,line/h,,,5,1\n"
        "i,line/i\n"
    )
    found = _lint(tmp_path / "plant", MQTT, series=SERIES + lines)
    assert [(line, column) for _, line, column, *_ in found] == [
        (3, "address"),
        (4, "address"),
        (5, "unit"),
        (6, "type"),
        (7, "low"),
        (8, "low"),
        (9, "high"),
        (10, "-"),
    ]
    assert {code for code, *_ in found} == {"series_file_value"}
    assert found[3][3:] == ("number, boolean, string", "float")


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("address,serie\na,b\n", "series_file_column", 1, "serie"),
        ("address\na\n", "series_file_column", 1, "series"),
        ('address,series\n"a" b,c\n', "series_file_value", 2, "-"),
        ('address,series\n"a\nb",c\nd,\n', "series_file_value", 4, "series"),
    ],
)
def test_headers_and_quotes_are_checked(tmp_path, text, code, line, column):
    [(found, at, name, *_)] = _lint(tmp_path / "plant", MQTT, series=text)
    assert (found, at, name) == (code, line, column)


def test_registers_are_checked_and_must_be_there(tmp_path):
    lines = "address,register,type\nok,0,uint16\nbad,65536,uint16\nok,1,uint16\nworse,0,int24\n"
    found = _lint(tmp_path / "plant", MODBUS, registers=lines, series=SERIES + "a,,,,,\n")
    assert [(line, column) for _, line, column, *_ in found] == [(2, "series"), (3, "register"), (4, "address"), (5, "type")]
    assert [code for code, *_ in _lint(tmp_path / "other", MODBUS)] == ["register_map_missing"]


def test_nodes_of_a_server_must_be_there_and_be_nodes(tmp_path):
    assert [code for code, *_ in _lint(tmp_path / "plant", OPCUA)] == ["opcua_without_nodes"]
    [(code, line, column, expected, found)] = _lint(
        tmp_path / "other", OPCUA, series="address,series\nline0/tag0,a\nnsu=urn:p;i=1,b\n"
    )
    assert (code, line, column, found) == ("series_file_value", 2, "address", "line0/tag0")
    assert expected.startswith("nsu=URI")


def test_a_mapping_is_read_with_the_lines_of_its_entries(tmp_path):
    (tmp_path / "series.csv").write_text("\ufeffaddress,series\n\na,b\n", encoding="utf-8")
    assert [(one.address, one.line) for one in read_series_file(tmp_path / "series.csv")] == [("a", 3)]


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("a,line/a,,number,0,,,,", "interval", "a number above 0"),
        ("a,line/a,,number,1e15,,,,", "interval", "at most 1000000000"),
        ("a,line/a,,number,10,-1,,,", "deadband", "not below 0"),
        ("a,line/a,,number,,,0,1,sure", "range", "proposed, checked"),
        ("a,line/a,,number,,,,,checked", "range", "`low` or `high`"),
        ("a,line/a,,boolean,,,0,1,", "type", "number"),
    ],
)
def test_what_becomes_a_rule_is_checked(tmp_path, line, column, expected):
    [(code, at, name, told, _)] = _lint(tmp_path / "plant", MQTT, series=f"{HEAD}{line}\n")
    assert (code, at, name) == ("series_file_value", 2, column)
    assert expected in told


@pytest.mark.parametrize(
    ("lang", "expected"),
    [(Lang.EN, "Expected: a number that is not below `low`; found: 1."), (Lang.ZH, "应为：不小于 `low` 的数字；实为：1。")],
)
def test_what_is_expected_of_a_line_is_said_in_the_users_language(tmp_path, lang, expected):
    plant = MqttPlant(tmp_path, "", MQTT)
    (plant.root / "expectations" / "datasets" / "line" / "series.csv").write_text(SERIES + "h,line/h,,,5,1\n")
    [found] = lint_contracts(Settings.load(plant.root), "line")
    assert text(found.code, lang, **found.facts).endswith(expected)


def test_lint_warns_of_a_range_that_another_line_of_the_series_undoes(tmp_path):
    plant = MqttPlant(tmp_path, "", MQTT)
    file, settings = plant.root / "expectations" / "datasets" / "line" / "series.csv", Settings.load(plant.root)
    file.write_text(f"{HEAD}umh/v1/a,line/a,Cel,number,,,0,100,checked\numh/v1/a2,line/a,Cel,number,,,,,\n")
    assert lint_contracts(settings, "line") == []
    for name in ("line", None):
        [found] = mapping_warnings(settings, name)
        told = [text(found.code, lang, **found.facts) for lang in Lang]
        assert told[0].startswith("line: no reading is judged by the bounds of 1 lines of expectations/datasets/line/series.csv")
        assert told[1].startswith("line：expectations/datasets/line/series.csv 中有 1 行的上下限未用于判定，首行为第 2 行")
    for valid in ("umh/v1/a,line/a,Cel,number,,,0,100,checked\n", "not valid\n"):
        file.write_text(HEAD + valid)
        assert mapping_warnings(settings, "line") == []


def test_a_mapping_that_is_gone_is_named(tmp_path):
    made = MappedLine(tmp_path, "umh/v1/a,line/a,,,,,,,")
    made.run(("a", 0, 1))
    (made.folder / "series.csv").unlink()
    [found] = lint_contracts(made.settings, "line")
    assert (found.code, found.facts["kept"].name) == ("series_file_gone", f"{1:020d}.csv")
    made.map()
    assert lint_contracts(made.settings, "line") == []
