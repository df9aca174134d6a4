"""A proposed key becomes the key in a contract's own text, whatever its layout; all else stays as a person wrote it."""

import pytest

from lakeward.contracts.key_edit import confirm_key_in_text
from lakeward.contracts.load import parse_contract

HEAD = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:x
name: press_line
version: {version}
status: draft
schema:
  - name: press_line
    properties:
"""
BLOCK = """\
      # the machine
      - name: "machine"      # as its plate says
        logicalType: string      # 3 of 3
      - physicalName: Time
        name: ts
        logicalType: timestamp
        required: false
        customProperties:
          - {property: timeFormat, value: "%Y"}
      - name: value
        logicalType: number
"""
FLOW = """\
      - {name: machine, logicalType: string}
      - {name: ts, physicalName: Time, logicalType: timestamp, required: false, customProperties: [{property: timeFormat, value: "%Y"}] }
      - {name: value, logicalType: number}
"""
SOURCE = "  - {property: source, value: {format: csv, timezone: UTC}}\n"
ONE_LINE = "  - {property: proposedKey, value: [machine, ts]}      # CHECK\n"
LONG = "  - property: proposedKey      # by a sample\n    value:\n      - machine\n      - ts\n"
COMMENT = "  # a remark of ours\n"
FIRST, LAST = ("customProperties:\n" + ONE_LINE + COMMENT + SOURCE), ("customProperties:\n" + SOURCE + COMMENT + LONG)
INLINE = (
    "customProperties: [{property: source, value: {format: csv, timezone: UTC}}, {property: proposedKey, value: [machine, ts]}]\n"
)
INLINE_FIRST = (
    "customProperties: [{property: proposedKey, value: [machine, ts]} , {property: source, value: {format: csv, timezone: UTC}}]"
)
LAYOUTS = {
    f"{columns}-{tail}": HEAD.format(version=version) + body + ending
    for columns, body in (("block", BLOCK), ("flow", FLOW))
    for tail, ending in (("first", FIRST), ("last", LAST), ("inline", INLINE), ("inline_first", INLINE_FIRST))
    for version in ("1.0.0" if tail == "first" else '"1.0.0"',)
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_key_columns_are_marked_and_required_in_every_layout(text, line_end):
    before = parse_contract(text.replace("\n", line_end), "c")
    after = parse_contract(confirm_key_in_text(before.text, before.proposed_key, "2.0.0"), "c")
    assert (before.primary_key, before.proposed_key) == ((), ("machine", "ts"))
    assert (after.primary_key, after.proposed_key, after.version) == (("machine", "ts"), (), "2.0.0")
    assert [(column.name, column.required) for column in after.columns] == [("machine", True), ("ts", True), ("value", False)]
    assert [column.type for column in after.columns] == [column.type for column in before.columns]
    assert (after.record_format, after.column("ts").time_format) == (before.record_format, before.column("ts").time_format)


def test_the_order_of_the_proposal_is_the_order_of_the_key():
    text = LAYOUTS["block-first"].replace("[machine, ts]", "[ts, machine]")
    assert parse_contract(confirm_key_in_text(text, ("ts", "machine")), "c").primary_key == ("ts", "machine")


def test_comments_stay():
    after = confirm_key_in_text(LAYOUTS["block-last"], ("machine", "ts"))
    assert all(said in after for said in ("# the machine", "# as its plate says", "# 3 of 3", "# a remark of ours"))
    assert "proposedKey" not in after


def test_the_version_stays_where_none_is_given():
    assert 'version: "1.0.0"' in confirm_key_in_text(LAYOUTS["flow-inline"], ("machine", "ts"))
