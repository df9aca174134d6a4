"""Backups and restores in processes of their own that end at one of their steps, and what is left of a lake that was attacked."""

import os
import random
import resource
import signal
from pathlib import Path

from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.core.storage.folder import FolderStore
from lakeward.flows import RestoreOptions, back_up, restore
from lakeward.flows.backup import restore as restoring


def back_up_killed_at(root, place, write):
    """Back up, and kill the process before the file of this number is written."""
    _die_at(write)
    back_up(Settings(start=Path(root)), str(place))


def restore_killed_at(root, place, write):
    """Restore, and kill the process before the file of this number is written."""
    _die_at(write)
    restore(Settings(start=Path(root)), str(place), RestoreOptions(replace=True))


def restore_killed_before_filling(root, place):
    """Restore, and kill the process after the lake in the way was moved aside."""
    restoring.LakeFilling = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    restore(Settings(start=Path(root)), str(place), RestoreOptions(replace=True))


def restore_with_file_limit(root, place, limit, said):
    """Restore where no file can have more bytes than the limit, as if the disk were full; writes the error to a file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        restore(Settings(start=Path(root)), str(place), RestoreOptions(replace=True))
    except MachineError as error:
        said.write_text(f"{error.code} {error.facts['found']}")


def _die_at(write):
    upload, count = FolderStore.upload, iter(range(1, 1_000_000))

    def upload_or_die(store, file, name):
        if next(count) == write:
            os.kill(os.getpid(), signal.SIGKILL)
        upload(store, file, name)

    FolderStore.upload = upload_or_die


def overwrite_half(folder, seed=7):
    """Overwrite every second file below the folder, as one who encrypts for ransom does; returns how many."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    chosen = random.Random(seed).sample(files, len(files) // 2)
    for path in chosen:
        path.write_bytes(random.Random(path.name).randbytes(path.stat().st_size or 16))
    return len(chosen)
