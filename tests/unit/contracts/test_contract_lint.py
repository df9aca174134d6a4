"""What the linter says of wrong contracts: message, line and column."""

from pathlib import Path

import pytest

from lakeward.contracts.lint import Problem, lint
from lakeward.contracts.project import Project
from support.contract_texts import OEE, PRESS, problems, replace_in_contract


def test_good_contracts_have_no_problem():
    assert problems(PRESS) == problems(OEE) == []


def test_typo_in_a_key_is_told_once_with_what_was_meant():
    assert problems(replace_in_contract("physicalName: Time", "physicalNam: Time")) == [
        ("physicalNam", "Unknown key 'physicalNam'. Did you mean: physicalName, physicalType?")
    ]
    assert problems(replace_in_contract("slaProperties:", "slaPropertys:")) == [
        ("slaPropertys", "Unknown key 'slaPropertys'. Did you mean: slaProperties, customProperties?")
    ]


def test_typo_in_a_required_key_is_not_told_twice():
    assert len(problems(replace_in_contract("logicalType: string", "logicaltype: string"))) == 1
    assert problems(replace_in_contract("property: source", "property: sorce"))[-1] == (
        "property",
        "Unknown key 'sorce'. Did you mean: source?",
    )


def test_unknown_unit_is_told_with_the_code_that_was_meant():
    assert problems(replace_in_contract("value: Cel", "value: degC")) == [
        ("value", "Unknown unit 'degC'. Expected: a UCUM code of the catalogue. Did you mean: Cel?")
    ]


def test_unknown_engine_is_told_with_those_that_there_are():
    ours = "{property: dataClass, value: production}"
    assert problems(replace_in_contract(ours, f"{ours}\n  - {{property: engine, value: flink}}")) == [
        ("value", "'engine' has an invalid value. Expected: embedded or spark; found: flink.")
    ]


