"""`check` of a table of the lake is a read: in a role, logged, and no oracle for values that the role may not see."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lakeward.core.errors import DataError, ProtectionError, SuiteError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import check_data, draft_from_files, explain_check
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.accounts import ANALYST, OTHER_STEWARD, make_accounts
from support.canary_lake import CANARIES, NAME, SUITE

TABLE = f"silver.{NAME}"
SECRET = CANARIES["phone"][3]
NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "phone"}}


def suite(*expectations: dict[str, Any]) -> dict[str, Any]:
    return {"name": "mine", "expectations": list(expectations)}


def rule(kind: str, **kwargs: object) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs}


# What a reader may ask of a phone by a value of their own: each answers with a bit, a count or a row place.
ORACLES = [
    rule("column_values_to_not_be_in_set", column="phone", value_set=[SECRET]),
    rule("column_values_to_be_in_set", column="phone", value_set=[SECRET], mostly=0.01),
    rule("column_values_to_not_match_regex", column="phone", regex=f"^{SECRET[:5]}"),
    rule("column_values_to_not_match_like_pattern", column="phone", like_pattern=f"{SECRET[:5]}%"),
    rule("column_values_to_be_between", column="phone", min_value="19907", max_value="19908"),
    rule("column_value_lengths_to_equal", column="phone", value=11),
    rule("column_distinct_values_to_contain_set", column="phone", value_set=[SECRET]),
    rule("column_most_common_value_to_be_in_set", column="phone", value_set=[SECRET]),
    rule("column_max_to_be_between", column="cost", max_value=73100),
    rule("column_mean_to_be_between", column="cost", max_value=73100),
    rule("column_quantile_values_to_be_between", column="cost", quantile_ranges={"quantiles": [0.5], "value_ranges": [[1, 2]]}),
    rule("column_pair_values_to_be_equal", column_A="phone", column_B="machine"),
    rule("compound_columns_to_be_unique", column_list=["phone", "machine"], mostly=0.9),
    rule("multicolumn_sum_to_equal", column_list=["cost", "minutes"], sum_total=9),
    rule("column_values_to_not_be_null", column="phone", mostly=0.9),
    rule("column_values_to_not_be_null", column="phone", row_condition='col("machine")=="M1"', condition_parser="great_expectations"),
    rule("column_values_to_be_null", column="machine", row_condition=f'col("phone")=="{SECRET}"', condition_parser="great_expectations"),
    rule("column_values_to_be_null", column="machine", row_condition=f"phone == '{SECRET}'", condition_parser="pandas"),
    rule("column_values_to_be_null", column="machine", row_condition=f"phone.str.startswith('{SECRET}')", condition_parser="pandas"),
    rule("table_row_count_to_be_between", min_value=1, max_value=1, row_condition=f"phone = '{SECRET}'", condition_parser="spark"),
    rule("series_rate_of_change_between", column="cost", time_column="visit", max_value=1),
    rule("series_no_spike", time_column="visit", column="minutes", row_condition=f"phone == '{SECRET}'", condition_parser="pandas"),
    rule("column_values_to_not_be_in_set", column="formula", value_set=[CANARIES["formula"][0]]),
    rule("column_values_to_not_match_regex", column="visitor", regex="^欧阳伟"),
]  # fmt: skip


def entries(settings: Settings) -> list[dict[str, Any]]:
    with open_workspace(settings).engine() as engine:
        return [dict(row) for row in governance.read_rows(engine, "access_log", order="asked_at")]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("oracle", ORACLES, ids=lambda one: one["type"])
def test_a_rule_of_the_reader_on_a_hidden_column_answers_nothing(
    oracle: dict[str, Any], canary_lake: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "failing.parquet"
    result = check_data(TABLE, suite(oracle), canary_lake, file, "analyst")

    own = result["results"][0]["meta"]["lakeward"]
    assert (own["outcome"], own["evaluated"], own["failed"], own["observed"]) == ("UNKNOWN", None, None, None)
    assert "role" in own["reason"]
    assert result["results"][0]["result"] == {}
    assert pq.read_table(file).num_rows == 0


def test_who_may_see_the_column_gets_counts_and_places(canary_lake: Settings, tmp_path: Path) -> None:
    file = tmp_path / "failing.parquet"

    result = check_data(TABLE, suite(ORACLES[0]), canary_lake, file, "steward")

    own = result["results"][0]["meta"]["lakeward"]
    assert (own["outcome"], own["evaluated"], own["failed"]) == ("FAIL", 22, 1)
    assert pq.read_table(file).column("_row").to_pylist() == [5]


def test_a_rule_of_the_datasets_own_suite_is_shown_and_its_row_places_are_not(canary_lake: Settings, tmp_path: Path) -> None:
    file = tmp_path / "failing.parquet"

    result = check_data(TABLE, suite(SUITE["expectations"][0], NOT_NULL), canary_lake, file, "analyst")

    assert [one["meta"]["lakeward"]["outcome"] for one in result["results"]] == ["PASS", "PASS"]
    assert [one["meta"]["lakeward"]["evaluated"] for one in result["results"]] == [22, 22]
    assert pq.read_table(file).num_rows == 0


def test_small_counts_of_a_hidden_column_are_not_shown(canary_lake: Settings, tmp_path: Path) -> None:
    """Quarantine has two rows, fewer than `min_group_size`."""
    result = check_data(f"quarantine.{NAME}", suite(NOT_NULL), canary_lake, None, "analyst")

    own = result["results"][0]["meta"]["lakeward"]
    assert (own["outcome"], own["evaluated"], own["failed"]) == ("PASS", None, None)
    assert "too small" in own["reason"]
    assert "element_count" not in result["results"][0]["result"]


@pytest.mark.parametrize("layer", ["bronze", "quarantine", "silver"])
def test_every_layer_is_protected_alike(layer: str, canary_lake: Settings) -> None:
    result = check_data(f"{layer}.{NAME}", suite(ORACLES[0]), canary_lake, None, "analyst")

    assert result["results"][0]["meta"]["lakeward"]["outcome"] == "UNKNOWN"


def test_without_a_role_it_is_refused_and_told_how(canary_lake: Settings) -> None:
    for call in (check_data, explain_check):
        with pytest.raises(UsageError) as raised:
            call(TABLE, suite(NOT_NULL), canary_lake)
        told = raised.value.render(canary_lake.lang)
        assert raised.value.code == "role_missing"
        assert all(name in told for name in ("--as", "LAKEWARD_TOKEN", "default_role"))


def test_the_default_role_of_the_project_is_used(canary_lake_copy: Settings) -> None:
    file = canary_lake_copy.start / "expectations" / "project.yaml"
    file.write_text(file.read_text() + "default_role: analyst\nmin_group_size: 30\n")

    result = check_data(TABLE, suite(ORACLES[0], NOT_NULL), canary_lake_copy)

    assert [one["meta"]["lakeward"]["evaluated"] for one in result["results"]] == [None, None]
    assert entries(canary_lake_copy)[-1]["role"] == "analyst"


def test_the_token_names_role_and_person(canary_lake_copy: Settings) -> None:
    accounts = make_accounts(canary_lake_copy, ANALYST, OTHER_STEWARD)

    check_data(TABLE, suite(NOT_NULL), accounts[ANALYST.name])

    last = entries(canary_lake_copy)[-1]
    assert (last["principal"], last["role"], last["verified"]) == (ANALYST.name, "analyst", True)
    with pytest.raises(ProtectionError, match="steward"):
        check_data(TABLE, suite(NOT_NULL), accounts[ANALYST.name], None, "steward")
    with pytest.raises(UsageError):
        check_data(TABLE, suite(NOT_NULL), accounts[OTHER_STEWARD.name])


def test_each_check_is_in_the_access_log_before_its_file_is_there(canary_lake_copy: Settings, tmp_path: Path) -> None:
    check_data(TABLE, suite(ORACLES[0]), canary_lake_copy, tmp_path / "f.parquet", "steward")
    explain_check(TABLE, suite(ORACLES[0]), canary_lake_copy, "analyst")
    with pytest.raises(SuiteError):
        check_data(TABLE, suite(rule("column_values_to_be_null", column="nowhere")), canary_lake_copy, None, "analyst")

    found = entries(canary_lake_copy)[-3:]
    assert [(row["role"], row["verdict"], row["rows_out"]) for row in found][:2] == [
        ("steward", "allowed", 1),
        ("analyst", "allowed", 0),
    ]
    assert [json.loads(row["objects"]) for row in found] == [[TABLE]] * 3
    assert found[2]["verdict"] == "failed"


@pytest.mark.parametrize("place", ["lake/silver/visits", "lake", ".", "lake/landing/visits", "link"])
def test_files_of_a_lake_are_not_read_by_their_path(place: str, canary_lake_copy: Settings, tmp_path: Path) -> None:
    start = canary_lake_copy.start
    (start / "link").symlink_to(start / "lake" / "quarantine" / NAME)
    for number, file in enumerate((start / "lake" / "silver" / NAME).glob("*.parquet")):
        (tmp_path / f"{number}.parquet").symlink_to(file)

    for data in (start / place, tmp_path):
        with pytest.raises(DataError) as raised:
            check_data(str(data), suite(NOT_NULL), Settings(start=tmp_path))
        assert raised.value.code == "data_in_lake"


def test_no_dataset_is_drafted_from_files_of_a_lake(canary_lake_copy: Settings) -> None:
    with pytest.raises(DataError) as raised:
        draft_from_files(canary_lake_copy, "copied", [canary_lake_copy.start / "lake" / "landing"])

    assert raised.value.code == "data_in_lake"
