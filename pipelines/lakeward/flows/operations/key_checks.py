"""Checks of keys for `doctor`: whether each that is set can be read and is stored safely, and the extra that it needs."""

from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import open_workspace
from lakeward.protection.keys import Scheme, TokenKey, token_key, wrapping_key
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


def protection_extra() -> tuple[str | None, str]:
    """Version of the extra's main package if the extra works, and the command that installs it."""
    command = "pip install '/path/to/the/clone[protect]'"
    return (metadata.version("cryptography"), command) if can_protect() else (None, command)


def uses_protection(settings: Settings) -> bool:
    """Whether a key that is set needs the extra `protect`."""
    keys = [_key(settings, name) for name in _READERS]
    return any(isinstance(key, TokenKey) and key.scheme is not Scheme.HMAC for key in keys)


def _key(settings: Settings, name: str) -> TokenKey | LakewardError | None:
    try:
        lake = Path(open_workspace(settings).lake)
    except LakewardError:  # reported by the check of the project
        lake = settings.start / "lake"
    try:
        return _READERS[name](settings, lake)
    except LakewardError as error:
        return error