def test_every_error_is_told_in_one_go_in_the_order_of_the_lines():
    wrong = replace_in_contract("version: 1.2.0", "version: 1.2")
    wrong = replace_in_contract("format: csv", "format: cvs", wrong)
    wrong = replace_in_contract("timezone: Asia/Shanghai", "timezone: Asia/Shanghia", wrong)
    assert [place for place, _ in problems(wrong)] == ["version", "format", "timezone"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "apiVersion: v3.2.0",
            "apiVersion: v2.2.0",
            "'apiVersion' has an invalid value. Expected: v3.2.0 or v3.1.0; found: v2.2.0.",
        ),
        ("name: press_line\nv", "name: Press-Line\nv", "'name' has an invalid value. Expected: lower-case letters"),
        ("name: temp", "name: _temp", "'name' has an invalid value. Expected: letters, digits and _"),
        ("name: temp", "name: MACHINE", "Two columns are named 'MACHINE'"),
        ("logicalType: number", "logicalType: float", "'logicalType' has an invalid value. Expected: string, integer"),
        ("decimal(9,3)", "'decimal(50,3)'", "'physicalType' has an invalid value. Expected: decimal(p,s)"),
        ("%d/%m/%Y", "%d/%m/%Q", "'timeFormat' has an invalid value. Expected: a strptime pattern"),
        ("logicalType: number", "logicalType: string", "'physicalType' has an invalid value."),
        ("primaryKeyPosition: 2", "primaryKeyPosition: 1", "Two columns have the same position 1 in the key."),
        ("string, required: true", "string, required: false", "Column 'machine' is part of the key but may be empty."),
        (
            "timeColumn, value: ts",
            "timeColumn, value: tz",
            "'timeColumn' refers to a column that does not exist: 'tz'. Known names include: ts, temp, machine.",
        ),
        ("timeColumn, value: ts", "timeColumn, value: temp", "'timeColumn' refers to column 'temp' of type decimal."),
        ("property: timeColumn", "property: timeColum", "Unknown key 'timeColum'. Did you mean: timeColumn?"),
        (
            "        classification: general\n        customProperties: [{property: unit, value: Cel}]",
            "      - {name: q, logicalType: integer, customProperties: [{property: qualityOf, value: tmp}]}",
            "'qualityOf' refers to a column that does not exist: 'tmp'. Did you mean: temp",
        ),
        (
            "        classification: general\n        customProperties: [{property: unit, value: Cel}]",
            "      - {name: q, logicalType: number, customProperties: [{property: qualityOf, value: temp}]}",
            "'logicalType' has an invalid value. Expected: integer, for a column with qualityOf",
        ),
        (
            "format: csv, delimiter",
            "format: csv, decimal: ',', quote: ';', delimiter",
            "'quote' is the same character as the delimiter.",
        ),
        ("[machine]", "[machin]", "'series' refers to a column that does not exist: 'machin'. Did you mean: machine?"),
        ("value: day", "value: hour", "'partition' has an invalid value. Expected: none, day, month; found: hour."),
        ("dataClass, value: production", "duplicates, value: exact", "'duplicates: exact' can't be combined with a primary key"),
        ("gb18030", "gb99999", "'encoding' has an invalid value. Expected: a text codec"),
        ("gb18030", "base64", "'encoding' has an invalid value. Expected: a text codec"),
        ('";"', '";;"', "'delimiter' has an invalid value. Expected: one character"),
        ("format: csv,", "format: csv, escap: x,", "Unknown key 'escap'. Did you mean: escape?"),
        ("inbox/press", "../other/inbox", "'path' points outside the project."),
        ("inbox/press", "/etc", "'path' points outside the project."),
        ("**/*.csv", "../*.csv", "'pattern' points outside the project."),
        ("value: 2, unit: h", "value: 2, unit: fortnight", "'unit' has an invalid value. Expected: s, min, h, d or y"),
        ("value: 2, unit: h", "value: -2, unit: h", "'value' has an invalid value. Expected: a positive number"),
        ("domain: production", "domain: [production]", "'domain' has an invalid value. Expected: a text; found: a list."),
        ("classification: general", "unique: true", "'unique' states a quality promise that no rule checks."),
        ("classification: general", "quality: [{rule: nullCheck}]", "'quality' states a quality promise that no rule checks."),
        ("path: inbox/press", "password: x", "'password' looks like a password, token or key."),
        ("{purpose: Readings", "{purpose: see https://me:pw@host, usage: Readings", "'purpose' looks like a password"),
        ("property: dataClass", "property: apiToken", "'apiToken' looks like a password, token or key."),
    ],
)
def test_broken_law_is_told_where_it_is_broken(old, new, message):
    found = problems(replace_in_contract(old, new))
    assert any(told.startswith(message) for _, told in found), found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "inputs: [silver.press_line]",
            "inputs: [bronze.press_line]",
            "'bronze.press_line' is not a table that a model can read.",
        ),
        (
            "inputs: [silver.press_line]",
            "inputs: [gold.oee]",
            "'inputs' has an invalid value. Expected: at least one table",
        ),
        (
            "times: {silver.press_line",
            "times: {silver.other",
            "'silver.other' is not one of the inputs. Known names include: silver.press_line.",
        ),
        ("times: {silver.press_line: ts}", "times: {}", "'times' has an invalid value. Expected: a time column of an input"),
        (", times: {silver.press_line: ts}", "", "'times' is missing. Expected: a time column of an input"),
        ("window: day", "window: oee", "'window' refers to column 'oee' of type double. Expected: a timestamp."),
        ("sql: models/oee.sql", "sql: ../../oee.sql", "'sql' points outside the project."),
        ("grain: day", "grain: week", "'grain' has an invalid value. Expected: hour, day, month; found: week."),
        ("property: model", "property: modle", "Unknown key 'modle'. Did you mean: model?"),
    ],
)
def test_broken_law_of_gold_is_told_where_it_is_broken(old, new, message):
    found = problems(replace_in_contract(old, new, OEE))
    assert any(told.startswith(message) for _, told in found), found


def test_dataset_has_one_origin():
    both = PRESS + "  - {property: model, value: {}}\n"
    assert any("found: both" in told for _, told in problems(both))
    neither = PRESS.partition("customProperties:\n  - property: source")[0]
    assert any("found: neither" in told for _, told in problems(neither))


def test_drop_folder_may_lie_in_a_root_of_the_project():
    assert problems(replace_in_contract("inbox/press", "/data/plant/press"), roots=(Path("/data/plant"),)) == []


def test_secret_is_never_repeated():
    found = problems(replace_in_contract("domain: production", "domain: https://me:hunter2@host/x"))
    assert found
    assert not any("hunter2" in told for _, told in found)


@pytest.mark.parametrize("text", ["", "[]", "just text", "3"])
def test_file_that_is_no_mapping_is_one_problem(text):
    assert [told for _, told in problems(text)] == ["The file is not a YAML mapping. Expected: key: value."]


def test_neighbours_are_looked_at(tmp_path):
    project = Project(root=tmp_path, name="plant", zone="UTC")
    folder = tmp_path / "expectations" / "datasets" / "oee_daily"
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(OEE)
    assert [(p.line, p.code) for p in lint(folder / "contract.odcs.yaml", project)] == [
        (4, "contract_other_name"),
        (14, "contract_model_missing"),
        (14, "contract_input_not_found"),
    ]


def test_file_that_is_no_yaml_is_one_problem(tmp_path):
    (tmp_path / "contract.odcs.yaml").write_text("a: [")
    found = lint(tmp_path / "contract.odcs.yaml", Project(root=tmp_path, name="plant", zone="UTC"))
    assert [(type(p), p.line, p.code, "file" in p.facts) for p in found] == [(Problem, 1, "contract_syntax", False)] or found[
        0
    ].line == 2
