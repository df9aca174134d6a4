"""What a contract's text becomes."""

from decimal import Decimal
from pathlib import PurePosixPath

import pytest

from lakeward.contracts.load import load_contract, parse_contract
from lakeward.contracts.model import Column, DataType, Grain, Kind, Sla
from lakeward.core.errors import ContractError, ExitCode
from lakeward.core.messages import Lang
from lakeward.core.names import Layer, TableName, sha256
from support.contract_texts import OEE, PRESS, replace_in_contract


def test_columns_carry_types_units_and_their_names_in_the_files():
    columns = parse_contract(PRESS, "press").columns
    assert columns[1] == Column("ts", DataType(Kind.TIMESTAMP), "Time", required=True, time_format="%d/%m/%Y %H:%M")
    assert columns[2] == Column("temp", DataType(Kind.DECIMAL, 9, 3), "temp", unit="Cel", classification="general")


def test_key_is_in_the_order_of_its_positions_not_of_the_columns():
    assert parse_contract(PRESS, "press").primary_key == ("ts", "machine")


def test_promises_are_in_seconds_and_days():
    contract = parse_contract(PRESS, "press")
    assert contract.sla == Sla(7200, Decimal(10))
    assert contract.source.retention_days == 365


def test_source_is_read_with_its_dialect():
    contract = parse_contract(PRESS, "press")
    source, found = contract.source, contract.record_format
    assert (source.path, found.delimiter, found.encoding) == (PurePosixPath("inbox/press"), ";", "gb18030")
    assert (found.nulls, found.decimal, found.zone) == (("", "NA"), ".", "Asia/Shanghai")


def test_rest_of_the_promise_is_read():
    contract = parse_contract(PRESS, "press")
    assert (contract.layer, contract.time_column, contract.series, contract.partition) == (
        Layer.SILVER,
        "ts",
        ("machine",),
        Grain.DAY,
    )
    assert (contract.owner, contract.domain, contract.data_class) == ("li.wei", "production", "production")
    assert (contract.text, contract.sha256) == (PRESS, sha256(PRESS.encode()))


def test_gold_contract_of_edition_3_1_is_read():
    contract = parse_contract(OEE, "oee")
    press = TableName(Layer.SILVER, "press_line")
    assert (contract.layer, contract.source, contract.model.grain) == (Layer.GOLD, None, Grain.DAY)
    assert (contract.model.inputs, contract.model.times) == ((press,), ((press, "ts"),))


def test_bare_list_of_team_members_is_read():
    bare = replace_in_contract(
        "{name: plant-data, members: [{username: li.wei, role: owner}]}", "[{username: li.wei, role: owner}]"
    )
    assert parse_contract(bare, "press").owner == "li.wei"


def test_refusal_names_file_line_and_column_in_both_languages():
    with pytest.raises(ContractError) as refused:
        parse_contract(replace_in_contract("logicalType: timestamp", "logicaltype: timestamp"), "press/contract.odcs.yaml")
    assert refused.value.exit_code is ExitCode.REFUSED
    assert str(refused.value).startswith("Unknown key 'logicaltype'. Did you mean: logicalType")
    assert str(refused.value).endswith("\nNext: correct press/contract.odcs.yaml:17:9")
    assert "press/contract.odcs.yaml:17:9" in refused.value.render(Lang.ZH)


def test_file_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "c.yaml").write_text(PRESS, encoding="utf-8-sig")
    assert load_contract(tmp_path / "c.yaml", "c.yaml", ()).name == "press_line"


def test_file_of_another_encoding_is_refused_with_its_line(tmp_path):
    (tmp_path / "c.yaml").write_bytes(PRESS.replace("press line", "冲压线").encode("gb18030"))
    with pytest.raises(ContractError) as refused:
        load_contract(tmp_path / "c.yaml", "c.yaml", ())
    assert (refused.value.code, refused.value.facts["line"]) == ("contract_not_utf8", 8)


def test_file_larger_than_a_contract_is_refused_before_it_is_parsed(tmp_path):
    (tmp_path / "c.yaml").write_text("#" * 1_000_001)
    with pytest.raises(ContractError, match="more than 1000000 bytes"):
        load_contract(tmp_path / "c.yaml", "c.yaml", ())
