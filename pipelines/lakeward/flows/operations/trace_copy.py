"""Finds whose copy of a table a file is, by the fingerprints of exports. Below the threshold it makes no guess."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from lakeward.core.errors import MachineError, ProtectionError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.sql import identifier
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.checking.subject import path_subject
from lakeward.flows.grading.grade import GradeLookup, current_grades
from lakeward.flows.operations.copy_comparison import CopyComparer, CopyComparison, SuspectFile
from lakeward.flows.operations.copy_trace import CopyTrace, IdentifiedCopy
from lakeward.flows.serving.export_record import Export, read_exports
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.reader import resolve_reader
from lakeward.protection.keys import TokenKey
from lakeward.serving.tokens import can_protect

# Table and version -> its exports.
_Versions = Mapping[tuple[str, int], Sequence[Export]]
_Score = tuple[float, CopyComparison, str, Sequence[Export]]


def trace_copy(
    settings: Settings,
    file: Path,
    role: str | None = None,
    purpose: str | None = None,
    *,
    grade_lookup: GradeLookup = current_grades,
) -> CopyTrace:
    """Compare a file with every export that it may be of; who did it is in the access log.

    Args:
        file: CSV, Excel, JSON or Parquet, or the folder of a Delta table.
        role, purpose: As `connect`; the role must see what is compared in clear.
        grade_lookup: Returns the grades of a contract's columns.

    Raises:
        DataError: The file can't be read as a table, or lies in a lake.
        UsageError: No marked export has its columns.
        ProtectionError: The role may not see a column in clear, or there is no key.
        MachineError: The extra `protect` is missing.
    """
    workspace = open_workspace(settings)
    reader, key = resolve_reader(workspace, role, purpose)
    if not can_protect():
        raise MachineError("extra_missing", extra="protect")
    if key is None:
        raise ProtectionError("export_no_key")
    with closing(open_engine("embedded", workspace.lake, memory=settings.memory)) as engine:
        governance.check_schema_version(engine)
        suspect = _read_file(engine, file)
        versions = _possible_exports(read_exports(engine), suspect)
        if not versions:
            raise UsageError("trace_no_export", file=file)
        objects = {table for table, _ in versions}
        comparer = CopyComparer(workspace=workspace, engine=engine, reader=reader, grade_lookup=grade_lookup)
        with logged_read(workspace, engine, reader, f"trace {file}", objects) as entry:
            found = _answer(file, [comparer.compare(suspect, exports) for exports in versions.values()], key)
            entry.write(len(found.identified), charged=sum(each.rows for each in found.compared))
    return found


def _read_file(engine: Engine, file: Path) -> SuspectFile:
    """The file, with its rows as Parquet in the session's folder."""
    subject = path_subject(engine, file)
    names = [column.name for column in subject.contract.columns]
    items = ", ".join(f"{identifier(subject.original_columns[name])} AS {identifier(name)}" for name in names)
    parquet = engine.scratch / "suspect.parquet"
    engine.export(f"SELECT {items} FROM {subject.relation_with_ids}", parquet)
    return SuspectFile(parquet=parquet, names={name.casefold(): name for name in names})


def _possible_exports(exports: Sequence[Export], suspect: SuspectFile) -> _Versions:
    """The exports of which the file may be a copy: it has a marked column and another one."""
    found: dict[tuple[str, int], list[Export]] = {}
    for export in exports:
        columns = suspect.copy_of(list(export.columns)).columns.keys()
        if len(columns) > 1 and (not export.marks or columns & export.marks.keys()):
            found.setdefault((export.table, export.table_version), []).append(export)
    return {version: chosen for version, chosen in found.items() if any(export.marks for export in chosen)}


def _answer(file: Path, comparisons: Sequence[CopyComparison], key: TokenKey) -> CopyTrace:
    from lakeward.protection.fingerprint import is_identified  # noqa: PLC0415 -- needs an extra

    scores = list(_scores(comparisons, key))
    identified = [score for score in scores if is_identified(score[0], len(scores))]
    others = [score[0] for score in scores if score not in identified]
    exports = [export for comparison in comparisons for export in comparison.exports]
    return CopyTrace(
        file=file,
        identified=tuple(_identified_copy(score, len(scores)) for score in sorted(identified, key=lambda each: -each[0])),
        tested=len(scores),
        untested=len({(e.recipient, e.table_version) for e in exports if e.marks and e.mark_key_id != key.id}),
        unmarked=sum(not export.marks for export in exports),
        highest_other_z=round(max(others), 1) if others else None,
        compared=tuple(comparison.table for comparison in comparisons),
    )


def _scores(comparisons: Sequence[CopyComparison], key: TokenKey) -> Iterator[_Score]:
    for comparison in comparisons:
        for recipient, exports in comparison.testable(key).items():
            yield comparison.score(key, recipient), comparison, recipient, exports


def _identified_copy(score: _Score, tests: int) -> IdentifiedCopy:
    from lakeward.protection.fingerprint import log10_bound  # noqa: PLC0415 -- needs an extra

    z, comparison, recipient, exports = score
    return IdentifiedCopy(
        recipient=recipient,
        table=comparison.table.table,
        z=round(z, 1),
        log10_p=round(log10_bound(z, tests), 1),
        exports=tuple(export.export_id for export in exports),
    )
