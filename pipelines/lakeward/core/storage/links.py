"""Gives a written file its name if no other has it, which is atomic on network file systems too: what commits and leases rest on."""

import errno
import os
from pathlib import Path
from typing import Final

from lakeward.core.errors import MachineError

# What file systems say that have no hard links, such as FAT, exFAT and some shares.
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def link_new(draft: Path, target: Path) -> None:
    """Link the file under another name.

    Raises:
        FileExistsError: The name is taken.
        MachineError: The file system has no hard links (`folder_without_links`).
    """
    try:
        os.link(draft, target)
    except OSError as error:
        if error.errno in _NO_LINKS:
            raise MachineError("folder_without_links", folder=target.parent, found=error.strerror) from error
        raise
