"""The keys that a backup does not hold. They are named, so that people carry them, and a restore says which are missing."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from lakeward.core.errors import LakewardError
from lakeward.engines.protocols import Engine
from lakeward.flows.audit.seal_key import load_seal_key
from lakeward.flows.backup.manifest import NeededKey
from lakeward.flows.base.column_keys import KeyState, read_key_records
from lakeward.flows.base.connections import CONNECTIONS_FILE
from lakeward.flows.base.text_key import TEXT_KEY_FILE
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.keys import token_key, wrapping_key
from lakeward.protection.signatures import public_key_id
from lakeward.protection.wrapped_keys import read_wrapped

# Message codes that say what a key is.
_TOKENS, _WRAPPING, _COLUMN, _SEALS, _LOG, _CONNECTIONS = (
    *("key_of_tokens", "key_wrapping", "key_of_column", "key_of_seals", "key_of_log", "key_connections"),
)


def needed_keys(workspace: Workspace, engine: Engine) -> Iterator[NeededKey]:
    """The keys that this lake was written with, as far as this environment and the lake's records know them."""
    records = [record for record in read_key_records(engine)[0] if record.state is not KeyState.DESTROYED]
    yield from (NeededKey(kind=_COLUMN, key_id=record.key_id, covers=record.column) for record in records)
    wrapping = sorted({record.wrapping_key_id for record in records})
    yield from (NeededKey(kind=_WRAPPING, key_id=key_id) for key_id in wrapping)
    yield from (key for key in _configured_keys(workspace) if key.kind != _WRAPPING)


def missing_keys(workspace: Workspace, needed: Iterable[NeededKey]) -> tuple[NeededKey, ...]:
    """Those of the keys that this environment does not have."""
    held = {(key.kind, key.key_id) for key in _configured_keys(workspace)}
    return tuple(
        key
        for key in needed
        if (read_wrapped(workspace.lake, key.key_id) is None if key.kind == _COLUMN else (key.kind, key.key_id) not in held)
    )


def _configured_keys(workspace: Workspace) -> Iterator[NeededKey]:
    """The keys of this environment. One that can't be read is none."""
    with suppress(LakewardError):
        if key := token_key(workspace.settings, workspace.files):
            yield NeededKey(kind=_TOKENS, key_id=key.id)
    with suppress(LakewardError):
        if key := wrapping_key(workspace.settings, workspace.files):
            yield NeededKey(kind=_WRAPPING, key_id=key.id)
    with suppress(LakewardError):
        if seal := load_seal_key(workspace):
            yield NeededKey(kind=_SEALS, key_id=public_key_id(seal.public_key))
    for kind, file in ((_LOG, TEXT_KEY_FILE), (_CONNECTIONS, CONNECTIONS_FILE)):
        if (workspace.project.root / file).is_file():
            yield NeededKey(kind=kind, key_id=str(file))
