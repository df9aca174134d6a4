"""A contract on its second day: what may change while its tables stay."""

from dataclasses import fields, replace

import pytest

from lakeward.contracts import diff as module
from lakeward.contracts.diff import Effect, check_evolution, diff
from lakeward.contracts.load import parse_contract
from lakeward.contracts.model import Column, Contract, GoldModel
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.source import FileDropSource
from lakeward.core.errors import ContractError, ExitCode
from lakeward.core.messages import Lang, text
from support.contract_texts import OEE, PRESS, replace_in_contract

APPLIED = parse_contract(PRESS, "applied")
COLUMN = "      - {name: pressure, logicalType: number, required: false}\nslaProperties"


def differences(contract: str) -> list[tuple[Effect, str]]:
    return [(c.kind, text(c.code, Lang.EN, **c.facts)) for c in diff(APPLIED, parse_contract(contract, "new"))]


def test_nullable_new_column_is_additive():
    added = replace_in_contract("slaProperties", COLUMN, replace_in_contract("1.2.0", "1.3.0"))
    assert differences(added)[1:] == [(Effect.ADDITIVE, "pressure: new optional column")]
    check_evolution(APPLIED, parse_contract(added, "new"))


def test_version_that_did_not_rise_far_enough_is_remarked_not_refused():
    added = replace_in_contract("slaProperties", COLUMN)
    assert differences(added)[-1] == (
        Effect.COMPATIBLE,
        "The version should rise for these changes. Expected: at least 1.3.0; found: 1.2.0",
    )
    check_evolution(APPLIED, parse_contract(added, "new"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Readings of", "All readings of"),
        ("li.wei", "wang.fang"),
        ("path: inbox/press", "path: inbox/other"),
        ('delimiter: ";"', 'delimiter: ","'),
        ("value: 365", "value: 30"),
        ("classification: general", "classification: important"),
        (
            "{property: dataClass, value: production}",
            "{property: dataClass, value: production}\n  - {property: engine, value: spark}",
        ),
    ],
)
def test_what_leaves_rows_as_they_are_is_compatible(old, new):
    assert {kind for kind, _ in differences(replace_in_contract(old, new))} == {Effect.COMPATIBLE}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("name: temp", "name: temp_degc", "temp: column dropped or renamed"),
        ("slaProperties", COLUMN.replace("false", "true"), "pressure: new required column; stored rows do not have it"),
        ("decimal(9,3)", "double", "temp.type: was decimal(9,3), is double"),
        ("value: Cel", "value: K", "temp.unit: was Cel, is K"),
        ("decimal(9,3)", "decimal(9,3)\n        required: true", "temp.required: was false, is true"),
        ("physicalName: Time", "physicalName: Zeit", "ts.source_name: was Time, is Zeit"),
        ("%d/%m/%Y", "%m/%d/%Y", "ts.time_format: was %d/%m/%Y %H:%M, is %m/%d/%Y %H:%M"),
        ("primaryKey: true, primaryKeyPosition: 2", "primaryKey: false", "primary_key: was ts, machine, is ts"),
        ("timezone: Asia/Shanghai", "timezone: UTC", "source.zone: was Asia/Shanghai, is UTC"),
        ("timezone", 'decimal: ",", timezone', "source.decimal: was ., is ,"),
        ("value: day", "value: none", "partition: was day, is none"),
    ],
)
def test_what_changes_the_meaning_of_stored_rows_is_breaking(old, new, what):
    breaking = [told for kind, told in differences(replace_in_contract(old, new)) if kind is Effect.BREAKING]
    assert len(breaking) == 1
    assert breaking[0].startswith(what)


def test_breaking_change_is_refused_until_the_major_version_rises():
    with pytest.raises(ContractError) as refused:
        check_evolution(APPLIED, parse_contract(replace_in_contract("value: Cel", "value: K"), "new"))
    assert refused.value.exit_code is ExitCode.REFUSED
    assert "changes the meaning of stored rows: temp.unit (1 breaking changes in all)" in str(refused.value)
    assert str(refused.value).endswith("Next: set version: 2.0.0 in the contract, then: lakeward rebuild press_line")


def test_breaking_change_with_a_new_major_version_asks_for_the_rebuild():
    raised = replace_in_contract("1.2.0", "2.0.0", replace_in_contract("value: Cel", "value: K"))
    with pytest.raises(ContractError) as refused:
        check_evolution(APPLIED, parse_contract(raised, "new"))
    assert (refused.value.code, refused.value.exit_code) == ("contract_needs_rebuild", ExitCode.REFUSED)
    assert str(refused.value).endswith("Next: lakeward rebuild press_line")


def test_windows_of_gold_do_not_move_in_silence():
    gold = parse_contract(OEE, "oee")
    shifted = replace(gold, model=replace(gold.model, zone="Asia/Shanghai"))
    assert [c.facts["what"] for c in diff(gold, shifted) if c.kind is Effect.BREAKING] == ["model.zone"]


@pytest.mark.parametrize("part", [field.name for field in fields(FileDropSource)])
def test_every_part_of_where_batches_come_from_is_compared_and_compatible(part):
    moved = replace(APPLIED, source=replace(APPLIED.source, **{part: "other"}))
    assert [(c.kind, c.facts["what"], c.facts["new"]) for c in diff(APPLIED, moved) if c.code == "change_part"] == [
        (Effect.COMPATIBLE, f"source.{part}", "other")
    ]


def test_another_limit_is_one_change_though_it_bounds_sheets_too():
    assert differences(replace_in_contract("timezone", "limitBytes: 5000, timezone"))[:-1] == [
        (Effect.COMPATIBLE, "source.limit_bytes: was 4294967296, is 5000")
    ]


@pytest.mark.parametrize(
    ("kind", "effects", "elsewhere"),
    [
        (Column, module.COLUMN, {"name"}),
        (Contract, module.CONTRACT, {"columns", "source", "record_format", "model", "retired", "text", "sha256"}),
        (RecordFormat, module.RECORD_FORMAT, {"sheet_limit_bytes", "columns_found"}),
        (GoldModel, module.MODEL, set()),
    ],
)
def test_effect_of_every_part_is_decided(kind, effects, elsewhere):
    assert set(effects) | elsewhere == {field.name for field in fields(kind)}
