"""Verifies the logs: what was changed, removed, inserted, reordered or truncated since it was written, sealed or sent away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.errors import LakewardError, UsageError
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.audit.entry_checks import EntryCheck
from lakeward.flows.audit.log_faults import FaultKind, LogFault, LogState, LogVerification, make_fault
from lakeward.flows.audit.seal_checks import SealCheck
from lakeward.flows.audit.seal_key import load_seal_key
from lakeward.flows.audit.seal_records import read_leaves, read_seals
from lakeward.flows.audit.sealed_logs import ACCESS_LOG, NUMBER, SEALED_LOGS, TEXT, SealedLog, leaves_query, read_entries
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.serving.abandoned_entries import DAMAGED
from lakeward.flows.serving.reader import access_log_folder
from lakeward.protection.checkpoints import Checkpoint, parse_checkpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verifier:
    workspace: Workspace
    engine: Engine
    checkpoints: Sequence[Checkpoint]
    public_keys: frozenset[str]


def verify_logs(settings: Settings, checkpoint_files: Sequence[Path] = ()) -> LogVerification:
    """Verify every log of the lake; nothing is written.

    Args:
        checkpoint_files: Checkpoints that were kept outside the lake; those in the project's own file are taken too.

    Raises:
        UsageError: A file can't be read or holds no checkpoint.
        ProtectionError: The sealing key is not stored safely.
        MachineError: The extra `protect` is missing.
    """
    workspace = open_workspace(settings)
    sent = workspace.project.checkpoints.file
    files = dict.fromkeys([*([sent] if sent and sent.exists() else []), *checkpoint_files])
    checkpoints = [each for file in files for each in _read_checkpoints(file)]
    key = load_seal_key(workspace)
    pinned = workspace.project.checkpoints.public_key
    keys = {each.public_key for each in checkpoints if each.is_signed} | ({key.public_key} if key else set())
    keys = {pinned} if pinned else keys
    engine = open_engine("embedded", workspace.lake.as_stored(), settings.memory)
    try:
        governance.check_schema_version(engine)
        verifier = _Verifier(workspace=workspace, engine=engine, checkpoints=checkpoints, public_keys=frozenset(keys))
        found = [_verify_log(verifier, log) for log in SEALED_LOGS]
    finally:
        engine.close()
    states = tuple(state for state, _ in found if state.entries or state.seals)
    notes = tuple(_notes(workspace, states, has_key=bool(keys)))
    return LogVerification(logs=states, faults=tuple(fault for _, faults in found for fault in faults), notes=notes)


def _verify_log(verifier: _Verifier, log: SealedLog) -> tuple[LogState, list[LogFault]]:
    engine, table = verifier.engine, governance.table_spec("seals").name
    # Each is read before what it speaks of: what is written meanwhile is no fault.
    transactions = engine.transactions(table)
    seals = read_seals(engine, log)
    check = SealCheck(
        log=log,
        seals=seals,
        leaves=_sealed_leaves(engine, log),
        transactions=transactions,
        checkpoints=[each for each in verifier.checkpoints if each.log == log.name],
        public_keys=verifier.public_keys,
        must_be_signed=verifier.workspace.project.checkpoints.public_key is not None,
    )
    faults = check.faults()
    try:
        state, entry_faults = _check_entries(verifier, check)
    except LakewardError as error:
        state, entry_faults = _state(check, 0, None), make_fault(log.name, FaultKind.UNREADABLE, [error.code])
    return state, [*entry_faults, *faults]


def _sealed_leaves(engine: Engine, log: SealedLog) -> bytes | None:
    """The leaves under the seals, in order; None if one is no hash."""
    if engine.info(governance.table_spec("seal_leaves").name) is None:
        return b""
    try:
        return read_leaves(engine, log, 0)
    except ValueError:
        return None


def _check_entries(verifier: _Verifier, check: SealCheck) -> tuple[LogState, list[LogFault]]:
    engine, log = verifier.engine, check.log
    table = governance.table_spec(ACCESS_LOG.name).name
    leaves = engine.materialise(f"leaves_of_{log.name}", _leaves_with_places(engine, log))
    before = engine.transactions(table) if log is ACCESS_LOG else {}
    entries = read_entries(verifier.workspace, engine, log)
    after = engine.transactions(table) if log is ACCESS_LOG else {}
    faults = EntryCheck(engine=engine, log=log, entries=entries, leaves=leaves, before=before, after=after).faults()
    (row,) = engine.fetch(f"SELECT count(*) AS n, count(*) FILTER (WHERE NOT is_chained) AS unchained FROM {entries}")
    return _state(check, row["n"], row["unchained"] if log is ACCESS_LOG else None), faults


def _leaves_with_places(engine: Engine, log: SealedLog) -> str:
    """The leaves with group and number of their entries."""
    if engine.info(governance.table_spec("seal_leaves").name) is None:
        return engine.literal_rows({"place": TEXT, "seq": NUMBER, "hash": TEXT}, [])
    return leaves_query(log, "place", "seq", "hash")


def _state(check: SealCheck, entries: int, before_chain: int | None) -> LogState:
    last = check.seals[-1] if check.seals else None
    return LogState(
        log=check.log.name,
        entries=entries,
        before_chain=before_chain,
        sealed=last.tree_size if last else 0,
        signed=check.signed,
        seals=len(check.seals),
        sealed_at=last.sealed_at if last else None,
        key_id=check.key_id,
    )


def _read_checkpoints(file: Path) -> list[Checkpoint]:
    try:
        found = list(parse_checkpoints(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeError):
        found = []
    if not found or None in found:
        line = found.index(None) + 1 if found else 1
        raise UsageError("checkpoint_invalid", file=file, line=line)
    return [each for each in found if each]


def _notes(workspace: Workspace, states: Sequence[LogState], *, has_key: bool) -> Iterator[Notice]:
    """What the result does not prove."""
    for state in states:
        if state.before_chain:
            yield Notice("access_before_chain", {"log": state.log, "entries": state.before_chain})
    if not any(state.signed for state in states):
        yield Notice("access_unsigned", {})
    elif not has_key:
        yield Notice("access_key_of_lake", {})
    if unsealed := sum(max(state.entries - state.sealed, 0) for state in states):
        yield Notice("access_unsealed", {"entries": unsealed})
    folder = access_log_folder(workspace)
    if damaged := sorted(path.name for path in folder.glob(f"*{DAMAGED}")):
        yield Notice("access_damaged", {"folder": folder, "files": ", ".join(damaged)})
