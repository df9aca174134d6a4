"""Selects quarantined rows by rule, row id, condition or age."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import UsageError
from lakeward.core.names import Relation
from lakeward.core.sql import instant, literal
from lakeward.flows.quarantine.events import Signature
from lakeward.serving.expression import checked_expression

# `(file_seq, row)`.
RowId = tuple[int, int]
ROW_ID = re.compile(r"([1-9]\d{0,17}):([1-9]\d{0,17})")
DURATION = re.compile(r"(\d{1,6})([hdw])")
# 1000 years: an age counted back from now stays a date.
LONGEST = timedelta(days=365_000)
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection of open rows: all given conditions must hold; without any, all open rows.

    Args:
        rules: Ids of rules; the row failed at least one of them.
        rows: Row ids `(file_seq, row)`.
        where: A condition over the received columns; the row's rules are `rule`, one at a time. A row on which it can't be
            computed, such as a word instead of a number, is not selected.
        before: Time; rows received earlier are selected.
    """

    rules: tuple[str, ...] = ()
    rows: tuple[RowId, ...] = ()
    where: str | None = None
    before: datetime | None = None

    @property
    def selects_all(self) -> bool:
        """Whether no condition is given."""
        return self == Selection()

    @property
    def expressions(self) -> tuple[str, ...]:
        """The SQL of the condition, if there is one."""
        return (self.where,) if self.where else ()

    def row_ids(self, relation: Relation, types: Mapping[str, DataType]) -> str:
        """SELECT of ids and batches of the selected rows of `relation`, which has the columns of `open_rows` with these types.

        Raises:
            ProtectionError: The condition is not an expression over a row.
        """
        rules = "rule" if "rule" not in types else "_rule"
        spread = f"SELECT *, unnest(CAST(_reasons AS VARCHAR[])) AS {rules} FROM {relation}"
        column_types = {**types, rules: DataType(Kind.STRING)}
        conditions = [*self._conditions(rules)] + (
            [f"TRY({checked_expression(self.where, column_types, is_repeatable=True)})"] if self.where else []
        )
        return f"SELECT DISTINCT _file_seq, _row, _batch_seq FROM ({spread}) WHERE {' AND '.join(conditions) or 'TRUE'}"

    def to_request(self, signature: Signature, more: Mapping[str, Any] | None = None) -> str:
        """The selection as JSON for `parse_request`.

        Args:
            more: What else the batch is planned with.
        """
        criteria = {"rules": self.rules, "rows": self.rows, "where": self.where}
        signed = {"by": signature.by, "role": signature.role, "reason": signature.reason, "verified": signature.verified}
        return json.dumps({**criteria, **signed, **(more or {})}, ensure_ascii=False)

    def _conditions(self, rule: str) -> Iterable[str]:
        if self.rules:
            yield f"{rule} IN ({', '.join(map(literal, self.rules))})"
        if self.rows:
            yield f"({' OR '.join(f'(_file_seq = {file} AND _row = {row})' for file, row in self.rows)})"
        if self.before:
            yield f"_since < {instant(self.before)}"


def parse_request(text: str) -> tuple[Selection, Signature]:
    """The selection of a planned batch, and who requested it."""
    request = json.loads(text)
    rows = tuple((file, row) for file, row in request["rows"])
    selection = Selection(tuple(request["rules"]), rows, request["where"])
    return selection, Signature(request["by"], request["role"], request["reason"], request.get("verified"))


def parse_row_id(text: str) -> RowId:
    """Parse a row id `FILE:ROW`.

    Raises:
        UsageError: It is not a row id.
    """
    found = ROW_ID.fullmatch(text)
    if found is None:
        raise UsageError("quarantine_row_id", found=text)
    return int(found[1]), int(found[2])


def parse_duration(text: str) -> timedelta:
    """Parse a duration such as `90d`, `12h` or `4w`.

    Raises:
        UsageError: It is not a duration, or is longer than `LONGEST`.
    """
    found = DURATION.fullmatch(text)
    if found is None:
        raise UsageError("quarantine_age", found=text)
    duration = timedelta(**{UNITS[found[2]]: int(found[1])})
    if duration > LONGEST:
        raise UsageError("age_too_long", found=text, most=f"{LONGEST.days}d")
    return duration
