"""The messages of Flight SQL: read as they were written, and anything else is refused by a code, never by an exception of the language."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.core.errors import LakewardError, UsageError
from lakeward.serving.flight_sql import messages
from lakeward.serving.flight_sql.messages import Statement, statement_of, unpack
from lakeward.serving.flight_sql.protobuf import MAX_MESSAGE, last_bytes, last_text, read_fields, write_fields

FIELDS = st.lists(st.tuples(st.integers(1, 536_870_911), st.integers(0, 2**64 - 1) | st.binary(max_size=300)), max_size=20)


def code_of(call):
    """The code of an error of ours; None if there is none."""
    try:
        call()
    except LakewardError as error:
        return error.code
    return None


@given(FIELDS)
def test_fields_are_read_as_they_were_written(fields):
    found = read_fields(write_fields(fields))
    wanted = {}
    for number, value in fields:
        wanted.setdefault(number, []).append(value)
    assert found == wanted


def test_bytes_are_those_of_the_specification():
    # https://protobuf.dev/programming-guides/encoding/: 150 in field 1, "testing" in field 2
    assert write_fields([(1, 150)]) == bytes.fromhex("089601")
    assert write_fields([(2, b"testing")]) == bytes.fromhex("120774657374696e67")
    assert read_fields(bytes.fromhex("089601120774657374696e67")) == {1: [150], 2: [b"testing"]}


def test_fields_of_a_fixed_size_are_passed_over():
    assert read_fields(b"\x09" + bytes(8) + b"\x15" + bytes(4) + b"\x18\x01") == {3: [1]}


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused_by_a_code(content):
    found = code_of(lambda: unpack(content))
    assert found is None or found.startswith("flight_")


@pytest.mark.parametrize(
    "content",
    [
        b"\x08",
        b"\x08\x80",
        b"\x08" + b"\xff" * 10,
        b"\x0a\x05ab",
        b"\x00\x01",
        b"\x0b",
        b"\x0c",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    ],
)
def test_cut_or_foreign_bytes_are_refused(content):
    with pytest.raises(UsageError, match="none of Arrow Flight SQL"):
        read_fields(content)


def test_a_large_message_is_refused_before_it_is_read():
    with pytest.raises(UsageError) as refused:
        read_fields(bytes(MAX_MESSAGE + 1))
    assert refused.value.code == "flight_message_too_large"


def test_a_field_of_another_kind_is_refused():
    for read in (last_bytes, last_text):
        with pytest.raises(UsageError):
            read({1: [5]}, 1)
    with pytest.raises(UsageError):
        last_text({1: [b"\xff"]}, 1)


@settings(deadline=None, max_examples=40)
@given(st.text().filter(lambda text: "\0" not in text), st.lists(st.integers() | st.text() | st.none(), max_size=3))
def test_a_handle_holds_statement_and_values(text, values):
    values = [value for value in values if not isinstance(value, int) or -(2**63) <= value < 2**63]
    table = pa.table({str(at): pa.array([value]) for at, value in enumerate(values, start=1)})
    bound = messages.write_values(table) if values else None
    try:
        handle = Statement(text, bound).handle
    except UnicodeEncodeError:
        return
    try:
        found = statement_of(handle)
    except UsageError:
        assert any("\ud800" <= letter <= "\udfff" for letter in text)
        return
    assert (found.text, found.parameters()) == (text, values or None)


@given(st.binary(max_size=200))
def test_a_handle_of_any_bytes_is_a_statement_or_refused_by_a_code(handle):
    found = code_of(lambda: statement_of(handle).parameters())
    assert found is None or found.startswith("flight_")


def test_values_are_one_row_of_plain_values():
    two = messages.write_values(pa.table({"1": [1, 2]}))
    nested = messages.write_values(pa.table({"1": [[1]]}))
    for values, code in ((two, "flight_parameters"), (nested, "flight_parameter_nested")):
        with pytest.raises(UsageError) as refused:
            Statement("select ?", values).parameters()
        assert refused.value.code == code
    named = messages.write_values(pa.table({"machine": ["M1"]}))
    assert Statement("select $machine", named).parameters() == {"machine": "M1"}
