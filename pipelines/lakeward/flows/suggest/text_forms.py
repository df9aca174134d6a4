"""Proposes the pattern of texts from their shapes, or else their length. The content of a text is never read."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import groupby

from lakeward.core.shares import percent
from lakeward.core.sql import identifier
from lakeward.flows.suggest.column_history import ColumnHistory
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.proposal import RuleProposal, make_proposal
from lakeward.flows.suggest.ranges import ENOUGH_VALUES
from lakeward.profiling.patterns import PARTS
from lakeward.profiling.suite_text import widen_range

FORM, LENGTHS = "expect_column_values_to_match_regex", "expect_column_value_lengths_to_be_between"
# Regular expression of each class of a shape.
CLASSES = {"0": "[0-9]", "A": "[A-Z]", "a": "[a-z]", "一": "[一-鿿]"}
# A letter of a script without a class.
OTHER_LETTER = "ä"
# A pattern needs at least this share of texts.
MIN_FORM_SHARE = Decimal("0.995")


def propose_text_form(history: History, column: ColumnHistory) -> Iterator[RuleProposal]:
    """A pattern, if the texts have one; else their length."""
    if column.longest is None or column.shortest is None or column.count < ENOUGH_VALUES or column.values:
        return
    length = f"length({identifier(column.name)})"
    items = f"count({identifier(column.name)}) AS value, min({length}) AS shortest, max({length}) AS longest"
    evidence = history.evidence(items, column.count)
    share, form = common_form(column.shapes or {})
    if form:
        facts = {"values": column.count, "kept": percent(share)}
        yield make_proposal("form", FORM, {"column": column.name, "regex": form}, ("suggest_form", facts), evidence)
        return
    same = column.longest == column.shortest
    low, high = (
        (Decimal(column.shortest), Decimal(column.longest))
        if same
        else widen_range(Decimal(column.shortest), Decimal(column.longest))
    )
    kwargs = {"column": column.name, "min_value": int(low), "max_value": int(high)}
    yield make_proposal("length", LENGTHS, kwargs, ("suggest_length", {"values": column.count}), evidence)


def common_form(shapes: Mapping[str, int]) -> tuple[Decimal, str | None]:
    """The share of texts with the most common pattern, and its regular expression; None if too few have it, or for free text."""
    forms: dict[tuple[str, ...], list[str]] = {}
    for shape in shapes:
        forms.setdefault(tuple(mark for mark, _ in groupby(shape)), []).append(shape)
    if not forms:
        return Decimal(0), None
    marks = max(forms, key=lambda form: sum(shapes[shape] for shape in forms[form]))
    share = Decimal(sum(shapes[shape] for shape in forms[marks])) / sum(shapes.values())
    free = len(marks) > PARTS or "0" not in marks or " " in marks or OTHER_LETTER in marks
    if free or share < MIN_FORM_SHARE:
        return share, None
    runs = [[len(list(run)) for _, run in groupby(shape)] for shape in forms[marks]]
    return share, "^" + "".join(
        _form_part(mark, lengths) for mark, lengths in zip(marks, zip(*runs, strict=True), strict=True)
    ) + "$"


def _form_part(mark: str, lengths: tuple[int, ...]) -> str:
    character_class = CLASSES.get(mark) or re.escape(mark)
    low, high = min(lengths), max(lengths)
    if low == high == 1:
        return character_class
    return f"{character_class}{{{low}}}" if low == high else f"{character_class}{{{low},{high}}}"
