"""Compares a file with the version of a table that copies were made of, and scores the fingerprints of these copies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakeward.contracts.model import Contract
from lakeward.core.errors import ProtectionError
from lakeward.core.names import TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.grade import GradeLookup
from lakeward.flows.operations.copy_trace import ComparedTable
from lakeward.flows.serving.export_record import Export
from lakeward.flows.serving.reader import Reader
from lakeward.protection.keys import TokenKey
from lakeward.protection.policy import Action
from lakeward.serving.copied_rows import StoredVersion, SuspectedCopy, is_kept, matching_columns, read_all_deviations
from lakeward.serving.database import SessionResources
from lakeward.serving.marks import Mark

if TYPE_CHECKING:
    from lakeward.protection.fingerprint import Deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectFile:
    """A file that may be a copy.

    Args:
        parquet: Its rows, as a file of Parquet.
        names: Name of each column in small letters -> its name in the file.
    """

    parquet: Path
    names: Mapping[str, str]

    def copy_of(self, columns: Sequence[str]) -> SuspectedCopy:
        """The file as a copy of a table with these columns."""
        own = {column: self.names[column.casefold()] for column in columns if column.casefold() in self.names}
        return SuspectedCopy(file=self.parquet, columns=own)


@dataclass(frozen=True, slots=True)
class CopyComparison:
    """How a file deviates from a version of a table, and the exports of this version.

    Args:
        stored: The name under which the table lies: fingerprints are made with it, whatever the dataset is called.
    """

    stored: TableName
    table: ComparedTable
    deviations: "Mapping[str, Deviations]"
    exports: Sequence[Export]

    def testable(self, key: TokenKey) -> Mapping[str, list[Export]]:
        """The exports whose fingerprint can be tested with a key, by recipient."""
        found: dict[str, list[Export]] = {}
        for export in self.exports:
            if export.mark_key_id == key.id and self.deviations.keys() & export.marks.keys():
                found.setdefault(export.recipient, []).append(export)
        return found

    def score(self, key: TokenKey, recipient: str) -> float:
        """How the file agrees with the fingerprint of a recipient."""
        from lakeward.protection.fingerprint import RowSigns, total_score  # noqa: PLC0415 -- needs an extra

        return total_score(
            {
                column: found.score(RowSigns.of(key, f"{self.stored}.{column}", recipient))
                for column, found in self.deviations.items()
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyComparer:
    """Compares files on behalf of a reader, who must see what is compared in clear."""

    workspace: Workspace
    engine: Engine
    reader: Reader
    grade_lookup: GradeLookup

    def compare(self, suspect: SuspectFile, exports: Sequence[Export]) -> CopyComparison:
        """Compare a file with the version of a table that these exports are of.

        Raises:
            ProtectionError: The reader may not see a column in clear.
        """
        name, version = TableName.parse(exports[0].table), exports[0].table_version
        contract = self.workspace.project.contract(name.name)
        marks = _marks(contract, exports)
        folder = self.workspace.lake.table_folder(name)
        resources = SessionResources(memory=self.workspace.settings.memory, lake=self.workspace.lake)
        kept = is_kept(folder, version, resources)
        stored = StoredVersion(
            contract=contract,
            folder=folder,
            version=version if kept else None,
            clear=_clear_columns(contract, exports),
            marks=marks,
        )
        copy = suspect.copy_of([column.name for column in contract.columns])
        self._check_clear(contract, [*matching_columns(stored, copy), *(mark.column for mark in marks)])
        rows, deviations = read_all_deviations(stored, copy, self.engine.scratch / "serving", resources)
        compared = ComparedTable(table=str(name), version=version, original_kept=kept, rows=rows, columns=tuple(deviations))
        return CopyComparison(self.workspace.lake.names.stored_table(name), compared, deviations, exports)

    def _check_clear(self, contract: Contract, columns: Sequence[str]) -> None:
        clear = self.reader.clear_columns(contract, self.grade_lookup(self.engine, contract))
        for column in columns:
            if column not in clear:
                where = f"{contract.table(contract.layer)}.{column}"
                raise ProtectionError("query_column_hidden", column=where, ask=self.reader.principal.policy.ask)


def _marks(contract: Contract, exports: Sequence[Export]) -> tuple[Mark, ...]:
    """The marks of the exports, each column once; a column that the contract does not have any more is left out."""
    types = {column.name: column.type for column in contract.columns}
    found: dict[str, Mark] = {}
    for export in exports:
        for column in export.marks.keys() & types.keys():
            found[column] = Mark(column, types[column], *export.mark_of(column))
    return tuple(found[name] for name in sorted(found))


def _clear_columns(contract: Contract, exports: Sequence[Export]) -> tuple[str, ...]:
    """Columns that every one of the exports holds as they are."""
    clear = [{name for name, facts in export.columns.items() if facts.split()[0] == Action.CLEAR} for export in exports]
    return tuple(column.name for column in contract.columns if all(column.name in each for each in clear))
