"""How people name quarantined rows, and that a planned batch asks for the same rows whenever it is taken up."""

from datetime import timedelta

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import UsageError
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.selection import Selection, parse_duration, parse_request, parse_row_id

TEXT = DataType(Kind.STRING)


def test_request_says_all_that_was_asked_and_by_whom():
    asked = Selection(("temp_in_range", "键"), ((3, 42),), "temp = '\"'")
    signature = Signature("李伟", "steward", "抄表错误")
    assert parse_request(asked.to_request(signature)) == (asked, signature)


def test_rows_are_those_for_which_everything_asked_holds():
    sql = Selection(("a'b",), ((3, 42), (4, 1)), "temp IS NULL").row_ids("open_rows", {"temp": TEXT})
    assert "rule IN ('a''b')" in sql
    assert "(_file_seq = 3 AND _row = 42) OR (_file_seq = 4 AND _row = 1)" in sql
    assert sql.endswith("AND TRY(((temp IS NULL\n)))")


def test_a_column_of_the_contract_may_be_called_rule():
    assert " AS _rule " in Selection(rules=("x",)).row_ids("open_rows", {"rule": TEXT})


@pytest.mark.parametrize(
    ("text", "length"), [("90d", timedelta(days=90)), ("12h", timedelta(hours=12)), ("4w", timedelta(weeks=4))]
)
def test_ages_are_hours_days_or_weeks(text, length):
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "3", "3:", "0:1", "a:b", "3:42 OR TRUE", "-1:2"])
def test_row_id_is_two_numbers(text):
    with pytest.raises(UsageError, match="FILE:ROW"):
        parse_row_id(text)


@pytest.mark.parametrize("text", ["90", "d", "-1d", "1y"])
def test_age_is_a_number_with_its_unit(text):
    with pytest.raises(UsageError, match="90d"):
        parse_duration(text)


def test_an_age_of_more_than_a_thousand_years_is_refused():
    assert parse_duration("365000d") == timedelta(days=365_000)
    for text in ("365001d", "999999d", "999999w"):
        with pytest.raises(UsageError, match="365000d"):
            parse_duration(text)
