"""What the operating system, DuckDB and deltalake say when the machine stands in the way, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from deltalake.exceptions import DeltaError

from lakeward.core.errors import MachineError

# Texts of ENOSPC, EFBIG and EDQUOT: DuckDB and deltalake hand on the text of the system's error, not its number.
_FULL = ("no space left", "file too large", "disk quota exceeded", "storage full")


@contextmanager
def machine_faults(lake: Path) -> Iterator[None]:
    """Raise what fails inside because of the machine as `MachineError`.

    Raises:
        MachineError: `disk_full`, `memory_full`, or `lake_not_writable` for any other failure of input or output.
    """
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MachineError("memory_full", lake=lake) from error
    except (duckdb.IOException, OSError) as error:
        raise MachineError("disk_full" if _full(error) else "lake_not_writable", lake=lake) from error
    except DeltaError as error:
        if _full(error):
            raise MachineError("disk_full", lake=lake) from error
        raise


def _full(error: Exception) -> bool:
    return any(text in str(error).lower() for text in _FULL)
