"""`flows.base.answers`: typed answers, and the plain values that JSON has of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from lakeward.core.names import Layer, TableName
from lakeward.flows.base.answers import Notice, fields_of, plain


@dataclass(frozen=True)
class Reply:
    table: TableName
    at: datetime
    share: Decimal | None
    notices: tuple[Notice, ...]


def test_fields_come_by_name_in_order_with_plain_values():
    reply = Reply(
        TableName(Layer.SILVER, "press"), datetime(2026, 3, 1, 6, tzinfo=UTC), Decimal("0.50"), (Notice("a", {"n": 1}),)
    )
    assert fields_of(reply) == {
        "table": "silver.press",
        "at": "2026-03-01T06:00:00+00:00",
        "share": 0.5,
        "notices": [{"code": "a", "facts": {"n": 1}}],
    }
    assert list(fields_of(reply)) == ["table", "at", "share", "notices"]


def test_a_word_of_an_enumeration_is_text_and_what_is_not_known_stays_none():
    assert type(plain(Layer.GOLD)) is str
    assert plain((Layer.GOLD, None, True, 3)) == ["gold", None, True, 3]


def test_what_a_mapping_holds_is_left_as_it_is():
    facts = {"share": Decimal("0.5")}
    assert plain(facts) == facts
