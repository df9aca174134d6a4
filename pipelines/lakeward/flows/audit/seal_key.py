"""The key that signs checkpoints, from the settings."""

from collections.abc import Mapping
from pathlib import Path

from lakeward.core.errors import ProtectionError
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.key_file import read_key_file
from lakeward.protection.keys import Scheme, TokenKey, parse_key, token_key, wrapping_key
from lakeward.protection.signatures import ED25519, SM2, SealKey, make_seal_key

# Scheme of the signatures by that of the key; a file without one is a key of Ed25519.
_SCHEMES: Mapping[Scheme, str] = {Scheme.HMAC: ED25519, Scheme.SM2: SM2}
# A file of this key is held to the same as one of tokens; the messages name the other setting.
_CODES: Mapping[str, str] = {
    "token_key_missing": "seal_key_missing",
    "token_key_readable": "seal_key_readable",
    "token_key_in_lake": "seal_key_in_lake",
    "token_key_owner": "seal_key_owner",
    "token_key_no_file": "seal_key_no_file",
    "token_key_link": "seal_key_link",
    "token_key_folder": "seal_key_folder",
    "token_key_weak": "seal_key_weak",
    "token_key_format": "seal_key_format",
    "token_key_short": "seal_key_short",
}


def load_seal_key(workspace: Workspace) -> SealKey | None:
    """The key of `LAKEWARD_SEAL_KEY_FILE`; None without one: seals are not signed then.

    Raises:
        ProtectionError: The file can't be read, others may read or replace it, it lies in the lake, or the key is not valid.
        MachineError: The extra that signs (`protect`, `gm` for SM2) is not installed.
    """
    file = workspace.settings.seal_key_file
    if file is None:
        return None
    try:
        key = parse_key(read_key_file(file, workspace.files, "LAKEWARD_SEAL_KEY_FILE"), str(file))
    except ProtectionError as error:
        raise ProtectionError(_CODES.get(error.code, error.code), **error.facts) from None
    _check_use(workspace, key, file)
    return make_seal_key(key.secret, _SCHEMES[key.scheme])


def _check_use(workspace: Workspace, key: TokenKey, file: Path) -> None:
    """Check that the secret serves nothing else: who makes tokens would learn what signs."""
    lake = workspace.files
    others = (token_key(workspace.settings, lake), wrapping_key(workspace.settings, lake))
    if key.scheme not in _SCHEMES or any(other and other.secret == key.secret for other in others):
        raise ProtectionError("seal_key_shared", file=file)
