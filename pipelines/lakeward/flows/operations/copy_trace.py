"""Whose copy a file is: what `lakeward trace` answers."""

from dataclasses import dataclass
from pathlib import Path

from lakeward.flows.base.answers import fields_of


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifiedCopy:
    """A recipient whose copy the file is.

    Args:
        recipient: Party of the policy; `own:ACCOUNT` for a copy of the project's own people.
        table: Table, as `layer.name`.
        z: Agreement with the recipient's fingerprint, in standard deviations.
        log10_p: Decimal logarithm of the highest probability that any of the tested recipients without a part in it scores so.
        exports: Ids of the recipient's exports of this table version.
    """

    recipient: str
    table: str
    z: float
    log10_p: float
    exports: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The fields by name."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTable:
    """A version of a table that the file was compared with.

    Args:
        table: Table, as `layer.name`.
        version: Delta version of the copies.
        original_kept: Whether this version is still kept; otherwise the newest one stood in for it.
        rows: Number of its rows that the file has.
        columns: Marked columns that were compared.
    """

    table: str
    version: int
    original_kept: bool
    rows: int
    columns: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The fields by name."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTrace:
    """Whose copy a file is.

    Args:
        file: Path of the file.
        identified: The recipients whose copies it is made of; none: no guess is made.
        tested: Number of fingerprints that were tested.
        untested: Number of fingerprints that could not be, because their key is not the present one.
        unmarked: Number of exports of these tables without a fingerprint.
        highest_other_z: Highest score of a fingerprint that identifies nothing; None for none.
        compared: What the file was compared with.
    """

    file: Path
    identified: tuple[IdentifiedCopy, ...]
    tested: int
    untested: int
    unmarked: int
    highest_other_z: float | None
    compared: tuple[ComparedTable, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward trace --json`."""
        return {**fields_of(self), "file": str(self.file)}
