"""Compares two versions of a contract and decides whether existing tables stay valid.

A change is breaking if stored rows would change their meaning or become invalid.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from lakeward.contracts.document import safe_repr
from lakeward.contracts.model import Contract
from lakeward.core.errors import ContractError
from lakeward.core.messages import Phrase


class Effect(StrEnum):
    """Effect of a change on tables."""

    ADDITIVE = "additive"  # a new column, NULL in existing rows
    COMPATIBLE = "compatible"  # none
    BREAKING = "breaking"  # silver must be rebuilt from bronze


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two contracts.

    Args:
        kind: Effect on stored tables: a new column, none, or a rebuild of silver.
        code: Message code.
        facts: Values that fill the message.
    """

    kind: Effect
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """`kind, code, facts`."""
        return {"kind": str(self.kind), "code": self.code, "facts": dict(self.facts)}


_ADDITIVE, _COMPATIBLE, _BREAKING = Effect.ADDITIVE, Effect.COMPATIBLE, Effect.BREAKING

# Part -> effect of its change on stored rows. All fields of the model except the text are listed (tested).
COLUMN = {
    "type": _BREAKING,
    "unit": _BREAKING,
    "required": _BREAKING,  # also when relaxed: rows quarantined before would now be in silver
    "source_name": _BREAKING,  # other values under the same name
    "time_format": _BREAKING,
    "nulls": _BREAKING,
    "joined_names": _BREAKING,
    "band": _COMPATIBLE,  # what readers see, not what is stored
    "accuracy": _COMPATIBLE,  # what copies hold, not what is stored
    "unit_column": _BREAKING,
    "units": _BREAKING,
    "quality_of": _BREAKING,
    "delay_of": _BREAKING,
    "description": _COMPATIBLE,
    "business_name": _COMPATIBLE,
    "terms": _COMPATIBLE,
    "classification": _COMPATIBLE,
    "alternative_names": _COMPATIBLE,  # new files only; a rebuild finds values of earlier ones
}
CONTRACT = {
    **dict.fromkeys(("name", "layer", "primary_key", "time_column", "partition", "duplicates_exact"), _BREAKING),
    **dict.fromkeys(
        (
            "version",
            "series",
            "owner",
            "domain",
            "business_name",
            "description",
            "data_class",
            "engine",
            "sla",
            "limits",
            "proposed_key",
            "row_filters",
            "cube",
        ),
        _COMPATIBLE,
    ),
}
# Bronze is decoded text: how files are parsed affects only new files, what the text means affects every row.
# `sheet_limit_bytes` and `columns_found` have no entry: they follow from `limit_bytes` of the source, and from `limits`.
RECORD_FORMAT = {
    **dict.fromkeys(("delimiter", "quote", "escape", "encoding", "sheet", "header_row", "header_rows"), _COMPATIBLE),
    **dict.fromkeys(("skip_rows", "skip_after_header", "names", "comment", "footer"), _COMPATIBLE),
    **dict.fromkeys(("null_padding", "number_duplicates", "payload"), _COMPATIBLE),
    **dict.fromkeys(("format", "nulls", "decimal", "thousands", "zone"), _BREAKING),
}
# A changed model recomputes its whole table; only a change of its windows affects readers.
MODEL = {
    **dict.fromkeys(("sql", "inputs", "times"), _COMPATIBLE),
    **dict.fromkeys(("window", "grain", "zone"), _BREAKING),
}


def diff(old: Contract, new: Contract) -> tuple[Change, ...]:
    """All differences, and finally a remark if the version should have risen further."""
    changes = [
        *_changed_parts("", old, new, CONTRACT),
        *_column_changes(old, new),
        *_source(old, new),
        *(_changed_parts("model.", old.model, new.model, MODEL) if old.model and new.model else ()),
    ]
    return (*changes, *_version_remark(old, new, changes))


def check_evolution(applied: Contract, new: Contract, *, rebuilding: bool = False) -> None:
    """Check that stored rows satisfy the new contract.

    Args:
        rebuilding: Whether stored rows are about to be rebuilt: then a breaking change is allowed if the major version rose.

    Raises:
        ContractError: A change is breaking. The next step is to raise the major version, if it has not risen, and then a rebuild.
    """
    breaking = [change for change in diff(applied, new) if change.kind is Effect.BREAKING]
    if not breaking:
        return
    facts = {
        "name": new.name,
        "what": breaking[0].facts["what"],
        "count": len(breaking),
        "old": applied.version,
        "new": new.version,
    }
    if _version(new)[0] <= _version(applied)[0]:
        raise ContractError("contract_breaking", **facts, expected=f"{_version(applied)[0] + 1}.0.0")
    if not rebuilding:
        raise ContractError("contract_needs_rebuild", **facts)


def _changed_parts(prefix: str, old: object, new: object, effects: Mapping[str, Effect]) -> Iterator[Change]:
    for part, effect in effects.items():
        before, after = getattr(old, part, None), getattr(new, part, None)
        if before != after:
            yield Change(effect, "change_part", {"what": prefix + part, "old": _part_text(before), "new": _part_text(after)})


def _column_changes(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = ({column.name: column for column in contract.columns} for contract in (old, new))
    for name, column in after.items():
        if name in before:
            yield from _changed_parts(f"{name}.", before[name], column, COLUMN)
        elif column.required:
            yield Change(_BREAKING, "change_required_column", {"what": name})
        else:
            yield Change(_ADDITIVE, "change_new_column", {"what": name})
    for name in sorted(before.keys() - after.keys()):
        yield Change(_BREAKING, "change_dropped_column", {"what": name})


def _source(old: Contract, new: Contract) -> Iterator[Change]:
    """The source affects only new batches; the record format also affects stored rows."""
    if old.source is None or new.source is None:
        return
    address = dict.fromkeys((part.name for source in (old.source, new.source) for part in fields(source)), _COMPATIBLE)
    yield from _changed_parts("source.", old.source, new.source, address)
    yield from _changed_parts("source.", old.record_format, new.record_format, RECORD_FORMAT)


def _version_remark(old: Contract, new: Contract, changes: list[Change]) -> Iterator[Change]:
    kinds = {change.kind for change in changes}
    major, minor, patch = _version(old)
    least = (
        (major + 1, 0, 0) if _BREAKING in kinds else (major, minor + 1, 0) if _ADDITIVE in kinds else (major, minor, patch + 1)
    )
    if kinds and _version(new) < least:
        yield Change(_COMPATIBLE, "change_version_low", {"expected": ".".join(map(str, least)), "found": new.version})


def _version(contract: Contract) -> tuple[int, int, int]:
    major, minor, patch = map(int, contract.version.split("."))
    return major, minor, patch


def _part_text(value: object) -> str | Phrase:
    """A part as text for a message: the items of a list, a dash for nothing."""
    items = [str(_part_text(item)) for item in value] if isinstance(value, tuple) else None
    return safe_repr(", ".join(items) or "-" if items is not None else "-" if value is None else value)
