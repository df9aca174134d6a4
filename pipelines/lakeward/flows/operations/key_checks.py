"""Checks of keys for `doctor`: whether each that is set can be read and is stored safely, and the extra that it needs."""

from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path

from lakeward.core.errors import LakewardError, ProtectionError
from lakeward.core.settings import EMBEDDED, Settings
from lakeward.engines import open_engine
from lakeward.flows.audit.seal_key import load_seal_key
from lakeward.flows.audit.seal_records import last_seal
from lakeward.flows.audit.sealed_logs import SEALED_LOGS
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.protection.keys import Scheme, TokenKey, token_key, wrapping_key
from lakeward.protection.signatures import public_key_id
from lakeward.serving.tokens import can_protect

_READERS: dict[str, Callable[[Settings, Path], TokenKey | None]] = {"token key": token_key, "wrapping key": wrapping_key}


def check_keys(settings: Settings) -> Iterator[tuple[str, str | None, str]]:
    """Per key that is set: its name, its id (None if it is refused), and how to repair it."""
    for name in _READERS:
        found = _key(settings, name)
        if isinstance(found, LakewardError):
            yield name, None, found.render(settings.lang).splitlines()[-1]
        elif found is not None:
            yield name, f"{found.id} ({found.scheme})", ""


def check_seal_key(settings: Settings) -> Iterator[tuple[str, str | None, str]]:
    """As `check_keys`, of the key that signs checkpoints: it must be the one of the last checkpoint, or the one that the project names."""
    try:
        workspace = open_workspace(settings)
    except LakewardError:  # reported by the check of the project
        return
    try:
        key = load_seal_key(workspace)
        found = public_key_id(key.public_key) if key else None
        expected = _signing_key_id(workspace)
        if expected and expected != found:
            raise ProtectionError("seal_key_other" if found else "seal_key_unset", expected=expected, found=found)
    except LakewardError as error:
        yield "sealing key", None, error.render(settings.lang).splitlines()[-1]
    else:
        if found:
            yield "sealing key", found, ""


def _signing_key_id(workspace: Workspace) -> str | None:
    """Id of the key that must sign; None if any may."""
    if pinned := workspace.project.checkpoints.public_key:
        return public_key_id(pinned)
    if workspace.lake.options is None and not (workspace.files / "governance" / "seals").is_dir():  # spares a session
        return None
    with closing(open_engine(EMBEDDED, workspace.lake, workspace.settings.memory)) as engine:
        seals = [seal for log in SEALED_LOGS if (seal := last_seal(engine, log)) and seal.key_id]
    return max(seals, key=lambda seal: seal.sealed_at).key_id if seals else None


def protection_extra() -> tuple[str | None, str]:
    """Version of the extra's main package if the extra works, and the command that installs it."""
    command = "pip install '/path/to/the/clone[protect]'"
    return (metadata.version("cryptography"), command) if can_protect() else (None, command)


def uses_protection(settings: Settings) -> bool:
    """Whether a key that is set needs the extra `protect`."""
    if settings.seal_key_file is not None:
        return True
    keys = [_key(settings, name) for name in _READERS]
    return any(isinstance(key, TokenKey) and key.scheme is not Scheme.HMAC for key in keys)


def _key(settings: Settings, name: str) -> TokenKey | LakewardError | None:
    try:
        lake = open_workspace(settings).files
    except LakewardError:  # reported by the check of the project
        lake = settings.start / "lake"
    try:
        return _READERS[name](settings, lake)
    except LakewardError as error:
        return error
