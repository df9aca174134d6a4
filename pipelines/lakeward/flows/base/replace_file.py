"""Replaces a text file that a person wrote: after a kill it is the old file or the new one, never a part."""

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Replace the file at `path`, or the one that it links to; mode and line ends stay.

    Raises:
        OSError: The file or its folder can't be written; the file is unchanged.
    """
    target = path.resolve()
    if target.exists():
        target.open("r+b").close()  # a read-only file stays unchanged, even if its folder is writable
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
