"""Columns whose readings come in several units."""

from collections import Counter

from lakeward.contracts.document import safe_repr
from lakeward.contracts.model import Column, Kind
from lakeward.contracts.view import View
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean
from lakeward.core.units import unit, units


def check_units(view: View, column: Column, columns: tuple[Column, ...]) -> None:
    """That the units are known and each of another quantity, and that a column of texts says how each reading came."""
    known = [code for code in column.units if code in units()]
    twice = [kind for kind, count in Counter(unit(code).kind for code in known).items() if count > 1]
    if column.type.kind is not Kind.DOUBLE:
        view.fail_value("logicalType", Phrase("phrase_plain_number"))
    if column.unit or twice or not (column.units or _names_units(view)):
        of = Phrase("phrase_units_twice", unit=twice[0]) if twice else ""
        view.fail("customProperties", "contract_units", name=safe_repr(column.name), of=of)
    texts = [one.name for one in columns if one.type.kind is Kind.STRING and one.name != column.name]
    if column.unit_column not in texts:
        facts = {"found": safe_repr(column.unit_column), "close": did_you_mean(column.unit_column, texts)}
        view.fail("customProperties", "contract_unknown_column", key="unitColumn", **facts)
    elif sum(one.unit_column == column.unit_column for one in columns) > 1:
        view.fail("customProperties", "contract_units_shared", name=safe_repr(column.unit_column))


def _names_units(view: View) -> bool:
    """Whether the column has `units`, though they are no list of codes, which is a fault of its own."""
    entries = view.values.get("customProperties") or ()
    return any(entry.get("property") == "units" and entry.get("value") is not None for entry in entries)
