"""A repair in a history is shown without literals: each may be a value of a row."""

import pytest

from lakeward.flows.quarantine.events import without_literals


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("temp_degc = 21.5", "temp_degc = '…'"),
        ("temp_degc = -950", "temp_degc = -'…'"),
        ("t = 0x4A7f + 0b101", "t = '…' + '…'"),
        ("t = 1.8e10; u = 1E-5; v = 2e+3", "t = '…'; u = '…'; v = '…'"),
        ("t = .5 + 5. + 1_000_000", "t = '…' + '…' + '…'"),
        ("t = CASE WHEN a>7 THEN 8END", "t = CASE WHEN a>'…' THEN '…'"),
        ("t = a / 10", "t = a / '…'"),
        ("t = 'it''s 5'", "t = '…'"),
        (r"t = e'it\'s 5' || a", "t = '…' || a"),
        ("t = $$13800138000$$ || $x$ it's $x$", "t = '…' || '…'"),
        ("t1 = col_2 + a1b", "t1 = col_2 + a1b"),
        ('t = "Temp 2" - 2', "t = \"Temp 2\" - '…'"),
        ("温度1 = 温度2 * 1.5", "温度1 = 温度2 * '…'"),
        ("t = CAST(t AS DECIMAL(10,2))", "t = CAST(t AS DECIMAL('…','…'))"),
        ("temp_degc; machine", "temp_degc; machine"),
        (None, None),
    ],
)
def test_neither_texts_nor_numbers_are_shown(expression, shown):
    assert without_literals(expression) == shown
