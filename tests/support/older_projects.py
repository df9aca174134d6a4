"""Projects with their lakes, as an older version left them (`fixtures/before`)."""

import tarfile
from pathlib import Path

# Python before 3.11.4 has no filters, and Python 3.12 warns without one.
FILTER = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
FOLDER = Path(__file__).parents[1] / "fixtures" / "before"


def unpack_project(version: str, folder: Path) -> Path:
    """The project of `version`, such as `0_1`, unpacked below `folder`."""
    with tarfile.open(FOLDER / f"project_{version}.tar.gz") as archive:
        archive.extractall(folder, **FILTER)
    return folder / "plant"
