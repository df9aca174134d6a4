"""What changed from one version of a contract to the next, and whether tables made by the old one may go on.

A change is breaking when a row that is already stored would mean something else, or could no longer be there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from lakeward.contracts.document import safe_repr
from lakeward.contracts.model import Contract
from lakeward.core.errors import ContractError


class Effect(StrEnum):
    """What a change asks of the tables."""

    ADDITIVE = "additive"  # a new column, empty in the rows that are there
    COMPATIBLE = "compatible"  # nothing
    BREAKING = "breaking"  # silver must be made anew from bronze


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

# Part -> what its change does to rows that are stored. Every field of the model but the text itself is named (a test looks).
COLUMN = {
    "type": _BREAKING,
    "unit": _BREAKING,
    "required": _BREAKING,  # relaxed, too: rows set aside before would now be in silver
    "source_name": _BREAKING,  # other values under the same name
    "time_format": _BREAKING,
    "description": _COMPATIBLE,
    "classification": _COMPATIBLE,
}
CONTRACT = {
    **dict.fromkeys(("name", "layer", "primary_key", "time_column", "partition", "duplicates_exact"), _BREAKING),
    **dict.fromkeys(
        ("version", "series", "owner", "domain", "description", "data_class", "engine", "sla", "limits"), _COMPATIBLE
    ),
}
# Bronze is text as it was decoded: how a file is cut into it concerns new files only, what the text means concerns every row.
# `sheet_limit_bytes` has no entry: it follows from `limit_bytes` of the source.
RECORD_FORMAT = {
    **dict.fromkeys(("delimiter", "quote", "escape", "encoding", "sheet", "header_row", "header_rows"), _COMPATIBLE),
    **dict.fromkeys(("format", "nulls", "decimal", "zone"), _BREAKING),
}
# A changed model computes the whole of its table anew; only what its windows are would leave a reader behind.
MODEL = {
    **dict.fromkeys(("sql", "inputs", "times"), _COMPATIBLE),
    **dict.fromkeys(("window", "grain", "zone"), _BREAKING),
}


def diff(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every difference, and at last a remark where the version did not rise as far as they ask."""
    changes = [
        *_changed_parts("", old, new, CONTRACT),
        *_column_changes(old, new),
        *_source(old, new),
        *(_changed_parts("model.", old.model, new.model, MODEL) if old.model and new.model else ()),
    ]
    return (*changes, *_version_remark(old, new, changes))


def check_evolution(applied: Contract, new: Contract, *, rebuilding: bool = False) -> None:
    """Refuse a contract that stored rows do not keep.

    Args:
        rebuilding: Stored rows are about to be made anew: a breaking change may pass, if the major version rose.

    Raises:
        ContractError: A change is breaking. Its next step is to raise the major version where it has not risen, then a rebuild.
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
    """Where batches come from concerns new ones only, whatever the kinds; how their records look concerns stored rows too."""
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


def _part_text(value: object) -> str:
    """A part as a message may name it: a list by its items, nothing as a dash."""
    items = [_part_text(item) for item in value] if isinstance(value, tuple) else None
    return safe_repr(", ".join(items) or "-" if items is not None else "-" if value is None else value)
